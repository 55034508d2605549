/** A hospital that deals malformed columns: its version is rejected by every worker, and nothing else is. */
import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { keccak256, toUtf8Bytes } from "ethers";
import { datasetRegistry } from "../../workers/chain/datasetRegistry.ts";
import { readDeployment } from "../../workers/chain/deployment.ts";
import { openProvider } from "../../workers/chain/provider.ts";
import { commitColumns } from "../../workers/encoding/commitColumns.ts";
import { proveDealing } from "../../workers/encoding/dealing.ts";
import { encodeTable } from "../../workers/encoding/encodeTable.ts";
import { readTable } from "../../workers/encoding/readTable.ts";
import { shareSegment } from "../../workers/encoding/shareSegment.ts";
import { bn254Fr } from "../../workers/field/bn254Fr.ts";
import { sharesRoot } from "../../workers/messages/datasetRoot.ts";
import { encodeDealingProof } from "../../workers/messages/dealingProof.ts";
import { shareFileHash } from "../../workers/messages/shareFile.ts";
import { parseSchema } from "../../workers/schema/parseSchema.ts";
import { ColumnKind } from "../../workers/schema/studySchema.ts";
import { contributionFolder, writeContribution } from "../../scripts/dataOwner/preparedContribution.ts";
import { LOCAL_CHAIN_ID } from "../../scripts/demo/chain.ts";
import type { Site } from "../../scripts/demo/clearSets.ts";
import type { LocalMember } from "../../scripts/demo/localMembers.ts";
import { openVettedQuery } from "../../scripts/demo/vettedQuery.ts";
import type { WorkerStatus } from "../../scripts/demo/workerService.ts";
import type { AnswerReport } from "../../scripts/querier/answerReport.ts";
import { command as request } from "../../scripts/querier/request.ts";
import { type TestNetwork, logLines, startTestNetwork, untilReport } from "../support/network.ts";
import { TRIAL_SQL, TrialAnswers, trialStudy } from "../support/trialStudy.ts";

const trial = trialStudy();
const schema = parseSchema(trial.schemaText);
const FULL = { lo: 20, hi: 89 };
const LOG2_N = 10;

describe("a dataset with malformed columns", () => {
  let test: TestNetwork;
  let query: string;
  let datasetIds: string[];

  before(async () => {
    test = await startTestNetwork({ schemaText: trial.schemaText, sites: trial.sites });
    query = await openVettedQuery(test.network, TRIAL_SQL);
    datasetIds = await Promise.all(test.network.hospitals.map(({ key }) => datasetOf(key.account)));
  });
  after(() => test.close());

  async function datasetOf(owner: string): Promise<string> {
    const provider = openProvider(test.network.rpc, LOCAL_CHAIN_ID);
    try {
      const registry = datasetRegistry(readDeployment(test.network.plan.deployment), provider);
      return await registry.datasetIdOf(test.network.studyId, owner);
    } finally {
      provider.destroy();
    }
  }

  /** What `contribute` would have prepared, had the second patient not been put into two arms. */
  function preparePoisoned(hospital: LocalMember, datasetId: string, csv: string): void {
    const { context, plan, studyId } = test.network;
    const bytes = toUtf8Bytes(csv);
    const honest = encodeTable(readTable(bytes, schema, "poisoned.csv"), schema, context.randomBytes);
    const columns = honest.columns.map((column, index) =>
      honest.specs[index]?.kind === ColumnKind.ONE_HOT ? column.with(1, 1n) : column,
    );
    const segment = { ...honest, columns };
    const version = 2;
    const facts = { studyId, datasetId, version: 2n, schemaHash: schema.hash, committeeEpoch: 1n, log2N: LOG2_N, blinders: 1_024 }; // prettier-ignore
    const size = { n: plan.workers.length, t: plan.threshold };
    const files = shareSegment(bn254Fr, segment, facts, size, context.randomBytes);
    const fileHashes = files.map(shareFileHash);
    const root = sharesRoot(fileHashes);
    const dealing = { chainId: LOCAL_CHAIN_ID, datasetId, version: 2n, sharesRoot: root };
    const commitments = commitColumns(segment, context.randomBytes);
    const { columnsRoot } = commitments;
    const contribution = {
      ...{ studyId, datasetId, version, schemaHash: schema.hash, committeeEpoch: "1", csvHash: keccak256(bytes) },
      ...{ rowCount: segment.rowCount, columnsRoot, sharesRoot: root, fileHashes },
      ingestProof: encodeDealingProof(proveDealing(bn254Fr, files, dealing)),
    };
    writeContribution(
      contributionFolder(hospital.folder, datasetId, version),
      contribution,
      segment,
      commitments,
      files,
    );
  }

  async function ask(dataset: readonly string[]): Promise<AnswerReport> {
    const { network } = test;
    const parameter = Object.entries(FULL).map(([name, value]) => `${name}=${value}`);
    const options = {
      ...network.optionsOf(network.querier),
      query,
      parameter,
      dataset: [...dataset],
      sealTo: [],
      wait: false,
    };
    const { requestId } = await request.handler(options, network.context);
    return untilReport(network, requestId, ({ state }) => state !== "REQUESTED");
  }

  function checkOf(status: WorkerStatus, datasetId: string, version: string): string | undefined {
    const all = status["datasets"] as readonly { datasetId: string; version: string; check?: string }[];
    return all.find((segment) => segment.datasetId === datasetId && segment.version === version)?.check;
  }

  it("is rejected by every worker; requests over others are answered, over it they fail at once", async () => {
    const [bad, ...good] = datasetIds as [string, ...string[]];
    const answers = new TrialAnswers();
    const [first, ...others] = trial.sites as [Site, ...Site[]];
    const before = await ask(good);
    answers.assertRight(before, others, FULL);
    answers.assertRight(await ask(datasetIds), [...others, first], FULL);
    const hospital = test.network.hospitals[0]!;
    const [header, ...rows] = trial.sites[0]!.csv.trimEnd().split("\n") as [string, ...string[]];
    const csv = [header, ...rows.slice(0, 30).map((row) => row.replace(/^[^,]+/, "POISON-$&")), ""].join("\n");
    preparePoisoned(hospital, bad, csv);
    await test.network.contribute(hospital, csv);
    for (const service of test.network.services) {
      const isRejected = (status: WorkerStatus): boolean => checkOf(status, bad, "2") === "rejected: malformed-columns";
      await service.until(isRejected, test.network.context.signal);
      const status = await service.status(test.network.context.signal);
      assert.equal(checkOf(status, bad, "1"), "checked");
      for (const dataset of good) assert.equal(checkOf(status, dataset, "1"), "checked");
      assert.equal(logLines(service, "dataset-rejected", bad).length, 1);
    }

    const answered = await ask(good);
    assert.equal(answered.state, "ANSWERED");
    assert.deepEqual(answered.rows, before.rows);

    const failed = await ask(datasetIds);
    assert.equal(failed.state, "FAILED");
    assert.ok(
      test.network.services.some((service) => logLines(service, "request-over-unusable-dataset", bad).length > 0),
    );
  });
});
