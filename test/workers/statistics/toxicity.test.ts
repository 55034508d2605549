import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { clopperPearson } from "../../../workers/statistics/clopperPearson.ts";
import { proCtcae } from "../../../workers/statistics/proCtcae.ts";
import { toxicity } from "../../../workers/statistics/toxicity.ts";
import { budget } from "../../budget.ts";
import { referenceData } from "../../support/referenceStudy.ts";
import { assertAllClose, assertClose, assertPlain } from "./numbers.ts";
import { referenceQueries, referenceRows } from "./referenceAnswers.ts";

const property = { seed: 20265, numRuns: budget.propertyRuns };

/** P(X >= x), X ~ Binomial(n, p), term by term. */
function binomialUpper(x: number, n: number, p: number): number {
  let [term, sum] = [(1 - p) ** n, 0];
  for (let k = 0; k <= n; k++) {
    if (k >= x) sum += term;
    term *= ((n - k) / (k + 1)) * (p / (1 - p));
  }
  return sum;
}

describe("clopperPearson", () => {
  it("has limits at which the observed count is in a tail of 2.5 %", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 150 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, share) => {
        const x = Math.round(n * share);
        const { rate, ci95 } = clopperPearson(BigInt(x), BigInt(n));
        const { lower, upper } = ci95!;
        assert.equal(rate, x / n);
        if (x > 0) assertClose(binomialUpper(x, n, lower), 0.025, "lower", 1e-9);
        if (x < n) assertClose(1 - binomialUpper(x + 1, n, upper), 0.025, "upper", 1e-9);
        const other = clopperPearson(BigInt(n - x), BigInt(n)).ci95!;
        assertAllClose([1 - other.upper, 1 - other.lower], [lower, upper], "events and others swapped", 1e-9);
      }),
      property,
    );
  });

  it("has closed forms at the ends, and none without subjects", () => {
    assertClose(clopperPearson(0n, 20n).ci95!.upper, 1 - 0.025 ** (1 / 20), "none of 20", 1e-13);
    assert.equal(clopperPearson(0n, 20n).ci95!.lower, 0);
    assert.equal(clopperPearson(20n, 20n).ci95!.upper, 1);
    assert.deepEqual(clopperPearson(0n, 0n), { rate: null, ci95: null });
    assertPlain(clopperPearson(1n, 1n << 40n));
  });

  it("refuses more events than subjects", () => {
    const refused = { detail: { code: "ANSWER_INCONSISTENT", statistic: "proportion" } };
    assert.throws(() => clopperPearson(3n, 2n), refused);
    assert.throws(() => clopperPearson(-1n, 2n), refused);
  });
});

interface ToxicityQuery {
  readonly events: string;
  readonly events_where: string;
  readonly subject: string;
  readonly arm: string;
  readonly grade: string;
  readonly term?: string;
}
interface ExpectedToxicity {
  readonly rates: readonly {
    readonly arm: string;
    readonly term?: string;
    readonly min_grade: number;
    readonly n_at_risk: number;
    readonly n_with: number;
    readonly rate: number;
    readonly ci95_clopper_pearson: readonly [number, number];
  }[];
}

