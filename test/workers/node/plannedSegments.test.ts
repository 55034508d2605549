/** Which shares a request is computed over: every reason for which it is not, or not yet. */
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { id } from "ethers";
import type { SegmentStatus } from "../../../workers/store/segmentRows.ts";
import { DATASETS, PlanWorld, segment } from "./planWorld.ts";

describe("planQuery, of the data", () => {
  let world: PlanWorld;
  beforeEach(() => (world = new PlanWorld()));

  const missing = (reason: string, version: string): Promise<void> =>
    assert.rejects(world.plan(), {
      detail: { code: "PLAN_MISSING_SHARES", datasetId: DATASETS[0], version, reason },
    });

  it("takes the version that the request fixed, not what was appended since", async () => {
    world.segments.push(segment("3", 9n));
    const plan = await world.plan();
    assert.ok(!plan.empty && plan.datasets.every(({ version }) => version === 2n));
  });

  it("refuses a root that is none of the dataset's versions'", async () => {
    world.segments = [segment("1", 3n), segment("altered", 5n)];
    await world.refused(`the root of dataset ${DATASETS[0]} is none of its versions'`);
  });

  it("names the version whose shares are not here, or are others", async () => {
    const [first, second] = world.stored as [SegmentStatus, SegmentStatus];
    world.stored = [first];
    await missing("its activation has not been seen here", "2");
    world.stored = [first, { ...second, state: "pending" }];
    await missing("its activation has not been seen here", "2");
    world.stored = [{ ...first, state: "missing" }, second];
    await missing("no shares are stored here", "1");
    world.stored = [first, { ...second, rowCount: 4 }];
    await missing("the stored shares have another number of rows", "2");
    world.stored = [{ ...first, epoch: 2n }, second];
    await missing("the stored shares are another epoch's", "1");
  });

  it("takes the shares of the request's committee where another's are here, too", async () => {
    const others = world.stored.map((each): SegmentStatus => ({ ...each, epoch: 2n, state: "missing", rowCount: 9 }));
    for (const stored of [
      [...world.stored, ...others],
      [...others, ...world.stored],
    ]) {
      world.stored = stored;
      const plan = await world.plan();
      assert.ok(!plan.empty && plan.datasets.every(({ epoch, version }) => epoch === 1n && version === 2n));
    }
  });

  it("waits for versions that are being checked, and never reads one that was rejected", async () => {
    for (const check of [undefined, { state: "unchecked", reason: undefined } as const]) {
      world.checks.set(2n, check);
      const detail = { code: "PLAN_BEING_CHECKED", datasetId: DATASETS[0], version: "2" };
      await assert.rejects(world.plan(), { detail });
    }
    world.checks.set(1n, { state: "rejected", reason: "malformed-columns" });
    const detail = {
      code: "PLAN_DATASET_REJECTED",
      datasetId: DATASETS[0],
      version: "1",
      reason: "malformed-columns",
    };
    await assert.rejects(world.plan(), { detail, message: /malformed-columns/ });
  });

  it("computes nothing over a dataset that was retired, whether its shares are gone already or not", async () => {
    world.retired.set(id("another"), 7);
    await world.plan();
    world.retired.set(DATASETS[0]!, 8);
    const detail = { code: "PLAN_DATASET_RETIRED", datasetId: DATASETS[0], block: 8 };
    await assert.rejects(world.plan(), { detail });
    world.stored = [];
    world.checks.clear();
    await assert.rejects(world.plan(), { detail });
  });
});
