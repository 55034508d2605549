/** What confirmed events of data and committees change in the real store; encoded with the contracts' own ABIs. */
import assert from "node:assert/strict";
import { type TestContext, describe, it } from "node:test";
import { ZeroAddress, ZeroHash, id, keccak256 } from "ethers";
import type { ChainLog } from "../../../workers/chain/logs.ts";
import { sharesRoot } from "../../../workers/messages/datasetRoot.ts";
import { inputCheckId } from "../../../workers/messages/inputCheck.ts";
import { ReleaseClass } from "../../../workers/messages/statement.ts";
import { requestToJson } from "../../../workers/node/chainEffects.ts";
import { Committees } from "../../../workers/node/committees.ts";
import { activationFromJson } from "../../../workers/node/datasetActivation.ts";
import { DatasetEffects } from "../../../workers/node/datasetEffects.ts";
import type { Store } from "../../../workers/store/openStore.ts";
import { sampleFile, storeFolder } from "../store/storeFixture.ts";
import { BLOCK, CLONE as STRANGER, DEPLOYMENT, logOf } from "./encodedEvents.ts";

const SELF = "0x00000000000000000000000000000000000000A2";
const OTHERS = ["0x00000000000000000000000000000000000000A1", "0x00000000000000000000000000000000000000A3"];
/** This worker is at point 2 of the first committee, and at point 3 of those that follow. */
const FIRST = [OTHERS[0]!, SELF, OTHERS[1]!];
const NEXT = [...OTHERS, SELF];
const WITHOUT = [OTHERS[0]!, STRANGER, OTHERS[1]!];
const STUDY = id("study");
const PROOF = "0x1234";
const DEADLINE_BLOCKS = 100;
const [DATASET, OTHER_DATASET] = [id("dataset"), id("other dataset")];

/** The same log elsewhere on the chain. */
const at = (log: ChainLog, blockNumber: number, logIndex = 0): ChainLog => ({ ...log, blockNumber, logIndex });

const filesOf = (name: string): string[] => [1, 2, 3].map((point) => id(`${name} ${point}`));
const FILES = filesOf("file");

interface Shared {
  readonly datasetId?: string;
  readonly version?: bigint;
  readonly epoch?: bigint;
  readonly files?: readonly string[];
  readonly root?: string;
  readonly address?: string;
}

function activation({ datasetId = DATASET, version = 1n, epoch = 1n, files = FILES, root, address }: Shared = {}) {
  const segment = [10n * version, id(`columns ${version}`), root ?? sharesRoot(files)];
  const values = [datasetId, STUDY, ZeroAddress, version, epoch, segment, files, PROOF];
  return logOf("DatasetRegistry", "DatasetActivated", values, address);
}

function resharing({ datasetId = DATASET, version = 1n, epoch = 2n, files = filesOf("next"), address }: Shared = {}) {
  const values = [datasetId, STUDY, ZeroAddress, version, epoch, files, PROOF];
  return logOf("CommitteeChanges", "DatasetReshared", values, address);
}

const appointed = (epoch = 2n, address?: string): ChainLog =>
  logOf("CommitteeRegistry", "CommitteeAppointed", [STUDY, epoch, 1, true, NEXT], address);
const withdrawn = (epoch = 2n): ChainLog =>
  logOf("CommitteeRegistry", "CommitteeProposalWithdrawn", [STUDY, epoch, "reason"]);
const retired = (address?: string): ChainLog =>
  logOf("DatasetRegistry", "DatasetRetired", [DATASET, STUDY, ZeroAddress, "reason"], address);
const confirmed = (epoch: bigint, index: number): ChainLog =>
  logOf("DatasetRegistry", "ErasureConfirmed", [DATASET, epoch, SELF, index, 1n]);

interface World {
  readonly store: Store;
  readonly effects: DatasetEffects;
  readonly logged: string[];
  readonly asked: string[];
  /** Reads, then applies. */
  see(...logs: readonly ChainLog[]): Promise<void>;
}

