/** Bits and weights reach exactly the range, piece by piece. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import {
  rangeBits,
  rangePieces,
  sharedColumnIds,
  WITNESS_KIND,
  witnessCount,
  witnessesOf,
} from "../../../workers/schema/rangeWitness.ts";
import { ColumnKind } from "../../../workers/schema/studySchema.ts";
import type { NumericField } from "../../../workers/schema/studySchema.ts";
import { columnId } from "../../../workers/messages/columnId.ts";
import { HANDLES_KIND } from "../../../workers/encoding/commitColumns.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";

function integerField(minimum: bigint, maximum: bigint, cutPoints: readonly bigint[] = []): NumericField {
  const shared = { name: "f", title: undefined, required: true, missingValues: [], unit: undefined, decimals: 0 };
  return { ...shared, type: "integer", minimum, maximum, cutPoints, digits: 0, derived: undefined };
}

function reachable(weights: readonly bigint[]): bigint[] {
  const sums = new Set<bigint>([0n]);
  for (const weight of weights) for (const sum of [...sums]) sums.add(sum + weight);
  return [...sums].sort((a, b) => Number(a - b));
}

describe("rangePieces", () => {
  it("gives weights whose 0/1 combinations are exactly the offsets of the piece", () => {
    for (let last = 0n; last < 300n; last += 1n) {
      const [piece] = rangePieces(integerField(5n, 5n + last));
      assert.deepEqual(
        reachable(piece!.weights),
        Array.from({ length: Number(last) + 1 }, (_, offset) => BigInt(offset)),
      );
    }
  });

  it("cuts the range at the cut-points, whole and without overlap", () => {
    const pieces = rangePieces(integerField(-10n, 20n, [-9n, 0n, 20n]));
    assert.deepEqual(pieces.map(({ from }) => from), [-10n, -9n, 0n, 20n]); // prettier-ignore
    assert.deepEqual(
      pieces.map(({ weights }) => weights.reduce((sum, weight) => sum + weight, 0n)),
      [0n, 8n, 19n, 0n],
    );
  });
});

describe("rangeBits", () => {
  it("weighs up to the value's offset in its own piece", () => {
    const field = fc
      .tuple(fc.bigInt(-(1n << 61n), 1n << 61n), fc.bigInt(0n, 1n << 61n), fc.array(fc.bigInt(1n, 1n << 61n)))
      .map(([minimum, width, cuts]) => {
        const inside = [...new Set(cuts.map((cut) => minimum + cut))].filter((cut) => cut <= minimum + width);
        return integerField(
          minimum,
          minimum + width,
          inside.sort((a, b) => (a < b ? -1 : 1)),
        );
      });
    fc.assert(
      fc.property(field, fc.bigInt(0n, 1n << 62n), (numeric, draw) => {
        const value = numeric.minimum + (draw % (numeric.maximum - numeric.minimum + 1n));
        const pieces = rangePieces(numeric);
        const bits = rangeBits(pieces, value);
        const { from, weights } = pieces.findLast((piece) => piece.from <= value)!;
        assert(bits.every((bit) => bit === 0n || bit === 1n) && bits.length === weights.length);
        assert.equal(from + weights.reduce((sum, weight, j) => sum + weight * bits[j]!, 0n), value);
        assert(bits.length <= witnessCount(numeric) && witnessCount(numeric) <= 62);
      }),
      { numRuns: budget.propertyRuns },
    );
  });

  it("refuses a value below the range", () => {
    assert.throws(() => rangeBits(rangePieces(integerField(1n, 2n)), 0n), RangeError);
  });
});

describe("witnessesOf", () => {
  const text = (fields: object[]): string => JSON.stringify({ name: "w", table: "t", subject: "id", fields });
  const wide = { type: "integer", minimum: `-${(1n << 62n) - 1n}`, maximum: String((1n << 62n) - 1n) };

  it("names the bits of numeric fields, apart from every committed column", () => {
    const schema = parseSchema(
      text([
        { name: "arm", type: "category", categories: ["a"] },
        { name: "age", type: "integer", minimum: 0, maximum: 4 },
      ]),
    );
    const expected = [0, 1, 2].map((bit) => ({
      id: columnId(schema.hash, 1, WITNESS_KIND, BigInt(bit)),
      field: 1,
      bit,
    }));
    assert.deepEqual(witnessesOf(schema), expected);
    assert.equal(new Set(sharedColumnIds(schema)).size, sharedColumnIds(schema).length);
    assert(![...Object.values(ColumnKind), HANDLES_KIND].includes(WITNESS_KIND as never));
  });

  it("count towards the columns that a schema may have", () => {
    const fields = Array.from({ length: 128 }, (_, index) => ({ name: `f${index}`, required: true, ...wide }));
    // 1 + 127·(1 + 63) = 8,129 columns, one field more would be 8,193.
    assert.equal(sharedColumnIds(parseSchema(text(fields.slice(1)))).length, 8_129);
    assert.throws(() => parseSchema(text(fields)), { code: "SCHEMA_TOO_MANY_COLUMNS" });
  });
});
