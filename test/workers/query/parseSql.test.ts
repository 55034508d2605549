import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Finish } from "../../../workers/messages/descriptor.ts";
import type { Argument, ConditionTree, SelectItem } from "../../../workers/query/parsedQuery.ts";
import { parseSql } from "../../../workers/query/parseSql.ts";
import type { SqlText } from "../../../workers/query/sqlText.ts";
import { locate } from "../../../workers/query/sqlText.ts";

async function onlyItem(call: string): Promise<SelectItem> {
  const { select } = await parseSql(`SELECT ${call} FROM trial`);
  const [item, more] = select;
  assert.ok(item !== undefined && more === undefined);
  return item;
}

/** Arguments as short words: `x`, `[x = 1]`, `{x = 1}` for an indicator, `1`, `'a'`. */
function short(argument: Argument): string {
  switch (argument.kind) {
    case "column":
      return argument.column.name;
    case "indicator":
      return `{${shortTree(argument.condition)}}`;
    case "condition":
      return `[${shortTree(argument.condition)}]`;
    case "number":
      return argument.text;
    case "text":
      return `'${argument.text}'`;
  }
}

/** AND, OR and NOT with every parenthesis. */
function shortTree(tree: ConditionTree): string {
  switch (tree.kind) {
    case "and":
    case "or":
      return `(${tree.parts.map(shortTree).join(tree.kind === "and" ? " & " : " | ")})`;
    case "not":
      return `!${shortTree(tree.part)}`;
    case "compare":
      return `${tree.column.name} ${tree.relation} ${"text" in tree.value ? tree.value.text : `$${tree.value.index}`}`;
    case "null":
      return `${tree.column.name} ${tree.negated ? "present" : "missing"}`;
    case "in":
      return `${tree.column.name} ${tree.negated ? "not in" : "in"} ${tree.values.length}`;
    case "between":
      return `${tree.column.name} ${tree.negated ? "outside" : "inside"}`;
  }
}

const shortItem = ({ arguments: of, options }: SelectItem): string =>
  [of.map(short).join(", "), ...options.map(({ name, values }) => `${name}(${values.map(short).join(", ")})`)].join(
    " ",
  );

const CALLS: readonly (readonly [call: string, finish: Finish, of: string])[] = [
  ["COUNT(*)", Finish.COUNT, ""],
  ["COUNT(x)", Finish.COUNT, "x"],
  ["sum(X)", Finish.SUM, "x"],
  ["AVG(trial.x)", Finish.AVG, "x"],
  ["VAR_POP(x)", Finish.VAR_POP, "x"],
  ["VAR_SAMP(x)", Finish.VAR_SAMP, "x"],
  ["VARIANCE(x)", Finish.VAR_SAMP, "x"],
  ["STDDEV_POP(x)", Finish.STDDEV_POP, "x"],
  ["STDDEV_SAMP(x)", Finish.STDDEV_SAMP, "x"],
  ["STDDEV(x)", Finish.STDDEV_SAMP, "x"],
  ["COVAR_POP(y, x)", Finish.COVAR_POP, "y, x"],
  ["COVAR_SAMP(y, x)", Finish.COVAR_SAMP, "y, x"],
  ["CORR(y, x)", Finish.CORR, "y, x"],
  ["REGR_SLOPE(y, x)", Finish.REGR_SLOPE, "y, x"],
  ["REGR_INTERCEPT(y, x)", Finish.REGR_INTERCEPT, "y, x"],
  ["REGR_R2(y, x)", Finish.REGR_R2, "y, x"],
  ["REGR_COUNT(y, x)", Finish.REGR_COUNT, "y, x"],
  [
    "LINEAR_REGRESSION(y, x, INDICATOR(arm = 'drug A'), INDICATOR(age BETWEEN 1 AND 2), indicator(z >= :lo))",
    Finish.LINEAR_REGRESSION,
    "y, x, {arm = drug A}, {age inside}, {z >= $0}",
  ],
  ["HISTOGRAM(age, -10, 0.5, 20)", Finish.HISTOGRAM, "age, -10, 0.5, 20"],
  ["HISTOGRAM(enrolled, '2024-01-01', '2024-07-01')", Finish.HISTOGRAM, "enrolled, '2024-01-01', '2024-07-01'"],
  ["CROSSTAB(arm, response)", Finish.CROSSTAB, "arm, response"],
  ["T_TEST(x)", Finish.T_TEST, "x"],
  ["ANOVA(x)", Finish.ANOVA, "x"],
  ["QUANTILE(x, 0.25, .5)", Finish.QUANTILE, "x, 0.25, .5"],
  ["QUANTILE(x, 0.5, TYPE 1)", Finish.QUANTILE, "x, 0.5 TYPE(1)"],
  ["QUANTILE(x, 0.5,type/* seven */7)", Finish.QUANTILE, "x, 0.5 TYPE(7)"],
  ["KAPLAN_MEIER(time, event = 2)", Finish.KAPLAN_MEIER, "time, [event = 2]"],
  ["KAPLAN_MEIER(time, 'dead' = event)", Finish.KAPLAN_MEIER, "time, [event = dead]"],
  [
    "KAPLAN_MEIER(time, (event IN (1, 2)), GRID 0, 90, 180)",
    Finish.KAPLAN_MEIER,
    "time, [event in 2] GRID(0, 90, 180)",
  ],
  [
    "LOGRANK(time, event = 2, STRATA site, GRID 90, 180)",
    Finish.LOGRANK,
    "time, [event = 2] STRATA(site) GRID(90, 180)",
  ],
  ["LOGRANK(time, event = 2, GRID 90, STRATA time)", Finish.LOGRANK, "time, [event = 2] GRID(90) STRATA(time)"],
  ["TOXICITY(worstGrade)", Finish.TOXICITY, "worstgrade"],
  ['PRO_CTCAE("Worst", baseline)', Finish.PRO_CTCAE, "Worst, baseline"],
  ["ALLOCATION(outcome = 1)", Finish.ALLOCATION, "[outcome = 1]"],
  [
    "ALLOCATION(outcome = 1, PRIOR 1, 1, POWER 0.5, WEIGHT 0.5, EXTERNAL 40, 12, 38, 15)",
    Finish.ALLOCATION,
    "[outcome = 1] PRIOR(1, 1) POWER(0.5) WEIGHT(0.5) EXTERNAL(40, 12, 38, 15)",
  ],
];

