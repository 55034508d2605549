/**
 * The input check over loopback: honest datasets pass, every poisoned one is refused, and lying workers, also together
 * with the owner, make it abort or change nothing.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { bn254Fr as field } from "../../../workers/field/bn254Fr.ts";
import type { FieldVector } from "../../../workers/field/field.ts";
import type { ColumnForm } from "../../../workers/messages/constraints.ts";
import { checkColumns } from "../../../workers/protocols/checkColumns.ts";
import type { SharedTable } from "../../../workers/protocols/checkColumns.ts";
import type { LoopbackFrame } from "../../../workers/protocols/loopback.ts";
import { columnConstraints } from "../../../workers/schema/columnConstraints.ts";
import { partiesOf, subsets } from "../../../workers/sharing/parties.ts";
import type { CommitteeSize, PartyIndex } from "../../../workers/sharing/parties.ts";
import { lagrangeAtZero, reconstruct } from "../../../workers/sharing/shamir.ts";
import { budget } from "../../budget.ts";
import type { Poisoning } from "../schema/poisoning.ts";
import {
  honestColumns,
  INACTIVE_POISONINGS,
  poison,
  POISONED_STUDY,
  POISONINGS,
  withdraw,
} from "../schema/poisoning.ts";
import { sizeName } from "../sharing/committees.ts";
import { addTo, assertRejected, flipBit } from "./tampering.ts";
import type { Tamper } from "./tampering.ts";
import { World } from "./world.ts";
import type { RunOptions, RunResult } from "./world.ts";

const CONSTRAINTS = columnConstraints(POISONED_STUDY);
const SIZES: readonly CommitteeSize[] = [
  { n: 3, t: 1 },
  { n: 4, t: 1 },
  { n: 5, t: 2 },
];
const SILENCE_MS = 250;

interface CheckRun extends RunOptions {
  readonly seed?: string;
  readonly participants?: readonly PartyIndex[];
  readonly blockProducts?: number;
  /** What a worker says it checks. */
  readonly inputs?: (self: PartyIndex) => string;
  /** What a liar holds instead of its own share. */
  readonly hold?: (self: PartyIndex, column: number, share: FieldVector) => FieldVector;
}

function run(
  size: CommitteeSize,
  columns: readonly (readonly bigint[])[],
  { seed = "check", participants, blockProducts, inputs = () => "dataset 1", hold, ...options }: CheckRun = {},
): Promise<RunResult<boolean>> {
  const world = new World(size, seed);
  const residues = columns.map((column) => column.map((value) => field.reduce(value)));
  const shares = world.share(residues);
  const among = participants ?? partiesOf(size.n).slice(0, 2 * size.t + 1);
  return world.run(
    among,
    (session) => {
      const { self } = session.network;
      const own = (shares[self - 1] as FieldVector[]).map((share, column) => hold?.(self, column, share) ?? share);
      const table: SharedTable = {
        columns: columns.length,
        rows: columns[0]?.length ?? 0,
        load: (column, from, to) => field.view(own[column] as FieldVector, from, to),
      };
      return checkColumns(
        session,
        CONSTRAINTS,
        table,
        inputs(self),
        blockProducts === undefined ? {} : { blockProducts },
      );
    },
    options,
  );
}

async function verdict(
  size: CommitteeSize,
  columns: readonly (readonly bigint[])[],
  options: CheckRun = {},
): Promise<boolean> {
  const { outcomes } = await run(size, columns, options);
  const verdicts = new Set(
    outcomes.map((outcome) => {
      if (outcome.status === "rejected") throw outcome.reason;
      return outcome.value;
    }),
  );
  assert.equal(verdicts.size, 1);
  return [...verdicts][0] as boolean;
}

/** Everyone but liars. */
function honest<Value>({ outcomes }: RunResult<Value>, liars: readonly number[]): PromiseSettledResult<Value>[] {
  return outcomes.filter((_, position) => !liars.includes(position));
}

/** What the honest participants opened in a step of one element. */
function openedIn(frames: readonly LoopbackFrame[], step: string, parties: readonly PartyIndex[], t: number): bigint {
  const points = parties.slice(0, t + 1);
  const shares = points.map((party) => {
    const sent = frames.find((frame) => frame.step === step && frame.from === party);
    return field.fromWords((sent as LoopbackFrame).payload);
  });
  return field.toResidues(reconstruct(field, t, points, shares))[0] as bigint;
}

