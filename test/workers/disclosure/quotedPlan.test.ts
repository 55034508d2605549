/**
 * The quote of a request's gate (`workers/query/gateCost.ts`), against the plan that workers make: what it counts of tests and
 * products (rounds are an upper estimate) it counts rightly, what it says that it leaves out is all that it leaves out.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { GatePlan, SizeTest } from "../../../workers/messages/gatePlan.ts";
import { settleZero } from "../../../workers/protocols/hideLines.ts";
import { plantForest } from "../../../workers/protocols/testForest.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import type { GateCost } from "../../../workers/query/gateCost.ts";
import { gateCost } from "../../../workers/query/gateCost.ts";
import { DEMO_SQL, trialSchema } from "../query/trialSchema.ts";
import type { ClearRequest, Row } from "./clearStudy.ts";
import { ClearStudy } from "./clearStudy.ts";

const K = 11;
const ARMS = 3;
const DEMO: ClearRequest = { sql: DEMO_SQL, parameters: { lo: "40", hi: "59", marker: "positive" } };
const COUNT: ClearRequest = { sql: "SELECT COUNT(*) FROM trial WHERE arm = 'control'" };
const OLD: ClearRequest = { sql: "SELECT arm, COUNT(*) FROM trial WHERE age >= 40 GROUP BY arm" };
const RESTS: ClearRequest = { sql: "SELECT arm, STDDEV_POP(weight), REGR_R2(weight, age) FROM trial GROUP BY arm" };
const WEIGHT: ClearRequest = { sql: "SELECT arm, biomarker, COUNT(*), AVG(weight) FROM trial GROUP BY arm, biomarker" };

/** Nobody is missing, and fields are as independent as a pattern makes them: every set of these queries is large. */
function patients(count: number): Row[] {
  return Array.from({ length: count }, (_, row) => {
    const at = (period: number, values: number): bigint => BigInt(Math.floor(row / period) % values);
    return {
      arm: at(1, 3),
      biomarker: at(3, 2),
      age: 18n + at(6, 73),
      response: at(7, 2_001) - 1_000n,
      grade: at(6, 6),
      enrolled: 18_000n + at(2, 1_500),
      site: at(36, 6),
      Mixed: at(5, 4),
      weight: at(4, 301),
    };
  });
}

function studyOf(owners: number): ClearStudy {
  const study = new ClearStudy(trialSchema, K);
  for (let owner = 0; owner < owners; owner++) study.contribute(`owner ${owner}`, patients(900));
  return study;
}

async function quoteOf({ sql }: ClearRequest, owners: number, earlier: number): Promise<GateCost> {
  const { descriptor } = await compileQuery(sql, trialSchema);
  return gateCost(descriptor, trialSchema, { k: K, owners, earlier });
}

/** What is tested while nothing is hidden yet. */
interface Asked {
  /** One bit each, or two. */
  readonly questions: readonly (readonly SizeTest[])[];
  readonly tests: number;
  readonly products: number;
}

async function planOf(study: ClearStudy, request: ClearRequest): Promise<GatePlan> {
  const { gate } = await study.plan(request);
  assert.ok(gate !== undefined && !gate.refused);
  return gate.plan;
}

/** @param isCounted of the tests of groups */
async function askedBy(
  { cohort, zeros, groups, close }: GatePlan,
  isCounted: (test: SizeTest) => boolean,
): Promise<Asked> {
  const settled = (tests: readonly SizeTest[]): readonly SizeTest[] => tests.map((test) => settleZero(test, true));
  const own = groups.map(({ tests }) => tests.filter(isCounted));
  const lines = (await close(new Set())).lines.map(({ tests }) => settled(tests));
  const questions = [cohort, zeros, ...(zeros.length > 0 ? own : own.map(settled)), ...lines];
  const { paired, counts, bits } = plantForest(questions);
  const inTrees = counts.reduce((sum, leaves) => sum + leaves - 1, 0);
  const masks = bits.filter(({ factors }) => factors !== undefined).length;
  return { questions, tests: questions.flat().length, products: paired.length + inTrees + masks };
}

const all = (): boolean => true;

