import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { anova } from "../../../workers/statistics/anova.ts";
import { tTest } from "../../../workers/statistics/tTest.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { momentsOf, momentsOfText } from "./groups.ts";
import { assertAllClose, assertClose, assertPlain } from "./numbers.ts";

const property = { numRuns: budget.propertyRuns };
const values = fc.array(fc.bigInt({ min: -500n, max: 500n }), { maxLength: 8 });

/** Student (1908): hours of sleep gained, in tenths; R's `sleep`. */
const FIRST = momentsOfText("7 -16 -2 -12 -1 34 37 8 0 20");
const SECOND = momentsOfText("19 8 11 1 -1 44 55 16 46 34");

describe("tTest", () => {
  it("gives R's t.test(extra ~ group), Welch and pooled", () => {
    const welch = tTest(FIRST, SECOND, 1);
    assert.deepEqual([welch.variances, welch.n, welch.means], ["welch", [10, 10], [0.75, 2.33]]);
    assert.equal(welch.difference, -1.58);
    assertAllClose(
      [welch.t, welch.df, welch.p],
      [-1.8608134674868526, 17.776473516178488, 0.0793941401873583],
      "Welch",
    );
    assertAllClose([welch.ci95!.lower, welch.ci95!.upper], [-3.3654832307117104, 0.20548323071171137], "limits");
    const pooled = tTest(FIRST, SECOND, 1, "pooled");
    assertAllClose([pooled.t, pooled.df, pooled.p], [-1.8608134674868524, 18, 0.07918671421593822], "pooled");
    assertAllClose([pooled.ci95!.lower, pooled.ci95!.upper], [-3.3638740322875984, 0.20387403228759915], "limits");
  });

  it("is null with too few values, or where neither group varies", () => {
    const untested = { standardError: null, t: null, df: null, p: null, ci95: null };
    const [none, one, two, constant] = [[], [5n], [3n, 4n], [5n, 5n]].map(momentsOf);
    const cases = [
      [tTest(none!, two!, 0), [null, 3.5], null],
      [tTest(two!, none!, 0, "pooled"), [3.5, null], null],
      [tTest(none!, none!, 0), [null, null], null],
      [tTest(one!, two!, 0), [5, 3.5], 1.5],
      [tTest(one!, one!, 0, "pooled"), [5, 5], 0],
      [tTest(constant!, constant!, 0), [5, 5], 0],
      [tTest(constant!, one!, 0, "pooled"), [5, 5], 0],
    ] as const;
    for (const [result, means, difference] of cases) {
      assert.deepEqual({ ...result, means, difference, ...untested }, result);
      assertPlain(result);
    }
    // Pooled, one value beside two is enough; Welch, one group may be constant.
    assert.equal(tTest(one!, two!, 0, "pooled").df, 1);
    assert.equal(tTest(constant!, two!, 0).df, 1);
  });

  it("changes sign with the groups, and follows unit and origin", () => {
    fc.assert(
      fc.property(
        values,
        values,
        fc.bigInt({ min: 1n, max: 40n }),
        fc.constantFrom("welch", "pooled"),
        (a, b, by, kind) => {
          const result = tTest(momentsOf(a), momentsOf(b), 0, kind);
          assertPlain(result);
          const swapped = tTest(momentsOf(b), momentsOf(a), 0, kind);
          assert.deepEqual([swapped.df, swapped.p, swapped.standardError], [result.df, result.p, result.standardError]);
          assertClose(swapped.t, result.t === null ? null : -result.t, "t", 0);
          const [movedA, movedB] = [a, b].map((group) => momentsOf(group.map((value) => by * value - 77n)));
          const moved = tTest(movedA!, movedB!, 0, kind);
          assert.deepEqual([moved.t, moved.df, moved.p], [result.t, result.df, result.p]);
          assertClose(
            moved.difference,
            result.difference === null ? null : result.difference * Number(by),
            "difference",
          );
          if (result.ci95 !== null) {
            const inside = result.ci95.lower <= 0 && 0 <= result.ci95.upper;
            if (Math.abs(result.p! - 0.05) > 1e-9) assert.equal(inside, result.p! > 0.05);
          }
          if (kind === "welch" && result.df !== null) {
            assert.ok(result.df <= a.length + b.length - 2 + 1e-9, "no more than pooled");
            assert.ok(result.df >= Math.min(a.length, b.length) - 1 - 1e-9);
          }
        },
      ),
      property,
    );
  });

  it("refuses moments that no values have", () => {
    const refused = { detail: { code: "ANSWER_INCONSISTENT", statistic: "t test" } };
    for (const impossible of [
      { n: -1n, sum: 0n, squares: 0n },
      { n: 0n, sum: 1n, squares: 1n },
      { n: 2n, sum: 4n, squares: 7n },
    ]) {
      assert.throws(() => tTest(impossible, SECOND, 0), refused);
      assert.throws(() => tTest(FIRST, impossible, 0), refused);
    }
  });
});

