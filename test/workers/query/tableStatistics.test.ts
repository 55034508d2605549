/** Statistics of tables and of grades: compiled, evaluated in clear and finished, against counting the rows one by one. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeDescriptor } from "../../../workers/messages/descriptor.ts";
import { decodeDescriptor } from "../../../workers/messages/decodeDescriptor.ts";
import { buildCircuit } from "../../../workers/query/buildCircuit.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { finishAnswer } from "../../../workers/statistics/finishAnswer.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { clearColumns, evaluateClear } from "./clearCircuit.ts";

const schema = parseSchema(
  JSON.stringify({
    name: "tables",
    table: "t",
    subject: "id",
    fields: [
      { name: "arm", type: "category", categories: ["a", "b", "c"] },
      { name: "marker", type: "category", categories: ["x", "y"], required: true },
      { name: "age", type: "integer", minimum: 18, maximum: 40, search: "digits" },
      { name: "worst", type: "category", categories: ["0", "1", "2", "3", "4"] },
      { name: "baseline", type: "category", categories: ["0", "1", "2", "3", "4"] },
      { name: "dose", type: "number", decimals: 1, minimum: "-2", maximum: "5" },
    ],
  }),
);
const [ARM, MARKER, AGE, WORST, BASELINE, DOSE] = [0, 1, 2, 3, 4, 5];

type Row = readonly (number | null)[];

const row = fc.tuple(
  fc.option(fc.integer({ min: 0, max: 2 })),
  fc.integer({ min: 0, max: 1 }),
  fc.option(fc.integer({ min: 18, max: 40 })),
  fc.option(fc.integer({ min: 0, max: 4 })),
  fc.option(fc.integer({ min: 0, max: 4 })),
  fc.option(fc.integer({ min: -20, max: 50 })),
);
const tables = fc.array(row, { minLength: 0, maxLength: 30 });

async function ask(sql: string, rows: readonly Row[]): Promise<readonly (readonly unknown[])[]> {
  const { descriptor } = await compileQuery(sql, schema);
  const built = buildCircuit(descriptor, [], schema);
  assert.ok(!built.empty);
  const values = schema.fields.map((_, field) =>
    rows.map((each) => (each[field] === null ? null : BigInt(each[field]!))),
  );
  const outputs = evaluateClear(built.circuit, clearColumns(schema, values, rows.length));
  return finishAnswer(descriptor, schema, outputs, new Set()).rows;
}

/** What the answer holds at a path, whatever it is. */
function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inside, key) => (inside as Record<string | number, unknown>)[key], value);
}

async function holds(check: (rows: readonly Row[]) => Promise<void>): Promise<void> {
  await fc.assert(fc.asyncProperty(tables, check), { numRuns: Math.ceil(budget.propertyRuns / 4) });
}

function count(rows: readonly Row[], holdsFor: (each: Row) => boolean): number {
  return rows.filter(holdsFor).length;
}

