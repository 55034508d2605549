/** The file of a dispute is read as it was written, or refused by the field that is wrong; and what contradicts what. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import { contradicts, disputeFromJson, disputeToJson } from "../../../workers/messages/dispute.ts";
import type { SignedVerdict } from "../../../workers/messages/signedVerdict.ts";
import { Outcome, ReleaseClass, type Verdict, ZERO_HASH, outputsHash } from "../../../workers/messages/statement.ts";
import { verdictFault } from "../../../workers/messages/verdictRules.ts";
import { fc } from "../../support/fastCheck.ts";

const VERDICT: Verdict = {
  attempt: 2n,
  outcome: Outcome.ANSWERED,
  suppressedBitmap: "0x02",
  outputs: [40n, 0n],
  sealedHash: ZERO_HASH,
};
const REFUSED: Verdict = { ...VERDICT, outcome: Outcome.REFUSED_DISCLOSURE, suppressedBitmap: "0x", outputs: [] };
const SIGNED: SignedVerdict = {
  verdict: VERDICT,
  signatures: [1, 3].map((index) => ({ index, signature: `0x${String(index).repeat(130)}` })),
};

const hexOf = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((each) => `0x${Buffer.from(each).toString("hex")}`);

describe("disputeFromJson", () => {
  it("reads what disputeToJson wrote", () => {
    const plain = { noNullPrototype: true };
    const verdict = fc.record(
      {
        attempt: fc.bigInt(0n, 2n ** 64n - 1n),
        outcome: fc.constantFrom(...Object.values(Outcome)),
        suppressedBitmap: fc.nat(9).chain(hexOf),
        outputs: fc.array(fc.bigInt(0n, 2n ** 256n - 1n), { maxLength: 9 }),
        sealedHash: hexOf(32),
      },
      plain,
    );
    const indices = fc.uniqueArray(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 7 });
    const signatures = fc
      .tuple(indices, hexOf(65))
      .map(([each, signature]) => each.toSorted((a, b) => a - b).map((index) => ({ index, signature })));
    fc.assert(
      fc.property(fc.record({ verdict, signatures }, plain), (signed) => {
        assert.deepEqual(disputeFromJson(disputeToJson(signed)), signed);
      }),
    );
  });

  it("names the field that has not its form", () => {
    const parsed = JSON.parse(disputeToJson(SIGNED)) as { verdict: object; signatures: object[] };
    const refused = (value: unknown, field: string): void =>
      assert.throws(() => disputeFromJson(typeof value === "string" ? value : JSON.stringify(value)), {
        detail: { code: "EVIDENCE_INVALID", field },
      });
    for (const text of ["", "{", "null", "[]", '"text"', "7"]) refused(text, "");
    refused({}, "verdict");
    refused({ ...parsed, request: "0x" }, "request");
    refused({ ...parsed, signatures: {} }, "signatures");
    refused({ ...parsed, signatures: [] }, "signatures");
    refused({ ...parsed, signatures: [7] }, "signatures[0]");
    for (const [name, value] of [
      ["attempt", "18446744073709551616"],
      ["attempt", undefined],
      ["outcome", 5],
      ["outcome", "1"],
      ["suppressedBitmap", "0x1"],
      ["outputs", "7"],
      ["sealedHash", "0x"],
      ["sealed", "0x"],
    ] as const) {
      refused({ ...parsed, verdict: { ...parsed.verdict, [name]: value } }, `verdict.${name}`);
    }
    refused({ ...parsed, verdict: { ...parsed.verdict, outputs: ["1", "x"] } }, "verdict.outputs[1]");
    const [first, second] = parsed.signatures as [object, object];
    for (const [name, value] of [
      ["index", 0],
      ["index", 256],
      ["index", 1],
      ["signature", "0x12"],
      ["worker", "0x12"],
    ] as const) {
      refused({ ...parsed, signatures: [first, { ...second, [name]: value }] }, `signatures[1].${name}`);
    }
  });
});

describe("contradicts", () => {
  const end = { outcome: Outcome.ANSWERED, outputsHash: outputsHash(VERDICT.outputs) };
  it("is true of another outcome and of other outputs, and not of another attempt or bitmap", () => {
    const other = (verdict: Verdict) => contradicts(verdict, end, ReleaseClass.PUBLIC);
    assert.deepEqual([other(REFUSED), other({ ...VERDICT, outputs: [40n, 1n] })], [true, true]);
    assert.equal(other({ ...VERDICT, outputs: [40n] }), true);
    for (const change of [{}, { attempt: 9n }, { suppressedBitmap: "0x" }]) {
      assert.equal(other({ ...VERDICT, ...change }), false);
    }
    const refusal = { ...end, outcome: Outcome.REFUSED_DISCLOSURE };
    assert.equal(contradicts(REFUSED, refusal, ReleaseClass.PUBLIC), false);
  });
  it("is true of a sealed answer only for another outcome", () => {
    assert.equal(contradicts({ ...VERDICT, outputs: [1n, 1n] }, end, ReleaseClass.SEALED), false);
    assert.equal(contradicts(REFUSED, end, ReleaseClass.SEALED), true);
  });
});

describe("verdictFault", () => {
  const sealed = { ...VERDICT, sealedHash: `0x${"01".repeat(32)}` };
  it("names what no verdict can have, as the contract refuses it", () => {
    for (const [verdict, releaseClass, fault] of [
      [VERDICT, ReleaseClass.PUBLIC, undefined],
      [REFUSED, ReleaseClass.PUBLIC, undefined],
      [sealed, ReleaseClass.SEALED, undefined],
      [REFUSED, ReleaseClass.SEALED, undefined],
      [{ ...REFUSED, outcome: Outcome.NONE }, ReleaseClass.PUBLIC, "outcome"],
      [{ ...REFUSED, outputs: [1n] }, ReleaseClass.PUBLIC, "outputs"],
      [{ ...VERDICT, outputs: [] }, ReleaseClass.PUBLIC, "outputs"],
      [{ ...REFUSED, suppressedBitmap: "0x01" }, ReleaseClass.PUBLIC, "suppressedBitmap"],
      [{ ...VERDICT, suppressedBitmap: "0x04" }, ReleaseClass.PUBLIC, "suppressedBitmap"],
      [{ ...VERDICT, suppressedBitmap: "0x00" }, ReleaseClass.PUBLIC, "suppressedBitmap"],
      [sealed, ReleaseClass.PUBLIC, "sealedHash"],
      [VERDICT, ReleaseClass.SEALED, "sealedHash"],
      [{ ...VERDICT, outputs: [40n, BN254_FR_MODULUS - 1n] }, ReleaseClass.PUBLIC, undefined],
      [{ ...VERDICT, outputs: [40n, BN254_FR_MODULUS] }, ReleaseClass.PUBLIC, "outputs[1]"],
    ] as const) {
      assert.equal(verdictFault(verdict, releaseClass), fault);
    }
  });
});
