/** A worker of a proposed committee confirms what it holds and has checked, and nothing else; real store, simulated registries. */
import assert from "node:assert/strict";
import { type TestContext, describe, it } from "node:test";
import { ZeroHash, id, keccak256 } from "ethers";
import type { Mined } from "../../../workers/chain/transactions.ts";
import { CodedError } from "../../../workers/errors.ts";
import { committeeContent } from "../../../workers/messages/committeeContent.ts";
import type { SeatStanding, StandingSeat } from "../../../workers/node/committees.ts";
import { ConfirmationDesk } from "../../../workers/node/confirmationDesk.ts";
import { activationToJson } from "../../../workers/node/datasetActivation.ts";
import { oneAfterAnother } from "../../../workers/node/posting.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import type { Store } from "../../../workers/store/openStore.ts";
import { sampleFile, storeFolder } from "../store/storeFixture.ts";
import { settle } from "./virtualTime.ts";

const STUDY = id("study");
const DATASETS = [id("first"), id("second")];
const MINED: Mined = { hash: "0x", block: 1, gasUsed: 1n, events: [] };
const POINT = 3 as PartyIndex;

function seatOf(standing: SeatStanding, epoch = 2n): StandingSeat {
  return {
    studyId: STUDY,
    self: POINT,
    standing,
    committee: { epoch, threshold: 1, demonstration: true, workers: [] },
  };
}

class ConfirmationWorld {
  readonly store: Store;
  readonly desk: ConfirmationDesk;
  readonly sent: string[] = [];
  readonly logged: string[] = [];
  seats: readonly StandingSeat[] = [seatOf("proposed")];
  /** What the contract would take; undefined: something is missing there. */
  expected: string | undefined;
  confirmed = ZeroHash;
  failures: Error[] = [];
  away = false;
  nowMs = 0;

  constructor(test: TestContext) {
    this.store = storeFolder(test).open();
    const answer = <Value>(value: Value): Promise<Value> =>
      this.away ? Promise.reject(new CodedError({ code: "CHAIN_UNREACHABLE" }, "away")) : Promise.resolve(value);
    this.desk = new ConfirmationDesk({
      store: this.store,
      log: (level, event) => void this.logged.push(`${level} ${event}`),
      now: () => this.nowMs,
      inTurn: oneAfterAnother(),
      seats: () => this.seats,
      datasets: {
        count: () => answer(DATASETS.length),
        datasets: (_study, offset, limit) => answer(DATASETS.slice(offset, offset + limit)),
      },
      changes: {
        contentOf: () =>
          this.expected === undefined
            ? Promise.reject(new CodedError({ code: "CHAIN_REVERTED" }, "CommitteeChangesNotReshared"))
            : answer({ newEpoch: 2n, content: this.expected }),
        confirmed: () => answer(this.confirmed),
        confirm: (studyId, index, content) => {
          assert.deepEqual([studyId, index], [STUDY, POINT]);
          this.sent.push(content);
          const failure = this.failures.shift();
          return failure === undefined ? Promise.resolve(MINED) : Promise.reject(failure);
        },
      },
    });
  }

  /** A version given to a committee; among the proposed one with its file and check. */
  share(datasetId: string, version: bigint, epoch: bigint, take = "first"): string {
    const name = `${datasetId} ${version} ${epoch} ${take}`;
    const segment = { rowCount: 10n, columnsRoot: id(`columns ${version}`), sharesRoot: id(`root ${name}`) };
    const fact = {
      datasetId,
      studyId: STUDY,
      epoch,
      version,
      ...segment,
      ingestProofHash: keccak256(id(`proof ${name}`)),
    };
    this.store.segmentFacts.upsert(fact, { block: 1, logIndex: 0 });
    const checkId = id(`check ${name}`);
    if (epoch !== 2n) return checkId;
    const fileHash = id(`file ${name}`);
    this.store.shares.putSegment(sampleFile({ datasetId, version, epoch }), fileHash, { replaces: true });
    this.store.shares.activateSegment({ datasetId, epoch, version, fileHash, replaces: true });
    const event = {
      datasetId,
      studyId: STUDY,
      version,
      committeeEpoch: epoch,
      segment,
      fileHashes: [],
      ingestProof: id(`proof ${name}`),
    };
    const check = { checkId, datasetId, epoch, version, activation: activationToJson(event) };
    this.store.inputChecks.insert(check, { replaces: true });
    return checkId;
  }

  /** Both datasets, the first with two versions, before and among the proposed committee. @returns the checks */
  shareAll(): string[] {
    for (const [datasetId, versions] of [
      [DATASETS[0]!, [1n, 2n]],
      [DATASETS[1]!, [1n]],
    ] as const) {
      for (const version of versions) this.share(datasetId, version, 1n);
    }
    const checks = [
      this.share(DATASETS[0]!, 1n, 2n),
      this.share(DATASETS[0]!, 2n, 2n),
      this.share(DATASETS[1]!, 1n, 2n),
    ];
    this.expected = this.content();
    return checks;
  }

  wellFormed(...checks: readonly string[]): void {
    for (const check of checks) this.store.inputChecks.settle(check, { state: "checked" });
  }

  content(...retired: readonly string[]): string {
    const left = DATASETS.filter((datasetId) => !retired.includes(datasetId));
    return committeeContent(
      STUDY,
      2n,
      left.map((datasetId) => {
        const facts = this.store.segmentFacts.ofDataset(datasetId).filter(({ epoch }) => epoch === 2n);
        return { datasetId, versions: facts };
      }),
    );
  }

  async block(nowMs = this.nowMs): Promise<void> {
    this.nowMs = nowMs;
    await this.desk.onBlock();
    await settle();
  }
}

