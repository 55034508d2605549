import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { crosstab } from "../../../workers/statistics/crosstab.ts";
import type { TwoByTwo } from "../../../workers/statistics/twoByTwo.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { assertAllClose, assertClose, assertPlain } from "./numbers.ts";
import { referenceQueries } from "./referenceAnswers.ts";

const property = { numRuns: budget.propertyRuns };
const count = fc.bigInt({ min: 0n, max: 60n });
const tables = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }))
  .chain(([rows, columns]) =>
    fc.array(fc.array(count, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows }),
  );

function big(rows: readonly (readonly number[])[]): bigint[][] {
  return rows.map((row) => row.map(BigInt));
}

function transpose(rows: readonly (readonly bigint[])[]): bigint[][] {
  return rows[0]!.map((_, column) => rows.map((row) => row[column]!));
}

function twoByTwo(rows: readonly (readonly number[])[]): TwoByTwo {
  return crosstab(big(rows)).twoByTwo!;
}

interface ExpectedCrosstab {
  readonly n_complete: number;
  readonly rows: readonly string[];
  readonly cols: readonly string[];
  readonly counts: readonly (readonly number[])[];
  readonly chisq: number;
  readonly df: number;
  readonly p: number;
  readonly min_expected: number;
  readonly chisq_yates?: number;
  readonly odds_ratio?: number;
}

