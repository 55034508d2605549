/** Quorums that contradict what the chain has: recorded once, and nothing else. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroHash, id } from "ethers";
import {
  Outcome,
  type Verdict,
  contextHash,
  statementHash,
  outputsHash,
  requestCommitment,
} from "../../workers/messages/statement.ts";
import { Capacity } from "../../workers/chain/credits.ts";
import { chainId, load, mineUntilNextIs, ethers } from "./support/chain.ts";
import {
  OUTSIDER,
  type OpenWorld,
  PRICE,
  QUERIER,
  VERDICT,
  answer,
  contextOf,
  openRequest,
  openSealedRequest,
  signVerdict,
  verdictOf,
  endedWordsOf,
  wordsOf,
} from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";

const OTHER: Verdict = { ...VERDICT, outputs: [...VERDICT.outputs.slice(1), 7n] };
const refusalOf = (outcome: Outcome): Verdict => ({ ...VERDICT, outcome, outputs: [] });
const SEALED: Verdict = { ...VERDICT, sealedHash: id("keys") };

type Ended = OpenWorld & { ended?: Verdict | undefined };

/** @param world.ended what the chain has */
async function dispute(world: Ended, verdict: Verdict, points = [2, 3, 4], context = world.asked.context) {
  const signatures = await signVerdict(world, verdict, points, context);
  const [, querier, answered] = endedWordsOf(world, world.ended);
  return world.query.connect(OUTSIDER).dispute(contextOf(context), querier, answered, verdictOf(verdict), signatures);
}

