/** What a peer may make the decoder do: nothing that costs more than the bytes are worth. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbiCoder, concat, getBytes, toBeHex } from "ethers";
import { decodeSignedVerdict, encodeSignedVerdict } from "../../../workers/messages/signedVerdict.ts";
import { Outcome, type Verdict, ZERO_HASH } from "../../../workers/messages/statement.ts";
import { encodeSuppressed } from "../../../workers/messages/suppressedBitmap.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";

const SIGNATURES = [1, 2, 3, 4, 5, 6, 7].map((index) => ({ index, signature: `0x${"11".repeat(65)}` }));
const WORD = 32;

function verdictOf(outputs: readonly bigint[], change: Partial<Verdict> = {}): Verdict {
  return { attempt: 1n, outcome: Outcome.ANSWERED, suppressedBitmap: "0x", outputs, sealedHash: ZERO_HASH, ...change };
}

function numbers(count: number): bigint[] {
  return Array.from({ length: count }, (_, i) => BigInt(i));
}

function assertInvalid(payload: Uint8Array, reason?: string): void {
  const expected = reason === undefined ? {} : { detail: { code: "SIGNED_VERDICT_INVALID", reason } };
  assert.throws(() => decodeSignedVerdict(payload), { code: "SIGNED_VERDICT_INVALID", ...expected });
}

describe("decodeSignedVerdict", () => {
  it("takes as many outputs as a query may open, and any number of signers", () => {
    for (const count of [1, 2, 1_024]) {
      for (const signers of [1, 7]) {
        const signed = { verdict: verdictOf(numbers(count)), signatures: SIGNATURES.slice(0, signers) };
        assert.deepEqual(decodeSignedVerdict(encodeSignedVerdict(signed)), signed);
      }
    }
    const refusal = { verdict: verdictOf([], { outcome: Outcome.REFUSED_EMPTY_SET }), signatures: SIGNATURES };
    assert.deepEqual(decodeSignedVerdict(encodeSignedVerdict(refusal)), refusal);
  });

  it("takes hidden outputs, from one to as many as a query may open", () => {
    for (const count of [1, 8, 9, 256, 257, 1_024]) {
      const hidden = encodeSuppressed(new Set([0, count - 1]), count);
      const outputs = numbers(count).map((output, i) => (i === 0 || i === count - 1 ? 0n : output));
      const signed = { verdict: verdictOf(outputs, { suppressedBitmap: hidden }), signatures: SIGNATURES };
      assert.deepEqual(decodeSignedVerdict(encodeSignedVerdict(signed)), signed);
    }
  });

  it("refuses every other bitmap, and one in a refusal", () => {
    const refused = (outputs: readonly bigint[], suppressedBitmap: string, change: Partial<Verdict> = {}): void => {
      const verdict = verdictOf(outputs, { suppressedBitmap, ...change });
      assertInvalid(encodeSignedVerdict({ verdict, signatures: SIGNATURES }), "suppressedBitmap");
    };
    refused([0n], "0x0000");
    refused([0n], `0x01${"00".repeat(31)}`);
    refused(numbers(9), "0x01");
    refused(numbers(1_024), `0x${"ff".repeat(129)}`);
    refused([0n], "0x00");
    refused([0n, 1n], "0x04");
    refused([0n, 1n], "0x02");
    for (const outcome of [Outcome.REFUSED_EMPTY_SET, Outcome.REFUSED_DISCLOSURE, Outcome.FAILED_UNAVAILABLE]) {
      refused([], "0x01", { outcome });
      refused([], "0x00", { outcome });
    }
  });

  it("takes masks in place of hidden outputs of a sealed answer, and no keys of a refusal", () => {
    const sealed = { suppressedBitmap: "0x03", sealedHash: `0x${"5e".repeat(32)}` };
    const signed = { verdict: verdictOf([9n, 0n, 7n], sealed), signatures: SIGNATURES };
    assert.deepEqual(decodeSignedVerdict(encodeSignedVerdict(signed)), signed);
    for (const outcome of [Outcome.REFUSED_EMPTY_SET, Outcome.REFUSED_DISCLOSURE, Outcome.FAILED_UNAVAILABLE]) {
      const verdict = verdictOf([], { ...sealed, outcome, suppressedBitmap: "0x" });
      assertInvalid(encodeSignedVerdict({ verdict, signatures: SIGNATURES }), "sealedHash");
    }
  });

  it("refuses more outputs, and attempts that nobody reaches", () => {
    const encode = (verdict: Verdict): Uint8Array => encodeSignedVerdict({ verdict, signatures: SIGNATURES });
    assertInvalid(encode(verdictOf(numbers(1_025))), "outputs");
    assertInvalid(encode(verdictOf([1n], { attempt: 1n << 32n })), "attempt");
    assertInvalid(encode(verdictOf([1n], { attempt: (1n << 64n) - 1n })), "attempt");
    assertInvalid(encode(verdictOf(numbers(2_100))), "length");
  });

  it("looks at the layout before it decodes: nested offsets into one another take no time", () => {
    // 1 MiB in which every offset points back and every length is large.
    const hostile = new Uint8Array(1 << 20);
    for (let at = 0; at + WORD <= hostile.length; at += WORD) hostile.set(getBytes(toBeHex(WORD, WORD)), at);
    const started = process.cpuUsage();
    assertInvalid(hostile);
    // The same within the limit, behind a head that looks right.
    const head = [2 * WORD, 9 * WORD, 1, 1, 5 * WORD, 6 * WORD, 0, 0, 0].map((word) => toBeHex(word, WORD));
    const rest = Array.from({ length: 2_000 }, () => toBeHex(WORD, WORD));
    assertInvalid(getBytes(concat([...head, ...rest])));
    const many = AbiCoder.defaultAbiCoder().encode(
      ["tuple(uint64, uint8, bytes, uint256[], bytes32)", "tuple(uint8 index, bytes signature)[]"],
      [[1, 1, "0x", [1n], ZERO_HASH], Array.from({ length: 300 }, (_, i) => ({ index: i % 256, signature: "0x" }))],
    );
    assertInvalid(getBytes(many), "signatures");
    const { user, system } = process.cpuUsage(started);
    assert.ok(user + system < 500_000, `${user + system} µs`);
  });

  it("takes one encoding only: any change of a word that places another is refused", () => {
    const bytes = encodeSignedVerdict({ verdict: verdictOf(numbers(3)), signatures: SIGNATURES.slice(0, 2) });
    const placing = [0, 1, 4, 5, 7, 8, 12, 13, 14, 16, 17];
    fc.assert(
      fc.property(fc.constantFrom(...placing), fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }), (word, value) => {
        const changed = Uint8Array.from(bytes);
        changed.set(getBytes(toBeHex(value, WORD)), word * WORD);
        if (Buffer.compare(changed, bytes) !== 0) assertInvalid(changed);
      }),
      { numRuns: budget.propertyRuns },
    );
  });

  it("reads no word past the shortest payload, whatever length the bitmap claims", () => {
    const refusal = { verdict: verdictOf([], { outcome: Outcome.REFUSED_DISCLOSURE }), signatures: [SIGNATURES[0]!] };
    const bytes = encodeSignedVerdict(refusal);
    for (const length of [1, 31, 32, 33, 127, 128, 129, 2 ** 47]) {
      const changed = Uint8Array.from(bytes);
      changed.set(getBytes(toBeHex(length, WORD)), 7 * WORD);
      assertInvalid(changed);
    }
    for (let words = 0; words < bytes.length / WORD; words++) assertInvalid(bytes.subarray(0, words * WORD), "length");
  });

  it("reads a payload that is a view into a larger buffer", () => {
    const signed = { verdict: verdictOf([5n]), signatures: SIGNATURES.slice(0, 1) };
    const bytes = encodeSignedVerdict(signed);
    const larger = new Uint8Array(bytes.length + 20).fill(0xff);
    larger.set(bytes, 7);
    assert.deepEqual(decodeSignedVerdict(larger.subarray(7, 7 + bytes.length)), signed);
  });
});