/** Words of options that are columns here. */
const COLUMNS: readonly (readonly [call: string, of: string])[] = [
  ["COUNT(type)", "type"],
  ["COUNT(TYPE /* 7 */)", "type"],
  ["CROSSTAB(type, arm)", "type, arm"],
  ["CROSSTAB(arm, type)", "arm, type"],
  ["CORR(power, weight)", "power, weight"],
  ["CORR(trial.power, trial.weight)", "power, weight"],
  ['CORR("power", "TYPE")', "power, TYPE"],
  ["LINEAR_REGRESSION(grid, prior, INDICATOR(external = 1), strata)", "grid, prior, {external = 1}, strata"],
  ["LINEAR_REGRESSION(y, INDICATOR(type BETWEEN 1 AND 2))", "y, {type inside}"],
  ["LINEAR_REGRESSION(y, INDICATOR(type IS NULL), INDICATOR(type NOT IN (1)))", "y, {type missing}, {type not in 1}"],
  ["LOGRANK(time, type = 2, STRATA type)", "time, [type = 2] STRATA(type)"],
  ["LOGRANK(time, grid IN ('a', 'TYPE 7'), STRATA strata, GRID 1)", "time, [grid in 2] STRATA(strata) GRID(1)"],
];

async function where(text: string): Promise<string> {
  const tree = (await parseSql(`SELECT COUNT(*) FROM trial WHERE ${text}`)).where;
  return tree === undefined ? "" : shortTree(tree);
}

const written = (sql: SqlText, part: { readonly span: Parameters<typeof locate>[1] }): string => {
  const { fragment, line, column } = locate(sql, part.span);
  return `${line}:${column} ${fragment}`;
};

