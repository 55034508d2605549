/**
 * Memory that is used again: whatever is made, viewed, returned or released in whatever order, a live vector keeps its
 * elements. The model is a list of plain arrays.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { Field, FieldVector } from "../../../workers/field/field.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { bigintModel, type Residues } from "./bigintModel.ts";
import { seededBytes } from "./seededBytes.ts";

interface Held {
  readonly vector: FieldVector;
  readonly values: Residues;
}

/** One step of a program: numbers choose among the vectors that live when it runs. */
type Step =
  | { readonly kind: "make"; readonly length: number }
  | { readonly kind: "zeros"; readonly length: number }
  | { readonly kind: "release"; readonly first: number }
  | { readonly kind: "view"; readonly first: number; readonly from: number; readonly to: number }
  | { readonly kind: "add"; readonly first: number; readonly second: number }
  | { readonly kind: "concat"; readonly first: number; readonly second: number }
  | {
      readonly kind: "scope";
      readonly body: readonly Step[];
      readonly kept: readonly number[];
      readonly fails: boolean;
    };

const PROGRAM_STEPS = 40;
/** Concatenation could double lengths at every step. */
const MAX_LENGTH = 3_000;
/** Lives through the churn. */
const KEPT_ALIVE = 60;

export function memoryLaws(field: Field): void {
  const model = bigintModel(field);
  const { of, assertElements } = model;
  let serial = 0n;
  /** Contents that no other vector of this run has. */
  const fresh = (length: number): bigint[] => {
    serial += 1n;
    return Array.from({ length }, (_, index) => model.mod((serial << 64n) + serial * 3n + BigInt(index)));
  };

  describe("memory", () => {
    it("keeps every live vector through any program of making, viewing, releasing and scopes", () => {
      fc.assert(
        fc.property(programs(), (program) => {
          const live: Held[] = [];
          const released: FieldVector[] = [];
          for (const step of program) run(step, live, released);
          assertAlive(live);
          for (const vector of released) assert.throws(() => field.sum(vector), { code: "ERR_ASSERTION" });
          while (live.length > 0) {
            field.release((live.pop() as Held).vector);
            assertAlive(live);
          }
        }),
        { numRuns: budget.propertyRuns },
      );
    });

    it(`keeps ${KEPT_ALIVE} vectors while ${budget.recycledVectors} others come and go`, () => {
      const choices = seededBytes("churn");
      const live = new Map<number, Held>();
      for (let round = 0; round < budget.recycledVectors; round++) {
        const [slot = 0, low = 0, high = 0, kind = 0] = choices(4);
        const place = slot % KEPT_ALIVE;
        const old = live.get(place);
        if (old !== undefined) {
          assertElements(old.vector, old.values, `vector that lived until round ${round}`);
          field.release(old.vector);
        }
        const values = fresh(kind === 0 ? 9_000 + high : (low * (high % 4)) % 311);
        live.set(place, make(values, kind));
      }
      assertAlive([...live.values()]);
      for (const { vector } of live.values()) field.release(vector);
    });
  });

  /** A vector of these values, made in one of several ways. */
  function make(values: Residues, kind: number): Held {
    const vector = of(values);
    if (kind % 8 === 1) {
      const view = field.view(vector, values.length >> 1, values.length);
      field.release(vector);
      return { vector: view, values: values.slice(values.length >> 1) };
    }
    if (kind % 8 === 2) {
      const sum = field.scope(() => field.sub(field.add(vector, vector), vector));
      field.release(vector);
      return { vector: sum, values };
    }
    return { vector, values };
  }

  function assertAlive(live: readonly Held[]): void {
    for (const { vector, values } of live) assertElements(vector, values, "live vector");
  }

  function run(step: Step, live: Held[], released: FieldVector[]): void {
    if (step.kind === "scope") return runScope(step, live, released);
    if (step.kind === "make" || step.kind === "zeros") {
      const values = step.kind === "make" ? fresh(step.length) : new Array<bigint>(step.length).fill(0n);
      live.push({ vector: step.kind === "make" ? of(values) : field.zeros(step.length), values });
      return;
    }
    const held = live[step.first % live.length];
    if (held === undefined) return;
    if (step.kind === "release") {
      field.release(held.vector);
      released.push(held.vector);
      live.splice(live.indexOf(held), 1);
    } else if (step.kind === "view") {
      const [from, to] = [step.from, step.to].map((cut) => cut % (held.values.length + 1)).sort((a, b) => a - b);
      live.push({ vector: field.view(held.vector, from as number, to as number), values: held.values.slice(from, to) });
    } else {
      const other = live[step.second % live.length] as Held;
      if (held.values.length + other.values.length > MAX_LENGTH) return;
      const length = Math.min(held.values.length, other.values.length);
      if (step.kind === "concat") {
        const values = [...held.values, ...other.values];
        live.push({ vector: field.concat([held.vector, other.vector]), values });
      } else {
        const [a, b] = [held, other].map(({ vector }) => field.view(vector, 0, length)) as [FieldVector, FieldVector];
        live.push({ vector: field.add(a, b), values: model.add(held.values.slice(0, length), other.values) });
        field.release(a, b);
      }
    }
  }

  /** Inside, everything alive may be used and released; afterwards only the outer vectors and the kept ones live. */
  function runScope(step: Step & { kind: "scope" }, live: Held[], released: FieldVector[]): void {
    const before = new Set(live);
    const kept = new Set<Held>();
    const failure = new Error("a scope that fails");
    const compute = (): FieldVector[] => {
      for (const inner of step.body) run(inner, live, released);
      if (step.fails) throw failure;
      for (const choice of step.kept) if (live.length > 0) kept.add(live[choice % live.length] as Held);
      return [...kept].map(({ vector }) => vector);
    };
    if (step.fails) assert.throws(() => field.scope(compute), failure);
    else field.scope(compute);
    const gone = live.filter((held) => !before.has(held) && !kept.has(held));
    for (const held of gone) {
      released.push(held.vector);
      live.splice(live.indexOf(held), 1);
    }
  }

  function programs(): fc.Arbitrary<Step[]> {
    const choice = fc.nat(1_000);
    const length = fc.oneof({ weight: 8, arbitrary: fc.nat(20) }, { weight: 1, arbitrary: fc.nat(700) });
    const { step } = fc.letrec<{ step: Step }>((tie) => ({
      step: fc.oneof(
        { depthSize: "small" },
        { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom("make", "zeros"), length }) },
        { weight: 5, arbitrary: fc.record({ kind: fc.constant("release"), first: choice }) },
        { weight: 3, arbitrary: fc.record({ kind: fc.constant("view"), first: choice, from: choice, to: choice }) },
        {
          weight: 2,
          arbitrary: fc.record({ kind: fc.constantFrom("add", "concat"), first: choice, second: choice }),
        },
        {
          weight: 2,
          arbitrary: fc.record({
            kind: fc.constant("scope"),
            body: fc.array(tie("step"), { maxLength: 8 }),
            kept: fc.array(choice, { maxLength: 3 }),
            fails: fc.nat(5).map((roll) => roll === 0),
          }),
        },
      ) as fc.Arbitrary<Step>,
    }));
    return fc.array(step, { maxLength: PROGRAM_STEPS, size: "max" });
  }
}
