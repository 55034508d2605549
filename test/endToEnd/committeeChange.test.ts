/**
 * A study that has data changes its committee on a real network: workers 1 to 4 serve with t = 1; a proposal that is withdrawn
 * leaves nothing; workers 5, 4, 6, 7, 3 take over with t = 2, two of them at other points than before.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readDeployment } from "../../workers/chain/deployment.ts";
import { type ChainLog, allLogs as chainLogs, latestBlock } from "../../workers/chain/logs.ts";
import type { CodedError } from "../../workers/errors.ts";
import { ColumnKind } from "../../workers/schema/studySchema.ts";
import type { CompleteCommitteeErrorDetail } from "../../scripts/admin/completeCommittee.ts";
import { command as releaseDeposits } from "../../scripts/admin/releaseDeposits.ts";
import { command as erasures } from "../../scripts/auditor/erasures.ts";
import { command as trail } from "../../scripts/auditor/trail.ts";
import { withNetwork } from "../../scripts/connection.ts";
import { command as datasets } from "../../scripts/dataOwner/datasets.ts";
import { command as retire } from "../../scripts/dataOwner/retire.ts";
import type { LocalMember } from "../../scripts/demo/localMembers.ts";
import { askQuery, openVettedQuery } from "../../scripts/demo/vettedQuery.ts";
import type { WorkerService, WorkerStatus } from "../../scripts/demo/workerService.ts";
import { exitCodeOf } from "../../scripts/exitCode.ts";
import type { AnswerReport } from "../../scripts/querier/answerReport.ts";
import { command as expire } from "../../scripts/querier/expire.ts";
import { CommitteeChange } from "../support/committeeChange.ts";
import {
  DEADLINE_BLOCKS,
  type TestNetwork,
  allLogs,
  logLines,
  startTestNetwork,
  until,
  untilReport,
} from "../support/network.ts";
import { TRIAL_SQL, TrialAnswers, assertShownRight, trialStudy } from "../support/trialStudy.ts";

const { sites, schemaText } = trialStudy();
const WORKERS = 7;
const SEATS = 4;

const FULL = { lo: 20, hi: 89 };
/** Nine patients are younger than 35. */
const NEAR_FULL = { lo: 35, hi: 89 };
const NOT_ANSWERED = { lo: 35, hi: 74 };
const NEAR_NOT_ANSWERED = { lo: 20, hi: 74 };
/** Nine patients. */
const FEW = { lo: 90, hi: 90 };

type Missing = Extract<CompleteCommitteeErrorDetail, { readonly code: "COMPLETE_STEPS_MISSING" }>;

interface VersionStatus {
  readonly datasetId: string;
  readonly epoch: string;
  readonly version: string;
  readonly state: string;
  readonly check?: string;
}