describe("anova", () => {
  it("gives R's aov(weight ~ group, PlantGrowth)", () => {
    const groups = [
      "417 558 518 611 450 461 517 453 533 514",
      "481 417 441 359 587 383 603 489 432 469",
      "631 512 554 550 537 529 492 615 580 526",
    ].map(momentsOfText);
    const result = anova(groups, 2);
    const { n, dfBetween, dfWithin, sumOfSquaresBetween, sumOfSquaresWithin } = result;
    assert.deepEqual([n, result.groups, dfBetween, dfWithin], [30, 3, 2, 27]);
    assert.deepEqual([sumOfSquaresBetween, sumOfSquaresWithin], [3.76634, 10.49209]);
    assertAllClose([result.f, result.p], [4.846087862380136, 0.015909958325622912], "F");
  });

  it("is the pooled t test for two groups", () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const [test, table] = [tTest(momentsOf(a), momentsOf(b), 0, "pooled"), anova([momentsOf(a), momentsOf(b)], 0)];
        assertPlain(table);
        if (test.t === null) return assert.equal(table.f, null);
        assertClose(table.f, test.t ** 2, "F", 1e-13);
        assertClose(table.p, test.p, "p", 1e-11);
      }),
      property,
    );
  });

  it("does not depend on order, unit or empty groups, and its sums add up to the total's", () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 5 }), fc.bigInt({ min: 1n, max: 40n }), (groups, by) => {
        const result = anova(groups.map(momentsOf), 0);
        assertPlain(result);
        assert.deepEqual(anova([...groups, []].reverse().map(momentsOf), 0), result);
        const moved = anova(
          groups.map((group) => momentsOf(group.map((value) => by * value + 9n))),
          0,
        );
        assert.deepEqual([moved.f, moved.p], [result.f, result.p]);
        if (result.n === 0) return;
        const total = anova([momentsOf(groups.flat())], 0).sumOfSquaresWithin;
        assertClose(result.sumOfSquaresBetween! + result.sumOfSquaresWithin!, total, "total", 1e-12, 1e-12);
      }),
      property,
    );
  });

  it("is null without values, with one group, or where no group varies", () => {
    assert.deepEqual(Object.values(anova([], 0)), [0, 0, null, null, null, null, null, null]);
    assert.deepEqual(Object.values(anova([momentsOf([])], 0)), [0, 0, null, null, null, null, null, null]);
    assert.deepEqual(Object.values(anova([momentsOf([1n, 3n])], 0)), [2, 1, 0, 2, 0, 1, null, null]);
    assert.deepEqual(Object.values(anova([[4n], [6n]].map(momentsOf), 0)), [2, 2, 2, 0, 1, 0, null, null]);
    const constant = anova(
      [
        [4n, 4n],
        [6n, 6n],
      ].map(momentsOf),
      0,
    );
    assert.deepEqual([constant.f, constant.p], [null, null]);
  });

  it("refuses moments that no values have", () => {
    assert.throws(() => anova([FIRST, { n: 1n, sum: 2n, squares: 3n }, { n: 1n, sum: 2n, squares: 2n }], 0), {
      detail: { code: "ANSWER_INCONSISTENT", statistic: "analysis of variance" },
    });
  });
});
