/**
 * Long chains of operations: what one leaves, unreduced or not, the next must be able to take. A representation may
 * drift only inside the range that the implementation allows for.
 */
import { describe, it } from "node:test";

import type { Field, FieldVector } from "../../../workers/field/field.ts";
import { budget } from "../../budget.ts";
import { bigintModel } from "./bigintModel.ts";
import { seededBytes } from "./seededBytes.ts";

const STEPS = 200;
const LENGTH = 64;
const POOL = 5;
const DRIFT_STEPS = 300;

export function chainLaws(field: Field): void {
  const model = bigintModel(field);
  const { r, edges, of, assertCanonical, assertElements } = model;

  describe("chains", () => {
    for (let chain = 0; chain < budget.operationChains; chain++) {
      it(`computes ${STEPS} operations in a row like bigints, chain ${chain}`, () => {
        field.scope(() => {
          runChain(`chain ${chain}`);
          return undefined;
        });
      });
    }

    it("does not drift when one operation repeats", () => {
      const x = Array.from({ length: LENGTH }, (_, index) => edges[index % edges.length] as bigint);
      const y = model.seeded(LENGTH, "drift");
      for (const [name, step, modelStep] of [
        ["doubling", (v: FieldVector) => field.add(v, v), (v: bigint[]) => model.add(v, v)],
        ["adding", (v: FieldVector) => field.add(v, of(x)), (v: bigint[]) => model.add(v, x)],
        ["adding to", (v: FieldVector) => field.add(of(y), v), (v: bigint[]) => model.add(y, v)],
        ["subtracting", (v: FieldVector) => field.sub(v, of(x)), (v: bigint[]) => model.sub(v, x)],
        ["subtracting from", (v: FieldVector) => field.sub(of(y), v), (v: bigint[]) => model.sub(y, v)],
        ["squaring", (v: FieldVector) => field.mul(v, v), (v: bigint[]) => model.mul(v, v)],
        ["multiplying", (v: FieldVector) => field.mul(of(x), v), (v: bigint[]) => model.mul(x, v)],
        ["negating", (v: FieldVector) => field.scale(v, -1n), (v: bigint[]) => model.scale(v, -1n)],
        ["scaling by r - 2", (v: FieldVector) => field.scale(v, r - 2n), (v: bigint[]) => model.scale(v, r - 2n)],
        ["axpy by -1", (v: FieldVector) => field.axpy(-1n, of(y), v), (v: bigint[]) => model.axpy(-1n, y, v)],
        ["axpy on itself", (v: FieldVector) => field.axpy(r - 3n, v, v), (v: bigint[]) => model.axpy(r - 3n, v, v)],
        [
          "combining",
          (v: FieldVector) => field.linearCombination([2n, -3n, 1n], [v, of(y), v]),
          (v: bigint[]) => model.linearCombination([2n, -3n, 1n], [v, y, v]),
        ],
      ] as const) {
        field.scope(() => {
          let [vector, values] = [of(y), y];
          for (let count = 1; count <= DRIFT_STEPS; count++) {
            [vector, values] = [step(vector), modelStep(values)];
            if (count < 4 || count % 50 === 0) assertCanonical(vector, values, `${name} ${count} times`);
          }
          return undefined;
        });
      }
    });
  });

  /** Only the last results go on, mostly unread: reading one might put its representation in order. */
  function runChain(seed: string): void {
    const choices = seededBytes(seed)(STEPS * 8);
    const pool = Array.from({ length: POOL }, (_, slot) => {
      const values = Array.from({ length: LENGTH }, (_, index) => edges[(index * (slot + 1)) % edges.length] as bigint);
      return { vector: of(values), values };
    });
    const scalars = [...edges, 2n, -1n, -(r - 1n) / 2n, ...model.seeded(8, seed)];
    const pick = (choice: number): (typeof pool)[number] => pool[choice % POOL] as (typeof pool)[number];
    const scalar = (choice: number): bigint => scalars[choice % scalars.length] as bigint;

    for (let step = 0; step < STEPS; step++) {
      const [operation = 0, slot = 0, left = 0, right = 0, third = 0, first = 0, second = 0, look = 0] =
        choices.subarray(step * 8, step * 8 + 8);
      const [a, b, c] = [pick(left), pick(right), pick(third)];
      const [k, l] = [scalar(first), scalar(second)];
      const results = [
        () => ({ vector: field.add(a.vector, b.vector), values: model.add(a.values, b.values) }),
        () => ({ vector: field.sub(a.vector, b.vector), values: model.sub(a.values, b.values) }),
        () => ({ vector: field.mul(a.vector, b.vector), values: model.mul(a.values, b.values) }),
        () => ({ vector: field.scale(a.vector, k), values: model.scale(a.values, k) }),
        () => ({ vector: field.axpy(k, a.vector, b.vector), values: model.axpy(k, a.values, b.values) }),
        () => ({
          vector: field.linearCombination([k, l, -1n], [a.vector, b.vector, c.vector]),
          values: model.linearCombination([k, l, -1n], [a.values, b.values, c.values]),
        }),
      ];
      const result = (results[operation % results.length] as (typeof results)[number])();
      pool[slot % POOL] = result;
      if (look < 64) assertElements(result.vector, result.values, `step ${step} of ${seed}`);
    }
    for (const { vector, values } of pool) assertCanonical(vector, values, seed);
  }
}
