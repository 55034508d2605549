/** Sealed answers on a real network: their recipients read what is right, nobody else reads anything, workers may crash. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { join } from "node:path";
import { SigningKey, id } from "ethers";
import { withNetwork } from "../../scripts/connection.ts";
import { createMember } from "../../scripts/demo/localMembers.ts";
import type { LocalMember } from "../../scripts/demo/localMembers.ts";
import { askQuery, openVettedQuery } from "../../scripts/demo/vettedQuery.ts";
import { exitCodeOf } from "../../scripts/exitCode.ts";
import { command as answer } from "../../scripts/querier/answer.ts";
import type { AnswerReport } from "../../scripts/querier/answerReport.ts";
import { printReport } from "../../scripts/querier/printReport.ts";
import { readRequestEvents } from "../../scripts/querier/requestEvents.ts";
import { type TestNetwork, logLines, startTestNetwork, until, untilReport } from "../support/network.ts";
import { TRIAL_SQL, TrialAnswers, trialStudy } from "../support/trialStudy.ts";

const trial = trialStudy();
const FULL = { lo: 20, hi: 89 };
const WORKERS = 4;

describe("sealed answers", () => {
  let test: TestNetwork;
  let query: string;
  let board: LocalMember;
  let stranger: LocalMember;
  /** Of the first answer; the same question has the same answer afterwards, whoever reads it. */
  let right: AnswerReport["rows"];

  before(async () => {
    test = await startTestNetwork({ schemaText: trial.schemaText, sites: trial.sites, workers: WORKERS });
    const { plan, context } = test.network;
    query = await openVettedQuery(test.network, TRIAL_SQL);
    // Neither is a member of anything: whoever has a key can be given an answer.
    [board, stranger] = (await Promise.all(
      ["Board", "Stranger"].map((name) => createMember("querier", name, join(plan.folder, name), context, 1_024)),
    )) as [LocalMember, LocalMember];
  });
  beforeEach(() => test.network.startWorkers(test.network.services.filter(({ running }) => !running)));
  after(() => test.close());

  const readAs = (member: LocalMember, request: string): Promise<AnswerReport> =>
    answer.handler({ ...test.network.optionsOf(member), request }, test.network.context);
  const readByAnyone = (request: string): Promise<AnswerReport> =>
    answer.handler({ ...test.network.network, request }, test.network.context);

  /** Waits for the keys, as a person would who repeats a command that exits 75. */
  const untilRead = (member: LocalMember, request: string): Promise<AnswerReport> =>
    until(`keys of ${request}`, 60_000, () =>
      readAs(member, request).catch((error: unknown) => {
        if (exitCodeOf(error) !== 75) throw error;
        return undefined;
      }),
    );

  const events = (request: string) =>
    withNetwork(test.network.network, test.network.context, (connection) => readRequestEvents(connection, request));

  it("are read by the querier they are sealed to, and are right", async () => {
    const report = await askQuery(test.network, query, { parameters: FULL, sealTo: ["me"] });
    assert.deepEqual([report.release, report.recipients], ["SEALED", [test.network.querier.key.encryptionKey]]);
    assert.equal(report.isReadable, true);
    new TrialAnswers().assertRight(report, trial.sites, FULL);
    right = report.rows;
  });

  it("tell everybody else that there is an answer, to whom, and none of it", async () => {
    const { requestId } = await askQuery(test.network, query, { parameters: FULL, sealTo: ["me"] });
    const seen = await readByAnyone(requestId);
    assert.deepEqual([seen.state, seen.assurance, seen.isReadable], ["ANSWERED", "QUORUM", false]);
    assert.deepEqual([seen.rows, seen.columns], [[], []]);
    assert.deepEqual(seen.suppression, { cells: 3, hidden: 0, partlyHidden: 0 }, "what is hidden is public");
    assert.equal(answer.succeeded!(seen), true);
    assert.match(printReport(seen), /sealed; a recipient reads it with/);
    await assert.rejects(readAs(stranger, requestId), { detail: { code: "ANSWER_NOT_RECIPIENT", requestId } });
    const { ending } = await events(requestId);
    assert.ok(ending?.name === "QueryAnswered");
    for (const word of ending.outputs) assert.ok(word > 1n << 128n, "a masked word looks like any other");
  });

  it("are sealed to a board, and not to the querier who asked", async () => {
    const sealTo = [board.key.encryptionKey];
    const asked = await askQuery(test.network, query, { parameters: FULL, sealTo });
    assert.deepEqual([asked.state, asked.isReadable, asked.rows], ["ANSWERED", false, []]);
    assert.deepEqual((await untilRead(board, asked.requestId)).rows, right);
    await assert.rejects(readAs(test.network.querier, asked.requestId), { code: "ANSWER_NOT_RECIPIENT" });
  });

  it("are read alike by each of several recipients, in an order that nobody chose", async () => {
    const sealTo = [board.key.encryptionKey, "me", board.key.encryptionKey];
    const { requestId, rows, recipients } = await askQuery(test.network, query, { parameters: FULL, sealTo });
    assert.equal(recipients.length, 2);
    assert.deepEqual([rows, (await untilRead(board, requestId)).rows], [right, right]);
  });

  it("count in the gate as if everybody knew them", async () => {
    // Two patients are between 25 and 29. The very cohort that was sealed is shown in public.
    const near = await askQuery(test.network, query, { parameters: { ...FULL, lo: 30 } });
    assert.deepEqual([near.state, near.outcome], ["REFUSED", "REFUSED_DISCLOSURE"]);
    assert.deepEqual((await askQuery(test.network, query, { parameters: FULL })).rows, right);
  });

  it("are read though a worker is away, and though all of them crash between the answer and its confirmation", async () => {
    const { network, rpc, mineBlocks } = test;
    await network.services[3]!.kill();
    await rpc("evm_setIntervalMining", [0]);
    const asked = await askQuery(network, query, { parameters: FULL, wait: false, sealTo: ["me"] });
    const { requestId } = asked;
    await mineBlocks(4);
    const report = await untilReport(network, requestId, ({ state }) => state !== "REQUESTED");
    assert.equal(report.state, "ANSWERED");
    await assert.rejects(readAs(network.querier, requestId), (error) => {
      assert.equal(exitCodeOf(error), 75);
      assert.match((error as Error).message, /published its keys so far: 0,/);
      return true;
    });
    await Promise.all(network.services.map((service) => service.kill()));
    await rpc("evm_setIntervalMining", [1_000]);
    await network.startWorkers(network.services.slice(0, 3));
    assert.deepEqual((await untilRead(network.querier, requestId)).rows, right);
    const published = network.services.slice(0, 3).flatMap((each) => logLines(each, "key-copies-published", requestId));
    assert.equal(published.length, (await events(requestId)).published.length, "each worker publishes once");
  });

  it("are not asked for with a key that nobody has, and nothing is paid", async () => {
    const balance = await test.rpc("eth_getBalance", [test.network.querier.key.account, "latest"]);
    const key = new SigningKey(id("somebody"));
    for (const wrong of ["you", key.publicKey, key.compressedPublicKey.slice(0, -2), `0x02${"00".repeat(31)}05`]) {
      const asked = askQuery(test.network, query, { parameters: FULL, sealTo: ["me", wrong] });
      await assert.rejects(asked, { detail: { code: "OPTION_INVALID", option: "seal-to" } });
    }
    assert.equal(await test.rpc("eth_getBalance", [test.network.querier.key.account, "latest"]), balance);
    const { requestId } = await askQuery(test.network, query, { parameters: FULL, wait: false, sealTo: ["me"] });
    const { keystore, passwordFile } = test.network.optionsOf(test.network.querier);
    for (const half of [{ keystore }, { passwordFile }])
      await assert.rejects(
        answer.handler({ ...test.network.network, request: requestId, ...half }, test.network.context),
        {
          code: "OPTION_INVALID",
        },
      );
  });
});
