/** A quorum that contradicts the chain: seen by a worker, brought by anybody, recorded once, and told to who reads the answer. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { id, parseEther } from "ethers";
import { command as dispute } from "../../scripts/auditor/dispute.ts";
import { command as disputes } from "../../scripts/auditor/disputes.ts";
import { command as trail } from "../../scripts/auditor/trail.ts";
import { exitCodeOf } from "../../scripts/exitCode.ts";
import { command as readAnswer } from "../../scripts/querier/answer.ts";
import { printReport } from "../../scripts/querier/printReport.ts";
import { command as rotateWorker } from "../../scripts/worker/rotateKey.ts";
import { committeeRegistry } from "../../workers/chain/committeeRegistry.ts";
import type { ChainLog } from "../../workers/chain/logs.ts";
import { memberRegistry } from "../../workers/chain/memberRegistries.ts";
import { type QueryRequested, parseQueryEvent } from "../../workers/chain/queryEvents.ts";
import { querySmartContract } from "../../workers/chain/querySmartContract.ts";
import type { Mined } from "../../workers/chain/transactions.ts";
import type { CodedError } from "../../workers/errors.ts";
import { encodeParameters } from "../../workers/messages/descriptor.ts";
import { disputeToJson } from "../../workers/messages/dispute.ts";
import { FrameKind } from "../../workers/messages/frame.ts";
import {
  type IndexedSignature,
  type SignedVerdict,
  encodeSignedVerdict,
} from "../../workers/messages/signedVerdict.ts";
import { Outcome, ReleaseClass, type Verdict, ZERO_HASH, statementHash } from "../../workers/messages/statement.ts";
import { ANSWER } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { AttemptCounts } from "../../workers/node/attemptCounts.ts";
import { requestToJson } from "../../workers/node/chainEffects.ts";
import { writeDisputeFile } from "../../workers/node/disputeFile.ts";
import type { LogFields } from "../../workers/node/log.ts";
import { oneAfterAnother } from "../../workers/node/posting.ts";
import { type DeskModules, RequestDesk } from "../../workers/node/requestDesk.ts";
import { sendCall } from "../../workers/chain/governedCall.ts";
import type { PartyIndex } from "../../workers/sharing/parties.ts";
import { CHAIN_ID } from "../workers/chain/localChain.ts";
import { VirtualTime } from "../workers/node/virtualTime.ts";
import { startAskedStudy } from "./askedStudy.ts";
import type { Consortium } from "./consortium.ts";

const PRICE = parseEther("0.01");
const VERDICT: Verdict = {
  attempt: 1n,
  outcome: Outcome.ANSWERED,
  suppressedBitmap: "0x",
  outputs: [40n],
  sealedHash: ZERO_HASH,
};
const OTHER: Verdict = { ...VERDICT, attempt: 2n, outputs: [41n] };
const REFUSED: Verdict = { ...VERDICT, outcome: Outcome.REFUSED_DISCLOSURE, outputs: [] };
const SEALED: Verdict = { ...VERDICT, sealedHash: id("keys") };

describe("a dispute", () => {
  let consortium: Consortium;
  let queryContract: string;
  let datasetId: string;
  const connected = (name: string) => consortium.wallet(name).connect(consortium.chain.provider);
  const contractOf = (name: string) => querySmartContract(consortium.deployment, queryContract, connected(name));

  async function logsOf({ hash }: Mined): Promise<ChainLog[]> {
    const receipt = await consortium.chain.provider.getTransactionReceipt(hash);
    return receipt!.logs.map(({ index, ...log }) => ({ ...log, logIndex: index, topics: [...log.topics] }) as never);
  }

  let nonce = 0n;

  async function ask(isSealed = false): Promise<QueryRequested> {
    const recipients = isSealed ? [consortium.wallet("searcher").signingKey.compressedPublicKey] : [];
    const releaseClass = isSealed ? ReleaseClass.SEALED : ReleaseClass.PUBLIC;
    const asked = await contractOf("searcher").request(
      nonce++,
      encodeParameters([]),
      [datasetId],
      releaseClass,
      recipients,
      PRICE,
    );
    const found = (await logsOf(asked)).map((log) => parseQueryEvent(consortium.deployment, log));
    const requested = found.find((event) => event !== undefined);
    assert.ok(requested?.name === "QueryRequested");
    return requested;
  }

  async function signedBy(
    { context }: QueryRequested,
    verdict: Verdict,
    names: Readonly<Record<number, string>>,
  ): Promise<SignedVerdict> {
    const statement = statementHash({ chainId: CHAIN_ID, contract: queryContract, context, verdict });
    const signatures: IndexedSignature[] = [];
    for (const [index, name] of Object.entries(names)) {
      const domain = opalineDomain(CHAIN_ID, queryContract);
      const signature = await consortium.wallet(name).signTypedData(domain, ANSWER, { statement });
      signatures.push({ index: Number(index), signature });
    }
    return { verdict, signatures };
  }

  async function end(requested: QueryRequested, verdict: Verdict): Promise<Mined> {
    const { signatures } = await signedBy(requested, verdict, { 1: "alder", 2: "birch" });
    return contractOf("searcher").answer(requested, verdict, signatures);
  }

  async function answered(verdict = VERDICT): Promise<QueryRequested> {
    const requested = await ask(verdict.sealedHash !== ZERO_HASH);
    await end(requested, verdict);
    return requested;
  }

  const file = (text: string): string => {
    writeFileSync(join(consortium.folder, "dispute.json"), text);
    return join(consortium.folder, "dispute.json");
  };
  const bring = (request: string, evidence: string) =>
    dispute.handler({ ...consortium.as("watch"), request, evidence }, consortium.context);
  const bringSigned = ({ requestId }: QueryRequested, signed: SignedVerdict) =>
    bring(requestId, file(disputeToJson(signed)));

  /** Refused with this, before anything was sent. */
  async function refuses(act: () => Promise<unknown>, detail: object, message: RegExp): Promise<void> {
    const nonce = () => consortium.chain.provider.getTransactionCount(consortium.wallet("watch").address);
    const before = await nonce();
    await assert.rejects(
      async () => act(),
      (error: CodedError) => {
        assert.deepEqual(error.detail, detail);
        assert.match(error.message, message);
        return exitCodeOf(error) === 1;
      },
    );
    assert.equal(await nonce(), before);
  }

  before(async () => {
    ({ consortium, datasetId, queryContract } = await startAskedStudy());
  });
  after(() => consortium.close());

  it("is recorded, listed, in the trail and told to who reads the answer; a second time changes nothing", async () => {
    const requested = await answered();
    const untouched = await answered();
    const { requestId: request } = requested;
    assert.deepEqual(await disputes.handler(consortium.network, consortium.context), []);
    assert.match(disputes.print!([]), /^no request is disputed$/);
    const signed = await signedBy(requested, OTHER, { 2: "birch", 3: "cedar" });
    const recorded = await bringSigned(requested, signed);
    assert.ok(!recorded.alreadyDisputed && "workers" in recorded);
    const { context } = requested;
    const statement = statementHash({ chainId: CHAIN_ID, contract: queryContract, context, verdict: OTHER });
    assert.deepEqual(
      [recorded.requestId, recorded.attempt, recorded.outcome, recorded.statement, recorded.workers],
      [request, 2n, "ANSWERED", statement, [2, 3]],
    );
    const again = await bringSigned(requested, await signedBy(requested, REFUSED, { 2: "birch", 3: "cedar" }));
    assert.ok(again.alreadyDisputed);
    assert.deepEqual([again.statement, again.transaction], [statement, recorded.transaction]);

    const listed = await disputes.handler(consortium.network, consortium.context);
    assert.deepEqual(
      listed.map(({ requestId, outputs }) => [requestId, outputs]),
      [[request, [41n]]],
    );
    assert.match(disputes.print!(listed), new RegExp(`^${request} +ANSWERED +2 `, "m"));
    const acts = await trail.handler({ ...consortium.network, subject: request }, consortium.context);
    assert.equal(acts.events.filter(({ act }) => act === "QueryDisputed").length, 1);
    const report = await readAnswer.handler({ ...consortium.network, request }, consortium.context);
    assert.deepEqual([report.state, report.rows, report.dispute], ["ANSWERED", [[40]], listed[0]]);
    assert.match(printReport(report), /^DISPUTED: .* also signed ANSWERED with the outputs 41 \(attempt 2/m);
    const sound = await readAnswer.handler({ ...consortium.network, request: untouched.requestId }, consortium.context);
    assert.equal(sound.dispute, undefined);
    assert.doesNotMatch(printReport(sound), /DISPUTED/);
  });

  it("may say another outcome of a sealed answer, and not other outputs, which every attempt masks anew", async () => {
    const requested = await answered(SEALED);
    const { requestId } = requested;
    const masked = await signedBy(requested, { ...SEALED, outputs: [9n] }, { 2: "birch", 3: "cedar" });
    const detail = { code: "DISPUTE_NO_CONFLICT", requestId };
    await refuses(() => bringSigned(requested, masked), detail, /does not contradict the chain/);
    const recorded = await bringSigned(requested, await signedBy(requested, REFUSED, { 2: "birch", 3: "cedar" }));
    assert.equal(recorded.outcome, "REFUSED_DISCLOSURE");
  });

  it("is refused for what the chain has too, in whichever attempt", async () => {
    const requested = await answered();
    const detail = { code: "DISPUTE_NO_CONFLICT", requestId: requested.requestId };
    for (const attempt of [1n, 9n]) {
      const same = await signedBy(requested, { ...VERDICT, attempt }, { 2: "birch", 3: "cedar" });
      await refuses(() => bringSigned(requested, same), detail, /dispute\.json: the verdict does not contradict/);
    }
    const refused = await answered(REFUSED);
    const again = await signedBy(refused, { ...REFUSED, attempt: 2n }, { 2: "birch", 3: "cedar" });
    const { requestId } = refused;
    await refuses(() => bringSigned(refused, again), { code: "DISPUTE_NO_CONFLICT", requestId }, /does not contradict/);
  });

  it("is refused before a request has ended, and when it expired; and of a request that is not there", async () => {
    const requested = await ask();
    const { requestId, deadlineBlock } = requested;
    const signed = await signedBy(requested, OTHER, { 2: "birch", 3: "cedar" });
    const detail = { code: "DISPUTE_NOTHING_SIGNED", requestId };
    await refuses(() => bringSigned(requested, signed), { ...detail, state: "REQUESTED" }, /has not ended yet/);
    const newest = await consortium.chain.provider.getBlockNumber();
    await consortium.chain.mine(Number(deadlineBlock) - newest + 1);
    await contractOf("searcher").expire(requested);
    await refuses(
      () => bringSigned(requested, signed),
      { ...detail, state: "EXPIRED" },
      /expired: the chain has nothing/,
    );
    const unknown = { ...requested, requestId: ZERO_HASH };
    await refuses(() => bringSigned(unknown, signed), { code: "REQUEST_UNKNOWN", requestId: ZERO_HASH }, /no request/);
  });

  it("is refused for a file with a wrong field, by the file's and the field's name", async () => {
    const requested = await answered();
    const { requestId } = requested;
    const signed = await signedBy(requested, OTHER, { 2: "birch", 3: "cedar" });
    const path = file("{}");
    const invalid = (text: string, field: string, message: RegExp) =>
      refuses(() => bring(requestId, file(text)), { code: "DISPUTE_FILE_INVALID", file: path, field }, message);
    await invalid("no JSON", "", /dispute\.json: This is no evidence for a dispute: a JSON object expected/);
    await invalid("{}", "verdict", /dispute\.json: .*field verdict: a JSON object expected/);
    const backwards = disputeToJson({ ...signed, signatures: signed.signatures.toReversed() });
    await invalid(backwards, "signatures[1].index", /dispute\.json: .*field signatures\[1\]\.index: more than 3/);
    const sealed = disputeToJson({ ...signed, verdict: { ...OTHER, sealedHash: id("keys") } });
    await invalid(sealed, "verdict.sealedHash", /dispute\.json: verdict\.sealedHash is none that/);
    const missing = join(consortium.folder, "missing.json");
    await assert.rejects(async () => bring(requestId, missing), { code: "FILE_UNREADABLE" });
    await bringSigned(requested, signed);
  });

  it("is refused without a quorum that signs with the keys of now, which says why each signature does not count", async () => {
    const requested = await answered();
    const quorum = (valid: number) => ({ code: "DISPUTE_NO_QUORUM", valid, needed: 2 });
    const refused = async (signed: SignedVerdict, valid: number, message: RegExp) =>
      refuses(() => bringSigned(requested, signed), quorum(valid), message);
    const good = await signedBy(requested, OTHER, { 2: "birch", 3: "cedar" });
    const [second, third] = good.signatures as [IndexedSignature, IndexedSignature];
    await refused({ ...good, signatures: [second] }, 1, /1 of its signatures count, 2 are needed$/);
    const foreign = await signedBy(requested, OTHER, { 2: "birch", 3: "hospital" });
    await refused(foreign, 1, /; signature of worker 3 is not on this verdict and request, or not this worker's$/);
    const elsewhere = await signedBy(await answered(), OTHER, { 2: "birch", 3: "cedar" });
    await refused(elsewhere, 0, /signature of worker 2 is not on this verdict.*worker 3 is not on this verdict/);
    const broken = { index: 3, signature: `0x${"11".repeat(65)}` };
    await refused({ ...good, signatures: [second, broken] }, 1, /signature of worker 3 is none$/);
    const beyond = { ...third, index: 4 };
    await refused({ ...good, signatures: [second, beyond] }, 1, /worker 4 is of nobody: the committee has 3$/);

    const { address } = consortium.wallet("cedar next");
    await consortium.chain.provider.send("hardhat_setBalance", [address, "0x8ac7230489e80000"]);
    const rotation = { ...consortium.as("cedar"), newKeystore: "cedar next", newPasswordFile: "unused" };
    await rotateWorker.handler(rotation, consortium.context);
    await refused(good, 1, /signature of worker 3 is by a key that the worker has no more$/);
    const now = await signedBy(requested, OTHER, { 1: "alder", 2: "birch", 3: "cedar next" });
    const registry = memberRegistry(consortium.deployment, "worker", consortium.chain.wallet);
    await sendCall(
      consortium.deployment,
      consortium.chain.wallet,
      registry.revoke(consortium.wallet("cedar").address, "test"),
    );
    const [, ...two] = now.signatures;
    await refused(
      { ...now, signatures: two },
      1,
      /signature of worker 3 does not count: the worker is not active now$/,
    );
    const recorded = await bringSigned(requested, now);
    assert.ok("workers" in recorded);
    assert.deepEqual(recorded.workers, [1, 2], "whose signature the contract would refuse is left out");
    assert.match(consortium.context.lines.at(-1) ?? "", /^left out: signature of worker 3 does not count/);
  });

  it("is brought from the file that a worker left, which saw another quorum than the chain", async () => {
    const requested = await ask();
    const { requestId } = requested;
    const { deployment, folder, studyId } = consortium;
    const committee = await committeeRegistry(deployment, consortium.chain.provider).committee(studyId, 1n);
    const event = requestToJson(requested);
    const stored = { requestId, queryContract, block: 1, event, state: "pending", lastAttempt: 0n } as const;
    let pending: readonly (typeof stored)[] = [stored];
    const alarms: { event: string; fields: LogFields | undefined }[] = [];
    const unused = (): never => assert.fail("nothing is computed or posted here");
    const desk = new RequestDesk(
      {
        chainId: CHAIN_ID,
        deployment,
        committees: {
          seat: () => Promise.resolve({ studyId, committee, self: 3 as PartyIndex }),
          keys: () => Promise.resolve(["alder", "birch", "cedar"].map((name) => consortium.wallet(name).address)),
        },
        store: {
          requests: { pending: () => [...pending], get: () => stored } as unknown as DeskModules["store"]["requests"],
        },
        timers: new VirtualTime(),
        now: () => 0,
        log: (level, name, fields) => void (level === "alarm" && alarms.push({ event: name, fields })),
        records: {
          lastAttempt: () => 0n,
          takeAttempt: unused,
          recordSigned: unused,
          signedVerdict: () => undefined,
          keepEquivocation: () => undefined,
          keepDispute: (request, signed) => writeDisputeFile(folder, request, signed),
        },
        counts: new AttemptCounts(),
        signer: consortium.wallet("cedar"),
        inTurn: oneAfterAnother(),
        isConnected: () => false,
        send: () => undefined,
        compute: unused,
        keysOf: unused,
        isKeyOf: unused,
        stateOf: unused,
        answer: unused,
        expire: unused,
      } satisfies DeskModules,
      { attemptTimeoutMs: 1_000, takeoverMs: 300 },
    );
    await desk.onBlock(1);
    const signed = await signedBy(requested, OTHER, { 1: "alder", 2: "birch" });
    const frame = { session: requestId, epoch: 1n, step: 0, sender: 0, receiver: 0, seq: 0, attempt: 2n };
    const payload = encodeSignedVerdict(signed);
    await desk.onFrame(consortium.wallet("birch").address, { ...frame, kind: FrameKind.SIGNATURE, payload });
    const logs = await logsOf(await end(requested, VERDICT));
    // The same event of another contract says nothing about this request.
    desk.onCommitted(logs.map((log) => ({ ...log, address: ZERO_HASH.slice(0, 42) })));
    assert.deepEqual(alarms, []);
    pending = [];
    desk.onCommitted(logs);
    desk.stop();
    const path = join(folder, "disputes", `dispute-${requestId}.json`);
    assert.deepEqual(alarms, [
      {
        event: "quorum-contradicts-chain",
        fields: { requestId, attempt: 2n, outcome: Outcome.ANSWERED, indices: [1, 2], file: path },
      },
    ]);
    const recorded = await bring(requestId, path);
    assert.deepEqual([recorded.alreadyDisputed, recorded.outcome], [false, "ANSWERED"]);
  });
});
