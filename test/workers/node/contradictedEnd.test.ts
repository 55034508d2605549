/** A quorum that contradicts the chain is kept as evidence, and nothing else is. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { CodedError } from "../../../workers/errors.ts";
import { disputeFromJson } from "../../../workers/messages/dispute.ts";
import { FrameKind } from "../../../workers/messages/frame.ts";
import { type SignedVerdict, encodeSignedVerdict } from "../../../workers/messages/signedVerdict.ts";
import { Outcome, type Verdict, ZERO_HASH, outputsHash } from "../../../workers/messages/statement.ts";
import { writeDisputeFile } from "../../../workers/node/disputeFile.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { RequestWorld } from "./requestWorld.ts";

const WITNESS = 1 as PartyIndex;
const OTHERS = [2, 3, 4] as PartyIndex[];
const VERDICT: Verdict = {
  attempt: 1n,
  outcome: Outcome.ANSWERED,
  suppressedBitmap: "0x",
  outputs: [7n],
  sealedHash: ZERO_HASH,
};
const SAME = { outcome: Outcome.ANSWERED, outputsHash: outputsHash([7n]) };
const OTHER = { ...SAME, outputsHash: outputsHash([8n]) };

/** A worker that these members' signatures have reached; the others of its committee of four are the test's to play. */
async function witnessOf(signers: readonly PartyIndex[], verdicts = [VERDICT], onKeep?: () => void) {
  const world = new RequestWorld({ n: 4, t: 1, played: OTHERS, ...(onKeep && { onKeep }) });
  world.start(WITNESS);
  for (const verdict of verdicts) {
    for (const from of signers) {
      const payload = encodeSignedVerdict({ verdict, signatures: [await world.signatureOf(from, verdict)] });
      await world.deliver(from, WITNESS, { kind: FrameKind.SIGNATURE, attempt: verdict.attempt, payload });
    }
  }
  const alarms = () => world.logged.filter(({ level }) => level === "alarm").map(({ event }) => event);
  return { world, request: world.alive[WITNESS - 1]!, alarms };
}

describe("A quorum that a worker has collected", () => {
  it("is kept, with its signatures, when the chain has other outputs or another outcome", async () => {
    for (const end of [OTHER, { ...SAME, outcome: Outcome.REFUSED_DISCLOSURE }]) {
      const { world, request, alarms } = await witnessOf(OTHERS);
      request.compareEnd(end);
      const signatures = await Promise.all(OTHERS.map((index) => world.signatureOf(index, VERDICT)));
      assert.deepEqual(world.disputes, [{ self: WITNESS, signed: { verdict: VERDICT, signatures } }]);
      assert.deepEqual(alarms(), ["quorum-contradicts-chain"]);
    }
  });
  it("is not kept when the chain has the same, or when it is none", async () => {
    for (const [signers, end] of [
      [OTHERS, SAME],
      [OTHERS.slice(1), OTHER],
      [[], OTHER],
    ] as const) {
      const { world, request, alarms } = await witnessOf(signers);
      request.compareEnd(end);
      assert.deepEqual([world.disputes, alarms()], [[], []]);
    }
  });
  it("is kept also where it is not the first, and one of several", async () => {
    const later = (attempt: bigint) => ({ ...VERDICT, attempt, outputs: [attempt] });
    const { world, request } = await witnessOf(OTHERS, [VERDICT, later(2n), later(3n)]);
    request.compareEnd(SAME);
    assert.deepEqual(
      world.disputes.map(({ signed }) => signed.verdict),
      [later(2n)],
    );
  });
  it("is an alarm also when the disk fails, and the worker goes on", async () => {
    const { world, request, alarms } = await witnessOf(OTHERS, [VERDICT], () => {
      throw new CodedError({ code: "STORE_FULL" }, "the disk is full");
    });
    request.compareEnd(OTHER);
    assert.deepEqual([world.disputes, alarms()], [[], ["dispute-not-kept"]]);
  });
});

describe("writeDisputeFile", () => {
  const signed: SignedVerdict = { verdict: VERDICT, signatures: [{ index: 2, signature: `0x${"ab".repeat(65)}` }] };
  it("leaves one file, which only its owner reads, in a folder of its own", () => {
    const { path, remove } = temporaryFolder();
    const file = writeDisputeFile(path, ZERO_HASH, signed);
    assert.equal(file, join(path, "disputes", `dispute-${ZERO_HASH}.json`));
    assert.deepEqual(disputeFromJson(readFileSync(file, "utf8")), signed);
    assert.deepEqual(readdirSync(join(path, "disputes")), [`dispute-${ZERO_HASH}.json`]);
    assert.deepEqual([statSync(file).mode & 0o777, statSync(join(path, "disputes")).mode & 0o777], [0o600, 0o700]);
    remove();
  });
  it("throws where there can be no folder", () => {
    const { path, remove } = temporaryFolder();
    writeFileSync(join(path, "disputes"), "");
    assert.throws(() => writeDisputeFile(path, ZERO_HASH, signed), { code: "EEXIST" });
    remove();
  });
});
