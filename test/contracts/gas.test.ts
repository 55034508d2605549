/**
 * What one question costs on chain: prints the figures, and fails when they grow past what they are now. The limits are
 * the measured figures plus 2 %; lower them when the contracts get cheaper.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { load } from "./support/chain.ts";
import { OWNERS, POLICY, VERDICT, activate, answer, ask, openRequest } from "./support/consortium.ts";

const LIMITS = {
  priced: { request: 259_000n, answer: 177_000n },
  free: { request: 181_000n, answer: 155_000n },
};

describe("gas", () => {
  async function freeRequest() {
    return openRequest(4, 1, { ...POLICY, price: 0n, purposes: [] });
  }

  for (const [name, fixture] of [
    ["priced", openRequest],
    ["free", freeRequest],
  ] as const) {
    it(`of a ${name} request over three datasets and its answer by three of four workers stays within its limit`, async () => {
      const world = await load(fixture as typeof openRequest);
      const receipt = await (await answer(world)).wait();
      const spent = { request: world.asked.gasUsed, answer: receipt?.gasUsed ?? 0n };
      console.log(
        `gas, ${name}: request ${spent.request} + answer ${spent.answer} (${VERDICT.outputs.length} outputs)` +
          ` = ${spent.request + spent.answer}`,
      );
      assert.ok(spent.request <= LIMITS[name].request && spent.answer <= LIMITS[name].answer);
    });
  }

  it("of a request does not grow with the versions of its datasets", async () => {
    const world = await load(openRequest);
    const before = (await ask(world)).gasUsed;
    for (const version of [2n, 3n, 4n, 5n]) for (const owner of OWNERS) await activate(world, owner, version);
    const after = (await ask(world)).gasUsed;
    assert.ok(after <= before + 100n, `${before} became ${after}`);
  });
});
