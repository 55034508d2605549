/** Digit columns: which there are, and that their constraints leave an owner no other digits than the value's. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import { encodeTable } from "../../../workers/encoding/encodeTable.ts";
import { columnConstraints } from "../../../workers/schema/columnConstraints.ts";
import { columnsOf } from "../../../workers/schema/columns.ts";
import { digitArgument, digitPlace, digitPlaces, digitsOfRange } from "../../../workers/schema/digits.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { ColumnKind } from "../../../workers/schema/studySchema.ts";
import { seededBytes } from "../encoding/seededBytes.ts";
import { violations } from "./clearConstraints.ts";

const MINIMUM = -20n;
const SCHEMA = parseSchema(
  JSON.stringify({
    name: "digits",
    table: "t",
    subject: "id",
    fields: [{ name: "x", type: "integer", minimum: "-20", maximum: 700, cutPoints: [0], search: "digits" }],
  }),
);
const CONSTRAINTS = columnConstraints(SCHEMA);
const SPECS = columnsOf(SCHEMA);
const VALUES = [-20n, null, -1n, 0n, 236n, 700n];

function honest(): bigint[][] {
  const table = { rowCount: VALUES.length, subjects: VALUES.map((_, row) => `s${row}`), values: [VALUES] };
  const { columns, witnesses, slotOfRow } = encodeTable(table, SCHEMA, seededBytes("slots"));
  return [...columns, ...witnesses].map((column) => [...slotOfRow].map((slot) => column[slot] as bigint));
}

/** The index of a digit's column. */
function at(position: number, digit: number): number {
  const argument = digitArgument({ position, digit });
  return SPECS.findIndex((spec) => spec.kind === ColumnKind.DIGIT && spec.argument === argument);
}

/** Sets entries [position, digit, value] of one row, and asserts that the row, and it alone, is no longer well-formed. */
function assertCaught(row: number, ...entries: readonly (readonly [number, number, bigint])[]): void {
  const columns = honest();
  for (const [position, digit, value] of entries) columns[at(position, digit)]![row] = value;
  const broken = violations(CONSTRAINTS, columns);
  assert(broken.length > 0);
  assert(broken.every(([, brokenRow]) => brokenRow === row));
}

describe("digitPlaces", () => {
  it("has 16 digits at each position, and at the top those up to the maximum's", () => {
    const field = { minimum: 3n, maximum: 3n + 0x2a7n, digits: digitsOfRange({ minimum: 3n, maximum: 3n + 0x2a7n }) };
    const places = digitPlaces(field);
    assert.equal(places.length, 16 + 16 + 3);
    assert.deepEqual(places.at(-1), { position: 2, digit: 2 });
    for (const place of places) assert.deepEqual(digitPlace(digitArgument(place)), place);
  });

  it("is one column where there is one value, and none without digits", () => {
    assert.deepEqual(digitPlaces({ minimum: 7n, maximum: 7n, digits: 1 }), [{ position: 0, digit: 0 }]);
    assert.deepEqual(digitPlaces({ minimum: 0n, maximum: 700n, digits: 0 }), []);
  });
});

describe("columnConstraints of digits", () => {
  it("hold for the honest encoding, and on an empty row", () => {
    assert.deepEqual(violations(CONSTRAINTS, honest()), []);
    assert.deepEqual(violations(CONSTRAINTS, honest().map(() => [0n])), []); // prettier-ignore
  });

  // 236 is minimum + 0x100, row 4: digits 0, 0, 1.
  it("break by the digits of another value", () => {
    assertCaught(4, [0, 0, 0n], [0, 1, 1n]);
    assertCaught(4, [1, 0, 0n], [1, 1, 1n]);
    assertCaught(4, [2, 1, 0n], [2, 2, 1n]);
    assertCaught(4, [2, 1, 0n], [2, 0, 1n], [1, 0, 0n], [1, 15, 1n]);
  });

  it("break by digits that weigh the same and are no digits", () => {
    // 0x100 as 2·0xf0 - 0xe0, as half of 0x200, and as 16 times 0x10.
    assertCaught(4, [2, 1, 0n], [2, 0, 1n], [1, 0, 0n], [1, 15, 2n], [1, 14, -1n]);
    const half = (BN254_FR_MODULUS + 1n) / 2n;
    assertCaught(4, [2, 1, 0n], [2, 2, half], [2, 0, half]);
    assertCaught(4, [2, 1, 0n], [2, 0, 1n], [1, 0, 0n], [1, 1, 16n]);
  });

  it("break by no digit, and by two, at a position", () => {
    assertCaught(0, [1, 0, 0n]);
    assertCaught(3, [2, 1, 1n]);
    assertCaught(0, [0, 0, 0n], [1, 0, 0n], [2, 0, 0n]);
  });

  it("break by digits where the value is missing, also those of 0", () => {
    assertCaught(1, [0, 0, 1n], [1, 0, 1n], [2, 0, 1n]);
    const zero = -MINIMUM;
    assertCaught(1, [0, Number(zero % 16n), 1n], [1, Number(zero / 16n), 1n], [2, 0, 1n]);
  });
});