describe("statistics of tables", () => {
  it("counts a histogram's bins, the last one closed, and who lies outside", async () => {
    const breaks = [20, 25, 33, 38];
    await holds(async (rows) => {
      const [answer] = await ask(`SELECT HISTOGRAM(age, ${breaks.join(", ")}) FROM t`, rows);
      const table = answer![0];
      const inside = (lo: number, hi: number): number =>
        count(rows, (r) => r[AGE]! !== null && r[AGE]! >= lo && r[AGE]! <= hi);
      assert.equal(at(table, "n"), inside(18, 40));
      assert.equal(at(table, "below"), inside(18, 19));
      assert.equal(at(table, "above"), inside(39, 40));
      const bins = [inside(20, 24), inside(25, 32), inside(33, 38)];
      bins.forEach((expected, bin) => assert.equal(at(table, "bins", bin, "count"), expected));
    });
  });

  it("has bins beyond the field's bounds, which are empty", async () => {
    const [answer] = await ask("SELECT HISTOGRAM(age, 0, 18, 41, 99) FROM t", [[0, 0, 18, 0, 0, 0], [0, 0, 40, 0, 0, 0]]); // prettier-ignore
    assert.deepEqual([0, 1, 2].map((bin) => at(answer![0], "bins", bin, "count")), [0, 2, 0]); // prettier-ignore
    assert.deepEqual([at(answer![0], "below"), at(answer![0], "above")], [0, 0]);
  });

  it("tabulates two columns where both are present", async () => {
    await holds(async (rows) => {
      const [answer] = await ask("SELECT CROSSTAB(arm, worst) FROM t WHERE marker = 'x'", rows);
      for (const [arm, grade] of [0, 1, 2].flatMap((a) => [0, 1, 2, 3, 4].map((g) => [a, g] as const))) {
        const expected = count(rows, (r) => r[MARKER] === 0 && r[ARM] === arm && r[WORST] === grade);
        assert.equal(at(answer![0], "counts", arm, grade), expected);
      }
    });
  });

  it("counts subjects at each grade or worse, of those who have one", async () => {
    await holds(async (rows) => {
      const answer = await ask("SELECT marker, TOXICITY(worst) AS rates FROM t GROUP BY marker", rows);
      for (const [marker, rates] of answer) {
        const own = rows.filter((r) => r[MARKER] === (marker === "x" ? 0 : 1) && r[WORST] !== null);
        assert.equal(at(rates, "nAtRisk"), own.length);
        for (const grade of [1, 2, 3, 4]) {
          assert.equal(at(rates, "rates", grade - 1, "minGrade"), grade);
          assert.equal(
            at(rates, "rates", grade - 1, "nWith"),
            count(own, (r) => r[WORST]! >= grade),
          );
        }
      }
    });
  });

  it("counts scores, and adjusted those above the subject's own baseline", async () => {
    await holds(async (rows) => {
      const [answer] = await ask("SELECT PRO_CTCAE(worst, baseline) FROM t", rows);
      const own = rows.filter((r) => r[WORST] !== null && r[BASELINE] !== null);
      assert.equal(at(answer![0], "nAtRisk"), own.length);
      [1, 3].forEach((score, index) => {
        assert.equal(
          at(answer![0], "rates", index, "nWith"),
          count(own, (r) => r[WORST]! >= score),
        );
        const above = count(own, (r) => r[WORST]! >= score && r[WORST]! > r[BASELINE]!);
        assert.equal(at(answer![0], "baselineAdjusted", index, "nWith"), above);
      });
    });
  });

  it("reports the scores that a scale has, where some can be above the baseline's", async () => {
    const scales: Readonly<Record<string, readonly string[]>> = {
      mild: ["0", "1"],
      low: ["0", "1", "2"],
      high: ["2", "3"],
    };
    const fields = Object.entries(scales).map(([name, categories]) => ({ name, type: "category", categories }));
    const on = parseSchema(JSON.stringify({ name: "scales", table: "t", subject: "id", fields }));
    const scoresOf = async (sql: string) => (await compileQuery(sql, on)).descriptor.columns[0]!.arguments;
    assert.deepEqual(await scoresOf("SELECT PRO_CTCAE(low, mild) FROM t"), [1n]);
    assert.deepEqual(await scoresOf("SELECT PRO_CTCAE(high, mild) FROM t"), [1n, 3n]);
    assert.deepEqual(await scoresOf("SELECT PRO_CTCAE(high, low) FROM t"), [1n, 3n]);
    for (const sql of ["SELECT PRO_CTCAE(low, high) FROM t", "SELECT PRO_CTCAE(mild, high) FROM t"]) {
      const isRefused = (error: Error & { detail?: { code: string; column: number } }): boolean =>
        error.detail?.code === "SQL_TYPE" && sql.slice(error.detail.column - 1).startsWith("high");
      await assert.rejects(compileQuery(sql, on), isRefused);
    }
  });

  it("takes the ends of an allocation's numbers", async () => {
    for (const option of [
      "PRIOR 0.05, 1000000",
      "POWER 0",
      "POWER 100",
      "EXTERNAL 999999999, 0, 1, 1, 0, 0, WEIGHT 1",
    ]) {
      await compileQuery(`SELECT ALLOCATION(worst = 0, ${option}) FROM t GROUP BY arm`, schema);
    }
  });

  it("refuses, when an allocation is finished, arms that the axis does not have", async () => {
    const { descriptor } = await compileQuery("SELECT ALLOCATION(worst = 0) FROM t GROUP BY arm", schema);
    const outputs = Array.from({ length: 8 }, (_, at) => (at % 2 === 0 ? 20n : 5n));
    const finished = (arms: bigint) => {
      const [column] = descriptor.columns;
      const words = column!.arguments.with(3, arms);
      const changed = { ...descriptor, columns: [{ ...column!, arguments: words }] };
      const read = decodeDescriptor(encodeDescriptor(changed));
      return finishAnswer(read, schema, outputs.slice(0, 6), new Set()).rows[0]![0];
    };
    assert.equal((at(finished(5n), "arms") as unknown[]).length, 2);
    for (const arms of [8n, 9n, 1n << 200n]) assert.throws(() => finished(arms), { code: "ANSWER_INCONSISTENT" });
    assert.throws(() => finished(0n), { code: "DESCRIPTOR_MALFORMED" });
  });

  it("refuses, when a table is finished, lines and breaks beyond what the field could have", async () => {
    const fields = [{ name: "born", type: "date", minimum: "1950-01-01", maximum: "1999-12-31", search: "digits" }];
    const on = parseSchema(JSON.stringify({ name: "dates", table: "t", subject: "id", fields }));
    const { descriptor } = await compileQuery("SELECT HISTOGRAM(born, '1960-01-01', '1970-01-01') FROM t", on);
    const [[step], [column]] = [descriptor.steps, descriptor.columns];
    const axes = [{ ...step!.axes[0]!, cuts: [0n, 1n << 200n] }];
    const far = [-(1n << 200n), 1n << 200n];
    for (const changed of [
      { ...descriptor, steps: [{ ...step!, axes }] },
      { ...descriptor, columns: [{ ...column!, arguments: far }] },
    ]) {
      const read = decodeDescriptor(encodeDescriptor(changed));
      assert.throws(() => finishAnswer(read, on, [20n, 30n, 40n], new Set()), { code: "ANSWER_INCONSISTENT" });
    }
  });

  it("allocates by the groups that are not selected, with an earlier study's counts", async () => {
    await holds(async (rows) => {
      const sql =
        "SELECT marker, ALLOCATION(worst = 0, PRIOR 0.5, 2, POWER 0.5, EXTERNAL 10, 4, 0, 0, 6, 6, WEIGHT 0.25) AS a " +
        "FROM t GROUP BY marker, arm";
      for (const [marker, table] of await ask(sql, rows)) {
        const own = rows.filter((r) => r[MARKER] === (marker === "x" ? 0 : 1) && r[WORST] !== null);
        const external = [[10, 4], [0, 0], [6, 6]] as const; // prettier-ignore
        external.forEach(([n, successes], arm) => {
          const ofArm = own.filter((r) => r[ARM] === arm);
          const own0 = count(ofArm, (r) => r[WORST] === 0);
          assert.equal(at(table, "arms", arm, "n"), ofArm.length);
          assert.equal(at(table, "arms", arm, "alpha"), 0.5 + own0 + 0.25 * successes);
          assert.equal(at(table, "arms", arm, "beta"), 2 + (ofArm.length - own0) + 0.25 * (n - successes));
        });
      }
    });
  });

  it("leaves out arms that WHERE leaves out, and keeps the prior of those without patients", async () => {
    const sql = "SELECT ALLOCATION(worst = 0) AS a FROM t WHERE arm IN ('a', 'c') GROUP BY arm";
    const [answer] = await ask(sql, [[0, 0, 20, 0, 0, 0]]);
    assert.deepEqual([0, 1].map((arm) => at(answer![0], "arms", arm, "arm")), ["a", "c"]); // prettier-ignore
    assert.equal((at(answer![0], "arms") as unknown[]).length, 2);
    assert.equal(at(answer![0], "arms", 1, "mean"), 0.5);
  });

  it("compares means of the groups that are not selected", async () => {
    await holds(async (rows) => {
      const [answer] = await ask("SELECT ANOVA(dose) FROM t GROUP BY arm", rows);
      const own = rows.filter((r) => r[ARM] !== null && r[DOSE] !== null);
      assert.equal(at(answer![0], "test", "n"), own.length);
      assert.equal(at(answer![0], "test", "groups"), new Set(own.map((r) => r[ARM])).size);
      const [pair] = await ask("SELECT T_TEST(dose) FROM t WHERE arm <> 'c' GROUP BY arm", rows);
      const groups = [0, 1].map((arm) => own.filter((r) => r[ARM] === arm));
      if (groups.some(({ length }) => length === 0)) return assert.equal(at(pair![0], "test"), null);
      assert.deepEqual(at(pair![0], "test", "n"), groups.map(({ length }) => length)); // prettier-ignore
    });
  });

  it("fits the exact line of values that lie on one", async () => {
    const rows = Array.from({ length: 12 }, (_, index): Row => [
      index % 3,
      index % 2,
      18 + index,
      0,
      0,
      3 * index - 8 * (index % 2),
    ]);
    const [answer] = await ask("SELECT LINEAR_REGRESSION(dose, age, INDICATOR(marker = 'y')) FROM t", rows);
    const terms = [0, 1, 2].map((term) => [at(answer![0], "coefficients", term, "term"), at(answer![0], "coefficients", term, "estimate")]); // prettier-ignore
    assert.deepEqual(terms, [["(Intercept)", -5.4], ["age", 0.3], ['marker = "y"', -0.8]]); // prettier-ignore
  });
});

