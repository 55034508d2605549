import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbiCoder, TypedDataEncoder, id, keccak256, solidityPacked } from "ethers";
import type { VerdictHashHarness } from "../../types/mocks/VerdictHashHarness.ts";
import {
  ArmState,
  BOARD_SIGNATURE,
  Decision,
  type TrialVerdict,
  trialVerdictHash,
} from "../../workers/messages/trialVerdict.ts";
import { budget } from "../budget.ts";
import { fc } from "../support/fastCheck.ts";
import { deployMock } from "./support/chain.ts";
import { sendable } from "./support/trial.ts";

const coder = AbiCoder.defaultAbiCoder();
const hex = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`);
const whole = (bits: bigint) => fc.bigInt({ min: 0n, max: 2n ** bits - 1n });
const uint16 = fc.integer({ min: 0, max: 65_535 });

const verdict: fc.Arbitrary<TrialVerdict> = fc.record({
  trialId: hex(32),
  look: fc.integer({ min: 0, max: 255 }),
  decision: fc.constantFrom(...Object.values(Decision)),
  queryHash: hex(32),
  requestId: hex(32),
  outputsHash: hex(32),
  responded: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  posteriors: fc.array(uint16, { maxLength: 20 }),
  states: fc.array(fc.constantFrom(...Object.values(ArmState)), { maxLength: 20 }),
  allocation: fc.array(uint16, { maxLength: 20 }),
  reason: fc.string({ unit: "grapheme", maxLength: 100 }),
  deadline: whole(256n),
});
const signed = fc.record({
  member: hex(20),
  name: fc.string({ unit: "grapheme" }),
  meaning: fc.string({ unit: "grapheme" }),
  signedAt: whole(64n),
});

const VERDICT_TYPE =
  "TrialVerdict(bytes32 trialId,uint8 look,uint8 decision,bytes32 queryHash,bytes32 requestId,bytes32 outputsHash," +
  "uint32 responded,uint16[] posteriors,uint8[] states,uint16[] allocation,string reason,uint256 deadline)";

/** EIP-712 written out once more, so that no code is compared with itself. */
function hashOfSource(v: TrialVerdict): string {
  const words = (list: readonly number[]): string =>
    keccak256(
      solidityPacked(
        list.map(() => "uint256"),
        list,
      ),
    );
  return keccak256(
    coder.encode(
      [...["bytes32", "bytes32", "uint256", "uint256"], ...new Array<string>(3).fill("bytes32"), "uint256"].concat(
        new Array<string>(4).fill("bytes32"),
        "uint256",
      ),
      [
        ...[id(VERDICT_TYPE), v.trialId, v.look, v.decision, v.queryHash, v.requestId, v.outputsHash, v.responded],
        ...[words(v.posteriors), words(v.states), words(v.allocation), id(v.reason), v.deadline],
      ],
    ),
  );
}

describe("TrialVerdict and BoardSignature", () => {
  it("hash alike in Solidity, in TypeScript and from their source's words", async () => {
    const harness = await deployMock<VerdictHashHarness>("VerdictHashHarness");
    await fc.assert(
      fc.asyncProperty(verdict, signed, async (v, { member, ...said }) => {
        const hash = hashOfSource(v);
        assert.equal(trialVerdictHash(v), hash);
        assert.equal(await harness.ofVerdict(sendable(v)), hash);
        const message = { verdict: v, member, ...said };
        const expected = TypedDataEncoder.hashStruct("BoardSignature", BOARD_SIGNATURE, message);
        const words = [id(SIGNATURE_TYPE), hash, member, id(said.name), id(said.meaning), said.signedAt];
        const types = ["bytes32", "bytes32", "address", "bytes32", "bytes32", "uint64"];
        assert.equal(keccak256(coder.encode(types, words)), expected);
        const given = { member: 0, ...said, signature: "0x" };
        assert.equal(await harness.ofSignature(sendable(v), member, given), expected);
      }),
      { numRuns: budget.trialVerdictRuns },
    );
  });
});

const SIGNATURE_TYPE =
  "BoardSignature(TrialVerdict verdict,address member,string name,string meaning,uint64 signedAt)" + VERDICT_TYPE;
