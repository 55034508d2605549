import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { clopperPearson } from "../../../workers/statistics/clopperPearson.ts";
import type { GradeRate } from "../../../workers/statistics/gradeRates.ts";
import { finishGradeRates } from "../../../workers/statistics/gradeRates.ts";
import { HIDDEN, isHidden } from "../../../workers/statistics/hidden.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { referenceData } from "../../support/referenceStudy.ts";
import { assertAllClose, assertClose, assertPlain } from "./numbers.ts";
import { referenceQueries, referenceRows } from "./referenceAnswers.ts";

const property = { numRuns: budget.propertyRuns };

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
        const counts = new Array<bigint>(5).fill(0n);
        for (const subject of subjects) {
          const own = events.filter((event) => event[query.subject] === subject[query.subject]);
          const graded = own.filter((event) => query.term === undefined || event[query.term] === term);
          const worst = Math.max(0, ...graded.map((event) => Number(event[query.grade])));
          counts.forEach((_, index) => (counts[index]! += worst > index ? 1n : 0n));
        }
        const all = finishGradeRates([1n, 2n, 3n, 4n, 5n], [BigInt(subjects.length), ...counts]);
        assert.ok(!isHidden(all));
        const found = all.rates[minGrade - 1] as GradeRate;
        assert.deepEqual([found.minGrade, all.nAtRisk, found.nWith], [minGrade, rate.n_at_risk, rate.n_with]);
        assertClose(found.rate, rate.rate, "rate");
        assertAllClose([found.ci95!.lower, found.ci95!.upper], rate.ci95_clopper_pearson, "limits");
      }
    });
  }
});

describe("gradeRates", () => {
  it("has each rate over all subjects, and of PRO-CTCAE those above baseline, too", () => {
    const graded = finishGradeRates([1n, 3n], [50n, 39n, 23n]);
    assert.ok(!isHidden(graded));
    assert.deepEqual(graded, {
      nAtRisk: 50,
      rates: [
        { minGrade: 1, nWith: 39, ...clopperPearson(39n, 50n) },
        { minGrade: 3, nWith: 23, ...clopperPearson(23n, 50n) },
      ],
    });
    const scored = finishGradeRates([1n, 3n], [50n, 39n, 23n, 15n, 9n]);
    assert.ok(!isHidden(scored));
    assert.deepEqual(scored.rates, graded.rates);
    assert.deepEqual(scored.baselineAdjusted?.[1], { minGrade: 3, nWith: 9, ...clopperPearson(9n, 50n) });
    assertPlain(scored);
  });

  it("hides a rate whose count is hidden, and all without the number of subjects", () => {
    const partly = finishGradeRates([1n, 3n], [50n, 39n, undefined]);
    assert.ok(!isHidden(partly));
    assert.deepEqual(partly.rates[1], { minGrade: 3, nWith: HIDDEN });
    assert.equal(finishGradeRates([1n], [undefined, 3n]), HIDDEN);
  });

  it("has no rate without subjects, and refuses a count that is none of them", () => {
    assert.deepEqual(finishGradeRates([1n], [0n, 0n]), {
      nAtRisk: 0,
      rates: [{ minGrade: 1, nWith: 0, rate: null, ci95: null }],
    });
    for (const count of [-1n, 4n]) {
      assert.throws(() => finishGradeRates([1n], [3n, count]), {
        detail: { code: "ANSWER_INCONSISTENT", statistic: "proportion" },
      });
    }
  });
});
