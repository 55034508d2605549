import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ArmCounts } from "../../../workers/statistics/allocation.ts";
import { allocate } from "../../../workers/statistics/allocation.ts";
import { bestArm } from "../../../workers/statistics/bestArm.ts";
import { betaBinomial } from "../../../workers/statistics/betaBinomial.ts";
import { gaussLegendre } from "../../../workers/statistics/gaussLegendre.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { assertAllClose, assertClose, assertPlain } from "./numbers.ts";
import { groupRows, referenceQueries } from "./referenceAnswers.ts";

const property = { numRuns: budget.propertyRuns };
const UNIFORM = { alpha: 1, beta: 1 };

const arm = fc
  .tuple(fc.integer({ min: 0, max: 300 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([n, share]): ArmCounts => ({ n: BigInt(n), successes: BigInt(Math.round(n * share)) }));

interface RarQuery {
  readonly arm: string;
  readonly outcome: string;
  readonly success: number;
  readonly biomarker?: string;
  readonly prior: readonly [number, number];
  readonly allocation_rule: string;
}
interface ExpectedRar {
  readonly strata: readonly (Readonly<Record<string, readonly number[]>> & {
    readonly arms: readonly string[];
    readonly biomarker?: string;
  })[];
}

describe("allocate", () => {
  for (const { id, query, rows, expected } of referenceQueries<RarQuery, ExpectedRar>("beta_binomial_rar")) {
    it(`gives R's posteriors and integrals: ${id}`, () => {
      const exponent = Number(/\^([\d.]+)/.exec(query.allocation_rule)![1]);
      const [alpha, beta] = query.prior;
      const strata = groupRows(rows, query.biomarker);
      assert.ok(expected.strata.length > 0);
      for (const stratum of expected.strata) {
        const members = strata.get(stratum.biomarker ?? "")!;
        const counts = stratum.arms.map((name): ArmCounts => {
          const own = members.filter((row) => row[query.arm] === name && row[query.outcome] !== "");
          const successes = own.filter((row) => Number(row[query.outcome]) === query.success);
          return { n: BigInt(own.length), successes: BigInt(successes.length) };
        });
        const result = allocate(counts, { alpha, beta }, exponent);
        assertPlain(result);
        const column = (of: (arm: (typeof result)[number]) => number, name: string, tolerance?: number): void =>
          assertAllClose(result.map(of), stratum[name]!, `${stratum.biomarker ?? "all"} ${name}`, tolerance);
        column(({ n }) => n, "n", 0);
        column(({ successes }) => successes, "successes", 0);
        column((each) => each.alpha, "alpha", 0);
        column((each) => each.beta, "beta", 0);
        column(({ mean }) => mean, "post_mean");
        column(({ sd }) => sd, "post_sd");
        column(({ probabilityBest }) => probabilityBest, "p_best");
        column(({ allocation }) => allocation, "allocation");
        column(({ probabilityAboveHalf }) => probabilityAboveHalf, "p_gt_half");
        column(({ credible95 }) => credible95.lower, "cred95_lower");
        column(({ credible95 }) => credible95.upper, "cred95_upper");
      }
    });
  }

  it("allocates in proportion, its square root, equally, or nearly all to the best", () => {
    const arms = [
      { n: 40n, successes: 10n },
      { n: 40n, successes: 20n },
      { n: 0n, successes: 0n },
    ];
    const shares = (exponent: number): number[] =>
      allocate(arms, UNIFORM, exponent).map(({ allocation }) => allocation);
    const best = allocate(arms, UNIFORM, 1).map(({ probabilityBest }) => probabilityBest);
    assertAllClose(shares(1), best, "in proportion", 1e-12);
    const roots = best.map(Math.sqrt);
    const total = roots.reduce((a, b) => a + b);
    assertAllClose(
      shares(0.5),
      roots.map((root) => root / total),
      "square roots",
      1e-12,
    );
    assert.deepEqual(shares(0), [1 / 3, 1 / 3, 1 / 3]);
    const winner = best.indexOf(Math.max(...best));
    assert.deepEqual(
      shares(1e6).map(Math.round),
      best.map((_, index) => (index === winner ? 1 : 0)),
    );
    assert.deepEqual(allocate([], UNIFORM, 1), []);
    const alone = allocate([{ n: 4n, successes: 1n }], UNIFORM, 1)[0]!;
    assert.deepEqual([alone.probabilityBest, alone.allocation], [1, 1]);
  });

  it("still divides among arms that can never be best", () => {
    const arms = [
      { n: 100_000n, successes: 0n },
      { n: 100_000n, successes: 100_000n },
    ];
    assert.deepEqual(
      allocate(arms, UNIFORM, 1).map(({ allocation }) => allocation),
      [0, 1],
    );
    assert.deepEqual(
      allocate(arms, UNIFORM, 0).map(({ allocation }) => allocation),
      [0.5, 0.5],
    );
  });

  it("sums to 1, follows the arms' order, and mirrors with successes", () => {
    fc.assert(
      fc.property(fc.array(arm, { minLength: 1, maxLength: 5 }), fc.constantFrom(0.5, 1, 2), (arms, exponent) => {
        const result = allocate(arms, { alpha: 0.5, beta: 0.5 }, exponent);
        assertPlain(result);
        const sum = (of: "probabilityBest" | "allocation"): number =>
          result.reduce((total, each) => total + each[of], 0);
        assertClose(sum("probabilityBest"), 1, "Σ P(best)", 1e-11);
        assertClose(sum("allocation"), 1, "Σ allocation", 1e-14);
        const reversed = allocate([...arms].reverse(), { alpha: 0.5, beta: 0.5 }, exponent).reverse();
        for (const [index, { probabilityBest }] of result.entries()) {
          assertClose(reversed[index]!.probabilityBest, probabilityBest, "reversed", 1e-10, 1e-13);
        }
        if (arms.length !== 2) return;
        const mirrored = arms.map(({ n, successes }) => ({ n, successes: n - successes }));
        const lowest = allocate(mirrored, { alpha: 0.5, beta: 0.5 }, exponent);
        assertClose(lowest[0]!.probabilityBest, result[1]!.probabilityBest, "mirrored", 1e-9, 1e-13);
      }),
      property,
    );
  });
});

/** P(B > A) for whole shapes, a finite sum of positive terms: Σ_{i<alphaB} B(alphaA+i, betaA+betaB) / ((betaB+i)·B(1+i, betaB)·B(alphaA, betaA)). */
function secondBetter(a: [number, number], b: [number, number]): number {
  const logGamma = (n: number): number => {
    let sum = 0;
    for (let k = 2; k < n; k++) sum += Math.log(k);
    return sum;
  };
  const logBeta = (x: number, y: number): number => logGamma(x) + logGamma(y) - logGamma(x + y);
  let total = 0;
  for (let i = 0; i < b[0]; i++) {
    total += Math.exp(logBeta(a[0] + i, a[1] + b[1]) - Math.log(b[1] + i) - logBeta(1 + i, b[1]) - logBeta(a[0], a[1]));
  }
  return total;
}

describe("bestArm", () => {
  const shapes = (...pairs: [number, number][]): { alpha: number; beta: number }[] =>
    pairs.map(([alpha, beta]) => ({ alpha, beta }));

  it("is the finite sum for two arms of whole shapes", () => {
    const whole = fc.integer({ min: 1, max: 120 });
    fc.assert(
      fc.property(fc.tuple(whole, whole), fc.tuple(whole, whole), (a, b) => {
        assertClose(bestArm(shapes(a, b))[1]!, secondBetter(a, b), "P(B > A)", 1e-9, 1e-14);
      }),
      property,
    );
  });

  it("gives the integrals of 25 digits, poles at both ends included", () => {
    const cases: [[number, number][], number[]][] = [
      [
        [
          [1, 1],
          [2, 3],
        ],
        [0.6, 0.4],
      ],
      [
        [
          [21, 39],
          [19, 19],
          [58, 42],
          [18, 36],
        ],
        [0.0011571565431384326, 0.198590353765147, 0.7994439224195524, 0.0008085672721620948],
      ],
      [
        [
          [0.5, 0.5],
          [6.5, 11.5],
          [9.5, 11.5],
        ],
        [0.5136716497512107, 0.1309037538828514, 0.35542459636593793],
      ],
    ];
    for (const [arms, best] of cases) assertAllClose(bestArm(shapes(...arms)), best, JSON.stringify(arms), 1e-11);
  });

  it("sees the sharpest and the flattest posteriors beside each other", () => {
    // The uniform arm is better with the probability that it is above a point.
    assertAllClose(bestArm(shapes([300_000, 700_000], [1, 1])), [0.3, 0.7], "a point and the uniform", 1e-9);
    const many: [number, number][] = [
      [0.05, 0.05],
      [1e6, 1e6],
      [1e6, 1e6 + 100],
      [0.05, 1000],
      [1000, 0.05],
      [3, 3],
    ];
    for (const first of many) {
      for (const second of many) {
        const best = bestArm(shapes(first, second, [40, 60]));
        assertClose(
          best.reduce((sum, each) => sum + each, 0),
          1,
          JSON.stringify([first, second]),
          1e-9,
        );
      }
    }
    // Equal arms are equally good.
    assertAllClose(bestArm(shapes([0.05, 0.05], [0.05, 0.05])), [0.5, 0.5], "flat", 1e-12);
    assertAllClose(
      bestArm(shapes(...new Array<[number, number]>(8).fill([7, 9]))),
      new Array<number>(8).fill(1 / 8),
      "eight",
      1e-12,
    );
  });
});

describe("betaBinomial", () => {
  it("borrows external counts by their weight", () => {
    const counts = { n: 20n, successes: 8n };
    const external = { n: 100n, successes: 30n };
    const shape = (weight: number): number[] => {
      const { alpha, beta } = betaBinomial(counts, { alpha: 1, beta: 2 }, { ...external, weight });
      return [alpha, beta];
    };
    assert.deepEqual(shape(0), [9, 14]);
    assert.deepEqual(shape(0.5), [24, 49]);
    assert.deepEqual(shape(1), [39, 84]);
    const own = betaBinomial(counts, { alpha: 1, beta: 2 });
    assert.deepEqual(betaBinomial(counts, { alpha: 1, beta: 2 }, { ...external, weight: 0 }), own);
    // A weight of 1 is one larger study.
    const pooled = betaBinomial({ n: 120n, successes: 38n }, { alpha: 1, beta: 2 });
    assert.deepEqual(betaBinomial(counts, { alpha: 1, beta: 2 }, { ...external, weight: 1 }), pooled);
  });

  it("has the moments and limits of known posteriors", () => {
    const { mean, sd, probabilityAboveHalf, credible95 } = betaBinomial({ n: 0n, successes: 0n }, UNIFORM);
    assertAllClose([mean, sd, probabilityAboveHalf], [0.5, Math.sqrt(1 / 12), 0.5], "uniform", 1e-15);
    assertAllClose([credible95.lower, credible95.upper], [0.025, 0.975], "limits", 1e-14);
  });

  it("refuses more successes than subjects, and asserts the prior and the weight", () => {
    const refused = { detail: { code: "ANSWER_INCONSISTENT", statistic: "beta-binomial" } };
    assert.throws(() => betaBinomial({ n: 3n, successes: 4n }, UNIFORM), refused);
    assert.throws(() => betaBinomial({ n: 3n, successes: -1n }, UNIFORM), refused);
    assert.throws(
      () => betaBinomial({ n: 3n, successes: 1n }, UNIFORM, { n: 1n, successes: 2n, weight: 0.5 }),
      refused,
    );
    const counts = { n: 3n, successes: 1n };
    for (const shape of [0, 0.049, 1.1e6, NaN]) {
      assert.throws(() => betaBinomial(counts, { alpha: shape, beta: 1 }), { name: "AssertionError" });
      assert.throws(() => betaBinomial(counts, { alpha: 1, beta: shape }), { name: "AssertionError" });
    }
    for (const weight of [-0.1, 1.1, NaN]) {
      assert.throws(() => betaBinomial(counts, UNIFORM, { ...counts, weight }), { name: "AssertionError" });
    }
    for (const exponent of [-1, Infinity, NaN]) {
      assert.throws(() => allocate([counts], UNIFORM, exponent), { name: "AssertionError" });
    }
  });
});

describe("gaussLegendre", () => {
  it("is exact for polynomials of degree below twice its order", () => {
    for (const order of [2, 5, 20]) {
      const { nodes, weights } = gaussLegendre(order);
      for (let degree = 0; degree < 2 * order; degree++) {
        const sum = nodes.reduce((total, node, index) => total + weights[index]! * node ** degree, 0);
        assertClose(sum, degree % 2 === 0 ? 2 / (degree + 1) : 0, `degree ${degree}`, 1e-14, 1e-15);
      }
    }
  });
});
