/** Which answers and refusals a query contract takes, and from which quorum. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroAddress, ZeroHash, id } from "ethers";
import type { HDNodeWallet } from "ethers";
import {
  Outcome,
  type Verdict,
  contextHash,
  statementHash,
  outputsHash,
  requestCommitment,
} from "../../workers/messages/statement.ts";
import { ANSWER } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { Capacity } from "../../workers/chain/credits.ts";
import { blockNumber, chainId, load, mineUntilNextIs, networkHelpers, ethers } from "./support/chain.ts";
import {
  OUTSIDER,
  RELAYER,
  VERDICT,
  WORKERS,
  answer,
  ask,
  contextOf,
  openRequest,
  signVerdict,
  verdictOf,
  type OpenWorld,
  PRICE,
  QUERIER,
  wordsOf,
} from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";
import { shouldCheckSignature } from "./support/signedAct.behavior.ts";

const STATE = { NONE: 0n, REQUESTED: 1n, ANSWERED: 2n, REFUSED: 3n, EXPIRED: 4n, FAILED: 5n };
const BN254_FR_MODULUS = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
const NINE = [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n];

describe("QuerySmartContract", () => {
  describe("answer", () => {
    it("commits to the outputs, stores the assurance, and emits the outputs", async () => {
      const world = await load(openRequest);
      const { query, asked, trail } = world;
      const { requestId } = asked.context;
      await answer(world);
      const found = await query.requestOf(requestId);
      assert.deepEqual([found.state, found.assurance, found.suppressed], [STATE.ANSWERED, 1n, false]);
      assert.equal(found.commitment, requestCommitment(asked.context, asked.querier, outputsHash(VERDICT.outputs)));
      const [event] = await query.queryFilter(query.filters.QueryAnswered(requestId));
      const contract = await query.getAddress();
      const statement = statementHash({ chainId, contract, context: asked.context, verdict: VERDICT });
      assert.deepEqual([...(event?.args.outputs ?? [])], VERDICT.outputs);
      assert.deepEqual([event?.args.attempt, event?.args.statement], [1n, statement]);
      const events = await trail.queryFilter(trail.filters.Recorded(undefined, requestId));
      assert.deepEqual(
        events.slice(1).map(({ args }) => args.act),
        [id("QueryAnswered")],
      );
      assert.deepEqual([events[1]?.args.oldHash, events[1]?.args.newHash], [contextHash(asked.context), statement]);
      assert.equal(await ethers.provider.getBalance(contract), PRICE);
    });
    for (const [outcome, state, kept, act] of [
      [Outcome.REFUSED_EMPTY_SET, STATE.REFUSED, PRICE, "QueryRefused"],
      [Outcome.REFUSED_DISCLOSURE, STATE.REFUSED, PRICE, "QueryRefused"],
      [Outcome.FAILED_UNAVAILABLE, STATE.FAILED, 0n, "QueryFailed"],
    ] as const) {
      it(`takes outcome ${outcome} from the same quorum`, async () => {
        const world = await load(openRequest);
        const { requestId } = world.asked.context;
        await answer(world, [1, 2, 3], { ...VERDICT, outcome, outputs: [] });
        const found = await world.query.requestOf(requestId);
        const { context, querier } = world.asked;
        assert.deepEqual([found.state, found.assurance, found.outcome], [state, 1n, BigInt(outcome)]);
        assert.equal(found.commitment, requestCommitment(context, querier, ZeroHash));
        assert.equal(await ethers.provider.getBalance(await world.query.getAddress()), kept);
        assert.equal(await world.credits.credit(Capacity.QUERIER, QUERIER.address), PRICE - kept);
        const [event] = await world.query.queryFilter(world.query.filters.QueryRefused(requestId));
        assert.equal(event?.args.outcome, BigInt(outcome));
        const events = await world.trail.queryFilter(world.trail.filters.Recorded(undefined, requestId));
        assert.equal(events[1]?.args.act, id(act));
      });
    }

    const committees = [
      [3, 1],
      [4, 1],
      [5, 1],
      [5, 2],
      [6, 2],
      [7, 2],
      [7, 3],
    ] as const;
    for (const [n, t] of committees) {
      it(`of n = ${n}, t = ${t} needs min(n - t, 2t + 1) signatures: every size from 0 to n`, async () => {
        async function committee() {
          return openRequest(n, t);
        }
        const world = await load(committee);
        const needed = Math.min(n - t, 2 * t + 1);
        for (let size = 0; size <= n; size++) {
          const snapshot = await networkHelpers.takeSnapshot();
          const points = WORKERS.slice(0, size).map((_, i) => n - size + i + 1);
          const act = answer(world, points);
          if (size < needed) await reverts(act, world.query, "QuerySmartContractQuorum", [size, needed]);
          else await act;
          await snapshot.restore();
        }
      });
    }
    it("takes any quorum of the committee", async () => {
      const world = await load(openRequest);
      for (const points of [
        [1, 2, 3],
        [1, 2, 4],
        [1, 3, 4],
        [2, 3, 4],
      ]) {
        const snapshot = await networkHelpers.takeSnapshot();
        await answer(world, points);
        await snapshot.restore();
      }
    });

    const post = async (world: OpenWorld, signatures: { index: number; signature: string }[], verdict = VERDICT) =>
      world.query.connect(RELAYER).answer(...wordsOf(world), verdictOf(verdict), signatures);

    it("refuses the same signer twice, and signatures out of order", async () => {
      const world = await load(openRequest);
      const [one, two, three] = await signVerdict(world, VERDICT, [1, 2, 3]);
      assert.ok(one && two && three);
      const name = "QuerySmartContractSignaturesNotAscending";
      await reverts(post(world, [one, one, two]), world.query, name, [1]);
      await reverts(post(world, [one, three, two]), world.query, name, [2]);
      await reverts(post(world, [one, two, two, three]), world.query, name, [2]);
    });
    it("refuses one worker's signature under two indices", async () => {
      const world = await load(openRequest);
      const [one, two] = await signVerdict(world, VERDICT, [1, 2]);
      assert.ok(one && two);
      const act = post(world, [one, two, { index: 3, signature: two.signature }]);
      const workers = WORKERS.map(({ address }) => address);
      await reverts(act, world.query, "QuerySmartContractInvalidSigner", [3, workers[1], workers[2]]);
    });
    it("refuses index 0 and an index past n", async () => {
      const world = await load(openRequest);
      const [one, two, three] = await signVerdict(world, VERDICT, [1, 2, 3]);
      assert.ok(one && two && three);
      const zero = post(world, [{ ...one, index: 0 }, two, three]);
      await reverts(zero, world.query, "QuerySmartContractSignaturesNotAscending", [0]);
      const past = post(world, [one, two, { ...three, index: 5 }]);
      const expected = [5, (WORKERS[2] as HDNodeWallet).address, ZeroAddress];
      await reverts(past, world.query, "QuerySmartContractInvalidSigner", expected);
    });
    it("refuses a worker of another committee, and an outsider", async () => {
      const world = await load(openRequest);
      const signatures = await signVerdict(world, VERDICT, [1, 2]);
      for (const stranger of [WORKERS[6] as HDNodeWallet, OUTSIDER]) {
        const [forged] = await signVerdict({ ...world, committee: [stranger] }, VERDICT, [1]);
        const act = post(world, [...signatures, { index: 3, signature: forged?.signature ?? "" }]);
        const expected = [3, stranger.address, (WORKERS[2] as HDNodeWallet).address];
        await reverts(act, world.query, "QuerySmartContractInvalidSigner", expected);
      }
    });
    it("refuses a worker revoked after signing; the others still can", async () => {
      const world = await load(openRequest);
      const worker = (WORKERS[1] as HDNodeWallet).address;
      const signatures = await signVerdict(world, VERDICT, [1, 2, 3]);
      await world.workers.revoke(worker, "");
      await reverts(post(world, signatures), world.query, "QuerySmartContractInvalidSigner", [2, worker, worker]);
      await answer(world, [1, 3, 4]);
    });
    it("refuses more signatures than needed when one is wrong", async () => {
      const world = await load(openRequest);
      const signatures = await signVerdict(world, VERDICT, [1, 2, 3]);
      const act = post(world, [...signatures, { index: 4, signature: signatures[0]?.signature ?? "" }]);
      const expected = [4, (WORKERS[0] as HDNodeWallet).address, (WORKERS[3] as HDNodeWallet).address];
      await reverts(act, world.query, "QuerySmartContractInvalidSigner", expected);
    });
    it("refuses signatures for another request, attempt, outcome or output", async () => {
      const world = await load(openRequest);
      const second = { ...world, asked: await ask(world) };
      const [first] = VERDICT.outputs;
      for (const [signed, verdict] of [
        [await signVerdict(world, VERDICT, [1, 2, 3]), VERDICT],
        [await signVerdict(second, VERDICT, [1, 2, 3]), { ...VERDICT, attempt: 2n }],
        [await signVerdict(second, VERDICT, [1, 2, 3]), { ...VERDICT, suppressedBitmap: "0x01" }],
        [await signVerdict(second, VERDICT, [1, 2, 3]), { ...VERDICT, outputs: [(first ?? 0n) + 1n] }],
        [await signVerdict(second, VERDICT, [1, 2, 3]), { ...VERDICT, outcome: 2, outputs: [] } satisfies Verdict],
      ] as const) {
        await assert.rejects(post(second, signed, verdict), /QuerySmartContractInvalidSigner\(1,/);
      }
    });
    it("refuses a context that is not the request's, whichever word differs", async () => {
      const world = await load(openRequest);
      const { query, asked } = world;
      const expected = requestCommitment(asked.context, asked.querier, ZeroHash);
      for (const change of [
        { studyId: id("x") },
        { queryHash: id("x") },
        { parametersHash: id("x") },
        { policyHash: id("x") },
        { datasetRoots: asked.context.datasetRoots.slice(1) },
        { datasetRoots: [...asked.context.datasetRoots].reverse() },
        { committeeEpoch: 2n },
        { requestBlock: 1n },
        { consentMaskRoot: id("x") },
        { releaseClass: 1 as const },
        { recipientsHash: id("x") },
      ]) {
        const context = { ...asked.context, ...change };
        const signatures = await signVerdict(world, VERDICT, [1, 2, 3], context);
        const act = query.answer(contextOf(context), asked.querier, verdictOf(VERDICT), signatures);
        const given = requestCommitment(context, asked.querier, ZeroHash);
        await reverts(act, query, "QuerySmartContractCommitmentMismatch", [given, expected]);
      }
      const signatures = await signVerdict(world, VERDICT, [1, 2, 3]);
      const byOther = query.answer(contextOf(asked.context), OUTSIDER.address, verdictOf(VERDICT), signatures);
      const given = requestCommitment(asked.context, OUTSIDER.address, ZeroHash);
      await reverts(byOther, query, "QuerySmartContractCommitmentMismatch", [given, expected]);
      const requestId = id("x");
      const act = query.answer(contextOf({ ...asked.context, requestId }), asked.querier, verdictOf(VERDICT), []);
      await reverts(act, query, "QuerySmartContractUnknownRequest", [requestId]);
    });
    for (const [what, verdict] of [
      ["no outcome", { ...VERDICT, outcome: Outcome.NONE, outputs: [] }],
      ["no outcome but outputs", { ...VERDICT, outcome: Outcome.NONE }],
      ["an answer without outputs", { ...VERDICT, outputs: [] }],
      ["a refusal with outputs", { ...VERDICT, outcome: Outcome.REFUSED_DISCLOSURE }],
      [
        "a refusal with a bitmap",
        { ...VERDICT, outcome: Outcome.REFUSED_EMPTY_SET, outputs: [], suppressedBitmap: "0x01" },
      ],
      [
        "a refusal with an empty set's bitmap",
        { ...VERDICT, outcome: Outcome.REFUSED_DISCLOSURE, outputs: [], suppressedBitmap: "0x00" },
      ],
      ["a bitmap of too many bytes", { ...VERDICT, suppressedBitmap: "0x0100" }],
      ["a bitmap of too few bytes", { ...VERDICT, suppressedBitmap: "0x01", outputs: NINE }],
      ["a bitmap with a stray bit", { ...VERDICT, suppressedBitmap: "0x41" }],
      ["a bitmap with a stray bit in its last byte", { ...VERDICT, suppressedBitmap: "0x0102", outputs: NINE }],
      ["a bitmap that hides nothing", { ...VERDICT, suppressedBitmap: "0x00" }],
      ["a longer bitmap that hides nothing", { ...VERDICT, suppressedBitmap: "0x0000", outputs: NINE }],
      ["a failure with outputs", { ...VERDICT, outcome: Outcome.FAILED_UNAVAILABLE }],
      ["a sealed hash in a PUBLIC answer", { ...VERDICT, sealedHash: id("sealed") }],
    ] satisfies [string, Verdict][]) {
      it(`refuses ${what}, whoever signed it`, async () => {
        const world = await load(openRequest);
        const act = answer(world, [1, 2, 3, 4], verdict);
        await reverts(act, world.query, "QuerySmartContractInvalidVerdict", [verdict.outcome]);
      });
    }
    it("takes hidden outputs, first and last bit of whole and of half bytes, and emits which", async () => {
      const world = await load(openRequest);
      const eight = NINE.slice(0, 8);
      for (const [suppressedBitmap, outputs] of [
        ["0x01", [0n]],
        ["0x21", VERDICT.outputs],
        ["0x80", eight],
        ["0xff", eight],
        ["0x0001", NINE],
        ["0x0100", NINE],
        ["0x" + "00".repeat(32) + "01", new Array<bigint>(257).fill(0n)],
      ] as const) {
        const snapshot = await networkHelpers.takeSnapshot();
        const { requestId } = world.asked.context;
        await answer(world, [1, 2, 3], { ...VERDICT, suppressedBitmap, outputs });
        const [event] = await world.query.queryFilter(world.query.filters.QueryAnswered(requestId));
        assert.equal(event?.args.suppressedBitmap, suppressedBitmap);
        await snapshot.restore();
      }
    });
    it("takes outputs below r and refuses r, r + 1 and 2^256 - 1, whoever signed them", async () => {
      const world = await load(openRequest);
      for (const output of [BN254_FR_MODULUS, BN254_FR_MODULUS + 1n, 2n ** 256n - 1n]) {
        const act = answer(world, [1, 2, 3], { ...VERDICT, outputs: [0n, output] });
        await reverts(act, world.query, "QuerySmartContractOutputOutOfField", [1]);
      }
      await answer(world, [1, 2, 3], { ...VERDICT, outputs: [0n, BN254_FR_MODULUS - 1n] });
    });
    it("happens once: a second answer, the same or by another quorum, is refused", async () => {
      const world = await load(openRequest);
      await answer(world);
      const expected = [world.asked.context.requestId, STATE.ANSWERED];
      await reverts(answer(world), world.query, "QuerySmartContractNotOpen", expected);
      const other = { ...VERDICT, attempt: 2n, outputs: [7n] };
      await reverts(answer(world, [2, 3, 4], other), world.query, "QuerySmartContractNotOpen", expected);
      await reverts(world.query.expire(...wordsOf(world)), world.query, "QuerySmartContractNotOpen", expected);
    });
    it("is taken after the query was revoked: the request was made before", async () => {
      const world = await load(openRequest);
      await world.catalogue.revoke(world.queryHash, "");
      await answer(world);
      assert.equal((await world.query.requestOf(world.asked.context.requestId)).state, STATE.ANSWERED);
    });
    it("earns nothing to whoever copies it", async () => {
      const world = await load(openRequest);
      await answer(world);
      assert.equal(await world.credits.credit(Capacity.ACCOUNT, RELAYER.address), 0n);
    });
    it("is taken in the deadline block", async () => {
      const world = await load(openRequest);
      await mineUntilNextIs(world.asked.deadlineBlock);
      await answer(world);
      assert.equal(await blockNumber(), world.asked.deadlineBlock);
    });
    it("is refused in the block after", async () => {
      const world = await load(openRequest);
      const { deadlineBlock } = world.asked;
      await mineUntilNextIs(deadlineBlock + 1n);
      const expected = [deadlineBlock, deadlineBlock + 1n];
      await reverts(answer(world), world.query, "QuerySmartContractDeadlinePassed", expected);
    });
  });

  shouldCheckSignature("Answer", async () => {
    const world = await load(openRequest);
    const contract = await world.query.getAddress();
    const statement = statementHash({ chainId, contract, context: world.asked.context, verdict: VERDICT });
    const signatures = await signVerdict(world, VERDICT, [1, 2, 3]);
    const signer = WORKERS[1] as HDNodeWallet;
    return {
      contract: world.query,
      domain: opalineDomain(chainId, contract),
      types: ANSWER,
      message: { statement },
      signer,
      submit: (signature) =>
        world.query
          .connect(RELAYER)
          .answer(...wordsOf(world), verdictOf(VERDICT), signatures.with(1, { index: 2, signature })),
      invalid: (recovered) => ["QuerySmartContractInvalidSigner", [2, recovered, signer.address]],
    };
  });
});