/** Σ β^(c·rows + row)·constraint c at that row, in clear. */
function weightedSum(columns: readonly (readonly bigint[])[], beta: bigint): bigint {
  const rows = columns[0]?.length ?? 0;
  let [sum, weight] = [0n, 1n];
  for (const { products, linear } of CONSTRAINTS) {
    for (let row = 0; row < rows; row += 1) {
      const at = (form: ColumnForm): bigint =>
        form.reduce((total, [column, coefficient]) => total + coefficient * (columns[column]?.[row] as bigint), 0n);
      const value = products.reduce((total, { left, right }) => total + at(left) * at(right), -at(linear));
      sum = field.reduce(sum + weight * value);
      weight = field.reduce(weight * beta);
    }
  }
  return sum;
}

describe("checkColumns", () => {
  for (const size of SIZES) {
    describe(sizeName(size), () => {
      it("accepts honest columns, with withdrawn rows, in one block or several, among any participants", async () => {
        for (const participants of subsets(partiesOf(size.n), 2 * size.t + 1)) {
          assert.equal(await verdict(size, withdraw(honestColumns(3), 4), { participants }), true);
        }
        for (const blockProducts of [1, 60, 200])
          assert.equal(await verdict(size, honestColumns(2), { blockProducts }), true);
      });

      it("refuses every poisoning", async () => {
        for (const poisoning of POISONINGS) {
          assert.equal(await verdict(size, poison(honestColumns(), poisoning)), false, poisoning.name);
        }
        for (const poisoning of INACTIVE_POISONINGS) {
          const columns = withdraw(honestColumns(), poisoning.row);
          assert.equal(await verdict(size, poison(columns, poisoning)), false, poisoning.name);
        }
      });

      it("opens 0 for honest columns, and nothing of what a poisoned one holds", async () => {
        const poisoned = poison(honestColumns(), { name: "", row: 0, change: { age: 91n } });
        const opened = await Promise.all(
          ["one", "two"].map(async (seed) => {
            const { frames } = await run(size, poisoned, { seed });
            return Buffer.concat(frames.filter(({ step }) => step === "verdict").map(({ payload }) => payload));
          }),
        );
        assert.notDeepEqual(opened[0], opened[1], "fresh keys, another number");
      });
    });
  }

  it("finds one bad row among many, wherever it stands", async () => {
    const times = 300;
    const rows = 7 * times;
    for (const row of [0, 7 * 100, rows - 7]) {
      const columns = poison(honestColumns(times), { name: "", row, change: { age66: 1n } });
      assert.equal(await verdict({ n: 3, t: 1 }, columns, { blockProducts: 30_000 }), false);
    }
    assert.equal(await verdict({ n: 3, t: 1 }, honestColumns(times), { blockProducts: 30_000 }), true);
  });

  it("costs what it says, whatever the columns hold", async () => {
    // 25 right factors: 4 of 7 rows make a block of 100 products and one of 75, each compressed twice.
    const [good, bad] = await Promise.all(
      [honestColumns(), poison(honestColumns(), POISONINGS[0] as Poisoning)].map(async (columns) => {
        const { frames, traces } = await run({ n: 3, t: 1 }, columns, { blockProducts: 100 });
        return { sent: frames.map(({ step, from, to, payload }) => `${step} ${from} ${to} ${payload.length}`), traces };
      }),
    );
    assert.deepEqual(good?.sent, bad?.sent);
    for (const trace of good?.traces ?? []) assert.equal(trace.length, 2 * (9 + 4 * 2) + 6);
  });

  it("does not start among workers that check different things", async () => {
    const { outcomes, frames } = await run({ n: 3, t: 1 }, honestColumns(), {
      inputs: (self) => (self === 2 ? "dataset 2" : "dataset 1"),
    });
    for (const outcome of outcomes) assertRejected(outcome, "PROTOCOL_TRANSCRIPT_MISMATCH", "NETWORK_ABORTED");
    assert(!frames.some(({ step }) => step === "weights"), "no share of the challenge is sent");
  });

  it("refuses a table without rows", async () => {
    const { outcomes } = await run(
      { n: 3, t: 1 },
      honestColumns().map(() => []),
    );
    assert(outcomes.every(({ status }) => status === "rejected"));
  });
});

