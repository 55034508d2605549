/** What the gate does besides deciding: records, comparisons, and products kept from one attempt for the next. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { bn254Fr as field } from "../../../workers/field/bn254Fr.ts";
import type { FieldVector } from "../../../workers/field/field.ts";
import type { GatePlan } from "../../../workers/messages/gatePlan.ts";
import { openThroughGate } from "../../../workers/protocols/gate.ts";
import type { GateHooks } from "../../../workers/protocols/gate.ts";
import { NOTHING_KNOWN } from "../../../workers/protocols/gateTask.ts";
import type { LoopbackFrame } from "../../../workers/protocols/loopback.ts";
import { partiesOf } from "../../../workers/sharing/parties.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { atLeast, closeNothing, closeTable, workedDecision, workedGate } from "./gateCase.ts";
import type { GateCase } from "./gateCase.ts";
import { settleGate } from "./gateRuns.ts";
import { assertRejected } from "./tampering.ts";
import { noHooks } from "./ungatedPlan.ts";
import { World } from "./world.ts";

const WORD = 32;
const smallest = { n: 3, t: 1 };
const parties = partiesOf(3);

describe("before anything opens", () => {
  it("every participant has recorded it: one that cannot stops the stage for all", async () => {
    const first = { tests: "cohort", outputs: "outputs" } as const;
    for (const stage of ["tests", "outputs"] as const) {
      for (const broken of parties) {
        const failure = new Error("the disk is full");
        const hooksOf = (party: PartyIndex): GateHooks => ({
          aboutToOpen: (opening) => {
            if (party === broken && opening.stage === stage) throw failure;
          },
        });
        const world = new World(smallest, "full disk");
        const { outcomes, frames } = await settleGate(world, parties, workedGate(), {}, hooksOf);
        for (const [index, outcome] of outcomes.entries()) {
          if (parties[index] !== broken) assertRejected(outcome, "NETWORK_ABORTED");
          else assert.deepEqual(outcome, { status: "rejected", reason: failure });
        }
        assert(frames.every(({ step }) => step !== first[stage]));
        assert.equal(frames.filter(({ step, from }) => step === `${stage}/ready` && from === broken).length, 0);
      }
    }
  });

  it("all have recorded it, once per stage, and lines that are tested first are recorded, too", async () => {
    const withoutTests = workedGate();
    const groups = withoutTests.plan.groups.map((group) => ({ ...group, tests: [] }));
    const plan = { ...withoutTests.plan, cohort: [], zeros: [], groups };
    const close: GatePlan["close"] = (hidden) => closeTable([[0, 1, 2]], 3)(new Set([...hidden, 0]));
    for (const example of [workedGate(), { ...withoutTests, plan: { ...plan, close } }]) {
      const events: string[] = [];
      const hooksOf = (party: PartyIndex): GateHooks => ({
        aboutToOpen: ({ stage }) => void events.push(`${stage} ${party}`),
      });
      const tamper = ({ step, from, payload }: LoopbackFrame): Uint8Array => {
        if (/^(cohort|zeros|groups|lines.\d.open|outputs)$/.test(step)) events.push(`${step} ${from}`);
        return payload;
      };
      const { outcomes } = await settleGate(new World(smallest, "order"), parties, example, { tamper }, hooksOf);
      for (const { status } of outcomes) assert.equal(status, "fulfilled");
      const isRecord = (event: string): boolean => event.startsWith("tests ");
      assert.equal(events.filter(isRecord).length, 3);
      assert(events.slice(0, 3).every(isRecord), "recorded by all before the first bit of any");
      const firstOutput = events.findIndex((event) => /^outputs/.test(event));
      const recorded = events.slice(firstOutput, firstOutput + 3).sort();
      assert.deepEqual(recorded, ["outputs 1", "outputs 2", "outputs 3"]);
    }
  });

  it("all compare the plan: another test, closure, origin or piece of data at one stops everyone", async () => {
    const example = workedGate();
    const { plan } = example;
    const withoutLines = { ...plan, close: closeNothing };
    const weaker = { ...atLeast(3, 7), last: 1 };
    const others: [string, Partial<GatePlan>][] = [
      ["inputs/ready", { cohort: [weaker] }],
      ["inputs/ready", { zeros: [weaker] }],
      ["inputs/ready", { groups: plan.groups.map((group, index) => (index === 2 ? { ...group, tests: [] } : group)) }],
      ["lines/1/verify/weights/ready", { close: sacrificing(plan.close, 5) }],
      ["outputs/ready", { close: (hidden) => ({ hidden: new Set([...hidden, 5]), lines: [] }) }],
    ];
    for (const [step, other] of others) {
      const world = new World(smallest, "other plan");
      const shares = world.share(example.columns);
      const { outcomes, frames } = await world.run(parties, (session) => {
        const { self } = session.network;
        const common = step === "outputs/ready" ? withoutLines : plan;
        const own = self === 2 ? { ...common, ...other } : common;
        return openThroughGate(session, own, shares[self - 1] as FieldVector[], "data", noHooks);
      });
      const found = outcomes.map((outcome) => assertRejected(outcome));
      for (const { detail } of found) {
        assert(detail.code === "PROTOCOL_TRANSCRIPT_MISMATCH" && "step" in detail, step);
        assert.equal(detail.step, step);
      }
      assert(frames.every((frame) => frame.step !== "outputs"));
    }
  });
});

describe("known products", () => {
  const example = workedGate();

  it("are kept once verified, and not computed again", async () => {
    const { world, kept, shares } = await keepProducts(example);
    for (const products of kept.values()) assert.equal(products.size, example.plan.circuit.products.length);
    const { values, frames } = await world.runAll(parties, (session) => {
      const { self } = session.network;
      const known = new Map([...kept.get(self)!].map(([index, vector]) => [index, { shares: vector, origin: "1" }]));
      const keep = (products: ReadonlyMap<number, FieldVector>): void => assert.equal(products.size, 0);
      return openThroughGate(session, example.plan, shares[self - 1]!, "data", {
        ...noHooks,
        known: { ...NOTHING_KNOWN, products: known },
        keep,
      });
    });
    for (const result of values) assert.deepEqual(result, workedDecision);
    assert(frames.every(({ step }) => !step.startsWith("products/")));
  });

  it("may be some of a circuit's", async () => {
    const { world, kept, shares } = await keepProducts(example);
    const { values, traces } = await world.runAll(parties, (session) => {
      const { self } = session.network;
      const known = new Map([[1, { shares: kept.get(self)!.get(1)!, origin: "1" }]]);
      return openThroughGate(session, example.plan, shares[self - 1]!, "data", {
        ...noHooks,
        known: { ...NOTHING_KNOWN, products: known },
      });
    });
    for (const result of values) assert.deepEqual(result, workedDecision);
    const products = example.plan.circuit.products.length - 1;
    const sent = traces[0]?.find(({ step }) => step === "products/1/collect")?.bytesSent;
    assert.equal(sent, WORD * 2 * products, "two blocks of three");
  });

  it("must be the same at all, from the same attempt", async () => {
    const { world, kept, shares } = await keepProducts(example);
    for (const variant of ["origin", "missing"]) {
      const { outcomes, frames } = await world.run(parties, (session) => {
        const { self } = session.network;
        const own = { shares: kept.get(self)!.get(1)!, origin: self === 2 && variant === "origin" ? "2" : "1" };
        const known = new Map(self === 2 && variant === "missing" ? [] : [[1, own]]);
        return openThroughGate(session, example.plan, shares[self - 1]!, "data", {
          ...noHooks,
          known: { ...NOTHING_KNOWN, products: known },
        });
      });
      for (const outcome of outcomes) assertRejected(outcome, "PROTOCOL_TRANSCRIPT_MISMATCH");
      assert(frames.every(({ step }) => step.startsWith("keys/") || step === "inputs/ready"));
    }
  });

  it("that one participant changed are noticed", async () => {
    const { world, kept, shares } = await keepProducts(example);
    for (const index of kept.get(1 as PartyIndex)!.keys()) {
      const { outcomes, frames } = await world.run(parties, (session) => {
        const { self } = session.network;
        const known = new Map(
          [...kept.get(self)!].map(([each, vector]) => {
            const changed = self === 3 && each === index ? field.add(vector, field.fromIntegers([1n, 0n, 0n])) : vector;
            return [each, { shares: changed, origin: "1" }];
          }),
        );
        return openThroughGate(session, example.plan, shares[self - 1]!, "data", {
          ...noHooks,
          known: { ...NOTHING_KNOWN, products: known },
        });
      });
      // Product 0 is summed in measure 2, which is hidden; 1 in measure 5, which opens; the others in sizes that are tested.
      for (const outcome of outcomes.slice(0, 2)) {
        if (index === 0) assert.deepEqual(outcome, { status: "fulfilled", value: workedDecision });
        else assertRejected(outcome, "PROTOCOL_INCONSISTENT_OPENING");
      }
      if (index > 1) assert(frames.every(({ step }) => step !== "cohort"));
    }
  });
});

describe("known outputs", () => {
  const example = workedGate();
  const { circuit, measures } = example.plan;
  const count = circuit.outputs.length;

  /** Indices known at all participants, shares as `change` leaves them. */
  async function rerun(
    outputs: readonly number[],
    change: (party: PartyIndex, output: number, share: FieldVector) => { shares: FieldVector; origin: string } = (
      ...[, , shares]
    ) => ({ shares, origin: "1" }),
  ) {
    const { world, kept, sums, shares } = await keepProducts(example);
    const recomputed = new Set<number>();
    const run = await world.run(parties, (session) => {
      const { self } = session.network;
      const of = (output: number): FieldVector => field.view(sums.get(self)!, output, output + 1);
      const known = new Map(outputs.map((output) => [output, change(self, output, of(output))]));
      const keep = (products: ReadonlyMap<number, FieldVector>): void =>
        [...products.keys()].forEach((index) => recomputed.add(index));
      const hooks = { ...noHooks, known: { ...NOTHING_KNOWN, outputs: known }, keep };
      return openThroughGate(session, example.plan, shares[self - 1]!, "data", hooks);
    });
    return { ...run, kept, recomputed };
  }

  it("are not computed again, nor are the products that only they need", async () => {
    const all = Array.from({ length: count }, (_, index) => index);
    for (const outputs of [all, all.slice(measures), all.slice(0, 1), all.filter((index) => index % 3 === 2)]) {
      const { outcomes, frames, recomputed } = await rerun(outputs);
      for (const outcome of outcomes) assert.deepEqual(outcome, { status: "fulfilled", value: workedDecision });
      const needed = all.filter((index) => index % 3 === 2 && !outputs.includes(index));
      assert.equal(recomputed.size, needed.length);
      assert.equal(
        frames.some(({ step }) => step.startsWith("products/")),
        needed.length > 0,
      );
      const summed = all.some((index) => index % 3 === 0 && !outputs.includes(index));
      assert.equal(
        frames.some(({ step }) => step === "sums/collect"),
        summed,
      );
    }
  });

  it("must be the same at all, from the same attempt", async () => {
    const { outcomes, frames } = await rerun([measures], (party, _, shares) => ({ shares, origin: `${party}` }));
    for (const outcome of outcomes) assertRejected(outcome, "PROTOCOL_TRANSCRIPT_MISMATCH");
    assert(frames.every(({ step }) => step.startsWith("keys/") || step === "inputs/ready"));
  });

  it("that one participant changed are noticed where they matter", async () => {
    for (let output = 0; output < count; output++) {
      const { outcomes, frames } = await rerun([output], (party, _, share) => {
        return { shares: party === 3 ? field.add(share, field.fromIntegers([1n])) : share, origin: "1" };
      });
      const isTested = output >= measures;
      const isShown = !isTested && !(workedDecision as { hidden: readonly number[] }).hidden.includes(output);
      for (const outcome of outcomes.slice(0, 2)) {
        if (isTested || isShown) assertRejected(outcome, "PROTOCOL_INCONSISTENT_OPENING");
        else assert.deepEqual(outcome, { status: "fulfilled", value: workedDecision });
      }
      // Cell 3's size is tested in lines only, which is later.
      if (isTested && output !== measures + 3) assert(frames.every(({ step }) => step !== "cohort"));
      assert(frames.every(({ step }) => !isTested || step !== "outputs"));
    }
  });
});

/** The same lines, at the cost of another group. */
function sacrificing(close: GatePlan["close"], sacrifice: number): GatePlan["close"] {
  return async (given) => {
    const { hidden, lines } = await close(given);
    return { hidden, lines: lines.map(({ tests }) => ({ tests, sacrifice: [sacrifice] })) };
  };
}

/** A first attempt, whose products and outputs every participant keeps. */
async function keepProducts(example: GateCase) {
  const world = new World(smallest, "known");
  const shares = world.share(example.columns);
  const kept = new Map<PartyIndex, ReadonlyMap<number, FieldVector>>();
  const sums = new Map<PartyIndex, FieldVector>();
  await world.runAll(parties, (session) => {
    const { self } = session.network;
    const keep: GateHooks["keep"] = (products, outputs) => {
      kept.set(self, products);
      sums.set(self, field.view(outputs, 0, outputs.length));
    };
    return openThroughGate(session, example.plan, shares[self - 1]!, "data", { ...noHooks, keep });
  });
  return { world, kept, sums, shares };
}