describe("a change of committee", () => {
  /** What requests are over; without the third hospital's once it has retired them. */
  const contributed = sites.slice(0, 2);
  let test: TestNetwork;
  let query: string;
  let first: LocalMember;
  let second: LocalMember;
  /** Does not approve, and retires its data. */
  let third: LocalMember;
  /** By hospital. */
  let datasetIds: [string, string, string];
  let change: CommitteeChange;
  let failed: string | undefined;

  before(async () => {
    test = await startTestNetwork({ schemaText, sites, workers: WORKERS, seats: SEATS });
    query = await openVettedQuery(test.network, TRIAL_SQL);
    [first, second, third] = test.network.hospitals as [LocalMember, LocalMember, LocalMember];
    const known = await datasets.handler(
      { ...test.network.network, study: test.network.studyId },
      test.network.context,
    );
    datasetIds = [first, second, third].map(
      ({ key }) => known.find(({ owner }) => owner === key.account)!.datasetId,
    ) as [string, string, string];
  });
  after(() => test.close());

  const worker = (number: number): WorkerService => test.network.services[number - 1]!;
  const ask = (parameters: { lo: number; hi: number }): Promise<AnswerReport> =>
    askQuery(test.network, query, { parameters });

  async function assertRefused(parameters: { lo: number; hi: number }): Promise<AnswerReport> {
    const report = await ask(parameters);
    assert.deepEqual([report.state, report.outcome], ["REFUSED", "REFUSED_DISCLOSURE"]);
    return report;
  }

  /** Asks, and makes the deadline pass before any worker has begun. */
  async function letExpire(parameters: { lo: number; hi: number }): Promise<void> {
    const { requestId } = await askQuery(test.network, query, { parameters, wait: false });
    await test.mineBlocks(DEADLINE_BLOCKS + 1);
    const options = { ...test.network.optionsOf(test.network.querier), request: requestId };
    assert.equal((await expire.handler(options, test.network.context)).state, "EXPIRED");
  }

  const placeOf = (hospital: LocalMember) => ({ ...test.network.optionsOf(hospital), study: test.network.studyId });

  /** What `complete` says has to be done first, and by whom; without what they can do about it. */
  async function missingSteps(): Promise<string[]> {
    try {
      await change.complete();
      return [];
    } catch (error) {
      assert.equal(exitCodeOf(error), 75);
      const { code, missing } = (error as CodedError<CompleteCommitteeErrorDetail>).detail as Missing;
      assert.equal(code, "COMPLETE_STEPS_MISSING");
      return missing.map((step) => step.split(": ")[0]!);
    }
  }

  /** What a worker's status says of the versions that it holds for one committee, by dataset and version. */
  async function heldBy(service: WorkerService, epoch: bigint): Promise<Record<string, string | undefined>> {
    const status = await service.status(test.network.context.signal);
    const all = status["datasets"] as readonly VersionStatus[];
    const held = all.filter((version) => version.epoch === String(epoch));
    const named = held.map(({ datasetId, version, check, state }) => [
      `${datasetIds.indexOf(datasetId) + 1}@${version}`,
      state === "active" ? check : state,
    ]);
    return Object.fromEntries(named.sort()) as Record<string, string | undefined>;
  }

  /** The committees that a worker sits in, and how each stands. */
  function untilStanding(service: WorkerService, wanted: readonly string[]): Promise<void> {
    const passes = (status: WorkerStatus): boolean => {
      const committees = status["committees"] as readonly { epoch: string; standing: string }[];
      return committees.map(({ epoch, standing }) => `${epoch}: ${standing}`).join() === wanted.join();
    };
    return service.until(passes, test.network.context.signal);
  }

  function untilHeld(
    services: readonly WorkerService[],
    epoch: bigint,
    wanted: Readonly<Record<string, string>>,
  ): Promise<unknown> {
    const text = JSON.stringify(wanted);
    return until(`versions ${text} among ${epoch}`, 60_000, async () => {
      const held = await Promise.all(services.map((service) => heldBy(service, epoch)));
      return held.every((each) => JSON.stringify(each) === text) ? true : undefined;
    }).catch(async (error: Error) => {
      const held = await Promise.all(services.map((service) => heldBy(service, epoch)));
      throw new Error(`${error.message}: ${JSON.stringify(held)}\n${allLogs(test.network)}`);
    });
  }

  /** Key files of a committee's shares, at all workers. */
  function keysOf(epoch: bigint, datasetId?: string): string[] {
    return test.network.workers.flatMap(({ folder }, index) => {
      const keys = join(folder, "keys");
      const names = index < SEATS || worker(index + 1).child !== undefined ? readdirSync(keys) : [];
      const wanted = names.filter((name) => name.endsWith(`-${epoch}.key`) && (!datasetId || name.includes(datasetId.slice(2)))); // prettier-ignore
      return wanted.map((name) => `${index + 1}: ${name}`);
    });
  }

  const listErasures = () =>
    erasures.handler({ ...test.network.network, study: test.network.studyId }, test.network.context);

  async function untilErased(epoch: bigint, count: number): Promise<void> {
    await until(`receipts of epoch ${epoch}`, 60_000, async () => {
      const done = (await listErasures()).filter((report) => report.epoch === epoch && report.erased);
      return done.length === count ? true : undefined;
    }).catch(async (error: Error) => {
      throw new Error(`${error.message}: ${JSON.stringify(await listErasures(), text)}\n${allLogs(test.network)}`);
    });
  }

  async function endBlockOf({ transaction }: AnswerReport): Promise<number> {
    const receipt = (await test.rpc("eth_getTransactionReceipt", [transaction])) as { blockNumber: string };
    return Number(receipt.blockNumber);
  }

  /** Events of one contract by one name, oldest first. */
  function eventsOf(contract: string, name: string): Promise<{ log: ChainLog; args: Record<string, unknown> }[]> {
    const { network, context, plan } = test.network;
    return withNetwork(network, context, async ({ provider }) => {
      const deployment = readDeployment(plan.deployment);
      const abi = deployment.abi(contract);
      const filter = { addresses: [deployment.address(contract)], topics: [abi.getEvent(name)!.topicHash] };
      const logs = await chainLogs(provider, filter, deployment.block, await latestBlock(provider));
      return logs.map((log) => {
        const { args } = abi.parseLog({ topics: [...log.topics], data: log.data })!;
        return { log, args: args.toObject() as Record<string, unknown> };
      });
    });
  }

  /** Each goes on where the one before ended: after one that failed the others would only wait in vain. */
  function step(what: string, act: () => Promise<void>): void {
    it(what, async (context) => {
      if (failed !== undefined) return context.skip(`after: ${failed}`);
      failed = what;
      await act();
      failed = undefined;
    });
  }

  step("follows answers and a refusal", async () => {
    new TrialAnswers().assertRight(await ask(FULL), sites, FULL);
    await assertRefused(FEW);
  });

  step("leaves nothing when the proposal is withdrawn, and the old committee goes on", async () => {
    const withdrawn = new CommitteeChange(test.network, { workers: [5, 2, 6], threshold: 1 });
    await withdrawn.propose();
    for (const [index, hospital] of [first, second].entries()) {
      await withdrawn.approve(hospital);
      const { missing } = await withdrawn.reshare(hospital, sites[index]!.csv);
      assert.deepEqual(missing, []);
    }
    assert.equal(withdrawn.epoch, 2n);
    await untilHeld(withdrawn.services, 2n, { "1@1": "checked", "2@1": "checked" });
    assert.equal(keysOf(2n).length, 6);
    await withdrawn.withdraw("a hospital said no");
    await untilErased(2n, 2);
    const reports = await listErasures();
    assert.deepEqual(
      reports.map(({ epoch, retired, confirmed }) => [epoch, retired, confirmed.length]),
      [
        [2n, false, 3],
        [2n, false, 3],
      ],
    );
    assert.deepEqual(keysOf(2n), []);
    assert.equal(keysOf(1n).length, 12);
    await untilHeld([worker(2)], 1n, { "1@1": "checked", "2@1": "checked", "3@1": "checked" });
    const { rows } = await ask(FULL);
    assert.ok(rows.flat().some((value) => typeof value === "number"));
    await assertRefused(NEAR_FULL);
  });

  step("takes shares of the columns that were activated, and of no others", async () => {
    change = new CommitteeChange(test.network, { workers: [5, 4, 6, 7, 3], threshold: 2 });
    await change.propose();
    assert.equal(change.epoch, 3n);
    await assert.rejects(change.reshare(first, sites[0]!.csv), { code: "RESHARE_OTHER_COMMITTEE" });
    for (const hospital of [first, second]) await change.approve(hospital);
    const [, patient] = sites[0]!.csv.split("\n") as [string, string];
    const other = sites[0]!.csv.replace(
      patient,
      patient.replace(/,[a-z]+,/, ",sorafenib,").replace(/,control,/, ",erlotinib,"),
    );
    await assert.rejects(change.reshare(first, other), (error: { detail: { code: string; fields: string[] } }) => {
      assert.deepEqual([error.detail.code, error.detail.fields], ["RESHARE_OTHER_DATA", ["arm"]]);
      return true;
    });
    await change.prepareMalformed(first, sites[0]!.csv, {
      version: 1,
      malformed: (segment) => ({
        ...segment,
        columns: segment.columns.map((column, index) =>
          segment.specs[index]?.kind === ColumnKind.ONE_HOT ? column.with(1, 1n) : column,
        ),
      }),
    });
    await change.reshare(first, sites[0]!.csv);
    await change.reshare(second, sites[1]!.csv);
    await untilHeld(change.services, 3n, { "1@1": "rejected: malformed-columns", "2@1": "checked" });
    assert.deepEqual(await missingSteps(), [`${third.organisation} (${third.key.account}) has not approved`]);
    await retire.handler({ ...placeOf(third), reason: "not with these workers" }, test.network.context);
    await until("the end of its data", 60_000, async () => (await eventsOf("DatasetRegistry", "DatasetErased"))[0]);
    const unconfirmed = change.members.map(
      ({ organisation, key }, index) => `worker ${index + 1}, ${organisation} (${key.account}), has not confirmed`,
    );
    assert.deepEqual(await missingSteps(), unconfirmed);
    // The data of the old committee are what they were.
    await untilHeld([worker(1), worker(3)], 1n, { "1@1": "checked", "2@1": "checked" });
  });

  step("waits for a version that is added meanwhile, also for a worker that was killed", async () => {
    const csv = versionOf(sites[0]!.csv, "NEW", 60);
    await test.network.contribute(first, csv);
    contributed.push({ ...sites[0]!, csv });
    await letExpire(NOT_ANSWERED);
    const killed = worker(6);
    await change.reshare(first, sites[0]!.csv, { again: true });
    const { missing } = await change.reshare(first, csv);
    assert.deepEqual(missing, []);
    await killed.kill();
    assert.notDeepEqual(await missingSteps(), []);
    await test.network.startWorkers([killed]);
    await until("a confirmation", 60_000, () => logLines(worker(7), "committee-change-confirmed", "")[0]);
    await worker(7).kill();
    await test.network.startWorkers([worker(7)]);
    await untilHeld(change.services, 3n, { "1@1": "checked", "1@2": "checked", "2@1": "checked" });
    await untilHeld([worker(1), worker(2)], 1n, { "1@1": "checked", "1@2": "checked", "2@1": "checked" });
  });

  step(
    "is complete when all have confirmed; what was asked before is answered by the old committee, and first",
    async () => {
      const [signal, last] = [test.network.context.signal, worker(6)];
      await until("every confirmation", 60_000, async () => {
        const confirmed = await eventsOf("CommitteeChanges", "CommitteeChangeConfirmed");
        return confirmed.filter(({ args }) => args["newEpoch"] === 3n).length === 5 ? true : undefined;
      });
      await untilStanding(worker(4), ["1: serving", "3: proposed"]);
      const asked = await askQuery(test.network, query, { parameters: FULL, wait: false });
      const done = await change.complete();
      assert.deepEqual([done.epoch, done.oldEpoch], [3n, 1n]);
      const anew = await askQuery(test.network, query, { parameters: FULL, wait: false });
      const ended = ({ state }: AnswerReport): boolean => state !== "REQUESTED";
      const lastOfOld = await untilReport(test.network, asked.requestId, ended);
      assertShownRight(lastOfOld, contributed, FULL);
      const report = await untilReport(test.network, anew.requestId, ended).catch((error: Error) => {
        throw new Error(`${error.message}\n${allLogs(test.network)}`);
      });
      assertShownRight(report, contributed, FULL);
      assert.deepEqual(report.rows, lastOfOld.rows);
      assert.ok((await endBlockOf(lastOfOld)) < (await endBlockOf(report)));
      await untilStanding(worker(4), ["3: serving", "1: followed"]);
      assert.equal(logLines(last, "verdict-signed", asked.requestId).length, 0);
      assert.equal(logLines(worker(1), "verdict-signed", anew.requestId).length, 0);
      await last.until((status) => (status["requests"] as { pending: number }).pending === 0, signal);
    },
  );

  step("makes no question possible that was not: what was told before is remembered", async () => {
    await assertRefused(NEAR_FULL);
    await assertRefused(NEAR_NOT_ANSWERED);
  });

  step("erases the old committee's shares once nothing can be asked of it, and frees its deposits", async () => {
    const { network } = test;
    const options = { ...network.optionsOf(network.admin), study: network.studyId, epoch: "1" };
    await assert.rejects(releaseDeposits.handler(options, network.context), { code: "RELEASE_REQUESTS_OPEN" });
    await worker(1).stop();
    assert.equal(keysOf(1n).length, 8);
    await test.mineBlocks(DEADLINE_BLOCKS + 1);
    await until("three receipts for each", 60_000, async () => {
      const reports = (await listErasures()).filter(({ epoch }) => epoch === 1n);
      return reports.filter(({ confirmed }) => confirmed.length === 3).length === 2 ? true : undefined;
    });
    assert.deepEqual(
      keysOf(1n).map((name) => name[0]),
      ["1", "1"],
    );
    assert.equal(keysOf(3n).length, 10);
    assert.equal((await releaseDeposits.handler(options, network.context)).workers.length, SEATS);
    await untilStanding(worker(4), ["3: serving"]);
    await untilStanding(worker(2), []);
  });

  step("takes another version from then on, which the new committee alone is given", async () => {
    const csv = versionOf(sites[1]!.csv, "NEXT", 50);
    await test.network.contribute(second, csv);
    contributed.push({ ...sites[1]!, csv });
    await untilHeld(change.services, 3n, { "1@1": "checked", "1@2": "checked", "2@1": "checked", "2@2": "checked" });
    await untilHeld([worker(2)], 1n, {});
    const report = await ask({ lo: 45, hi: 69 });
    assertShownRight(report, contributed, { lo: 45, hi: 69 });
  });

  step("counts a retired dataset as erased only when every committee that was given it has said so", async () => {
    const { network } = test;
    await retire.handler({ ...placeOf(first), reason: "the study has ended here" }, network.context);
    const [own] = datasetIds;
    await until("the receipts of the new committee", 60_000, async () => {
      const reports = (await listErasures()).filter(({ epoch, datasetId }) => epoch === 3n && datasetId === own);
      return reports[0]?.erased === true ? true : undefined;
    });
    assert.deepEqual(keysOf(3n, own), []);
    const endOfIt = async () =>
      (await eventsOf("DatasetRegistry", "DatasetErased")).find(({ args }) => args["datasetId"] === own);
    assert.equal(await endOfIt(), undefined);
    await network.startWorkers([worker(1)]);
    await until("the end of it", 60_000, endOfIt);
    await untilErased(1n, 3);
    assert.deepEqual(keysOf(1n), []);
    const ofEpochs = await eventsOf("DatasetRegistry", "SharesErased");
    assert.deepEqual(
      ofEpochs
        .map(({ args }) => `${datasetIds.indexOf(String(args["datasetId"])) + 1} of ${args["epoch"] as bigint}`)
        .sort(),
      ["1 of 1", "1 of 2", "1 of 3", "2 of 1", "2 of 2", "3 of 1"],
    );
    const report = await ask({ lo: 45, hi: 89 });
    const left = contributed.filter(({ name }) => name === second.organisation);
    assertShownRight(report, left, { lo: 45, hi: 89 });
    const { verified } = await trail.handler({ ...network.network, subject: undefined }, network.context);
    assert.equal(verified, true);
  });
});

/** Other patients, who look like the first ones of a file. */
function versionOf(csv: string, prefix: string, patients: number): string {
  const [header, ...rows] = csv.trimEnd().split("\n") as [string, ...string[]];
  return [header, ...rows.slice(0, patients).map((row) => row.replace(/^[^,]+/, `${prefix}-$&`)), ""].join("\n");
}

function text(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