describe("lying workers in checkColumns", () => {
  const offsets: readonly bigint[] = [1n, field.modulus - 1n, 0x5eedn ** 13n];

  for (const size of SIZES) {
    const participants = partiesOf(size.n).slice(0, 2 * size.t + 1);

    for (const [name, columns, expected] of [
      ["good", honestColumns(), true],
      ["bad", poison(honestColumns(), { name: "", row: 0, change: { armB: 1n } }), false],
    ] as const) {
      it(`at every step, ${sizeName(size)}, ${name} columns: abort, or the right verdict`, async () => {
        const rehearsal = await run(size, columns);
        const steps = [...new Set(rehearsal.frames.map(({ step }) => step))].filter(
          (step) => !step.startsWith("keys/"),
        );
        let runs = 0;
        for (const [index, step] of steps.entries()) {
          for (let position = 0; position < participants.length; position += 1) {
            const liars = Array.from({ length: size.t }, (_, i) => (position + i) % participants.length);
            const offset = offsets[(index + position) % offsets.length] as bigint;
            const victim = participants[(position + size.t) % participants.length];
            for (const to of [undefined, victim]) {
              if (runs++ % budget.checkStride !== 0) continue;
              const tamper: Tamper = (frame) => {
                const hit = frame.step === step && liars.some((liar) => participants[liar] === frame.from);
                if (!hit || (to !== undefined && frame.to !== to)) return frame.payload;
                return step.endsWith("/ready") ? flipBit(frame.payload, 3) : addTo(field, frame.payload, offset);
              };
              const result = await run(size, columns, { tamper, seed: `${step} ${position}` });
              for (const outcome of honest(result, liars)) {
                if (outcome.status === "fulfilled")
                  assert.equal(outcome.value, expected, `${step}, liars ${liars.join()}`);
                else assertRejected(outcome);
              }
            }
          }
        }
      });
    }

    it(`that hold other shares than the owner dealt, ${sizeName(size)}: nothing but an abort`, async () => {
      const liars = participants.map((_, position) => position).slice(-size.t);
      for (const columns of [honestColumns(), poison(honestColumns(), { name: "", row: 2, change: { age50: 0n } })]) {
        for (const column of [0, 1, 6, 7, 15]) {
          const result = await run(size, columns, {
            hold: (self, index, share) =>
              liars.includes(self - 1) && index === column ? field.scale(share, 3n) : share,
          });
          for (const outcome of honest(result, liars))
            assertRejected(outcome, "PROTOCOL_PRODUCTS_WRONG", "PROTOCOL_INCONSISTENT_OPENING", "NETWORK_ABORTED");
        }
      }
    });

    it(`that make the sum zero, knowing from the owner what it is, ${sizeName(size)}: nothing but an abort`, async () => {
      const liar = participants[0] as PartyIndex;
      const columns = poison(honestColumns(), { name: "", row: 2, change: { age50: 0n } });
      const rehearsal = await run(size, columns); // the same seeds: the same β
      const beta = openedIn(rehearsal.frames, "weights", participants, size.t);
      const [weight] = lagrangeAtZero(field, participants) as [bigint];
      const opposite = field.reduce(-weightedSum(columns, beta) * field.invert(weight));
      const tamper: Tamper = (frame) =>
        frame.step === "rows/0/collect" && frame.from === liar && frame.payload.length > 0
          ? addTo(field, frame.payload, opposite)
          : frame.payload;
      const result = await run(size, columns, { tamper });
      for (const outcome of honest(result, [0])) assertRejected(outcome, "PROTOCOL_PRODUCTS_WRONG", "NETWORK_ABORTED");
      assert(!result.frames.some(({ step }) => step === "verdict"));
    });
  }

  it("that fall silent at the verdict: the others stop, none with another verdict", async () => {
    const tamper: Tamper = (frame) => (frame.step === "verdict" && frame.from === 3 ? null : frame.payload);
    const { outcomes } = await run({ n: 3, t: 1 }, honestColumns(), { tamper, timeoutMs: SILENCE_MS });
    for (const outcome of outcomes.slice(0, 2)) assertRejected(outcome);
  });
});
