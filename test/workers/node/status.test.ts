/** What a worker says of its data and of what it must erase: by committee, and nothing of what is gone. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FollowerStatus } from "../../../workers/chain/follower.ts";
import { type StatusFacts, type WorkerStatus, statusOf } from "../../../workers/node/status.ts";
import type { StoredErasure } from "../../../workers/store/erasureStore.ts";
import type { StoredInputCheck } from "../../../workers/store/inputCheckStore.ts";
import { bytes32, sampleFile, storeFolder } from "../store/storeFixture.ts";

const [DATASET, GONE] = [bytes32("dataset"), bytes32("gone")];
const FOLLOWER: FollowerStatus = {
  cursor: { block: 20, blockHash: bytes32("block"), logIndex: 0 },
  newest: 21,
  lag: 1,
  reachable: true,
  stoppedBy: undefined,
};

function statusWith(facts: Partial<StatusFacts>): WorkerStatus {
  return statusOf({
    ...{ version: "0.1.0", address: "0x", key: "0x", organisation: undefined, registration: "active", port: 1 },
    ...{ chainId: 1n, network: "test", confirmations: 0, follower: FOLLOWER, peers: [], seats: [], keysDue: 0 },
    arithmetic: { kernel: "fused", threads: 1, bytesInUse: 0 },
    ...{ datasets: [], holdings: [], inputChecks: [], attempts: [], erasures: [] },
    requests: { pending: 0, answered: 0, refused: 0, expired: 0, failed: 0 },
    ...facts,
  });
}

function check(epoch: bigint, state: StoredInputCheck["state"], reason?: string): StoredInputCheck {
  const name = { checkId: bytes32(`check ${epoch}`), datasetId: DATASET, epoch, version: 1n };
  return { ...name, activation: "{}", state, reason, lastAttempt: 0n, needed: false };
}

function erasure(change: Partial<StoredErasure>): StoredErasure {
  const holding = { datasetId: DATASET, studyId: bytes32("study"), epoch: 1n, point: 2, afterBlock: 15 };
  return { ...holding, confirmed: false, receipt: undefined, ...change };
}

describe("statusOf", () => {
  it("tells versions by the committee whose shares they are, each with its own check", (test) => {
    const { shares } = storeFolder(test).open();
    for (const epoch of [1n, 2n, 3n]) {
      const file = sampleFile({ datasetId: DATASET, epoch, rowCount: Number(epoch) });
      shares.putSegment(file, bytes32(`file ${epoch}`));
      if (epoch < 3n) shares.activateSegment({ datasetId: DATASET, epoch, version: 1n, fileHash: bytes32(`file ${epoch}`) }); // prettier-ignore
    }
    shares.putSegment(sampleFile({ datasetId: GONE }), bytes32("gone"));
    const inputChecks = [check(2n, "rejected", "malformed-columns"), check(1n, "checked"), check(3n, "unchecked")];
    const tell = (): unknown[] => {
      const { datasets } = statusWith({ datasets: shares.datasets(), holdings: shares.holdings(), inputChecks });
      return datasets.filter(({ datasetId }) => datasetId === DATASET);
    };
    const of = { datasetId: DATASET, version: "1" };
    const expected = [
      { ...of, epoch: "1", rows: 1, state: "active", check: "checked" },
      { ...of, epoch: "2", rows: 2, state: "active", check: "rejected: malformed-columns" },
      { ...of, epoch: "3", rows: 3, state: "pending", check: undefined },
    ];
    assert.deepEqual(tell(), expected);
    shares.eraseHolding(DATASET, 1n);
    shares.eraseDataset(GONE);
    assert.deepEqual(tell(), expected.slice(1));
    assert.equal(statusWith({ datasets: shares.datasets() }).datasets.length, 2);
  });

  it("tells what must be erased: later, due or confirmed, with the receipt that anyone may post", (test) => {
    const { shares } = storeFolder(test).open();
    shares.eraseHolding(DATASET, 2n);
    shares.eraseDataset(GONE);
    const receipt = { version: 3n, signature: "0xab" };
    const erasures = [
      erasure({}),
      erasure({ epoch: 2n, afterBlock: 20, receipt }),
      erasure({ epoch: 3n, afterBlock: 20 }),
      erasure({ datasetId: GONE, confirmed: true, receipt }),
    ];
    const told = statusWith({ datasets: shares.datasets(), holdings: shares.holdings(), erasures }).erasures;
    const unsigned = { index: 2, version: undefined, signature: undefined };
    const signed = { index: 2, version: "3", signature: "0xab" };
    assert.deepEqual(told, [
      { datasetId: DATASET, epoch: "1", afterBlock: 15, erased: false, receipt: "due", ...unsigned },
      { datasetId: DATASET, epoch: "2", afterBlock: 20, erased: true, receipt: "due", ...signed },
      { datasetId: DATASET, epoch: "3", afterBlock: 20, erased: false, receipt: "later", ...unsigned },
      { datasetId: GONE, epoch: "1", afterBlock: 15, erased: true, receipt: "confirmed", ...signed },
    ]);
  });
});
