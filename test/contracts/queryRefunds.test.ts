/** When a request ends without an answer, and who gets the price back. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroHash, id } from "ethers";
import { Capacity } from "../../workers/chain/credits.ts";
import { ethers, load, mineUntilNextIs } from "./support/chain.ts";
import { OUTSIDER, PRICE, QUERIER, answer, openRequest } from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";

const STATE = { NONE: 0n, REQUESTED: 1n, ANSWERED: 2n, REFUSED: 3n, EXPIRED: 4n, FAILED: 5n };

describe("QuerySmartContract", () => {
  describe("expire", () => {
    it("is refused in the deadline block", async () => {
      const world = await load(openRequest);
      const { deadlineBlock, context } = world.asked;
      await mineUntilNextIs(deadlineBlock);
      const act = world.query.expire(context.requestId, { gasLimit: 1_000_000 });
      await reverts(act, world.query, "QuerySmartContractDeadlineNotReached", [deadlineBlock, deadlineBlock]);
    });
    it("ends the request in the block after, by anyone, and refunds the querier", async () => {
      const world = await load(openRequest);
      const { deadlineBlock, context } = world.asked;
      await mineUntilNextIs(deadlineBlock + 1n);
      await world.query.connect(OUTSIDER).expire(context.requestId);
      assert.equal((await world.query.requestOf(context.requestId)).state, STATE.EXPIRED);
      assert.equal(await world.credits.credit(Capacity.QUERIER, QUERIER.address), PRICE);
      const events = await world.trail.queryFilter(world.trail.filters.Recorded(undefined, context.requestId));
      assert.deepEqual(
        events.slice(2).map(({ args }) => args.act),
        [id("QueryExpired"), id("PaymentRefunded")],
      );
      const again = world.query.expire(context.requestId);
      await reverts(again, world.query, "QuerySmartContractNotOpen", [context.requestId, STATE.EXPIRED]);
      await reverts(answer(world), world.query, "QuerySmartContractNotOpen", [context.requestId, STATE.EXPIRED]);
    });
    it("refunds a querier who was revoked meanwhile", async () => {
      const world = await load(openRequest);
      await world.queriers.revoke(QUERIER.address, "");
      await mineUntilNextIs(world.asked.deadlineBlock + 1n);
      await world.query.expire(world.asked.context.requestId);
      await world.credits.connect(QUERIER).withdraw(Capacity.QUERIER);
      for (const contract of [world.escrow, world.credits]) {
        assert.equal(await ethers.provider.getBalance(await contract.getAddress()), 0n);
      }
    });
    it("refuses an unknown request", async () => {
      const { query } = await load(openRequest);
      await reverts(query.expire(ZeroHash), query, "QuerySmartContractUnknownRequest", [ZeroHash]);
      assert.equal((await query.requestOf(ZeroHash)).state, STATE.NONE);
    });
  });
});
