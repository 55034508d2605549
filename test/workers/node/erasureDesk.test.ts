/** What was retired is erased before its receipt is signed, whatever fails in between. */
import assert from "node:assert/strict";
import { cpSync, readdirSync } from "node:fs";
import { type TestContext, describe, it } from "node:test";
import { Wallet } from "ethers";
import { WHOLE_BLOCK } from "../../../workers/chain/follower.ts";
import type { Erasures } from "../../../workers/chain/datasetRegistry.ts";
import type { Mined } from "../../../workers/chain/transactions.ts";
import { CodedError } from "../../../workers/errors.ts";
import { ERASURE } from "../../../workers/messages/signedStructs.ts";
import { opalineDomain, signerOf } from "../../../workers/messages/typedData.ts";
import { AttemptCounts } from "../../../workers/node/attemptCounts.ts";
import { ErasureDesk } from "../../../workers/node/erasureDesk.ts";
import { oneAfterAnother } from "../../../workers/node/posting.ts";
import type { Store } from "../../../workers/store/openStore.ts";
import { type StoreFolder, bytes32, sampleFile, storeFolder } from "../store/storeFixture.ts";
import { settle } from "./virtualTime.ts";

const REGISTRY = "0x00000000000000000000000000000000000000D1";
const DATASET = bytes32("dataset");
const POINT = 2;
const SIGNER = new Wallet(bytes32("worker"));
/** Of another key: the worker's name. */
const SELF = "0x00000000000000000000000000000000000000A2";
const MINED: Mined = { hash: "0x", block: 1, gasUsed: 1n, events: [] };
const error = (code: string): CodedError => new CodedError({ code }, code);

interface Sent {
  readonly datasetId: string;
  readonly epoch: bigint;
  readonly index: number;
  readonly signature: string;
}

class ErasureWorld {
  readonly folder: StoreFolder;
  readonly sent: Sent[] = [];
  readonly logged: string[] = [];
  readonly counts = new AttemptCounts();
  store: Store;
  desk: ErasureDesk;
  failures: Error[] = [];
  onChain: readonly number[] = [];
  /** As the chain's head says. */
  isDue = true;
  nowMs = 0;

  constructor(test: TestContext) {
    this.folder = storeFolder(test);
    this.store = this.folder.open();
    this.desk = this.#open();
  }

  /** As after kill -9: the store's file is all that is left. */
  restart(): void {
    this.store.close();
    this.store = this.folder.open();
    this.desk = this.#open();
  }

  #open(): ErasureDesk {
    const erasures = (): Erasures => ({ due: this.isDue, confirmed: this.onChain, outstanding: [] });
    return new ErasureDesk({
      store: this.store,
      chainId: 31337n,
      self: () => SELF,
      signer: SIGNER,
      counts: this.counts,
      log: (level, event) => void this.logged.push(`${level} ${event}`),
      now: () => this.nowMs,
      inTurn: oneAfterAnother(),
      datasets: {
        address: REGISTRY,
        versionsOf: () => Promise.resolve(2n),
        erasures: () => Promise.resolve(erasures()),
        confirmErasure: (datasetId, epoch, index, signature) => {
          const left = this.store.shares.segments(datasetId).filter((segment) => segment.epoch === epoch);
          assert.deepEqual(left, [], "nothing is left when it is sent");
          this.sent.push({ datasetId, epoch, index, signature });
          const failure = this.failures.shift();
          return failure === undefined ? Promise.resolve(MINED) : Promise.reject(failure);
        },
      },
    });
  }

  /** Two active versions' worth of a dataset, and a file of a third that was never activated. */
  hold(datasetId = DATASET, epoch = 1n): void {
    for (const version of [1n, 2n, 3n]) {
      this.store.shares.putSegment(
        sampleFile({ datasetId, version, epoch }),
        bytes32(`${datasetId} ${version} ${epoch}`),
      );
    }
  }

  /** As the effects of the event say it, in one transaction with the cursor. */
  retire(datasetId = DATASET, ...epochs: readonly bigint[]): void {
    const studyId = bytes32("study");
    this.store.retirements.insert({ datasetId, studyId, block: 8 });
    for (const epoch of epochs.length === 0 ? [1n] : epochs) {
      this.store.erasures.insert({ datasetId, studyId, epoch, point: POINT, afterBlock: 7 });
    }
    this.follow(8);
  }

  /** Another committee takes over; nothing asked of the epoch can be answered past the block. */
  overAfter(afterBlock: number, epoch = 1n): void {
    this.store.erasures.insert({ datasetId: DATASET, studyId: bytes32("study"), epoch, point: POINT, afterBlock });
  }

  follow(block: number): void {
    this.store.cursors.write("chain", { block, blockHash: bytes32(`block ${block}`), logIndex: WHOLE_BLOCK });
  }

  async block(nowMs = this.nowMs): Promise<void> {
    this.nowMs = nowMs;
    this.desk.onBlock();
    await settle();
  }

  keyFiles(): string[] {
    return readdirSync(this.folder.keyDir);
  }
}

