/** How a dataset ends through the commands: retired, its erasure confirmed worker by worker, left out of requests. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { id } from "ethers";
import { doneAtOnce } from "../../scripts/admin/governed.ts";
import { command as retireDataset } from "../../scripts/admin/retireDataset.ts";
import { command as confirmErasure } from "../../scripts/auditor/confirmErasure.ts";
import { command as erasures } from "../../scripts/auditor/erasures.ts";
import { command as trail } from "../../scripts/auditor/trail.ts";
import { command as confirmAsOwner } from "../../scripts/dataOwner/confirmErasure.ts";
import { command as contribute } from "../../scripts/dataOwner/contribute.ts";
import { command as datasets } from "../../scripts/dataOwner/datasets.ts";
import { command as retire } from "../../scripts/dataOwner/retire.ts";
import { command as setTerms } from "../../scripts/dataOwner/setTerms.ts";
import { command as show } from "../../scripts/querier/show.ts";
import { datasetRegistry } from "../../workers/chain/datasetRegistry.ts";
import { ERASURE } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { CHAIN_ID } from "../workers/chain/localChain.ts";
import { type TrialWorld, startTrialWorld } from "./trialWorld.ts";

const WORKERS = ["w1", "w2", "w3", "w4"];

describe("the end of a dataset", () => {
  let world: TrialWorld;
  let datasetId: string;
  before(async () => {
    world = await startTrialWorld();
    await world.contribute(200n);
    const { deployment, chain, studyId, wallet } = world.consortium;
    datasetId = await datasetRegistry(deployment, chain.provider).datasetIdOf(studyId, wallet("hospital").address);
  });
  after(() => world.consortium.close());

  const study = () => ({ ...world.consortium.network, study: world.consortium.studyId });
  const report = () => erasures.handler(study(), world.consortium.context);
  const receiptOf = async (name: string): Promise<string> => {
    const worker = world.consortium.wallet(name);
    const { address } = datasetRegistry(world.consortium.deployment, world.consortium.chain.provider);
    const message = { datasetId, epoch: 1n, worker: worker.address, version: 1n };
    return worker.signTypedData(opalineDomain(CHAIN_ID, address), ERASURE, message);
  };
  const confirm = async (index: string, signature: string, epoch = "1", dataset = datasetId) => {
    const options = { ...world.consortium.as("admin"), dataset, epoch, index, signature };
    return confirmErasure.handler(options, world.consortium.context);
  };

  const contributed = async () => {
    const csv = world.write("patients.csv", "subject_id\n");
    const place = { study: world.consortium.studyId, directory: "absent", events: [], discard: false };
    return contribute.handler({ ...world.consortium.as("hospital"), ...place, csv }, world.consortium.context);
  };

  it("begins with nothing to report", async () => {
    assert.deepEqual(await report(), []);
    const [listed] = await datasets.handler(study(), world.consortium.context);
    assert.equal(listed!.retired, false);
    // What would be contributed to it is looked at.
    await assert.rejects(contributed(), { code: "FOLDER_MISSING" });
    await world.asked();
  });

  const quoted = async () => {
    const options = { ...world.consortium.network, query: world.queryHash };
    return (await show.handler(options, world.consortium.context)).datasets;
  };
  it("is quoted with what was asked of it, and how often it may be", async () => {
    assert.deepEqual(await quoted(), [{ datasetId, openingsUsed: 1, openingsBudget: 1_000 }]);
    const { as, context, studyId } = world.consortium;
    const terms = { k: "11", openingsBudget: "7", purpose: [], closed: false };
    await setTerms.handler({ ...as("hospital"), study: studyId, ...terms }, context);
    assert.deepEqual(await quoted(), [{ datasetId, openingsUsed: 1, openingsBudget: 7 }]);
  });

  it("refuses whoever is no owner, and a study or dataset that is not there", async () => {
    const { as, context, studyId } = world.consortium;
    const options = { study: studyId, reason: "why" };
    await assert.rejects(async () => retire.handler({ ...as("searcher"), ...options }, context), {
      code: "CHAIN_REVERTED",
      message: /DatasetRegistryInactiveOwner/,
    });
    const unknown = { ...as("hospital"), ...options, study: id("x") };
    await assert.rejects(async () => retire.handler(unknown, context), { code: "STUDY_UNKNOWN" });
    await assert.rejects(
      async () => retireDataset.handler({ ...as("admin"), dataset: id("x"), reason: "why" }, context),
      {
        code: "CHAIN_REVERTED",
        message: /DatasetRegistryUnknown/,
      },
    );
    await assert.rejects(async () => confirm("1", await receiptOf("w1")), {
      message: /DatasetRegistryErasureNotDue/,
    });
  });

  it("is the owner's word, for good, and in the trail with its reason", async () => {
    const { as, context, studyId, network } = world.consortium;
    const options = { ...as("hospital"), study: studyId, reason: "The study has ended." };
    const done = await retire.handler(options, context);
    assert.deepEqual([done.datasetId, done.retired], [datasetId, true]);
    await assert.rejects(async () => retire.handler(options, context), { message: /DatasetRegistryRetired/ });
    await assert.rejects(
      async () =>
        doneAtOnce(await retireDataset.handler({ ...as("admin"), dataset: datasetId, reason: "again" }, context)),
      {
        message: /DatasetRegistryRetired/,
      },
    );
    const { events, verified } = await trail.handler({ ...network, subject: datasetId }, context);
    const last = events.at(-1)!;
    assert.deepEqual([verified, last.act, last.reason], [true, "DatasetRetired", "The study has ended."]);
    const [listed] = await datasets.handler(study(), context);
    assert.deepEqual([listed!.retired, listed!.closed], [true, true]);
  });

  it("takes no contribution, and says so before anything is read from the private folder", async () => {
    await assert.rejects(contributed(), {
      detail: { code: "CONTRIBUTE_DATASET_RETIRED", datasetId },
      message: /was retired, for good: .* nothing was prepared or sent\. .* another study's --study$/,
    });
  });

  it("leaves it out of requests that name no dataset", async () => {
    await assert.rejects(world.asked(), { code: "QUERY_NO_DATASETS" });
    assert.deepEqual(await quoted(), []);
  });

  it("shows who has confirmed and who has not, to the last", async () => {
    const { as, context, wallet } = world.consortium;
    const named = (from: number, to?: number): string[] =>
      WORKERS.slice(from, to).map((name, i) => `${from + i + 1}: ${wallet(name).address} (Operator ${from + i})`);
    for (const [index, name] of WORKERS.entries()) {
      const [found] = await report();
      const expected = { datasetId, owner: wallet("hospital").address, epoch: 1n, retired: true, erased: false };
      assert.deepEqual(found, { ...expected, confirmed: named(0, index), outstanding: named(index) });
      const place = {
        ...as("hospital"),
        dataset: datasetId,
        epoch: "1",
        index: String(index + 1),
        signature: await receiptOf(name),
      };
      const done = await confirmAsOwner.handler(place, context);
      assert.deepEqual([done.relayedByAnother, done.outstanding.length], [false, WORKERS.length - index - 1]);
    }
    assert.deepEqual(
      (await report()).map(({ erased, outstanding }) => [erased, outstanding]),
      [[true, []]],
    );
  });

  it("takes a receipt that is there already for done, and names what is none", async () => {
    assert.equal((await confirm("1", await receiptOf("w1"))).relayedByAnother, true);
    await assert.rejects(async () => confirm("5", await receiptOf("w1")), { message: /DatasetRegistryNoSuchWorker/ });
    await assert.rejects(async () => confirm("1", await receiptOf("w1"), "2"), { message: /DatasetRegistryNoShares/ });
    await assert.rejects(async () => confirm("1", await receiptOf("w1"), "0"), {
      detail: { code: "OPTION_INVALID", option: "epoch" },
    });
    for (const [option, index, signature] of [
      ["index", "0", await receiptOf("w1")],
      ["index", "8", await receiptOf("w1")],
      ["index", "one", await receiptOf("w1")],
      ["signature", "1", "0x12"],
    ] as const) {
      await assert.rejects(async () => confirm(index, signature), { detail: { code: "OPTION_INVALID", option } });
    }
  });

  it("may be the consortium's word, where the owner is gone", async () => {
    const other = await startTrialWorld();
    try {
      await other.contribute(100n);
      const { deployment, chain, studyId, wallet, as, context } = other.consortium;
      const registry = datasetRegistry(deployment, chain.provider);
      const dataset = await registry.datasetIdOf(studyId, wallet("hospital").address);
      const options = { ...as("admin"), dataset, reason: "The hospital has closed." };
      const done = doneAtOnce(await retireDataset.handler(options, context));
      assert.deepEqual([done.datasetId, (await registry.erasures(dataset, 1n)).outstanding], [dataset, [1, 2, 3, 4]]);
      await assert.rejects(async () => retireDataset.handler({ ...options, ...as("searcher") }, context), {
        code: "GOVERNANCE_UNAUTHORISED",
        message: /steward/,
      });
    } finally {
      await other.consortium.close();
    }
  });
});