describe("QuerySmartContract", () => {
  async function answered() {
    const world = await openRequest();
    await answer(world);
    return { ...world, ended: VERDICT };
  }
  const noConflict = (world: Ended, verdict: Verdict, outcome: Outcome) =>
    reverts(dispute(world, verdict), world.query, "QuerySmartContractNoConflict", [
      world.asked.context.requestId,
      outcome,
    ]);

  describe("dispute", () => {
    for (const [what, verdict] of [
      ["other outputs", OTHER],
      ["other outputs in another attempt", { ...OTHER, attempt: 2n }],
      ["more outputs", { ...VERDICT, outputs: [...VERDICT.outputs, 1n] }],
      ["a refusal", refusalOf(Outcome.REFUSED_DISCLOSURE)],
    ] as const) {
      it(`records a quorum for ${what}, and leaves the answer and its money as they are`, async () => {
        const world = await load(answered);
        const { query, trail } = world;
        const { requestId } = world.asked.context;
        const present = async () => [
          [...(await query.requestOf(requestId))],
          await query.isSettled(requestId),
          await ethers.provider.getBalance(await query.getAddress()),
        ];
        const before = await present();
        await dispute(world, verdict);
        assert.deepEqual(await present(), before);
        assert.equal(await query.isDisputed(requestId), true);
        const contract = await query.getAddress();
        const statement = statementHash({ chainId, contract, context: world.asked.context, verdict });
        const [event] = await query.queryFilter(query.filters.QueryDisputed(requestId));
        const { attempt, outcome, outputs } = verdict;
        assert.deepEqual(
          [event?.args[1], event?.args[2], [...(event?.args[4] ?? [])], event?.args[6]],
          [attempt, BigInt(outcome), [...outputs], statement],
        );
        const recorded = (await trail.queryFilter(trail.filters.Recorded(undefined, requestId))).at(-1);
        assert.deepEqual(
          [recorded?.args.act, recorded?.args.oldHash, recorded?.args.newHash],
          [id("QueryDisputed"), contextHash(world.asked.context), statement],
        );
      });
    }
    it("refuses what says the same in another attempt", async () => {
      const world = await load(answered);
      await noConflict(world, VERDICT, Outcome.ANSWERED);
      await noConflict(world, { ...VERDICT, attempt: 9n }, Outcome.ANSWERED);
      assert.equal(await world.query.isDisputed(world.asked.context.requestId), false);
    });
    it("tells the two refusals and the failure apart", async () => {
      const outcomes = [Outcome.REFUSED_EMPTY_SET, Outcome.REFUSED_DISCLOSURE, Outcome.FAILED_UNAVAILABLE];
      for (const outcome of outcomes) {
        for (const other of outcomes) {
          const world = await load(openRequest);
          await answer(world, [1, 2, 3], refusalOf(outcome));
          assert.equal((await world.query.requestOf(world.asked.context.requestId)).outcome, BigInt(outcome));
          if (other === outcome) await noConflict(world, refusalOf(other), outcome);
          else await dispute(world, refusalOf(other));
        }
      }
    });
    it("refunds and pays nobody: a failed request that was also answered stays refunded, once", async () => {
      const world = await load(openRequest);
      await answer(world, [1, 2, 3], refusalOf(Outcome.FAILED_UNAVAILABLE));
      await dispute(world, VERDICT);
      assert.equal(await world.credits.credit(Capacity.QUERIER, QUERIER.address), PRICE);
      const { requestId } = world.asked.context;
      const settled = world.query.settle(...endedWordsOf(world));
      await reverts(settled, world.query, "QuerySmartContractNothingToSettle", [requestId]);
    });
    it("of a sealed answer is only another outcome: each attempt masks its outputs anew", async () => {
      const world = { ...(await load(openSealedRequest)), ended: SEALED };
      await answer(world, [1, 2, 3], SEALED);
      await noConflict(world, { ...SEALED, attempt: 2n, outputs: OTHER.outputs }, Outcome.ANSWERED);
      await dispute(world, refusalOf(Outcome.REFUSED_DISCLOSURE));
    });
    it("is recorded once", async () => {
      const world = await load(answered);
      await dispute(world, OTHER);
      const { requestId } = world.asked.context;
      const again = dispute(world, refusalOf(Outcome.REFUSED_DISCLOSURE));
      await reverts(again, world.query, "QuerySmartContractAlreadyDisputed", [requestId]);
    });
    it("refuses an open, an expired and an unknown request, and another context", async () => {
      const world = await load(openRequest);
      const { context, deadlineBlock } = world.asked;
      const nothing = (state: bigint) =>
        reverts(dispute(world, OTHER), world.query, "QuerySmartContractNothingToDispute", [context.requestId, state]);
      await nothing(1n);
      await mineUntilNextIs(deadlineBlock + 1n);
      await world.query.expire(...wordsOf(world));
      await nothing(4n);
      const unknown = dispute(world, OTHER, [2, 3, 4], { ...context, requestId: ZeroHash });
      await reverts(unknown, world.query, "QuerySmartContractUnknownRequest", [ZeroHash]);
      const done = await load(answered);
      const changed = { ...done.asked.context, requestBlock: 1n };
      const { querier } = done.asked;
      const expected = requestCommitment(done.asked.context, querier, outputsHash(VERDICT.outputs));
      await reverts(dispute(done, OTHER, [2, 3, 4], changed), done.query, "QuerySmartContractCommitmentMismatch", [
        requestCommitment(changed, querier, outputsHash(VERDICT.outputs)),
        expected,
      ]);
      for (const ended of [undefined, OTHER]) {
        const { context } = done.asked;
        const given = requestCommitment(context, querier, ended === undefined ? ZeroHash : outputsHash(ended.outputs));
        const act = dispute({ ...done, ended }, OTHER);
        await reverts(act, done.query, "QuerySmartContractCommitmentMismatch", [given, expected]);
      }
    });
    it("asks for the quorum and the verdict that an answer needs", async () => {
      const world = await load(answered);
      await reverts(dispute(world, OTHER, [1, 2]), world.query, "QuerySmartContractQuorum", [2, 3]);
      const act = dispute(world, OTHER, [1, 3, 2]);
      await reverts(act, world.query, "QuerySmartContractSignaturesNotAscending", [2]);
      const malformed = { ...refusalOf(Outcome.REFUSED_DISCLOSURE), outputs: [1n] };
      await reverts(dispute(world, malformed), world.query, "QuerySmartContractInvalidVerdict", [3]);
      await world.workers.revoke(world.committee[3]?.address ?? "", "");
      const revoked = world.committee[3]?.address ?? "";
      await reverts(dispute(world, OTHER), world.query, "QuerySmartContractInvalidSigner", [4, revoked, revoked]);
    });
    it("is never stopped", async () => {
      const world = await load(answered);
      await world.emergencyStop.stop("");
      await dispute(world, OTHER);
    });
  });
});