describe("parseSql", () => {
  describe("reads every function", () => {
    for (const [call, finish, of] of CALLS) {
      it(call, async () => {
        const item = await onlyItem(call);
        assert.deepEqual([item.aggregate, shortItem(item), item.alias], [finish, of, undefined]);
        assert.equal((await onlyItem(`${call} AS "Name"`)).alias, "Name");
      });
    }

    it("and every finish of an answer but a group", () => {
      const read = new Set(CALLS.map(([, finish]) => finish));
      assert.deepEqual(
        Object.values(Finish).filter((finish) => !read.has(finish)),
        [Finish.GROUP],
      );
    });
  });

  describe("reads columns whose name is an option's", () => {
    for (const [call, of] of COLUMNS) {
      it(call, async () => assert.equal(shortItem(await onlyItem(call)), of));
    }

    it("outside of calls", async () => {
      const { select, groupBy } = await parseSql(
        "SELECT type, COUNT(*) power FROM trial WHERE grid IN (1, 2) AND (type = 1) GROUP BY type, weight",
      );
      assert.deepEqual(
        select.map(({ key, alias }) => key?.column.name ?? alias),
        ["type", "power"],
      );
      assert.deepEqual(
        groupBy.map(({ column }) => column.name),
        ["type", "weight"],
      );
    });
  });

  it("reads as many arguments as there may be", async () => {
    const numbers = (length: number): string => Array.from({ length }, (_, index) => String(index)).join(", ");
    const columns = numbers(16).replaceAll(/\d+/g, "x$&");
    assert.equal((await onlyItem(`LINEAR_REGRESSION(y, ${columns})`)).arguments.length, 17);
    assert.equal((await onlyItem(`HISTOGRAM(x, ${numbers(65)})`)).arguments.length, 66);
    assert.equal((await onlyItem(`QUANTILE(x, ${numbers(32)})`)).arguments.length, 33);
    assert.equal((await onlyItem(`KAPLAN_MEIER(t, e = 1, GRID ${numbers(64)})`)).options[0]?.values.length, 64);
    assert.equal((await onlyItem(`ALLOCATION(e = 1, EXTERNAL ${numbers(64)})`)).options[0]?.values.length, 64);
    const { groupBy } = await parseSql(`SELECT COUNT(*) FROM trial GROUP BY BIN(x, ${numbers(64)})`);
    assert.equal(groupBy[0]?.cuts?.length, 64);
  });

  it("reads a binned group in both places", async () => {
    const { select, groupBy } = await parseSql(
      "SELECT BIN(age, 40, 65) AS band, COUNT(*) FROM trial GROUP BY bin(AGE, 40, 65), bin(enrolled, '2024-01-01'), arm",
    );
    const cuts = groupBy.map((key) => [key.column.name, key.cuts?.map((cut) => ("text" in cut ? cut.text : ""))]);
    assert.deepEqual(cuts, [
      ["age", ["40", "65"]],
      ["enrolled", ["2024-01-01"]],
      ["arm", undefined],
    ]);
    assert.deepEqual(select[0]?.key?.cuts?.length, 2);
    assert.equal(select[0]?.alias, "band");
  });

  describe("reads WHERE", () => {
    const CONDITIONS: readonly (readonly [text: string, tree: string])[] = [
      ["a = 1", "a = 1"],
      ["1 < a", "a > 1"],
      ["a = 1 AND b = 2 AND c = 3", "(a = 1 & b = 2 & c = 3)"],
      ["(a = 1 AND b = 2) AND (c = 3 AND d = 4)", "(a = 1 & b = 2 & c = 3 & d = 4)"],
      ["a = 1 OR b = 2 AND c = 3", "(a = 1 | (b = 2 & c = 3))"],
      ["(a = 1 OR b = 2) AND c = 3", "((a = 1 | b = 2) & c = 3)"],
      ["a = 1 OR (b = 2 OR c = 3)", "(a = 1 | b = 2 | c = 3)"],
      ["NOT a = 1 AND b = 2", "(!a = 1 & b = 2)"],
      ["NOT (a = 1 AND NOT b = 2)", "!(a = 1 & !b = 2)"],
      ["NOT NOT a IS NULL", "!!a missing"],
      ["NOT a NOT IN (1, 2)", "!a not in 2"],
      ["a NOT /* so */ IN (1) OR a NOT -- so\n BETWEEN 1 AND 2", "(a not in 1 | a outside)"],
      [
        "a = E'one\\ntwo' OR a = U&'\\0061' OR a = $$it's$$ OR a = 'b'\n'c'",
        "(a = one\ntwo | a = a | a = it's | a = bc)",
      ],
      [`a = E'${"x".repeat(80)}'`, `a = ${"x".repeat(80)}`],
      ["a = :x OR b = :y OR c = :x", "(a = $0 | b = $1 | c = $0)"],
    ];
    for (const [text, tree] of CONDITIONS) it(JSON.stringify(text), async () => assert.equal(await where(text), tree));

    it("down to 32 levels and up to 256 conditions", async () => {
      assert.equal(await where(`${"NOT ".repeat(32)}a = 1`), `${"!".repeat(32)}a = 1`);
      const many = Array.from({ length: 256 }, (_, index) => `a = ${index}`);
      assert.equal(await where(many.join(" OR ")), `(${many.join(" | ")})`);
    });
  });

  it("keeps the places of the author's text, on both sides of options and parameters", async () => {
    const text =
      "SELECT LOGRANK(time, event = :e,\n  STRATA site, GRID 90, 180) AS é, COUNT(x)\nFROM trial WHERE a = :f OR b = 2";
    const { sql, select, where: tree } = await parseSql(text);
    const parts = select.flatMap(({ arguments: of, options }) => [
      ...of,
      ...options.flatMap((option) => [option, ...option.values]),
    ]);
    assert.deepEqual(
      parts.map((part) => written(sql, part)),
      [
        "1:16 time",
        "1:22 event = :e",
        "2:3 STRATA site",
        "2:10 site",
        "2:16 GRID 90, 180",
        "2:21 90",
        "2:25 180",
        "2:42 x",
      ],
    );
    assert.ok(tree?.kind === "or");
    assert.deepEqual(
      [tree, ...tree.parts].map((part) => written(sql, part)),
      ["3:18 a = :f OR b = 2", "3:18 a = :f", "3:28 b = 2"],
    );
  });

  it("does not read strings, quoted names and comments as options or parameters", async () => {
    const text = `SELECT COUNT("TYPE 7") /* , TYPE 7, :a */ FROM trial WHERE a IN ('(x, TYPE 7', ':b') -- (x, GRID 1)`;
    const { sql, select, where: tree } = await parseSql(text);
    assert.deepEqual([sql.parameters, sql.optionWords.size], [[], 0]);
    assert.deepEqual(
      select.flatMap(({ arguments: of }) => of.map(short)),
      ["TYPE 7"],
    );
    assert.ok(tree?.kind === "in");
    assert.deepEqual(
      tree.values.map((value) => "text" in value && value.text),
      ["(x, TYPE 7", ":b"],
    );
  });
});
