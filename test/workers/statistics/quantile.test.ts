import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CountedValue } from "../../../workers/statistics/quantile.ts";
import { quantile } from "../../../workers/statistics/quantile.ts";
import { quantileCells } from "../../../workers/statistics/quantileInterval.ts";
import type { Rational } from "../../../workers/statistics/rational.ts";
import { rational, toNumber } from "../../../workers/statistics/rational.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { assertAllClose, assertClose, assertPlain } from "./numbers.ts";
import { decimalsOf, groupRows, referenceQueries, scaled } from "./referenceAnswers.ts";

const property = { numRuns: budget.propertyRuns };
const values = fc.array(fc.bigInt({ min: -40n, max: 40n }), { maxLength: 30 });
const probability = fc
  .tuple(fc.bigInt({ min: 0n, max: 60n }), fc.bigInt({ min: 1n, max: 60n }))
  .map(([a, b]) => rational(a < b ? a : b, b));

function counted(sample: readonly bigint[]): CountedValue[] {
  const distinct = [...new Set(sample)].sort((a, b) => (a < b ? -1 : 1));
  return distinct.map((value) => ({ value, count: BigInt(sample.filter((other) => other === value).length) }));
}

/** Counts below the first cut-point, in each interval, and from the last one up. */
function cells(sample: readonly bigint[], cutPoints: readonly bigint[]): bigint[] {
  const counts = new Array<bigint>(cutPoints.length + 1).fill(0n);
  for (const value of sample) counts[cutPoints.filter((cut) => cut <= value).length]! += 1n;
  return counts;
}

/** A decimal text as the rational it is. */
function exact(text: string): Rational {
  const decimals = text.split(".")[1]?.length ?? 0;
  return rational(scaled(text, decimals), 10n ** BigInt(decimals));
}

interface QuantileQuery {
  readonly column: string;
  readonly probs: readonly number[];
  readonly group_by?: readonly string[];
}
interface Quantiles {
  readonly n: number;
  readonly type7: readonly number[];
  readonly type1: readonly number[];
}
type ExpectedQuantiles = Quantiles | { readonly groups: readonly (Quantiles & Readonly<Record<string, unknown>>)[] };