describe("toxicity", () => {
  for (const { id, query, rows, expected } of referenceQueries<ToxicityQuery, ExpectedToxicity>("toxicity")) {
    it(`gives R's binom.test by subject: ${id}`, () => {
      const events = referenceRows(referenceData()!, query.events, query.events_where);
      assert.ok(expected.rates.length > 0);
      for (const { arm, term, min_grade: minGrade, ...rate } of expected.rates) {
        const subjects = rows.filter((row) => row[query.arm] === arm);
        const counts = new Array<bigint>(6).fill(0n);
        for (const subject of subjects) {
          const own = events.filter((event) => event[query.subject] === subject[query.subject]);
          const graded = own.filter((event) => query.term === undefined || event[query.term] === term);
          counts[Math.max(0, ...graded.map((event) => Number(event[query.grade])))]! += 1n;
        }
        const found = toxicity(counts)[minGrade - 1]!;
        assert.deepEqual([found.minGrade, found.nAtRisk, found.nWith], [minGrade, rate.n_at_risk, rate.n_with]);
        assertClose(found.rate, rate.rate, "rate");
        assertAllClose([found.ci95!.lower, found.ci95!.upper], rate.ci95_clopper_pearson, "limits");
      }
    });
  }

  it("counts each subject once, at every grade up to the worst", () => {
    const rates = toxicity([4n, 0n, 3n, 2n, 0n, 1n]);
    assert.deepEqual(
      rates.map(({ minGrade, nAtRisk, nWith, rate }) => [minGrade, nAtRisk, nWith, rate]),
      [
        [1, 10, 6, 0.6],
        [2, 10, 6, 0.6],
        [3, 10, 3, 0.3],
        [4, 10, 1, 0.1],
        [5, 10, 1, 0.1],
      ],
    );
  });

  it("has no rate in an arm without subjects, and refuses a count below 0", () => {
    const empty = toxicity([0n, 0n]);
    assert.deepEqual(empty, [{ minGrade: 1, nAtRisk: 0, nWith: 0, rate: null, ci95: null }]);
    assert.deepEqual(toxicity([5n]), []);
    assert.throws(() => toxicity([5n, -1n]), { detail: { code: "ANSWER_INCONSISTENT", statistic: "toxicity" } });
  });
});

describe("proCtcae", () => {
  /** By baseline score 0 to 4, then by worst score 0 to 4. */
  const SUBJECTS = [
    [10n, 4n, 2n, 3n, 1n],
    [1n, 5n, 0n, 2n, 0n],
    [0n, 1n, 3n, 0n, 1n],
    [0n, 0n, 1n, 6n, 2n],
    [0n, 0n, 0n, 1n, 7n],
  ];

  it("counts worst scores, and adjusted only those above the baseline", () => {
    const { n, worst, baselineAdjusted } = proCtcae(SUBJECTS);
    assert.equal(n, 50);
    assert.deepEqual(
      [...worst, ...baselineAdjusted].map(({ minScore, nWith, rate }) => [minScore, nWith, rate]),
      [
        [1, 39, 0.78],
        [3, 23, 0.46],
        [1, 15, 0.3],
        [3, 9, 0.18],
      ],
    );
    assert.deepEqual(baselineAdjusted[1]!.ci95, clopperPearson(9n, 50n).ci95);
  });

  it("adjusts nothing where all baselines are 0, and everything where none got worse", () => {
    const zero = Array.from({ length: 5 }, () => 0n);
    const none = proCtcae([[3n, 1n, 0n, 4n, 2n], zero, zero, zero, zero]);
    assert.deepEqual(none.baselineAdjusted, none.worst);
    const better = proCtcae([zero, zero, zero, zero, [1n, 2n, 3n, 4n, 5n]]);
    assert.deepEqual(
      better.baselineAdjusted.map(({ nWith }) => nWith),
      [0, 0],
    );
    assertPlain(proCtcae([zero, zero, zero, zero, zero]));
    assert.equal(proCtcae([zero, zero, zero, zero, zero]).worst[0]!.rate, null);
  });

  it("never has more adjusted than worst, and refuses a count below 0", () => {
    const count = fc.bigInt({ min: 0n, max: 20n });
    const row = fc.array(count, { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(row, { minLength: 5, maxLength: 5 }), (subjects) => {
        const result = proCtcae(subjects);
        assertPlain(result);
        for (const [index, { nWith }] of result.baselineAdjusted.entries()) {
          assert.ok(nWith <= result.worst[index]!.nWith);
        }
        assert.ok(result.worst[1]!.nWith <= result.worst[0]!.nWith);
      }),
      property,
    );
    assert.throws(
      () =>
        proCtcae([
          [1n, 2n],
          [3n, -1n],
        ]),
      {
        detail: { code: "ANSWER_INCONSISTENT", statistic: "PRO-CTCAE" },
      },
    );
  });
});
