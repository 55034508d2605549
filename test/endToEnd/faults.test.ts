/** Workers that are killed, stopped and started late: every request is answered, rightly, once. */
import { after, before, beforeEach, describe, it } from "node:test";
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { readDeployment } from "../../workers/chain/deployment.ts";
import { allLogs as chainLogs, latestBlock } from "../../workers/chain/logs.ts";
import { openProvider } from "../../workers/chain/provider.ts";
import { parseQueryEvent } from "../../workers/chain/queryEvents.ts";
import { compileQuery } from "../../workers/query/compileQuery.ts";
import { gateCost } from "../../workers/query/gateCost.ts";
import { parseSchema } from "../../workers/schema/parseSchema.ts";
import { LOCAL_CHAIN_ID } from "../../scripts/demo/chain.ts";
import { askQuery, openVettedQuery } from "../../scripts/demo/vettedQuery.ts";
import type { WorkerService, WorkerStatus } from "../../scripts/demo/workerService.ts";
import { command as datasets } from "../../scripts/dataOwner/datasets.ts";
import type { AnswerReport } from "../../scripts/querier/answerReport.ts";
import { command as show } from "../../scripts/querier/show.ts";
import { exitCodeOf } from "../../scripts/exitCode.ts";
import { type TestNetwork, allLogs, logLines, startTestNetwork, until, untilReport } from "../support/network.ts";
import { TRIAL_SQL, TrialAnswers, trialStudy } from "../support/trialStudy.ts";

const trial = trialStudy();
const answers = new TrialAnswers();
/** Cohorts that no gate finds close to each other: whatever was answered before, every cell is shown. */
const FULL = { lo: 20, hi: 89 };