describe("crosstab", () => {
  const references = referenceQueries<{ row: string; col: string }, ExpectedCrosstab>("crosstab");
  for (const { id, query, rows, expected } of references) {
    it(`gives R's chisq.test: ${id}`, () => {
      const counts = expected.rows.map((line) =>
        expected.cols.map((cell) => rows.filter((row) => row[query.row] === line && row[query.col] === cell).length),
      );
      assert.deepEqual(counts, expected.counts);
      const result = crosstab(big(counts));
      assert.equal(result.n, expected.n_complete);
      assertClose(result.chiSquare, expected.chisq, "χ²");
      assert.equal(result.df, expected.df);
      assertClose(result.p, expected.p, "p");
      assertClose(result.minExpected, expected.min_expected, "smallest expected count");
      assert.equal(result.twoByTwo === null, expected.odds_ratio === undefined);
      assertClose(result.twoByTwo?.yates.chiSquare ?? null, expected.chisq_yates ?? null, "Yates");
      assertClose(result.twoByTwo?.oddsRatio.estimate ?? null, expected.odds_ratio ?? null, "odds ratio");
    });
  }

  it("takes the trial's 2×2 table through every measure", () => {
    const result = crosstab(
      big([
        [255, 52],
        [268, 27],
      ]),
    );
    assert.deepEqual(
      [result.rowTotals, result.columnTotals],
      [
        [307, 295],
        [523, 79],
      ],
    );
    const { yates, fisherExactP, oddsRatio, riskRatio } = result.twoByTwo!;
    assertClose(yates.p, 0.006780611923330235, "Yates' p");
    assertClose(fisherExactP, 0.005339051289453799, "Fisher's p");
    assertClose(oddsRatio.estimate, 0.4940442020665901, "odds ratio");
    assertAllClose([oddsRatio.ci95!.lower, oddsRatio.ci95!.upper], [0.30099575927826555, 0.8109073502592645], "Woolf");
    assertClose(riskRatio.estimate, 0.5403520208604955, "risk ratio");
    assertAllClose([riskRatio.ci95!.lower, riskRatio.ci95!.upper], [0.3491931722260057, 0.8361569746244784], "Katz");
  });

  it("leaves empty lines out of the test, and has none on one line", () => {
    const whole = crosstab(
      big([
        [8, 2, 5],
        [1, 7, 4],
      ]),
    );
    const withEmpty = crosstab(
      big([
        [8, 0, 2, 5],
        [0, 0, 0, 0],
        [1, 0, 7, 4],
      ]),
    );
    assert.deepEqual(withEmpty.rowTotals, [15, 0, 12]);
    const { chiSquare, df, p, minExpected } = whole;
    assert.deepEqual(
      [withEmpty.chiSquare, withEmpty.df, withEmpty.p, withEmpty.minExpected],
      [chiSquare, df, p, minExpected],
    );
    assert.deepEqual(
      crosstab(
        big([
          [3, 1, 0],
          [1, 3, 0],
        ]),
      ).twoByTwo,
      twoByTwo([
        [3, 1],
        [1, 3],
      ]),
    );
    const untested = { chiSquare: null, df: null, p: null, minExpected: null, twoByTwo: null };
    for (const table of [
      [],
      [[]],
      [
        [0, 0],
        [0, 0],
      ],
      [[4, 9]],
      [[4], [9]],
      [
        [4, 9],
        [0, 0],
      ],
      [
        [4, 0],
        [9, 0],
      ],
    ]) {
      const result = crosstab(big(table));
      assertPlain(result);
      assert.deepEqual({ ...result, ...untested }, result);
    }
  });

  it("has null ratios and limits where a count is 0", () => {
    const noEvents = twoByTwo([
      [10, 0],
      [4, 12],
    ]);
    assert.deepEqual(
      [noEvents.oddsRatio, noEvents.riskRatio],
      [
        { estimate: null, ci95: null },
        { estimate: null, ci95: null },
      ],
    );
    const none = twoByTwo([
      [4, 12],
      [10, 0],
    ]);
    assert.deepEqual(
      [none.oddsRatio, none.riskRatio],
      [
        { estimate: 0, ci95: null },
        { estimate: 0, ci95: null },
      ],
    );
    // Everybody in the reference group has the event: no odds, but a risk.
    const all = twoByTwo([
      [0, 10],
      [12, 4],
    ]);
    assert.deepEqual(all.oddsRatio, { estimate: 0, ci95: null });
    assertClose(all.riskRatio.estimate, 0.25, "risk ratio");
    assertAllClose(
      [all.riskRatio.ci95!.lower, all.riskRatio.ci95!.upper],
      [0.10699387793936875, 0.5841455717253045],
      "Katz",
    );
    assertClose(all.fisherExactP, 0.000200875984965365, "Fisher's p", 1e-12);
  });

  it("is 0 for a table that is the product of its margins", () => {
    const margin = fc.array(fc.bigInt({ min: 1n, max: 30n }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(margin, margin, (rows, columns) => {
        const result = crosstab(rows.map((row) => columns.map((column) => row * column)));
        assert.deepEqual([result.chiSquare, result.p], [0, 1]);
        if (result.twoByTwo !== null) {
          assert.deepEqual(result.twoByTwo.yates, { chiSquare: 0, p: 1 });
          assert.equal(result.twoByTwo.oddsRatio.estimate, 1);
          assert.equal(result.twoByTwo.riskRatio.estimate, 1);
        }
      }),
      property,
    );
  });

  it("does not depend on the order of lines or which is which, and is Σ(o−e)²/e", () => {
    fc.assert(
      fc.property(tables, (counts) => {
        const result = crosstab(counts);
        assertPlain(result);
        for (const other of [crosstab(transpose(counts)), crosstab([...counts].reverse())]) {
          assert.deepEqual(
            [other.chiSquare, other.df, other.p, other.minExpected],
            [result.chiSquare, result.df, result.p, result.minExpected],
          );
          if (result.twoByTwo !== null) {
            assertClose(other.twoByTwo!.fisherExactP, result.twoByTwo.fisherExactP, "Fisher's p", 1e-12);
            assert.equal(other.twoByTwo!.yates.chiSquare, result.twoByTwo.yates.chiSquare);
          }
        }
        if (result.chiSquare === null) return;
        let direct = 0;
        for (const [row, line] of counts.entries()) {
          for (const [column, cell] of line.entries()) {
            const expected = (result.rowTotals[row]! * result.columnTotals[column]!) / result.n;
            if (expected > 0) direct += (Number(cell) - expected) ** 2 / expected;
          }
        }
        assertClose(result.chiSquare, direct, "χ²", 1e-9, 1e-9);
        if (result.twoByTwo !== null) assert.ok(result.twoByTwo.yates.chiSquare <= result.chiSquare);
      }),
      property,
    );
  });

  it("inverts its ratios when the groups change places", () => {
    const some = fc.bigInt({ min: 1n, max: 400n });
    fc.assert(
      fc.property(some, some, some, some, (a, b, c, d) => {
        const one = crosstab([
          [a, b],
          [c, d],
        ]).twoByTwo!;
        const other = crosstab([
          [c, d],
          [a, b],
        ]).twoByTwo!;
        for (const ratio of ["oddsRatio", "riskRatio"] as const) {
          const { estimate, ci95 } = one[ratio];
          assertClose(other[ratio].estimate! * estimate!, 1, ratio, 1e-14);
          assertClose(other[ratio].ci95!.lower * ci95!.upper, 1, `${ratio} limits`, 1e-13);
          assert.ok(ci95!.lower < estimate! && estimate! < ci95!.upper);
        }
      }),
      property,
    );
  });

  it("refuses a count below 0", () => {
    assert.throws(
      () =>
        crosstab(
          big([
            [1, -1],
            [2, 2],
          ]),
        ),
      { detail: { code: "ANSWER_INCONSISTENT", statistic: "crosstab" } },
    );
  });
});
