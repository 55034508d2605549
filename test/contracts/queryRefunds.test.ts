/** When a request ends without an answer, and who gets the price back. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroHash, id } from "ethers";
import { Capacity } from "../../workers/chain/credits.ts";
import { ethers, load, mineUntilNextIs } from "./support/chain.ts";
import { OUTSIDER, PRICE, QUERIER, answer, openRequest, wordsOf } from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";
import { requestCommitment } from "../../workers/messages/statement.ts";

const STATE = { NONE: 0n, REQUESTED: 1n, ANSWERED: 2n, REFUSED: 3n, EXPIRED: 4n, FAILED: 5n };

describe("QuerySmartContract", () => {
  describe("expire", () => {
    it("is refused in the deadline block", async () => {
      const world = await load(openRequest);
      const { deadlineBlock } = world.asked;
      await mineUntilNextIs(deadlineBlock);
      const act = world.query.expire(...wordsOf(world), { gasLimit: 1_000_000 });
      await reverts(act, world.query, "QuerySmartContractDeadlineNotReached", [deadlineBlock, deadlineBlock]);
    });
    it("ends the request in the block after, by anyone, and refunds the querier", async () => {
      const world = await load(openRequest);
      const { deadlineBlock, context } = world.asked;
      await mineUntilNextIs(deadlineBlock + 1n);
      await world.query.connect(OUTSIDER).expire(...wordsOf(world));
      assert.equal((await world.query.requestOf(context.requestId)).state, STATE.EXPIRED);
      assert.equal(await world.credits.credit(Capacity.QUERIER, QUERIER.address), PRICE);
      const events = await world.trail.queryFilter(world.trail.filters.Recorded(undefined, context.requestId));
      assert.deepEqual(
        events.slice(1).map(({ args }) => args.act),
        [id("QueryExpired"), id("PaymentRefunded")],
      );
      const again = world.query.expire(...wordsOf(world));
      await reverts(again, world.query, "QuerySmartContractNotOpen", [context.requestId, STATE.EXPIRED]);
      await reverts(answer(world), world.query, "QuerySmartContractNotOpen", [context.requestId, STATE.EXPIRED]);
    });
    it("refunds a querier who was revoked meanwhile", async () => {
      const world = await load(openRequest);
      await world.queriers.revoke(QUERIER.address, "");
      await mineUntilNextIs(world.asked.deadlineBlock + 1n);
      await world.query.expire(...wordsOf(world));
      await world.credits.connect(QUERIER).withdraw(Capacity.QUERIER);
      for (const contract of [world.query, world.credits]) {
        assert.equal(await ethers.provider.getBalance(await contract.getAddress()), 0n);
      }
    });
    it("refuses another context and another querier: nobody else is refunded", async () => {
      const world = await load(openRequest);
      const { context, querier, deadlineBlock } = world.asked;
      const expected = requestCommitment(context, querier, ZeroHash);
      await mineUntilNextIs(deadlineBlock + 1n);
      const early = { ...context, requestBlock: context.requestBlock - 1n };
      for (const asked of [
        { context, querier: OUTSIDER.address },
        { context: early, querier },
      ]) {
        const act = world.query.connect(OUTSIDER).expire(...wordsOf({ asked }), { gasLimit: 1_000_000 });
        const given = requestCommitment(asked.context, asked.querier, ZeroHash);
        await reverts(act, world.query, "QuerySmartContractCommitmentMismatch", [given, expected]);
      }
    });
    it("refuses an unknown request", async () => {
      const { query, asked } = await load(openRequest);
      const unknown = wordsOf({ asked: { ...asked, context: { ...asked.context, requestId: ZeroHash } } });
      await reverts(query.expire(...unknown), query, "QuerySmartContractUnknownRequest", [ZeroHash]);
      assert.equal((await query.requestOf(ZeroHash)).state, STATE.NONE);
    });
  });
});