describe("workers that fail", () => {
  let test: TestNetwork;
  let query: string;
  let queryContract: string;
  /** What later versions add is added here, too. */
  const contributed = [...trial.sites];

  before(async () => {
    test = await startTestNetwork({ schemaText: trial.schemaText, sites: trial.sites });
    query = await openVettedQuery(test.network, TRIAL_SQL);
    queryContract = (await show.handler({ ...test.network.network, query }, test.network.context)).queryContract;
  });
  // Every test begins with four workers, whatever the one before left.
  beforeEach(() => test.network.startWorkers(test.network.services.filter(({ running }) => !running)));
  after(() => test.close());

  async function ask(parameters: { lo: number; hi: number }): Promise<string> {
    return (await askQuery(test.network, query, { parameters, wait: false })).requestId;
  }

  async function assertAnsweredOnce(requestId: string, parameters: { lo: number; hi: number }): Promise<AnswerReport> {
    const report = await untilReport(test.network, requestId, ({ state }) => state !== "REQUESTED").catch(
      (error: Error) => {
        throw new Error(`${error.message}\n${allLogs(test.network)}`);
      },
    );
    answers.assertRight(report, contributed, parameters);
    assert.deepEqual(await endings(requestId), ["QueryAnswered"]);
    return report;
  }

  /** Names of the events that ended a request, in the whole history of the query's contract. */
  async function endings(requestId: string): Promise<string[]> {
    const provider = openProvider(test.network.rpc, LOCAL_CHAIN_ID);
    try {
      const deployment = readDeployment(test.network.plan.deployment);
      const filter = { addresses: [queryContract], topics: [null, requestId] };
      const logs = await chainLogs(provider, filter, deployment.block, await latestBlock(provider));
      const names = logs.map((log) => parseQueryEvent(deployment, log)?.name);
      return names.filter((name) => name !== undefined && name !== "QueryRequested") as string[];
    } finally {
      provider.destroy();
    }
  }

  /** The worker that proposes an attempt: position (requestId + attempt) mod n of the committee. */
  function proposerOf(requestId: string, attempt: bigint): WorkerService {
    const { services } = test.network;
    return services[Number((BigInt(requestId) + attempt) % BigInt(services.length))]!;
  }

  /** What the hospital has on disk of version 2. */
  function readPrepared(folder: string): { fileHashes: readonly string[]; activated?: string } {
    const [dataset] = readdirSync(join(folder, "datasets"));
    const path = join(folder, "datasets", dataset!, "v2", "contribution.json");
    return JSON.parse(readFileSync(path, "utf8")) as { fileHashes: readonly string[]; activated?: string };
  }

  /** Of one version of a dataset, as a worker's status has it. */
  function segmentState(status: WorkerStatus, datasetId: string, version: string): string | undefined {
    const segments = status["datasets"] as readonly { datasetId: string; version: string; state: string }[];
    return segments.find((segment) => segment.datasetId === datasetId && segment.version === version)?.state;
  }

  async function restart(service: WorkerService): Promise<void> {
    service.start();
    await test.network.untilConnected();
  }

  it("a proposer killed in the middle of its attempt: another one proposes", async () => {
    const requestId = await ask(FULL);
    const proposer = proposerOf(requestId, 1n);
    await until("the first attempt", 30_000, () => logLines(proposer, "attempt-proposed", requestId)[0]);
    await proposer.kill();
    await assertAnsweredOnce(requestId, FULL);
    const { k, earlierAnswers } = await show.handler({ ...test.network.network, query }, test.network.context);
    assert.deepEqual([k, earlierAnswers], [11, 1]);

    // A number beside that table: quoted with the sets that the table disclosed, not with its own.
    const sql = "SELECT COUNT(*) AS all_of_them FROM trial";
    const number = await openVettedQuery(test.network, sql);
    const quoted = await show.handler({ ...test.network.network, query: number }, test.network.context);
    const schema = parseSchema(trial.schemaText);
    const [table, own] = await Promise.all([TRIAL_SQL, sql].map((text) => compileQuery(text, schema)));
    const facts = { k: 11, owners: trial.sites.length };
    const { setsPerAnswer } = gateCost(table!.descriptor, schema, { ...facts, earlier: 0 });
    const { tests, products } = gateCost(own!.descriptor, schema, { ...facts, earlier: setsPerAnswer });
    assert.deepEqual([quoted.gateTests, quoted.gateProducts], [tests, products]);
  });

  it("a worker killed before the request is confirmed: three of four answer", async () => {
    const parameters = { lo: 40, hi: 69 };
    const requestId = await ask(parameters);
    const proposer = proposerOf(requestId, 1n);
    await proposer.kill();
    await assertAnsweredOnce(requestId, parameters);

    // Back again, it learns from the chain that the request is answered, and signs nothing.
    await restart(proposer);
    await proposer.until(
      (status) => (status["requests"] as { pending: number }).pending === 0,
      test.network.context.signal,
    );
    assert.deepEqual(logLines(proposer, "verdict-signed", requestId), []);
    assert.deepEqual(await endings(requestId), ["QueryAnswered"]);
  });

  it("two workers stopped: the request waits, and is answered when one comes back", async () => {
    const parameters = { lo: 20, hi: 74 };
    const [first, second] = test.network.services as [WorkerService, WorkerService];
    assert.equal(await first.stop(), 0);
    assert.equal(await second.stop(), 0);
    const requestId = await ask(parameters);
    const third = test.network.services[2]!;
    await until("the request is taken up", 30_000, () => logLines(third, "request-taken-up", requestId)[0]);
    assert.deepEqual(await endings(requestId), []);
    await restart(first);
    await assertAnsweredOnce(requestId, parameters);

    // The last one starts late: it catches up, and the next request can be answered with it and without another.
    await restart(second);
    await third.stop();
    const next = { lo: 40, hi: 79 };
    await assertAnsweredOnce(await ask(next), next);
    assert.equal(logLines(second, "worker-failed", "").length, 0);
  });

  it("all workers killed at once: started again, they answer what was asked before and nothing twice", async () => {
    const parameters = { lo: 45, hi: 74 };
    const requestId = await ask(parameters);
    await Promise.all(test.network.services.map((service) => service.kill()));
    await test.network.startWorkers();
    await assertAnsweredOnce(requestId, parameters);
  });

  it("a contribution interrupted by an absent worker goes on with the same shares, and the query sees the new version", async () => {
    const hospital = test.network.hospitals[0]!;
    const [header, ...rows] = trial.sites[0]!.csv.trimEnd().split("\n") as [string, ...string[]];
    const csv = [header, ...rows.slice(0, 60).map((row) => row.replace("MER", "NEW")), ""].join("\n");
    const [service] = test.network.services as [WorkerService];
    await service.stop();
    await assert.rejects(test.network.contribute(hospital, csv), (error: { code: string; detail: object }) => {
      const workers = [test.network.workers[0]!.key.account];
      assert.deepEqual(error.detail, { code: "CONTRIBUTE_WORKERS_UNAVAILABLE", workers });
      assert.equal(exitCodeOf(error), 75);
      return true;
    });
    const prepared = readPrepared(hospital.folder);
    await assert.rejects(test.network.contribute(hospital, `${csv}NEW-9999,control,EGFR,50,1,0\n`), {
      detail: { code: "CONTRIBUTE_ANOTHER_PREPARED", version: 2 },
    });
    await restart(service);
    await test.network.contribute(hospital, csv);
    const active = readPrepared(hospital.folder);
    assert.deepEqual(active.fileHashes, prepared.fileHashes);
    assert.match(String(active.activated), /^0x/);

    const requestId = await ask(FULL);
    const report = await untilReport(test.network, requestId, ({ state }) => state !== "REQUESTED");
    contributed.push({ ...trial.sites[0]!, csv });
    answers.assertRight(report, contributed, FULL);
  });

  it("a worker stopped between a dataset's activation and its confirmation has the version active when it is back", async () => {
    const hospital = test.network.hospitals[1]!;
    const [header, ...rows] = trial.sites[1]!.csv.trimEnd().split("\n") as [string, ...string[]];
    const csv = [header, ...rows.slice(0, 40).map((row) => row.replace(/^[^,]+/, "LATE-$&")), ""].join("\n");
    const [service, second] = test.network.services as [WorkerService, WorkerService];
    // No block but the activation's own: it stays unconfirmed until mining goes on.
    await test.rpc("evm_setIntervalMining", [0]);
    await test.network.contribute(hospital, csv);
    const options = { ...test.network.network, study: test.network.studyId };
    const onChain = await datasets.handler(options, test.network.context);
    const { datasetId, version } = onChain.find(({ owner }) => owner === hospital.key.account)!;
    assert.equal(version, 2n);
    assert.equal(segmentState(await service.status(test.network.context.signal), datasetId, "2"), "pending");
    assert.equal(await service.stop(), 0);
    await test.rpc("evm_setIntervalMining", [1_000]);
    await test.mineBlocks(5);
    await restart(service);
    await service.until((status) => segmentState(status, datasetId, "2") === "active", test.network.context.signal);

    // With another worker away, the one that was stopped is needed.
    await second.stop();
    const requestId = await ask(FULL);
    const report = await untilReport(test.network, requestId, ({ state }) => state !== "REQUESTED");
    contributed.push({ ...trial.sites[1]!, csv });
    answers.assertRight(report, contributed, FULL);
    assert.equal(logLines(service, "verdict-signed", requestId).length, 1);
  });

  it("SIGTERM ends a worker cleanly, with exit code 0 and its socket gone", async () => {
    const [service] = test.network.services as [WorkerService];
    assert.equal(await service.stop(), 0);
    await assert.rejects(service.status(test.network.context.signal), { code: "WORKER_UNREACHABLE" });
  });
});
