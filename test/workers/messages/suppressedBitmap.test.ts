import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeSuppressed, encodeSuppressed } from "../../../workers/messages/suppressedBitmap.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";

function zeros(count: number): bigint[] {
  return new Array<bigint>(count).fill(0n);
}

function assertInvalid(bitmap: string, outputs: readonly bigint[], reason: string): void {
  assert.throws(() => decodeSuppressed(bitmap, outputs), { detail: { code: "SUPPRESSED_BITMAP_INVALID", reason } });
}

describe("the bitmap of hidden outputs", () => {
  it("puts output i at bit i mod 8, least significant first, of byte floor(i / 8)", () => {
    assert.equal(encodeSuppressed(new Set([0]), 1), "0x01");
    assert.equal(encodeSuppressed(new Set([7]), 8), "0x80");
    assert.equal(encodeSuppressed(new Set([8, 1]), 9), "0x0201");
    assert.equal(encodeSuppressed(new Set([0]), 24), "0x010000");
    assert.equal(encodeSuppressed(new Set(), 24), "0x");
  });

  it("gives back every set of hidden outputs", () => {
    const drawn = fc.array(fc.boolean(), { minLength: 1, maxLength: 1_024 });
    fc.assert(
      fc.property(drawn, (bits) => {
        const hidden = new Set(bits.flatMap((bit, output) => (bit ? [output] : [])));
        const outputs = bits.map((bit, output) => (bit ? 0n : BigInt(output)));
        const bitmap = encodeSuppressed(hidden, bits.length);
        assert.deepEqual([...decodeSuppressed(bitmap, outputs)], [...hidden]);
      }),
      { numRuns: budget.propertyRuns },
    );
  });

  it("is read in one form only", () => {
    assertInvalid("0x0100", zeros(8), "length");
    assertInvalid("0x01", zeros(9), "length");
    assertInvalid("0x01", [], "length");
    assertInvalid("0x10", zeros(4), "stray bits");
    assertInvalid("0x0180", zeros(15), "stray bits");
    assertInvalid("0x00", zeros(8), "nothing hidden");
    assertInvalid("0x0000", zeros(16), "nothing hidden");
    assertInvalid("0x02", [0n, 1n], "hidden output not 0");
    for (const text of ["", "0x1", "01", "0xzz", "0XFF", "0xAB", "0x01\n"]) assertInvalid(text, zeros(8), "bytes");
  });

  it("does not encode an output that is not there", () => {
    for (const output of [-1, 8, 0.5, NaN]) assert.throws(() => encodeSuppressed(new Set([output]), 8), RangeError);
  });
});
