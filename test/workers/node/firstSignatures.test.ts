import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Outcome, ZERO_HASH } from "../../../workers/messages/statement.ts";
import { FirstSignatures, MOST_ATTEMPTS } from "../../../workers/node/firstSignatures.ts";

/** A statement is told apart by its hash; here that is any text. */
function signed(output: bigint, attempt = 1n) {
  const rest = { outcome: Outcome.ANSWERED, suppressedBitmap: "0x", sealedHash: ZERO_HASH };
  return { verdict: { attempt, ...rest, outputs: [output] }, signature: `signature of ${output}` };
}

describe("FirstSignatures", () => {
  it("gives back what a member signed first when it signs another statement in the same attempt, each time", () => {
    const firsts = new FirstSignatures();
    assert.equal(firsts.note(1, "7", signed(7n)), undefined);
    assert.equal(firsts.note(1, "7", signed(7n)), undefined, "the same again");
    for (const output of [8n, 9n]) assert.deepEqual(firsts.note(1, String(output), signed(output)), signed(7n));
    assert.equal(firsts.note(1, "7", signed(7n)), undefined);
  });
  it("keeps members and attempts apart", () => {
    const firsts = new FirstSignatures();
    firsts.note(1, "7", signed(7n));
    assert.equal(firsts.note(2, "8", signed(8n)), undefined);
    assert.equal(firsts.note(1, "8", signed(8n, 2n)), undefined);
    assert.deepEqual(firsts.note(1, "9", signed(9n, 2n)), signed(8n, 2n));
  });
  it("remembers a member's newest attempts only, and forgets nobody else's", () => {
    const firsts = new FirstSignatures();
    firsts.note(2, "7", signed(7n));
    for (let attempt = 1n; attempt <= BigInt(MOST_ATTEMPTS) + 1n; attempt++) firsts.note(1, "7", signed(7n, attempt));
    assert.deepEqual(firsts.note(1, "8", signed(8n, 2n)), signed(7n, 2n));
    assert.equal(firsts.note(1, "8", signed(8n, 1n)), undefined, "the oldest is forgotten");
    assert.deepEqual(firsts.note(2, "8", signed(8n)), signed(7n));
  });
  it("forgets nothing newer for an attempt that is older than all it holds", () => {
    const firsts = new FirstSignatures();
    const oldest = 100n;
    for (let i = 0n; i < BigInt(MOST_ATTEMPTS); i++) firsts.note(1, "7", signed(7n, oldest + i));
    assert.equal(firsts.note(1, "7", signed(7n, 1n)), undefined);
    assert.deepEqual(firsts.note(1, "8", signed(8n, oldest)), signed(7n, oldest));
  });
});
