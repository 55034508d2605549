/** What members are owed and have at stake, as they see it: a whole question, its price divided, taken; a deposit lost. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parseEther } from "ethers";
import { command as reportEquivocation } from "../../scripts/auditor/reportEquivocation.ts";
import { command as takeReward } from "../../scripts/auditor/withdraw.ts";
import { command as rotateOwner } from "../../scripts/dataOwner/rotateKey.ts";
import { command as takeOwnersShare } from "../../scripts/dataOwner/withdraw.ts";
import { exitCodeOf } from "../../scripts/exitCode.ts";
import { command as ask } from "../../scripts/querier/request.ts";
import { command as takeAuthorsShare } from "../../scripts/querier/withdraw.ts";
import { revertHint } from "../../scripts/revertHints.ts";
import { command as deposit } from "../../scripts/worker/deposit.ts";
import { command as exportEvidence } from "../../scripts/worker/evidence.ts";
import { command as rotateWorker } from "../../scripts/worker/rotateKey.ts";
import { command as takeWorkersShare } from "../../scripts/worker/withdraw.ts";
import { command as withdrawDeposit } from "../../scripts/worker/withdrawDeposit.ts";
import { type QueryRequested, parseQueryEvent } from "../../workers/chain/queryEvents.ts";
import { querySmartContract } from "../../workers/chain/querySmartContract.ts";
import { encodeParameters } from "../../workers/messages/descriptor.ts";
import { type Equivocation, equivocationToJson } from "../../workers/messages/equivocation.ts";
import { Outcome, ReleaseClass, type Verdict, ZERO_HASH, statementHash } from "../../workers/messages/statement.ts";
import { ANSWER } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { type CodedError } from "../../workers/errors.ts";
import { CHAIN_ID } from "../workers/chain/localChain.ts";
import { WORKERS, startAskedStudy } from "./askedStudy.ts";
import type { Consortium } from "./consortium.ts";

const PRICE = parseEther("0.01");
const VERDICT: Verdict = {
  attempt: 1n,
  outcome: Outcome.ANSWERED,
  suppressedBitmap: "0x",
  outputs: [40n],
  sealedHash: ZERO_HASH,
};

describe("money", () => {
  let consortium: Consortium;
  let queryContract: string;
  let requested: QueryRequested;
  const connected = (name: string) => consortium.wallet(name).connect(consortium.chain.provider);
  const rpc = (method: string, ...parameters: unknown[]) => consortium.chain.provider.send(method, parameters);

  /** From now on `next` signs for who was called `name`. */
  async function rotate(command: typeof rotateWorker, name: string, next: string): Promise<void> {
    await rpc("hardhat_setBalance", consortium.wallet(next).address, "0x8ac7230489e80000");
    const given = { ...consortium.as(name), newKeystore: next, newPasswordFile: "unused" };
    await command.handler(given, consortium.context);
  }

  async function signedBy(name: string, verdict: Verdict): Promise<string> {
    const statement = statementHash({
      chainId: CHAIN_ID,
      contract: queryContract,
      context: requested.context,
      verdict,
    });
    return consortium.wallet(name).signTypedData(opalineDomain(CHAIN_ID, queryContract), ANSWER, { statement });
  }

  async function askAndAnswer(datasetId: string): Promise<void> {
    const { deployment, chain } = consortium;
    const contract = querySmartContract(deployment, queryContract, connected("searcher"));
    const asked = await contract.request(0n, encodeParameters([]), [datasetId], ReleaseClass.PUBLIC, [], PRICE);
    const receipt = await chain.provider.getTransactionReceipt(asked.hash);
    const found = receipt!.logs.map((log) => parseQueryEvent(deployment, log)).find((event) => event !== undefined);
    assert.ok(found?.name === "QueryRequested");
    requested = found;
    const signatures = await Promise.all(
      WORKERS.slice(0, 2).map(async (name, i) => ({ index: i + 1, signature: await signedBy(name, VERDICT) })),
    );
    await contract.answer(requested, VERDICT, signatures);
  }

  before(async () => {
    const study = await startAskedStudy("author");
    ({ consortium, queryContract } = study);
    await askAndAnswer(study.datasetId);
  });
  after(() => consortium.close());

  it("of an answered request is divided by whoever takes a share first, and each takes its own, once", async () => {
    const { context } = consortium;
    const options = (name: string, settle = true) => ({ ...consortium.as(name), settle });
    const none = await takeWorkersShare.handler(options("alder", false), context);
    assert.deepEqual([none.withdrawn, none.settled, none.transaction], [0n, [], undefined]);
    const stranger = await takeReward.handler(options("watch"), context);
    assert.deepEqual([stranger.withdrawn, stranger.settled], [0n, []], "who has no share divides nothing");
    await rotate(rotateOwner, "hospital", "hospital 2");
    const old = { key: consortium.wallet("hospital").address, current: consortium.wallet("hospital 2").address };
    await assert.rejects(takeOwnersShare.handler(options("hospital"), context), {
      detail: { code: "KEY_REPLACED", member: old.key, ...old },
    });
    const owner = await takeOwnersShare.handler(options("hospital 2"), context);
    assert.equal(owner.account, old.key);
    assert.deepEqual([owner.withdrawn, owner.settled], [PRICE / 2n, [requested.requestId]]);
    const author = await takeAuthorsShare.handler(options("author"), context);
    assert.deepEqual([author.withdrawn, author.settled], [PRICE / 10n, []]);
    const workers = [];
    await rotate(rotateWorker, "birch", "birch 2");
    await assert.rejects(takeWorkersShare.handler(options("birch"), context), { code: "KEY_REPLACED" });
    for (const name of ["alder", "birch 2", "cedar"])
      workers.push((await takeWorkersShare.handler(options(name), context)).withdrawn);
    const part = (PRICE * 4n) / 10n;
    assert.deepEqual(workers, [part - 2n * (part / 3n), part / 3n, part / 3n]);
    assert.equal((await takeWorkersShare.handler(options("alder"), context)).withdrawn, 0n);
  });

  it("is not paid again for the same without being told that the answer is there", async () => {
    const { context, as } = consortium;
    const { queryHash: query } = requested.context;
    const options = { ...as("searcher"), query, parameter: [], dataset: [], sealTo: [], wait: false };
    const lines = context.lines.length;
    const again = await ask.handler(options, context);
    assert.notEqual(again.requestId, requested.requestId);
    const [first] = context.lines.slice(lines);
    const read = `\`opaline querier answer --request ${requested.requestId}\` reads that for nothing`;
    assert.ok(first!.includes(read) && first!.endsWith("asking again pays again"), first);
  });

  it("at stake is paid in, announced, taken back, and pulled when it is ready", async () => {
    const { context } = consortium;
    let key = "alder";
    const add = (amountEther: string) => deposit.handler({ ...consortium.as(key), amountEther }, context);
    const take = (announceEther?: string) =>
      withdrawDeposit.handler(
        { ...consortium.as(key), ...(announceEther !== undefined && { announceEther }) },
        context,
      );
    for (const text of ["0", "-1", "1.0000000000000000001", "one"]) {
      assert.throws(() => add(text), { detail: { code: "OPTION_INVALID", option: "amount-ether" } });
    }
    const added = await add("2");
    assert.equal(added.deposited, parseEther("2"));
    assert.match(deposit.print!(added), /^deposited +2\.0 ETH$/m);
    const refusedWith = async (act: Promise<unknown>, hint: RegExp): Promise<void> => {
      const error = await act.then(
        () => assert.fail("nothing was refused"),
        (reason: unknown) => reason as CodedError,
      );
      assert.match(String(revertHint(error.detail)), hint);
      assert.equal(exitCodeOf(error), 1);
    };
    await refusedWith(take(), /^announce it first: /);
    await refusedWith(take("2.5"), /2000000000000000000 wei of the deposit free/);
    const announced = await take("0.5");
    assert.deepEqual([announced.announced, announced.withdrawn], [parseEther("0.5"), 0n]);
    assert.match(String(announced.readyAt), /^\d{4}-/);
    await refusedWith(take(), /^it can be taken from \d{4}-.* on; repeat it then$/);
    assert.deepEqual([(await take("0")).readyAt, (await take("1")).announced], [undefined, parseEther("1")]);
    await rpc("evm_increaseTime", 21 * 86_400);
    await rpc("evm_mine");
    await rotate(rotateWorker, "alder", "alder 2");
    for (const refused of [add("1"), take(), take("0")]) await assert.rejects(refused, { code: "KEY_REPLACED" });
    key = "alder 2";
    const withdrawn = await take();
    assert.deepEqual([withdrawn.withdrawn, withdrawn.worker], [parseEther("1"), consortium.wallet("alder").address]);
  });

  /** Worker 1 signed this, too, with the key that it has now. */
  async function evidence(change: Partial<Equivocation> = {}): Promise<Equivocation> {
    const second = { ...VERDICT, outputs: [41n] };
    return {
      chainId: CHAIN_ID,
      queryContract,
      index: 1,
      context: requested.context,
      first: { verdict: VERDICT, signature: await signedBy("alder", VERDICT) },
      second: { verdict: second, signature: await signedBy("alder 2", second) },
      ...change,
    };
  }
  const report = (text: string) => {
    writeFileSync(join(consortium.folder, "evidence.json"), text);
    return reportEquivocation.handler({ ...consortium.as("watch"), evidence: "evidence.json" }, consortium.context);
  };

  it("at stake is not lost by a file that proves nothing: the command says why and sends nothing", async () => {
    const right = await evidence();
    const nonce = () => consortium.chain.provider.getTransactionCount(consortium.wallet("watch").address);
    const before = await nonce();
    const refuses = async (text: string, code: string): Promise<void> => {
      const act = async () => report(text);
      await assert.rejects(act, (error: CodedError) => error.code === code && exitCodeOf(error) === 1);
    };
    await refuses("{}", "EVIDENCE_INVALID");
    await assert.rejects(async () => report("{}"), { message: /^--evidence .*\/evidence\.json: This is no evidence / });
    await refuses(equivocationToJson({ ...right, chainId: 1n }), "EVIDENCE_OTHER_CHAIN");
    await refuses(equivocationToJson({ ...right, second: right.first }), "EVIDENCE_PROVES_NOTHING");
    await refuses(equivocationToJson({ ...right, index: 2 }), "EVIDENCE_NOT_MEMBER");
    const foreign = { ...right.second, signature: await signedBy("birch", right.second.verdict) };
    await refuses(equivocationToJson({ ...right, second: foreign }), "EVIDENCE_NOT_MEMBER");
    assert.equal(await nonce(), before);
  });

  it("at stake is lost by two signatures, which a worker hands out and anyone reports; a second time changes nothing", async () => {
    const { context, folder } = consortium;
    // A worker's socket, with what it keeps.
    const kept = equivocationToJson(await evidence());
    const server = createServer((socket) => {
      socket.on("data", (line) => {
        assert.deepEqual(JSON.parse(String(line)), { command: "evidence" });
        socket.write(`{"ok":true,"evidence":[${kept}]}\n`);
      });
    });
    await new Promise<void>((resolve) => server.listen(join(folder, "control.sock"), resolve));
    const [file] = await exportEvidence.handler({ dataDir: folder, directory: "evidence" }, context);
    await new Promise((resolve) => server.close(resolve));
    assert.deepEqual(
      [file?.requestId, file?.worker, file?.attempt, file?.keys],
      [requested.requestId, 1, 1n, ["alder", "alder 2"].map((name) => consortium.wallet(name).address)],
    );
    const reporting = report(readFileSync(file!.file, "utf8"));
    // Between its two transactions a block must pass, and this chain has one only when it is asked.
    const mining = setInterval(() => void consortium.chain.mine(1), 100);
    const reported = await reporting.finally(() => clearInterval(mining));
    assert.ok(!reported.alreadyProven && "slashed" in reported);
    assert.deepEqual(
      [reported.worker, reported.slashed, reported.reward],
      [consortium.wallet("alder").address, parseEther("1"), parseEther("0.05")],
    );
    assert.equal((await report(kept)).alreadyProven, true);
    const reward = await takeReward.handler({ ...consortium.as("watch"), settle: true }, context);
    assert.equal(reward.withdrawn, parseEther("0.05"));
  });
});