describe("ErasureDesk", () => {
  it("erases every file and the key, then signs and posts the receipt, and leaves other data alone", async (test) => {
    const world = new ErasureWorld(test);
    world.hold();
    world.hold(bytes32("other"));
    await world.block();
    assert.deepEqual([world.sent, world.logged], [[], []]);
    world.retire();
    await world.block();
    assert.equal(world.store.shares.isErased(DATASET), true);
    assert.deepEqual(world.keyFiles(), [`${bytes32("other").slice(2)}-1.key`]);
    assert.equal(world.store.shares.segments(bytes32("other")).length, 3);
    const [{ datasetId, index, signature }] = world.sent as [Sent];
    assert.deepEqual([world.sent.length, datasetId, index], [1, DATASET, POINT]);
    const message = { datasetId, epoch: 1n, worker: SELF, version: 2n };
    assert.equal(signerOf(opalineDomain(31337n, REGISTRY), ERASURE, message, signature), SIGNER.address);
    assert.deepEqual(world.store.erasures.get(DATASET, 1n)?.receipt, { version: 2n, signature });
    assert.deepEqual(world.logged, ["info dataset-erased", "info erasure-receipt-posted"]);
    const again = (): unknown => world.store.shares.putSegment(sampleFile({ datasetId: DATASET }), bytes32("again"));
    assert.throws(again, { code: "STORE_DATASET_ERASED" });
  });

  it("tries until the confirmed chain shows the receipt, and no longer", async (test) => {
    const world = new ErasureWorld(test);
    world.retire();
    world.failures = ["CHAIN_INSUFFICIENT_FUNDS", "CHAIN_UNREACHABLE"].map(error);
    for (const at of [0, 999, 1_000, 2_999, 3_000, 4_000]) await world.block(at);
    assert.equal(world.sent.length, 3);
    assert.notEqual(world.store.erasures.get(DATASET, 1n)?.receipt, undefined, "kept for whoever posts it");
    await world.block(603_000);
    assert.equal(world.sent.length, 4);
    world.store.erasures.confirmed(DATASET, 1n, POINT);
    await world.block(9_000_000);
    assert.equal(world.sent.length, 4);
  });

  it("sends nothing that somebody else has posted", async (test) => {
    const world = new ErasureWorld(test);
    world.onChain = [1, POINT];
    world.retire();
    await world.block();
    assert.deepEqual([world.sent, world.logged], [[], ["info dataset-erased"]]);
  });

  it("goes on where it was when it is killed before it erases, and between erasing and posting", async (test) => {
    const world = new ErasureWorld(test);
    world.hold();
    world.retire();
    world.restart();
    world.failures = [error("CHAIN_UNREACHABLE")];
    await world.block();
    assert.deepEqual([world.store.shares.isErased(DATASET), world.sent.length], [true, 1]);
    world.restart();
    await world.block();
    assert.equal(world.sent.length, 2);
    assert.equal(world.logged.filter((line) => line === "info dataset-erased").length, 1);
  });

  it("erases again what an older backup brought back, and posts no second receipt", async (test) => {
    const world = new ErasureWorld(test);
    world.hold();
    const backup = `${world.folder.path}.backup`;
    world.store.close();
    cpSync(world.folder.path, backup);
    cpSync(world.folder.keyDir, `${world.folder.keyDir}.backup`, { recursive: true });
    world.store = world.folder.open();
    world.retire();
    world.restart();
    await world.block();
    world.store.close();
    cpSync(backup, world.folder.path);
    cpSync(`${world.folder.keyDir}.backup`, world.folder.keyDir, { recursive: true });
    world.restart();
    assert.equal(world.store.shares.isErased(DATASET), false);
    // The cursor is as old as the backup: both events are seen again, in one transaction.
    world.retire();
    world.store.erasures.confirmed(DATASET, 1n, POINT);
    await world.block();
    assert.deepEqual([world.store.shares.isErased(DATASET), world.keyFiles(), world.sent.length], [true, [], 1]);
  });

  it("signs nothing while an attempt that had begun before may still hold shares", async (test) => {
    const world = new ErasureWorld(test);
    world.hold();
    const [first, second] = [world.counts.start(), world.counts.start()];
    world.retire();
    await world.block();
    const later = world.counts.start();
    first();
    await world.block();
    assert.deepEqual([world.store.shares.isErased(DATASET), world.sent.length], [true, 0]);
    second();
    await world.block();
    assert.equal(world.sent.length, 1);
    later();
  });

  it("signs nothing while the key file cannot be deleted, and says so", async (test) => {
    const world = new ErasureWorld(test);
    world.hold();
    const { shares } = world.store;
    const erase = shares.eraseDataset.bind(shares);
    shares.eraseDataset = () => {
      throw error("STORE_KEY_NOT_ERASED");
    };
    world.retire();
    await world.block();
    assert.deepEqual([world.sent.length, world.logged], [0, ["alarm dataset-not-erased"]]);
    shares.eraseDataset = erase;
    await world.block();
    assert.equal(world.sent.length, 1);
  });

  it("waits while the store cannot be read, and sends nothing once it is stopped", async (test) => {
    const world = new ErasureWorld(test);
    world.retire();
    const { erasures } = world.store;
    const all = erasures.all.bind(erasures);
    erasures.all = () => {
      throw error("STORE_BUSY");
    };
    await world.block();
    assert.deepEqual(world.logged, ["warn erasures-delayed", "warn erasure-receipt-delayed"]);
    erasures.all = all;
    world.desk.stop();
    await world.block();
    assert.equal(world.sent.length, 0);
  });

  it("erases a followed committee's shares once nothing asked of it can be answered, and no other's", async (test) => {
    const world = new ErasureWorld(test);
    world.hold(DATASET, 1n);
    world.hold(DATASET, 2n);
    world.overAfter(20);
    for (const block of [8, 20]) {
      world.follow(block);
      await world.block();
    }
    assert.deepEqual([world.store.shares.segments(DATASET).length, world.sent, world.keyFiles().length], [6, [], 2]);
    world.follow(21);
    await world.block();
    assert.deepEqual(
      world.store.shares.segments(DATASET).map(({ epoch }) => epoch),
      [2n, 2n, 2n],
    );
    assert.deepEqual(world.keyFiles(), [`${DATASET.slice(2)}-2.key`]);
    assert.deepEqual(
      world.sent.map(({ epoch, index }) => [epoch, index]),
      [[1n, POINT]],
    );
    const again = (): unknown => world.store.shares.putSegment(sampleFile({ datasetId: DATASET }), bytes32("again"));
    assert.throws(again, { code: "STORE_HOLDING_ERASED" });
  });

  it("keeps its word to itself while the chain's head does not ask for it", async (test) => {
    const world = new ErasureWorld(test);
    world.hold();
    world.overAfter(7);
    world.follow(8);
    world.isDue = false;
    await world.block();
    assert.deepEqual([world.store.shares.isHoldingErased(DATASET, 1n), world.sent], [true, []]);
    assert.notEqual(world.store.erasures.get(DATASET, 1n)?.receipt, undefined, "anybody may post it once it is due");
  });

  it("erases whatever it finds of retired data, also where no receipt is due, and takes no more of it", async (test) => {
    const world = new ErasureWorld(test);
    const studyId = bytes32("study");
    world.store.retirements.insert({ datasetId: DATASET, studyId, block: 8 });
    // For a committee that was only proposed; stored while the retirement's event was on its way here.
    world.hold(DATASET, 2n);
    world.hold(bytes32("other"), 2n);
    world.follow(8);
    const { shares } = world.store;
    const erase = shares.eraseDataset.bind(shares);
    shares.eraseDataset = () => {
      throw error("STORE_KEY_NOT_ERASED");
    };
    await world.block();
    assert.deepEqual([shares.isErased(DATASET), world.logged], [false, ["alarm dataset-not-erased"]]);
    shares.eraseDataset = erase;
    for (let i = 0; i < 2; i += 1) await world.block();
    assert.deepEqual([shares.isErased(DATASET), world.keyFiles()], [true, [`${bytes32("other").slice(2)}-2.key`]]);
    assert.deepEqual([world.sent, world.logged.slice(1)], [[], ["info dataset-erased"]]);
    const later = (): unknown => shares.putSegment(sampleFile({ datasetId: DATASET, epoch: 3n }), bytes32("later"));
    assert.throws(later, { code: "STORE_DATASET_ERASED" });
  });

  it("erases what two committees hold of retired data, and signs for both", async (test) => {
    const world = new ErasureWorld(test);
    world.hold(DATASET, 1n);
    world.hold(DATASET, 2n);
    world.overAfter(20);
    const attempt = world.counts.start();
    world.retire(DATASET, 1n, 2n);
    await world.block();
    assert.deepEqual([world.store.shares.isErased(DATASET), world.keyFiles(), world.sent], [true, [], []]);
    attempt();
    await world.block();
    assert.deepEqual(world.sent.map(({ epoch }) => epoch).sort(), [1n, 2n]);
  });
});