/**
 * Of a first request: of one set or a sum over it, also without an owner's rows, or of a set and one that it is in, or a pair, which has
 * −2 times what both have. What is left is of two sets of the answer with all rows.
 */
function isOfOneSet({ terms, zero }: SizeTest): boolean {
  return terms.length <= 2 || zero === "ifShown" || terms.some(([, coefficient]) => coefficient === -2);
}

describe("the quote of a request's gate", () => {
  for (const owners of [1, 2]) {
    it(`is, test by test, what the demo query's first plan asks, but for what it leaves out (${owners} owners)`, async () => {
      const quote = await quoteOf(DEMO, owners, 0);
      const plan = await planOf(studyOf(owners), DEMO);
      const counted = await askedBy(plan, isOfOneSet);
      const beside = owners > 1 ? owners : 0;
      assert.equal(plan.zeros.length, 1 + beside);
      // Of the ages that its parameters leave, each two neighbours and those between the ends; the quote is for whichever may be left.
      const left = Number(DEMO.parameters!["hi"]) - Number(DEMO.parameters!["lo"]);
      const fewer = ARMS * (64 - left) * (1 + beside);
      const productsOf = (least: number): number => 2 + Math.ceil((least * K - 1) / 2);
      const inside = productsOf(90 - 18 - 1) - productsOf(left - 1);
      const fromEnds = 2 * (productsOf(90 - 18) - productsOf(left));
      const products = fewer * productsOf(2) + ARMS * (1 + beside) * (inside + fromEnds);
      assert.deepEqual([counted.tests + fewer, counted.products + products], [quote.tests, quote.products]);
      const sets = plan.groups.length;
      const rest = (await askedBy(plan, all)).tests - counted.tests;
      assert.ok(
        rest > 0 && rest <= (3 * sets * (sets - 1)) / 2,
        `${rest} tests of two sets of the answer and all rows`,
      );
    });

    it(`is no less than what is asked of any other first request, but for the same (${owners} owners)`, async () => {
      for (const request of [COUNT, OLD, WEIGHT, RESTS]) {
        const quote = await quoteOf(request, owners, 0);
        const plan = await planOf(studyOf(owners), request);
        const counted = await askedBy(plan, isOfOneSet);
        assert.ok(counted.tests <= quote.tests && counted.products <= quote.products, request.sql);
      }
    });

    it(`is no less than all that is asked after some answers (${owners} owners)`, async () => {
      const study = studyOf(owners);
      let earlier = 0;
      for (const request of [DEMO, COUNT, OLD, WEIGHT, RESTS, DEMO, COUNT]) {
        const quote = await quoteOf(request, owners, earlier);
        const asked = await askedBy(await planOf(study, request), all);
        if (earlier > 0) {
          assert.ok(asked.tests <= quote.tests, `${request.sql}: ${asked.tests} tests, ${quote.tests} quoted`);
          assert.ok(
            asked.products <= quote.products,
            `${request.sql}: ${asked.products} products, ${quote.products} quoted`,
          );
        }
        assert.equal((await study.ask(request)).kind, "answered", request.sql);
        earlier += quote.setsPerAnswer;
      }
    });
  }

  it("counts pairs and triples of a single number, with each earlier one and all rows", async () => {
    const study = studyOf(1);
    const fields = ["arm = 'control'", "biomarker = 'positive'", "grade = '3'", "site = 'O''Brien'"];
    for (const [earlier, condition] of fields.entries()) {
      const request = { sql: `SELECT COUNT(*) FROM trial WHERE ${condition}` };
      const quote = await quoteOf(request, 1, earlier);
      const { tests, products } = await askedBy(await planOf(study, request), all);
      const couples = (earlier * (earlier - 1)) / 2;
      // With all rows one of the three signs, the others being pairs.
      assert.equal(tests, 1 + (earlier + 1) + 3 * couples + earlier, condition);
      // The cell is the cohort, which is quoted, too.
      assert.equal(quote.tests, 2 * (1 + (earlier + 1) + 3 * (couples + earlier)), condition);
      assert.ok(products <= quote.products);
      assert.equal((await study.ask(request)).kind, "answered", condition);
    }
  });
});
