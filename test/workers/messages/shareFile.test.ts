import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { keccak256 } from "ethers";
import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import {
  decodeShareFile,
  encodeShareFile,
  shareFileHash,
  shareFileLength,
} from "../../../workers/messages/shareFile.ts";
import type { ShareFile } from "../../../workers/messages/shareFile.ts";
import type { ShareFileHeader } from "../../../workers/messages/shareFileHeader.ts";
import { seedSubsetsOf } from "../../../workers/messages/shareFileHeader.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";

const bytes32 = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`);
const word = fc
  .oneof(fc.bigInt(0n, BN254_FR_MODULUS - 1n), fc.constantFrom(0n, 1n, BN254_FR_MODULUS - 1n))
  .map((value) => Buffer.from(value.toString(16).padStart(64, "0"), "hex"));

const shareFile: fc.Arbitrary<ShareFile> = fc
  .record({
    size: fc.constantFrom({ n: 3, t: 1 }, { n: 4, t: 1 }, { n: 5, t: 2 }, { n: 7, t: 3 }),
    partyDraw: fc.nat(),
    rowCount: fc.integer({ min: 1, max: 6 }),
    columns: fc.uniqueArray(bytes32, { minLength: 1, maxLength: 4 }),
    ids: fc.tuple(bytes32, bytes32, bytes32),
    version: fc.bigInt(1n, (1n << 64n) - 1n),
    committeeEpoch: fc.bigInt(0n, (1n << 64n) - 1n),
    log2N: fc.integer({ min: 3, max: 28 }),
    blinders: fc.integer({ min: 0, max: 4_096 }),
  })
  .map(({ size, partyDraw, rowCount, columns, ids: [studyId, datasetId, schemaHash], ...rest }): ShareFileHeader => {
    const party = (partyDraw % size.n) + 1;
    const seedSubsets = seedSubsetsOf(party, size);
    return { format: 1, studyId, datasetId, schemaHash, ...size, party, rowCount, ...rest, columns, seedSubsets };
  })
  .chain((header) =>
    fc.record({
      header: fc.constant(header),
      seeds: fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), {
        minLength: header.seedSubsets.length,
        maxLength: header.seedSubsets.length,
      }),
      columns: fc.array(
        fc.array(word, { minLength: header.rowCount, maxLength: header.rowCount }).map((words) => Buffer.concat(words)),
        { minLength: header.columns.length, maxLength: header.columns.length },
      ),
    }),
  );

const encode = ({ header, seeds, columns }: ShareFile): Uint8Array => encodeShareFile(header, seeds, columns);
const plain = (file: ShareFile): unknown => ({
  header: file.header,
  seeds: file.seeds.map((seed) => [...seed]),
  columns: file.columns.map((column) => [...column]),
});

const sample = (): ShareFile => fc.sample(shareFile, { numRuns: 1, seed: 7 })[0] as ShareFile;

/** The file with another header text, lengths adjusted. */
function withHeaderText(bytes: Uint8Array, change: (text: string) => string): Uint8Array {
  const length = Buffer.from(bytes).readUInt32BE(8);
  const text = change(Buffer.from(bytes.subarray(12, 12 + length)).toString("utf8"));
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(Buffer.byteLength(text));
  return Buffer.concat([bytes.subarray(0, 8), prefix, Buffer.from(text), bytes.subarray(12 + length)]);
}

const withHeader = (bytes: Uint8Array, change: Readonly<Record<string, unknown>>): Uint8Array =>
  withHeaderText(bytes, (text) => JSON.stringify({ ...(JSON.parse(text) as object), ...change }));

describe("share file", () => {
  it("round-trips, and its one encoding is what is hashed", () => {
    fc.assert(
      fc.property(shareFile, (file) => {
        const bytes = encode(file);
        assert.deepEqual(plain(decodeShareFile(bytes)), plain(file));
        assert.deepEqual(encode(decodeShareFile(bytes)), bytes);
        assert.equal(shareFileHash(bytes), keccak256(bytes));
        assert.equal(shareFileLength(file.header), bytes.length);
      }),
      { numRuns: budget.propertyRuns },
    );
  });

  it("decodes from a view at any offset", () => {
    const bytes = encode(sample());
    const padded = new Uint8Array(bytes.length + 8);
    padded.set(bytes, 5);
    assert.deepEqual(plain(decodeShareFile(padded.subarray(5, 5 + bytes.length))), plain(sample()));
  });

  it("lays bytes out as documented", () => {
    const file = sample();
    const bytes = Buffer.from(encode(file));
    assert.equal(bytes.toString("latin1", 0, 8), "OPALSHR1");
    const end = 12 + bytes.readUInt32BE(8);
    assert.match(bytes.toString("utf8", 12, end), /^\{"format":1,"studyId":"0x[0-9a-f]{64}",.*"version":"\d+".*\]\}$/);
    assert.deepEqual(bytes.subarray(end), Buffer.concat([...file.seeds, ...file.columns]));
  });

  it("refuses every truncation and every extra byte", () => {
    const bytes = encode(sample());
    for (let length = 0; length < bytes.length; length += 1) {
      assert.throws(() => decodeShareFile(bytes.subarray(0, length)), { name: "CodedError" }, String(length));
    }
    const longer = Buffer.concat([bytes, Uint8Array.of(0)]);
    assert.throws(() => decodeShareFile(longer), { code: "SHARE_FILE_WRONG_LENGTH" });
  });

  it("refuses another magic or format", () => {
    const bytes = encode(sample());
    for (let index = 0; index < 8; index += 1) {
      const twin = Uint8Array.from(bytes);
      twin[index] = (twin[index] as number) ^ 1;
      assert.throws(() => decodeShareFile(twin), { code: "SHARE_FILE_BAD_MAGIC" });
    }
  });

  const BAD_VALUES: Readonly<Record<keyof ShareFileHeader, readonly unknown[]>> = {
    format: [0, 2, "1", 1.5],
    studyId: ["0x12", `0x${"A".repeat(64)}`, `0x${"1".repeat(63)}`, 1, null],
    datasetId: ["", `${"1".repeat(66)}`],
    version: ["0", "-1", "01", "1.0", 1, "18446744073709551616", null],
    schemaHash: [`0x${"g".repeat(64)}`, []],
    committeeEpoch: ["", "00", 0, "18446744073709551616"],
    n: [2, 8, "4", 3.5, null],
    t: [0, 4, -1, "1"],
    party: [0, 8, 1.5, "1"],
    rowCount: [0, -1, 1.5, 2 ** 29, "3", null],
    log2N: [0, 29, 1.5, "10"],
    blinders: [-1, 1.5, 2 ** 17, "8"],
    columns: [[], {}, "x", ["0x12"], [1], [`0x${"1".repeat(64)}`, `0x${"1".repeat(64)}`]],
    seedSubsets: [[], ["1,2"], {}, "1,2,3", [1]],
  };

  for (const [key, values] of Object.entries(BAD_VALUES)) {
    it(`refuses a header with a bad ${key}`, () => {
      const bytes = encode(sample());
      for (const value of values) {
        const detail = { code: "SHARE_FILE_HEADER_INVALID", key };
        assert.throws(() => decodeShareFile(withHeader(bytes, { [key]: value })), { detail }, JSON.stringify(value));
      }
      const without = withHeader(bytes, { [key]: undefined });
      assert.throws(() => decodeShareFile(without), { code: "SHARE_FILE_HEADER_INVALID" });
    });
  }

  it("refuses a header that does not fit itself or its body", () => {
    const { header } = sample();
    const bytes = encode(sample());
    const other = (header.party % header.n) + 1;
    assert.throws(() => decodeShareFile(withHeader(bytes, { party: other })), { code: "SHARE_FILE_HEADER_INVALID" });
    assert.throws(() => decodeShareFile(withHeader(bytes, { log2N: 1, rowCount: 3 })), {
      detail: { code: "SHARE_FILE_HEADER_INVALID", key: "log2N" },
    });
    assert.throws(() => decodeShareFile(withHeader(bytes, { rowCount: header.rowCount + 1 })), {
      code: "SHARE_FILE_WRONG_LENGTH",
    });
    assert.throws(() => decodeShareFile(withHeader(bytes, { note: "x" })), { code: "SHARE_FILE_HEADER_INVALID" });
  });

  it("refuses every second way of writing the same header", () => {
    const bytes = encode(sample());
    const twins: readonly ((text: string) => string)[] = [
      (text) => `${text} `,
      (text) => text.replace(",", ", "),
      (text) => text.replace('"format":1,', "").replace(/\}$/, ',"format":1}'),
      (text) => text.replace('"format":1', '"format":1.0'),
      (text) => text.replace('"format"', '"form\\u0061t"'),
      (text) => text.replace('"format":1', '"format":1,"format":1'),
    ];
    for (const twin of twins) {
      assert.throws(() => decodeShareFile(withHeaderText(bytes, twin)), { code: "SHARE_FILE_HEADER_NOT_CANONICAL" });
    }
    const notJson = withHeaderText(bytes, () => "{");
    assert.throws(() => decodeShareFile(notJson), { detail: { code: "SHARE_FILE_HEADER_INVALID", key: "JSON" } });
  });

  it("refuses words that are not canonical residues, naming the place and nothing else", () => {
    const file = sample();
    const bytes = encode(file);
    const start = bytes.length - file.columns.length * file.header.rowCount * 32;
    for (const bad of [BN254_FR_MODULUS, BN254_FR_MODULUS + 1n, (1n << 256n) - 1n]) {
      file.columns.forEach((_, column) => {
        const row = file.header.rowCount - 1;
        const twin = Uint8Array.from(bytes);
        twin.set(Buffer.from(bad.toString(16), "hex"), start + (column * file.header.rowCount + row) * 32);
        assert.throws(() => decodeShareFile(twin), { detail: { code: "SHARE_FILE_NOT_CANONICAL", column, row } });
      });
    }
  });

  it("does not encode what it would not decode", () => {
    const { header, seeds, columns } = sample();
    assert.throws(() => encodeShareFile(header, seeds.slice(1), columns), { code: "SHARE_FILE_WRONG_LENGTH" });
    assert.throws(() => encodeShareFile(header, seeds, columns.slice(1)), { code: "SHARE_FILE_WRONG_LENGTH" });
    assert.throws(() => encodeShareFile({ ...header, party: 9 }, seeds, columns), {
      code: "SHARE_FILE_HEADER_INVALID",
    });
    const high = columns.map((column) => new Uint8Array(column.length).fill(255));
    assert.throws(() => encodeShareFile(header, seeds, high), { code: "SHARE_FILE_NOT_CANONICAL" });
  });

  it("survives arbitrary bytes", () => {
    const bytes = encode(sample());
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (index, flip) => {
        const twin = Uint8Array.from(bytes);
        twin[index] = (twin[index] as number) ^ flip;
        // A flipped seed or word may be valid; then the hash differs. Anything else is one of our errors.
        try {
          decodeShareFile(twin);
          assert.notEqual(shareFileHash(twin), shareFileHash(bytes));
        } catch (error) {
          assert.match((error as { code?: string }).code ?? String(error), /^SHARE_FILE_/);
        }
      }),
      { numRuns: budget.propertyRuns },
    );
  });
});