/** @param workers of the epochs 1, 2, … */
function worldOf(test: TestContext, ...workers: readonly (readonly string[])[]): World {
  const store = storeFolder(test).open();
  const [logged, asked]: [string[], string[]] = [[], []];
  const byEpoch = workers.length === 0 ? [FIRST, NEXT, NEXT] : workers;
  const registry = {
    committee: (studyId: string, epoch: bigint) => {
      asked.push(`${studyId}/${epoch}`);
      return Promise.resolve({
        epoch,
        threshold: 1,
        demonstration: true,
        workers: byEpoch[Number(epoch) - 1] ?? WITHOUT,
      });
    },
  };
  const committees = new Committees(registry as never, {} as never, () => SELF);
  const datasets = {
    segments: () =>
      Promise.resolve(
        [1n, 2n].map((v) => ({ rowCount: 10n * v, columnsRoot: id(`columns ${v}`), sharesRoot: id("x") })),
      ),
    holders: () => Promise.resolve([1n]),
  };
  const studies = { policy: () => Promise.resolve({ deadlineBlocks: BigInt(DEADLINE_BLOCKS) } as never) };
  const log = (level: string, event: string): void => void logged.push(`${level} ${event}`);
  const effects = new DatasetEffects({ deployment: DEPLOYMENT, store, committees, datasets, studies, log });
  return {
    store,
    effects,
    logged,
    asked,
    async see(...logs) {
      for (const each of logs) await effects.prepare(each);
      for (const each of logs) effects.apply(each);
    },
  };
}

const put = (
  { store }: World,
  fileHash: string,
  { datasetId = DATASET, version = 1n, epoch = 1n, replaces = false }: Shared & { replaces?: boolean } = {},
): unknown =>
  store.shares.putSegment(sampleFile({ studyId: STUDY, datasetId, version, epoch }), fileHash, { replaces });

/** `<state> <epoch>/<version> <file>` of what the store has of the dataset. */
function statesOf({ store }: World, datasetId = DATASET): string[] {
  const names = new Map(
    ["file", "next", "again"].flatMap((name) => filesOf(name).map((hash, i) => [hash, `${name} ${i + 1}`])),
  );
  return store.shares
    .segments(datasetId)
    .map(({ state, epoch, version, fileHash }) => `${state} ${epoch}/${version} ${names.get(fileHash) ?? "unknown"}`);
}

const erasuresOf = ({ store }: World): unknown[] =>
  store.erasures
    .all()
    .map(({ datasetId, epoch, point, afterBlock, confirmed: has }) => [
      datasetId === DATASET ? "dataset" : "other",
      epoch,
      point,
      afterBlock,
      has,
    ]);