describe("quantile", () => {
  for (const { id, query, rows, expected } of referenceQueries<QuantileQuery, ExpectedQuantiles>("quantile")) {
    it(`gives R's types 7 and 1: ${id}`, () => {
      const { column, probs, group_by: [groupBy] = [] } = query;
      const decimals = decimalsOf(rows, column);
      const groups = groupRows(rows, groupBy);
      for (const answer of "groups" in expected ? expected.groups : [expected]) {
        const key = groupBy === undefined ? null : (answer as Readonly<Record<string, unknown>>)[groupBy];
        const present = groups.get(key === null ? "" : String(key))!.filter((row) => row[column] !== "");
        const sample = counted(present.map((row) => scaled(row[column]!, decimals)));
        const found = probs.map((p) => quantile(sample, exact(String(p)), decimals));
        assertPlain(found);
        for (const { n } of found) assert.equal(n, answer.n);
        assertAllClose(
          found.map(({ type7 }) => type7),
          answer.type7,
          `${id} type 7`,
          1e-14,
        );
        assertAllClose(
          found.map(({ type1 }) => type1),
          answer.type1,
          `${id} type 1`,
          0,
        );
      }
    });
  }

  it("interpolates exactly", () => {
    const sample = counted([10n, 20n, 40n]);
    const at = (p: Rational): (number | null)[] => {
      const { type7, type1 } = quantile(sample, p, 1);
      return [type7, type1];
    };
    assert.deepEqual(at(rational(0n)), [1, 1]);
    assert.deepEqual(at(rational(1n, 3n)), [5 / 3, 1]);
    assert.deepEqual(at(rational(1n, 2n)), [2, 2]);
    assert.deepEqual(at(rational(3n, 4n)), [3, 4]);
    assert.deepEqual(at(rational(1n)), [4, 4]);
    // 0.29·100 is 28.999999999999996 in doubles; here it is 29.
    const hundred = counted(Array.from({ length: 100 }, (_, index) => BigInt(index + 1)));
    assert.equal(quantile(hundred, exact("0.29"), 0).type1, 29);
  });

  it("has none without values, and refuses a count below 0", () => {
    assert.deepEqual(quantile([], rational(1n, 2n), 0), { n: 0, type7: null, type1: null });
    assert.deepEqual(quantile([{ value: 4n, count: 0n }], rational(1n, 2n), 0), { n: 0, type7: null, type1: null });
    assert.throws(() => quantile([{ value: 4n, count: -1n }], rational(1n, 2n), 0), {
      detail: { code: "ANSWER_INCONSISTENT", statistic: "quantile" },
    });
    const disorder = [
      { value: 4n, count: 1n },
      { value: 4n, count: 1n },
    ];
    assert.throws(() => quantile(disorder, rational(1n, 2n), 0), { name: "AssertionError" });
    for (const p of [rational(-1n, 2n), rational(3n, 2n)]) {
      assert.throws(() => quantile([{ value: 4n, count: 1n }], p, 0), { name: "AssertionError" });
    }
  });

  it("is what sorting gives, rises with p, and mirrors with the values", () => {
    fc.assert(
      fc.property(values, probability, probability, (sample, p, other) => {
        const found = quantile(counted(sample), p, 0);
        assertPlain(found);
        if (sample.length === 0) return assert.equal(found.type1, null);
        const sorted = sample.map(Number).sort((a, b) => a - b);
        // Enough digits for 29/29 and the like to be whole where they are.
        const [position, rank] = [(sorted.length - 1) * toNumber(p), sorted.length * toNumber(p)];
        const below = Math.floor(position + 1e-9);
        const between = Math.max(0, position - below);
        const above = sorted[Math.min(below + 1, sorted.length - 1)]!;
        assertClose(found.type7, sorted[below]! + between * (above - sorted[below]!), "type 7", 1e-9, 1e-9);
        assert.equal(found.type1, sorted[Math.max(0, Math.ceil(rank - 1e-9) - 1)]);
        const second = quantile(counted(sample), other, 0);
        if (toNumber(other) > toNumber(p)) {
          assert.ok(second.type7! >= found.type7! && second.type1! >= found.type1!);
        }
        const mirrored = counted(sample.map((value) => -value));
        const complement = rational(p.denominator - p.numerator, p.denominator);
        assert.equal(quantile(mirrored, complement, 0).type7! + 0, 0 - found.type7!);
      }),
      property,
    );
  });
});

describe("quantileCells", () => {
  const grid = [-20n, -5n, 0n, 3n, 25n];

  it("holds the quantiles of the values", () => {
    fc.assert(
      fc.property(values, probability, (sample, p) => {
        const found = quantileCells(cells(sample, grid), p);
        const whole = quantile(counted(sample), p, 0);
        const edges = [-Infinity, ...grid.map(Number), Infinity];
        for (const type of ["type7", "type1"] as const) {
          assert.equal(found[type] === undefined, sample.length === 0);
          if (found[type] === undefined) continue;
          const { first, last } = found[type];
          assert.ok(edges[first]! <= whole[type]! && whole[type]! < edges[last + 1]!);
        }
      }),
      property,
    );
  });

  it("spans from one order statistic's cell to the next one's for type 7", () => {
    const median = quantileCells([0n, 2n, 0n, 2n], rational(1n, 2n));
    assert.deepEqual(median, { type7: { first: 1, last: 3 }, type1: { first: 1, last: 1 } });
    assert.deepEqual(quantileCells([3n, 0n, 0n], rational(0n)).type7, { first: 0, last: 0 });
    assert.deepEqual(quantileCells([7n], rational(1n, 2n)).type1, { first: 0, last: 0 });
  });

  it("has none without values, and refuses a count below 0", () => {
    assert.deepEqual(quantileCells([0n, 0n], rational(1n, 2n)), { type7: undefined, type1: undefined });
    assert.throws(() => quantileCells([2n, -1n], rational(1n, 2n)), {
      detail: { code: "ANSWER_INCONSISTENT", statistic: "quantile" },
    });
  });
});