describe("what statistics of tables refuse", () => {
  const REFUSED: readonly (readonly [sql: string, code: string, reason: RegExp])[] = [
    ["SELECT HISTOGRAM(arm, 1, 2) FROM t", "SQL_TYPE", /is a category/],
    ["SELECT HISTOGRAM(age, 30, 20) FROM t", "SQL_TYPE", /ascend/],
    ["SELECT HISTOGRAM(age, 20.5, 30) FROM t", "SQL_TYPE", /decimals/],
    ["SELECT HISTOGRAM(dose, 0, 1) FROM t", "SQL_NO_CUT_POINT", /cut-point/],
    ["SELECT HISTOGRAM(age, 20, 30), COUNT(*) FROM t", "SQL_UNSUPPORTED", /stands alone/],
    ["SELECT CROSSTAB(arm, arm) FROM t", "SQL_TYPE", /different/],
    ["SELECT CROSSTAB(arm, age) FROM t", "SQL_TYPE", /not a category/],
    ["SELECT arm, CROSSTAB(arm, worst) FROM t GROUP BY arm", "SQL_UNSUPPORTED", /GROUP BY/],
    ["SELECT T_TEST(dose) FROM t", "SQL_TYPE", /compares the groups/],
    ["SELECT arm, T_TEST(dose) FROM t GROUP BY arm", "SQL_TYPE", /compares the groups/],
    ["SELECT T_TEST(arm) FROM t GROUP BY marker", "SQL_TYPE", /no numbers/],
    ["SELECT TOXICITY(arm) FROM t", "SQL_TYPE", /grades/],
    ["SELECT TOXICITY(age) FROM t", "SQL_TYPE", /grades/],
    ["SELECT PRO_CTCAE(worst, worst) FROM t", "SQL_TYPE", /different/],
    ["SELECT ALLOCATION(worst > 0) FROM t GROUP BY arm", "SQL_UNSUPPORTED", /success/],
    ["SELECT ALLOCATION(worst = 0, PRIOR 0, 1) FROM t GROUP BY arm", "SQL_TYPE", /PRIOR/],
    ["SELECT ALLOCATION(worst = 0, POWER -1) FROM t GROUP BY arm", "SQL_UNSUPPORTED", /POWER/],
    ["SELECT ALLOCATION(worst = 0, POWER 100.000001) FROM t GROUP BY arm", "SQL_TYPE", /POWER .*100/],
    [`SELECT ALLOCATION(worst = 0, POWER ${"9".repeat(80)}) FROM t GROUP BY arm`, "SQL_TYPE", /POWER .*100/],
    [`SELECT ALLOCATION(worst = 0, PRIOR 1, ${"9".repeat(80)}) FROM t GROUP BY arm`, "SQL_TYPE", /PRIOR/],
    [
      `SELECT ALLOCATION(worst = 0, EXTERNAL 2, 1, 2, 1, 2, 1, WEIGHT ${"9".repeat(80)}) FROM t GROUP BY arm`,
      "SQL_TYPE",
      /WEIGHT/,
    ],
    [
      `SELECT ALLOCATION(worst = 0, EXTERNAL ${"9".repeat(80)}, 1, 2, 1, 2, 1) FROM t GROUP BY arm`,
      "SQL_TYPE",
      /subjects and successes/,
    ],
    [`SELECT HISTOGRAM(age, 20, ${"9".repeat(80)}) FROM t`, "SQL_TYPE", /beyond/],
    [`SELECT HISTOGRAM(age, -${"9".repeat(80)}, 20) FROM t`, "SQL_TYPE", /beyond/],
    ["SELECT ALLOCATION(worst = 0, WEIGHT 1) FROM t GROUP BY arm", "SQL_TYPE", /EXTERNAL/],
    [
      "SELECT ALLOCATION(worst = 0, EXTERNAL 1, 2, 3, 1, 1, 1) FROM t GROUP BY arm",
      "SQL_TYPE",
      /subjects and successes/,
    ],
    ["SELECT ALLOCATION(worst = 0, EXTERNAL 2, 1) FROM t GROUP BY arm", "SQL_TYPE", /3 groups/],
    ["SELECT LINEAR_REGRESSION(dose, dose) FROM t", "SQL_TYPE", /different/],
    ["SELECT LINEAR_REGRESSION(dose, arm) FROM t", "SQL_TYPE", /INDICATOR/],
    ["SELECT LINEAR_REGRESSION(dose, INDICATOR(arm IS NULL)) FROM t", "SQL_UNSUPPORTED", /one condition/],
    ["SELECT BIN(age, 30), COUNT(*) FROM t GROUP BY BIN(age, 25)", "SQL_UNSUPPORTED", /./],
    ["SELECT COUNT(*) FROM t GROUP BY BIN(age, 25), BIN(age, 30)", "SQL_TYPE", /one way/],
    ["SELECT COUNT(*) FROM t GROUP BY BIN(age, 18)", "SQL_TYPE", /above/],
    ["SELECT COUNT(*) FROM t GROUP BY BIN(dose, 1)", "SQL_NO_CUT_POINT", /cut-point/],
    ["SELECT COUNT(*) FROM t GROUP BY age", "SQL_TYPE", /BIN/],
    [
      "SELECT COUNT(*) FROM t WHERE age > 18 OR arm = 'a' OR age = 18 OR age IS NULL OR arm = :p",
      "SQL_PARAMETER",
      /decides nothing/,
    ],
  ];
  for (const [sql, code, reason] of REFUSED) {
    it(`${code}: ${sql}`, async () => {
      await assert.rejects(compileQuery(sql, schema), (error: Error & { detail?: { code: string } }) => {
        assert.equal(error.detail?.code, code, error.message);
        assert.match(error.message, reason);
        return true;
      });
    });
  }
});