describe("DatasetEffects", () => {
  describe("an activation", () => {
    it("makes active the file that it names for this worker", async (test) => {
      const world = worldOf(test);
      put(world, FILES[1]!);
      await world.effects.prepare(activation());
      assert.deepEqual(world.asked, [`${STUDY}/1`], "the committee is asked for before the transaction");
      world.effects.apply(activation());
      assert.deepEqual([statesOf(world), world.logged], [["active 1/1 file 2"], ["info dataset-activated"]]);
    });

    it("is to be checked, by everything that it says", async (test) => {
      const world = worldOf(test);
      await world.see(activation(), activation());
      const [check, ...others] = world.store.inputChecks.open();
      assert.ok(check !== undefined && others.length === 0);
      const root = sharesRoot(FILES);
      assert.deepEqual(
        [check.checkId, check.datasetId, check.epoch, check.version],
        [inputCheckId(DATASET, 1n, root), DATASET, 1n, 1n],
      );
      assert.deepEqual(activationFromJson(check.activation), {
        datasetId: DATASET,
        studyId: STUDY,
        version: 1n,
        committeeEpoch: 1n,
        segment: { rowCount: 10n, columnsRoot: id("columns 1"), sharesRoot: root },
        fileHashes: FILES,
        ingestProof: PROOF,
      });
    });

    it("is missing, with an alarm, when this worker's file is not here", async (test) => {
      const world = worldOf(test);
      await world.see(activation());
      assert.deepEqual([statesOf(world), world.logged], [["missing 1/1 file 2"], ["alarm dataset-shares-missing"]]);
    });

    it("leaves the file pending when the file hashes are not those of the shares' root", async (test) => {
      const world = worldOf(test);
      put(world, FILES[1]!);
      await world.see(activation({ root: id("another root") }));
      assert.deepEqual([world.store.inputChecks.open(), world.store.segmentFacts.ofDataset(DATASET)], [[], []]);
      assert.deepEqual(
        [statesOf(world), world.logged],
        [["pending 1/1 file 2"], ["alarm dataset-activation-inconsistent"]],
      );
    });

    it("that contradicts an earlier one changes nothing; following goes on", async (test) => {
      const world = worldOf(test);
      put(world, FILES[1]!);
      await world.see(activation(), activation({ files: [FILES[0]!, id("another"), FILES[2]!] }));
      assert.deepEqual(statesOf(world), ["active 1/1 file 2"]);
      assert.deepEqual(world.logged, ["info dataset-activated", "alarm dataset-activation-refused"]);
    });

    it("of a committee without this worker leaves its public facts, and nothing else", async (test) => {
      const world = worldOf(test, WITHOUT);
      await world.see(activation());
      assert.deepEqual([statesOf(world), world.logged, world.store.inputChecks.all()], [[], [], []]);
      assert.deepEqual(world.store.segmentFacts.ofDataset(DATASET), [
        {
          datasetId: DATASET,
          studyId: STUDY,
          epoch: 1n,
          version: 1n,
          rowCount: 10n,
          columnsRoot: id("columns 1"),
          sharesRoot: sharesRoot(FILES),
          ingestProofHash: keccak256(PROOF),
        },
      ]);
    });
  });

  describe("a resharing", () => {
    it("makes active, beside the serving committee's, the file of the proposed one, which is to be checked", async (test) => {
      const world = worldOf(test);
      put(world, FILES[1]!);
      put(world, filesOf("next")[2]!, { epoch: 2n });
      await world.see(activation(), resharing());
      assert.deepEqual(statesOf(world), ["active 1/1 file 2", "active 2/1 next 3"]);
      assert.deepEqual(world.logged, ["info dataset-activated", "info dataset-reshared"]);
      const check = world.store.inputChecks.ofVersion(DATASET, 2n, 1n)!;
      const { segment, committeeEpoch } = activationFromJson(check.activation);
      const root = sharesRoot(filesOf("next"));
      assert.deepEqual([check.checkId, check.state], [inputCheckId(DATASET, 1n, root), "unchecked"]);
      assert.deepEqual(
        [committeeEpoch, segment],
        [2n, { rowCount: 10n, columnsRoot: id("columns 1"), sharesRoot: root }],
      );
      assert.equal(world.store.inputChecks.ofVersion(DATASET, 1n, 1n)?.state, "unchecked");
      assert.deepEqual(
        world.store.segmentFacts.ofDataset(DATASET).map(({ epoch, sharesRoot: known }) => [epoch, known]),
        [
          [1n, sharesRoot(FILES)],
          [2n, root],
        ],
      );
    });

    it("done again takes the place of the one before, also of one whose check had ended", async (test) => {
      const world = worldOf(test);
      put(world, FILES[1]!);
      put(world, filesOf("next")[2]!, { epoch: 2n });
      await world.see(activation(), resharing());
      const first = world.store.inputChecks.ofVersion(DATASET, 2n, 1n)!.checkId;
      world.store.inputChecks.settle(first, { state: "rejected", reason: "malformed-columns" });
      put(world, filesOf("again")[2]!, { epoch: 2n, replaces: true });
      await world.see(resharing({ files: filesOf("again") }));
      assert.deepEqual(statesOf(world), ["active 1/1 file 2", "active 2/1 again 3"]);
      const again = world.store.inputChecks.ofVersion(DATASET, 2n, 1n)!;
      assert.deepEqual(
        [again.state, again.checkId === first, world.store.inputChecks.get(first)],
        ["unchecked", false, undefined],
      );
    });

    describe("seen again, as the chain is followed anew", () => {
      const [next, again] = ["next", "again"].map(filesOf) as [string[], string[]];
      const [given, first, second] = [
        at(activation(), 10),
        at(resharing(), 11, 4),
        at(resharing({ files: again }), 11, 7),
      ];
      const checksOf = ({ store }: World): unknown[] =>
        store.inputChecks.all().map(({ checkId, epoch, state }) => [checkId, epoch, state]);
      const told = (world: World): unknown[] => [
        statesOf(world),
        checksOf(world),
        world.store.segmentFacts.ofDataset(DATASET),
      ];

      async function resharedTwice(test: TestContext): Promise<World> {
        const world = worldOf(test);
        put(world, FILES[1]!);
        await world.see(given);
        for (const [files, log] of [
          [next, first],
          [again, second],
        ] as const) {
          put(world, files[2]!, { epoch: 2n, replaces: true });
          await world.see(log);
        }
        return world;
      }

      it("keeps the file, the facts and the ended check of the newest", async (test) => {
        const world = await resharedTwice(test);
        const { checkId } = world.store.inputChecks.ofVersion(DATASET, 2n, 1n)!;
        assert.equal(checkId, inputCheckId(DATASET, 1n, sharesRoot(again)));
        world.store.inputChecks.settle(checkId, { state: "checked" });
        put(world, id("dealt once more"), { epoch: 2n, replaces: true });
        const before = told(world);
        assert.deepEqual(statesOf(world).toSorted(), [
          "active 1/1 file 2",
          "active 2/1 again 3",
          "pending 2/1 unknown",
        ]);
        const logged = world.logged.length;
        for (const log of [given, first, second]) {
          await world.see(log);
          assert.deepEqual(told(world), before);
        }
        assert.ok(!world.logged.slice(logged).some((line) => line.startsWith("alarm")));
      });

      it("brings back a check that is missing, and only the newest's", async (test) => {
        const world = await resharedTwice(test);
        world.store.inputChecks.drop(DATASET, 2n);
        await world.see(given, first);
        assert.equal(world.store.inputChecks.ofVersion(DATASET, 2n, 1n), undefined);
        await world.see(second);
        assert.equal(world.store.inputChecks.ofVersion(DATASET, 2n, 1n)?.state, "unchecked");
      });

      it("gives way to one that is really newer", async (test) => {
        const world = await resharedTwice(test);
        const third = filesOf("third");
        put(world, third[2]!, { epoch: 2n, replaces: true });
        await world.see(given, first, second, at(resharing({ files: third }), 12));
        const newest = world.store.shares.segments(DATASET).filter(({ epoch }) => epoch === 2n);
        assert.deepEqual(
          newest.map(({ state, fileHash }) => [state, fileHash]),
          [["active", third[2]]],
        );
        assert.equal(world.store.inputChecks.ofVersion(DATASET, 2n, 1n)?.checkId, inputCheckId(DATASET, 1n, sharesRoot(third))); // prettier-ignore
      });

      it("keeps the newest whose file is not here from giving way to an older one", async (test) => {
        const world = worldOf(test);
        await world.see(given, first, second);
        put(world, again[2]!, { epoch: 2n, replaces: true });
        await world.see(first);
        assert.deepEqual(statesOf(world).toSorted(), ["active 2/1 again 3", "missing 1/1 file 2"]);
      });

      it("is an alarm where a version would have been activated twice", async (test) => {
        const world = await resharedTwice(test);
        const before = told(world);
        await world.see(at(activation({ files: [FILES[0]!, id("another"), FILES[2]!] }), 9));
        assert.deepEqual([told(world), world.logged.at(-1)], [before, "alarm dataset-activation-refused"]);
      });
    });

    it("whose file is not here is told with an alarm", async (test) => {
      const world = worldOf(test);
      await world.see(activation(), resharing());
      assert.deepEqual(world.logged.at(-1), "alarm dataset-shares-missing");
      assert.equal(world.store.shares.hasVersion(DATASET, 2n, 1n), false);
    });
  });

  describe("another committee's appointment", () => {
    it("lets shares of those before go once no request made of them can be answered", async (test) => {
      const world = worldOf(test);
      await world.see(activation(), activation({ datasetId: OTHER_DATASET }), resharing(), appointed());
      const last = BLOCK + DEADLINE_BLOCKS;
      assert.deepEqual(erasuresOf(world).toSorted(), [
        ["dataset", 1n, 2, last, false],
        ["other", 1n, 2, last, false],
      ]);
      assert.equal(world.logged.at(-1), "info committee-followed");
    });

    it("lets files go, too, of a dataset of which the chain never heard, and owes no receipt for them", async (test) => {
      const world = worldOf(test);
      put(world, FILES[1]!);
      await world.see(activation());
      // Another hospital has left its first version with the committee, and has not activated it.
      put(world, id("never activated"), { datasetId: OTHER_DATASET });
      const elsewhere = sampleFile({ datasetId: id("elsewhere"), studyId: id("another study") });
      world.store.shares.putSegment(elsewhere, id("of another study"));
      await world.see(appointed());
      const last = BLOCK + DEADLINE_BLOCKS;
      assert.deepEqual(erasuresOf(world).toSorted(), [
        ["dataset", 1n, 2, last, false],
        ["other", 1n, 2, last, true],
      ]);
    });

    it("takes the files it holds of the new one for final", async (test) => {
      const world = worldOf(test);
      put(world, filesOf("next")[2]!, { epoch: 2n });
      put(world, filesOf("again")[2]!, { epoch: 2n });
      await world.see(activation(), resharing());
      assert.deepEqual(statesOf(world).toSorted(), ["active 2/1 next 3", "missing 1/1 file 2", "pending 2/1 again 3"]);
      await world.see(appointed());
      assert.deepEqual(statesOf(world).toSorted(), ["active 2/1 next 3", "missing 1/1 file 2"]);
    });

    it("ends all before it, also of which nothing is here, and of no other study", async (test) => {
      const { see, store } = worldOf(test, WITHOUT, WITHOUT, NEXT);
      await see(appointed(3n));
      const ended = [1n, 2n, 3n].map((epoch) => store.endedCommittees.has(STUDY, epoch));
      assert.deepEqual(ended, [true, true, false]);
      assert.equal(store.endedCommittees.has(id("another study"), 1n), false);
    });

    it("is the first one of a study: nothing goes", async (test) => {
      const world = worldOf(test);
      await world.see(appointed(1n), activation());
      assert.deepEqual(erasuresOf(world), []);
      assert.equal(world.store.endedCommittees.has(STUDY, 1n), false);
    });

    it("counts as told what may have been opened before, of its own study", async (test) => {
      const world = worldOf(test, WITHOUT, NEXT);
      const request = (name: string, studyId = STUDY): string => {
        const requestId = id(name);
        const context = {
          studyId,
          requestId,
          queryHash: id("query"),
          parametersHash: id("parameters"),
          policyHash: id("policy"),
          datasetRoots: [],
          committeeEpoch: 1n,
          requestBlock: 5n,
          consentMaskRoot: ZeroHash,
          releaseClass: ReleaseClass.PUBLIC,
          recipientsHash: ZeroHash,
        };
        const event = {
          requestId,
          querier: ZeroAddress,
          parameters: "0x",
          datasetIds: [],
          deadlineBlock: 50n,
          recipients: [],
          k: 11,
        };
        const text = requestToJson({ ...event, context });
        world.store.requests.insert({ requestId, queryContract: STRANGER, block: 5, event: text });
        return requestId;
      };
      const [pending, expired, failed] = ["pending", "expired", "failed"].map((name) => request(name)) as [
        string,
        string,
        string,
      ];
      const refused = request("refused");
      const refusedLater = request("refused later");
      request("another study's", id("another study"));
      const { requests, disclosures } = world.store;
      requests.settle(expired, "expired");
      requests.settle(failed, "failed", 1n);
      requests.settle(refused, "refused", 1n);
      requests.settle(refusedLater, "refused", 2n);
      assert.deepEqual(disclosures.entries(STUDY), []);
      await world.see(appointed());
      const expected = [pending, expired, failed, refusedLater].sort();
      assert.deepEqual(
        disclosures.entries(STUDY),
        expected.map((requestId) => ({ requestId, status: "mayBeOpen" })),
      );
      assert.deepEqual(disclosures.entries(id("another study")), []);
    });
  });

  describe("a withdrawn proposal", () => {
    it("lets its shares go at once, with their checks, and leaves the serving committee's", async (test) => {
      const world = worldOf(test);
      put(world, filesOf("next")[2]!, { epoch: 2n });
      await world.see(activation(), resharing(), withdrawn());
      assert.deepEqual(erasuresOf(world), [["dataset", 2n, 3, BLOCK - 1, false]]);
      assert.deepEqual(
        world.store.inputChecks.all().map(({ epoch }) => epoch),
        [1n],
      );
    });

    it("owes no receipt for a file that the chain never heard of", async (test) => {
      const world = worldOf(test);
      put(world, id("uploaded"), { epoch: 2n });
      await world.see(activation(), withdrawn());
      assert.deepEqual(erasuresOf(world), [["dataset", 2n, 3, BLOCK - 1, true]]);
    });

    it("takes nothing later of what it was never given", async (test) => {
      const world = worldOf(test);
      await world.see(activation(), withdrawn());
      const ended = [1n, 2n].map((epoch) => world.store.endedCommittees.has(STUDY, epoch));
      assert.deepEqual(ended, [false, true]);
      assert.deepEqual(erasuresOf(world), [["dataset", 2n, 3, BLOCK - 1, true]]);
    });

    it("has had nothing to do with a worker that is not in it", async (test) => {
      const world = worldOf(test, FIRST, WITHOUT);
      await world.see(activation(), resharing(), withdrawn());
      assert.deepEqual(erasuresOf(world), []);
    });
  });

  describe("a retirement", () => {
    it("lets all shares go at once, and a receipt is due until the chain shows it", async (test) => {
      const world = worldOf(test);
      await world.see(activation(), retired(), confirmed(1n, 1));
      assert.deepEqual(world.store.retirements.all(), [{ datasetId: DATASET, studyId: STUDY, block: BLOCK }]);
      assert.deepEqual(erasuresOf(world), [["dataset", 1n, 2, BLOCK - 1, false]]);
      assert.equal(world.logged.at(-1), "info dataset-retired");
      await world.see(confirmed(1n, 2));
      assert.deepEqual(erasuresOf(world), [["dataset", 1n, 2, BLOCK - 1, true]]);
    });

    it("lets a proposed committee's go, too, and hastens those that were to go later", async (test) => {
      const world = worldOf(test);
      put(world, FILES[1]!);
      put(world, filesOf("next")[2]!, { epoch: 2n });
      await world.see(activation(), resharing(), appointed(), retired());
      assert.deepEqual(erasuresOf(world), [
        ["dataset", 1n, 2, BLOCK - 1, false],
        ["dataset", 2n, 3, BLOCK - 1, false],
      ]);
    });

    it("is known of data that other committees hold: what is told of their rows concerns all", async (test) => {
      const world = worldOf(test, WITHOUT, WITHOUT);
      await world.see(retired());
      assert.equal(world.store.retirements.get(DATASET)?.block, BLOCK);
      assert.deepEqual([erasuresOf(world), world.logged], [[], []]);
    });
  });

  it("asks for no committee of a holding that an older store left without an epoch", async (test) => {
    const world = worldOf(test);
    world.store.shares.eraseHolding(DATASET, 0n);
    await world.see(activation(), resharing(), appointed(), retired());
    assert.ok(!world.asked.includes(`${STUDY}/0`));
    assert.ok(world.store.erasures.all().every(({ epoch }) => epoch !== 0n));
  });

  it("takes no other contract's word", async (test) => {
    const world = worldOf(test);
    put(world, FILES[1]!);
    await world.see(
      activation({ address: STRANGER }),
      resharing({ address: STRANGER }),
      appointed(2n, STRANGER),
      retired(STRANGER),
    );
    assert.deepEqual([statesOf(world), world.asked, world.logged], [["pending 1/1 file 2"], [], []]);
    assert.deepEqual([erasuresOf(world), world.store.retirements.all()], [[], []]);
  });
});
