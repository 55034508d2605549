/** One attempt at three workers over loopback networks: it answers, and it gives back its memory however it ends. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import { createWasmField } from "../../../workers/field/wasmField.ts";
import type { Circuit } from "../../../workers/messages/circuit.ts";
import { Outcome } from "../../../workers/messages/statement.ts";
import { type NodeErrorDetail, nodeError } from "../../../workers/node/nodeError.ts";
import type { QueryPlan } from "../../../workers/node/queryPlan.ts";
import { runQuery } from "../../../workers/node/queryRun.ts";
import type { ConfirmedRequest } from "../../../workers/node/requestModules.ts";
import { loopbackNetworks } from "../../../workers/protocols/loopback.ts";
import type { LoopbackFrame } from "../../../workers/protocols/loopback.ts";
import { partiesOf } from "../../../workers/sharing/parties.ts";
import { shareVector } from "../../../workers/sharing/shamir.ts";
import { seededBytes } from "../field/seededBytes.ts";

const parties = partiesOf(3);
const ROWS = 200;
const DATASET = `0x${"da".repeat(32)}`;
const circuit: Circuit = {
  columns: ["0x0a", "0x0b"],
  products: [{ left: { columns: [[0, 1n]], products: [] }, right: { columns: [[1, 1n]], products: [] } }],
  outputs: [
    { left: { columns: [], products: [[0, 1n]] }, right: { columns: [[1, 1n]], products: [] } },
    { left: { columns: [[0, 1n]], products: [] }, right: undefined },
  ],
};
const clear = [
  Array.from({ length: ROWS }, (_, row) => BigInt(row % 2)),
  Array.from({ length: ROWS }, (_, row) => BigInt(row)),
];
const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);
const expected = [sum(clear[0]!.map((bit, row) => bit * clear[1]![row]! ** 2n)), sum(clear[0]!)];

/** What only the run looks at. */
const request = {
  event: { requestId: `0x${"5e".repeat(32)}`, context: { datasetRoots: [`0x${"70".repeat(32)}`] } },
  contract: `0x${"c0".repeat(20)}`,
  committee: { epoch: 1n, threshold: 1, workers: parties.map((party) => `0x${`a${party}`.repeat(20)}`) },
} as unknown as ConfirmedRequest;

/** Runs the attempt at all three; `tamper` sees every frame. */
async function attemptAtAll(
  tamper: (frame: LoopbackFrame) => Uint8Array | null,
  missingColumn?: string,
  plan = (): Promise<QueryPlan> =>
    Promise.resolve({ empty: false, circuit, datasets: [{ datasetId: DATASET, version: 1n }] }),
) {
  const refused: string[] = [];
  const field = createWasmField(BN254_FR_MODULUS);
  const dealer = seededBytes("queryRun");
  const words = clear.map((column) =>
    shareVector(field, field.fromIntegers(column), { n: 3, t: 1 }, dealer).map((share) => field.toWords(share)),
  );
  const before = field.bytesInUse;
  const networks = loopbackNetworks(parties, { intercept: tamper, timeoutMs: 2_000 });
  const proposal = { attempt: 1n, participants: parties } as unknown as Parameters<typeof runQuery>[1];
  const outcomes = await Promise.allSettled(
    networks.map((network) =>
      runQuery(request, proposal, new AbortController().signal, {
        field,
        chainId: 31337n,
        randomBytes: seededBytes(`party ${network.self}`),
        plan,
        refused: (_, error) => refused.push(error.code),
        loadColumn: (_, version, columnId) => {
          assert.equal(version, 1n);
          if (columnId === missingColumn) throw new Error("no such column");
          return words[circuit.columns.indexOf(columnId)]![network.self - 1]!;
        },
        openNetwork: () => Object.assign(network, { abort: () => network.close() }),
      }),
    ),
  );
  return { outcomes, refused, leftBehind: field.bytesInUse - before };
}

describe("runQuery", () => {
  const steps: string[] = [];

  it("answers, and gives back all it used", async () => {
    const { outcomes, leftBehind } = await attemptAtAll(({ step, payload }) => {
      if (!steps.includes(step)) steps.push(step);
      return payload;
    });
    for (const outcome of outcomes) {
      assert(outcome.status === "fulfilled", String((outcome as PromiseRejectedResult).reason));
      assert.deepEqual(outcome.value.outputs, expected);
    }
    assert.equal(leftBehind, 0);
    assert(steps.length >= 5);
  });

  it("gives back all it used when it fails, in whatever step", async () => {
    for (const step of steps) {
      const { outcomes, leftBehind } = await attemptAtAll((frame) =>
        frame.step === step ? frame.payload.subarray(1) : frame.payload,
      );
      assert(
        outcomes.some(({ status }) => status === "rejected"),
        step,
      );
      assert.equal(leftBehind, 0, step);
    }
  });

  it("gives back the columns it has when one cannot be loaded", async () => {
    const { outcomes, leftBehind } = await attemptAtAll(({ payload }) => payload, "0x0b");
    for (const outcome of outcomes) assert.equal(outcome.status, "rejected");
    assert.equal(leftBehind, 0);
  });

  it("fails a request over a rejected dataset without computing, and waits for one that is being checked", async () => {
    const place = { datasetId: DATASET, version: "1" } as const;
    const frames: string[] = [];
    const planned = (detail: NodeErrorDetail) =>
      attemptAtAll(
        ({ step, payload }) => {
          frames.push(step);
          return payload;
        },
        undefined,
        () => Promise.reject(nodeError(detail, "not now")),
      );
    const rejected = await planned({ code: "PLAN_DATASET_REJECTED", ...place, reason: "malformed-columns" });
    for (const outcome of rejected.outcomes) {
      assert(outcome.status === "fulfilled");
      assert.deepEqual([outcome.value.outcome, outcome.value.outputs], [Outcome.FAILED_UNAVAILABLE, []]);
    }
    assert.deepEqual(rejected.refused, Array(3).fill("PLAN_DATASET_REJECTED"));
    const waiting = await planned({ code: "PLAN_BEING_CHECKED", ...place });
    for (const outcome of waiting.outcomes) {
      assert(outcome.status === "rejected");
      assert.equal((outcome.reason as { code: string }).code, "PLAN_BEING_CHECKED");
    }
    assert.deepEqual([waiting.refused, frames], [[], []]);
  });
});