describe("ConfirmationDesk", () => {
  it("confirms once every version of every dataset is here and was found well-formed", async (test) => {
    const world = new ConfirmationWorld(test);
    const checks = world.shareAll();
    for (const check of checks) {
      await world.block();
      assert.deepEqual(world.sent, []);
      world.wellFormed(check);
    }
    await world.block();
    assert.deepEqual(world.sent, [world.content()]);
    assert.deepEqual(world.logged, ["info committee-change-confirmed"]);
    world.confirmed = world.content();
    await world.block(9_000_000);
    assert.equal(world.sent.length, 1, "the chain has it");
  });

  it("confirms nothing of a version that was rejected, until it was shared anew and checked", async (test) => {
    const world = new ConfirmationWorld(test);
    const [first, ...others] = world.shareAll();
    world.wellFormed(...others);
    world.store.inputChecks.settle(first!, { state: "rejected", reason: "malformed-columns" });
    await world.block();
    assert.deepEqual(world.sent, []);
    const again = world.share(DATASETS[0]!, 1n, 2n, "again");
    world.expected = world.content();
    await world.block();
    assert.deepEqual(world.sent, []);
    world.wellFormed(again);
    await world.block();
    assert.deepEqual(world.sent, [world.content()]);
  });

  it("confirms nothing while a version is not shared anew, its file is not here, or nothing is", async (test) => {
    const world = new ConfirmationWorld(test);
    await world.block();
    const checks = world.shareAll();
    world.wellFormed(...checks);
    world.share(DATASETS[1]!, 2n, 1n);
    await world.block();
    assert.deepEqual(world.sent, [], "a version was added");
    const missing = new ConfirmationWorld(test);
    missing.wellFormed(...missing.shareAll());
    missing.store.shares.eraseHolding(DATASETS[1]!, 2n);
    await missing.block();
    assert.deepEqual(missing.sent, []);
  });

  it("confirms anew what was added or shared anew after it had confirmed", async (test) => {
    const world = new ConfirmationWorld(test);
    world.wellFormed(...world.shareAll());
    await world.block();
    world.confirmed = world.content();
    world.share(DATASETS[1]!, 2n, 1n);
    const added = world.share(DATASETS[1]!, 2n, 2n);
    world.expected = world.content();
    await world.block();
    assert.equal(world.sent.length, 1);
    world.wellFormed(added);
    await world.block();
    assert.deepEqual(world.sent, [world.confirmed, world.content()]);
  });

  it("confirms nothing that the chain gave under another dealing proof than was checked", async (test) => {
    const world = new ConfirmationWorld(test);
    world.wellFormed(...world.shareAll());
    const fact = world.store.segmentFacts.ofDataset(DATASETS[0]!).at(-1)!;
    const place = { block: 2, logIndex: 0 };
    world.store.segmentFacts.upsert({ ...fact, ingestProofHash: id("another proof's") }, place);
    world.expected = world.content();
    await world.block();
    assert.deepEqual(world.sent, []);
    world.store.segmentFacts.upsert(fact, place);
    world.expected = world.content();
    await world.block();
    assert.deepEqual(world.sent, [world.content()]);
  });

  it("leaves out what was retired", async (test) => {
    const world = new ConfirmationWorld(test);
    world.wellFormed(...world.shareAll().slice(0, 2));
    world.store.retirements.insert({ datasetId: DATASETS[1]!, studyId: STUDY, block: 7 });
    world.expected = world.content(DATASETS[1]!);
    await world.block();
    assert.deepEqual(world.sent, [world.content(DATASETS[1]!)]);
  });

  it("sends nothing that the contract would refuse, and nothing it has not found itself", async (test) => {
    const world = new ConfirmationWorld(test);
    world.wellFormed(...world.shareAll());
    for (const expected of [undefined, id("what the chain has by now")]) {
      world.expected = expected;
      await world.block();
    }
    assert.deepEqual([world.sent, world.logged], [[], []]);
  });

  it("is a proposed committee's only, and ends with the proposal", async (test) => {
    const world = new ConfirmationWorld(test);
    world.wellFormed(...world.shareAll());
    for (const seats of [[], [seatOf("serving")], [seatOf("followed")], [seatOf("proposed", 3n)]]) {
      world.seats = seats;
      await world.block();
    }
    assert.deepEqual(world.sent, []);
    world.seats = [seatOf("proposed")];
    world.failures = [new CodedError({ code: "CHAIN_INSUFFICIENT_FUNDS" }, "poor")];
    await world.block(0);
    world.seats = [];
    await world.block(9_000_000);
    assert.equal(world.sent.length, 1, "what failed is not tried again for a proposal that is gone");
  });

  it("tries again when it could not send, and says so", async (test) => {
    const world = new ConfirmationWorld(test);
    world.wellFormed(...world.shareAll());
    world.failures = [new CodedError({ code: "CHAIN_INSUFFICIENT_FUNDS" }, "poor")];
    for (const at of [0, 999, 1_000]) await world.block(at);
    assert.equal(world.sent.length, 2);
    assert.deepEqual(world.logged, ["warn committee-change-delayed", "info committee-change-confirmed"]);
  });

  it("waits for a chain that is away, and does nothing once it is stopped", async (test) => {
    const world = new ConfirmationWorld(test);
    world.wellFormed(...world.shareAll());
    world.away = true;
    await world.block();
    assert.deepEqual([world.sent, world.logged], [[], ["warn committee-change-delayed"]]);
    world.away = false;
    world.desk.stop();
    await world.block();
    assert.deepEqual(world.sent, []);
  });
});
