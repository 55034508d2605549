import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CodedError } from "../../../workers/errors.ts";
import { parseSql } from "../../../workers/query/parseSql.ts";
import type { SqlErrorDetail } from "../../../workers/query/sqlError.ts";

type Refusal = readonly [sql: string, code: SqlErrorDetail["code"], fragment: string, position: string, says: RegExp];

const C = "SELECT COUNT(*) FROM trial WHERE ";
const numbers = (length: number): string => Array.from({ length }, (_, index) => String(index)).join(", ");

/** Statements, clauses, tables, conditions and characters. */
const LANGUAGE: readonly Refusal[] = [
  ["", "SQL_SYNTAX", "", "1:1", /empty/],
  [";", "SQL_SYNTAX", ";", "1:1", /empty/],
  ["SELECT", "SQL_UNSUPPORTED", "SELECT", "1:1", /FROM is missing/],
  ["SELECT COUNT(*) FORM trial WHERE", "SQL_SYNTAX", "trial", "1:22", /syntax error/],
  ["SELECT COUNT(*) FROM trial WHERE site = 'abc", "SQL_SYNTAX", "'abc", "1:41", /unterminated/],
  ["SELECT COUNT(*)\nFROM trial\nWHERE age > :é", "SQL_UNSUPPORTED", ":é", "3:13", /a colon and a name/],
  ["SELECT COUNT(*) FROM trial WHERE age > $1", "SQL_UNSUPPORTED", "$1", "1:40", /:name/],
  ["INSERT INTO trial VALUES (1)", "SQL_UNSUPPORTED", "INSERT", "1:1", /only SELECT/],
  ["DROP TABLE trial", "SQL_UNSUPPORTED", "DROP", "1:1", /only SELECT/],
  ["COPY trial TO '/tmp/x'", "SQL_UNSUPPORTED", "COPY", "1:1", /only SELECT/],
  ["SELECT COUNT(*) FROM trial; DROP TABLE trial", "SQL_UNSUPPORTED", "DROP TABLE trial", "1:29", /one statement/],
  ["SELECT * FROM trial", "SQL_UNSUPPORTED", "*", "1:8", /rows never leave/],
  ["SELECT trial.* FROM trial", "SQL_UNSUPPORTED", "trial.*", "1:8", /rows never leave/],
  ["SELECT age FROM trial", "SQL_UNSUPPORTED", "SELECT age", "1:1", /at least one aggregate/],
  ["SELECT SUM(age) / COUNT(*) FROM trial", "SQL_UNSUPPORTED", "SUM(age) / COUNT(*)", "1:8", /expressions/],
  ["SELECT COUNT(DISTINCT arm) FROM trial", "SQL_UNSUPPORTED", "COUNT(DISTINCT arm)", "1:8", /DISTINCT/],
  ["SELECT DISTINCT arm FROM trial", "SQL_UNSUPPORTED", "DISTINCT arm", "1:8", /GROUP BY/],
  [
    "SELECT COUNT(*) FILTER (WHERE age > 20) FROM trial",
    "SQL_UNSUPPORTED",
    "COUNT(*) FILTER (WHERE age > 20)",
    "1:8",
    /FILTER/,
  ],
  [
    "SELECT SUM(age) OVER (PARTITION BY arm) FROM trial",
    "SQL_UNSUPPORTED",
    "SUM(age) OVER (PARTITION BY arm)",
    "1:8",
    /window/,
  ],
  ["SELECT pg_catalog.count(age) FROM trial", "SQL_UNSUPPORTED", "pg_catalog.count(age)", "1:8", /not offered/],
  ["SELECT COUNT(*)::int FROM trial", "SQL_UNSUPPORTED", "COUNT(*)::int", "1:8", /expressions/],
  ["SELECT COUNT(*) FROM public.trial", "SQL_UNSUPPORTED", "public.trial", "1:22", /without schema/],
  ["SELECT COUNT(*) FROM trial t", "SQL_UNSUPPORTED", "trial t", "1:22", /alias/],
  ["SELECT COUNT(*) FROM ONLY trial", "SQL_UNSUPPORTED", "ONLY trial", "1:22", /ONLY/],
  ["SELECT COUNT(*) FROM trial, other", "SQL_UNSUPPORTED", "other", "1:29", /joins/],
  ["SELECT COUNT(*) FROM trial JOIN other ON true", "SQL_UNSUPPORTED", "trial JOIN other ON true", "1:22", /joins/],
  ["SELECT COUNT(*) FROM (SELECT * FROM trial) x", "SQL_UNSUPPORTED", "(SELECT * FROM trial) x", "1:22", /by name/],
  [
    "SELECT COUNT(*) FROM trial GROUP BY arm HAVING COUNT(*) > 3",
    "SQL_UNSUPPORTED",
    "HAVING COUNT(*) > 3",
    "1:41",
    /WHERE/,
  ],
  [
    "SELECT COUNT(*) FROM trial GROUP BY arm ORDER BY arm",
    "SQL_UNSUPPORTED",
    "ORDER BY arm",
    "1:41",
    /order of the schema/,
  ],
  ["SELECT COUNT(*) FROM trial LIMIT 1", "SQL_UNSUPPORTED", "LIMIT 1", "1:28", /every group/],
  ["SELECT COUNT(*) FROM trial OFFSET 1", "SQL_UNSUPPORTED", "OFFSET 1", "1:28", /every group/],
  ["SELECT COUNT(*) FROM trial FOR UPDATE", "SQL_UNSUPPORTED", "FOR UPDATE", "1:28", /locking/],
  [
    "SELECT COUNT(*) FROM trial UNION SELECT COUNT(*) FROM trial",
    "SQL_UNSUPPORTED",
    "UNION SELECT COUNT(*)",
    "1:28",
    /set operations/,
  ],
  ["WITH x AS (SELECT 1) SELECT COUNT(*) FROM trial", "SQL_UNSUPPORTED", "WITH x", "1:1", /WITH/],
  ["SELECT COUNT(*) INTO y FROM trial", "SQL_UNSUPPORTED", "INTO y", "1:17", /INTO/],
  ["VALUES (1)", "SQL_UNSUPPORTED", "VALUES (1)", "1:1", /VALUES/],
  [`${C}age > 20 AND lower(arm) = 'x'`, "SQL_UNSUPPORTED", "lower(arm) = 'x'", "1:47", /function call/],
  [`${C}age + 1 > 20`, "SQL_UNSUPPORTED", "age + 1 > 20", "1:34", /arithmetic/],
  [`${C}age::text = '3'`, "SQL_UNSUPPORTED", "age::text = '3'", "1:34", /cast/],
  [`${C}age = weight`, "SQL_UNSUPPORTED", "age = weight", "1:34", /two columns/],
  [`${C}1 = 1`, "SQL_UNSUPPORTED", "1 = 1", "1:34", /no column/],
  [`${C}true`, "SQL_UNSUPPORTED", "true", "1:34", /a condition compares/],
  [`${C}arm`, "SQL_UNSUPPORTED", "arm", "1:34", /not a condition/],
  [`${C}arm LIKE 'drug%'`, "SQL_UNSUPPORTED", "arm LIKE 'drug%'", "1:34", /a condition compares/],
  [`${C}arm = NULL`, "SQL_UNSUPPORTED", "arm = NULL", "1:34", /IS NULL/],
  [`${C}arm IN ('control', NULL)`, "SQL_UNSUPPORTED", "arm IN ('control', NULL)", "1:34", /IS NULL/],
  [`${C}arm IS DISTINCT FROM 'x'`, "SQL_UNSUPPORTED", "arm IS DISTINCT FROM 'x'", "1:34", /a condition compares/],
  [`${C}arm IS TRUE`, "SQL_UNSUPPORTED", "arm IS TRUE", "1:34", /IS TRUE/],
  [`${C}arm IN (SELECT 'x')`, "SQL_UNSUPPORTED", "arm IN (SELECT 'x')", "1:34", /subqueries/],
  [`${C}arm NOT IN (SELECT 'x')`, "SQL_UNSUPPORTED", "arm NOT IN (SELECT 'x')", "1:34", /subqueries/],
  [`${C}EXISTS (SELECT 1)`, "SQL_UNSUPPORTED", "EXISTS (SELECT 1)", "1:34", /subqueries/],
  [`${C}age = ANY (ARRAY[20])`, "SQL_UNSUPPORTED", "age = ANY (ARRAY[20])", "1:34", /a condition compares/],
  [
    `${C}age BETWEEN SYMMETRIC 20 AND 30`,
    "SQL_UNSUPPORTED",
    "age BETWEEN SYMMETRIC 20 AND 30",
    "1:34",
    /a condition compares/,
  ],
  [`${C}age OPERATOR(pg_catalog.=) 20`, "SQL_UNSUPPORTED", "age OPERATOR(pg_catalog.=) 20", "1:34", /operator/],
  [`${C}age > 1e1`, "SQL_UNSUPPORTED", "1e1", "1:40", /plain digits/],
  ["SELECT COUNT(*) FROM trial -- \u202e", "SQL_UNSUPPORTED", "U+202E", "1:31", /invisible/],
  ...[
    "00AD",
    "034F",
    "061C",
    "180E",
    "200B",
    "200C",
    "200D",
    "202E",
    "2064",
    "3164",
    "FE0F",
    "FEFF",
    "E000",
    "D800",
  ].map((hex): Refusal => {
    const sql = `SELECT COUNT(*) FROM trial\n-- ${String.fromCodePoint(parseInt(hex, 16))}x`;
    return [sql, "SQL_UNSUPPORTED", `U+${hex}`, "2:4", new RegExp(`line 2, column 4: .*U\\+${hex}`)];
  }),
  ["SELECT COUNT(*) FROM trial -- \u{e0041}", "SQL_UNSUPPORTED", "U+E0041", "1:31", /invisible/],
  ["SELECT COUNT(*) FROM trial -- not this\rWHERE", "SQL_UNSUPPORTED", "U+000D", "1:39", /invisible/],
  ["SELECT COUNT(*) FROM trial\r\n-- a\r\r\n", "SQL_UNSUPPORTED", "U+000D", "2:5", /invisible/],
  ["SELECT COUNT(*)\u0000 FROM trial", "SQL_UNSUPPORTED", "U+0000", "1:16", /invisible/],
  [`SELECT COUNT(*) AS ${"n".repeat(64)} FROM trial`, "SQL_UNSUPPORTED", "n".repeat(64), "1:20", /63 bytes/],
];

/** Functions with the wrong arguments. */
const CALLS: readonly Refusal[] = [
  ["SELECT CORR(age) FROM trial", "SQL_UNSUPPORTED", "CORR(age)", "1:8", /missing; write CORR\(y, x\)/],
  ["SELECT CORR(age, weight, arm) FROM trial", "SQL_UNSUPPORTED", "arm", "1:26", /too many; write CORR/],
  ["SELECT CORR(age, 1) FROM trial", "SQL_UNSUPPORTED", "1", "1:18", /not a constant/],
  ["SELECT COUNT() FROM trial", "SQL_UNSUPPORTED", "COUNT()", "1:8", /COUNT\(\*\) or COUNT\(x\)/],
  ["SELECT COUNT(age, arm) FROM trial", "SQL_UNSUPPORTED", "arm", "1:19", /too many/],
  ["SELECT CORR(*) FROM trial", "SQL_UNSUPPORTED", "CORR(*)", "1:8", /only COUNT takes/],
  ["SELECT TOXICITY(*) FROM trial", "SQL_UNSUPPORTED", "TOXICITY(*)", "1:8", /only COUNT takes/],
  ["SELECT SUM(:a) FROM trial", "SQL_UNSUPPORTED", ":a", "1:12", /not a parameter/],
  ["SELECT SUM(NULL) FROM trial", "SQL_UNSUPPORTED", "NULL", "1:12", /not a constant/],
  ["SELECT AVG(lower(arm)) FROM trial", "SQL_UNSUPPORTED", "lower(arm)", "1:12", /not a function call/],
  ["SELECT AVG(age::int) FROM trial", "SQL_UNSUPPORTED", "age::int", "1:12", /not a type cast/],
  ["SELECT AVG((SELECT 1)) FROM trial", "SQL_UNSUPPORTED", "(SELECT 1)", "1:12", /not a subquery/],
  ["SELECT AVG(age > 1) FROM trial", "SQL_UNSUPPORTED", "age > 1", "1:12", /not a comparison/],
  ["SELECT T_TEST(age, arm) FROM trial", "SQL_UNSUPPORTED", "arm", "1:20", /write T_TEST\(x\)/],
  ["SELECT ANOVA(age + 1) FROM trial", "SQL_UNSUPPORTED", "age + 1", "1:14", /not arithmetic/],
  ["SELECT CROSSTAB(arm) FROM trial", "SQL_UNSUPPORTED", "CROSSTAB(arm)", "1:8", /CROSSTAB\(a, b\)/],
  ["SELECT CROSSTAB(arm, BIN(age, 40)) FROM trial", "SQL_UNSUPPORTED", "BIN(age, 40)", "1:22", /not a function call/],
  ["SELECT PRO_CTCAE(worst) FROM trial", "SQL_UNSUPPORTED", "PRO_CTCAE(worst)", "1:8", /worst, baseline/],
  ["SELECT LINEAR_REGRESSION(y) FROM trial", "SQL_UNSUPPORTED", "LINEAR_REGRESSION(y)", "1:8", /missing/],
  [
    "SELECT LINEAR_REGRESSION(INDICATOR(a = 1), x) FROM trial",
    "SQL_UNSUPPORTED",
    "INDICATOR(a = 1)",
    "1:26",
    /column stands here/,
  ],
  ["SELECT LINEAR_REGRESSION(y, lower(x)) FROM trial", "SQL_UNSUPPORTED", "lower(x)", "1:29", /column stands here/],
  ["SELECT LINEAR_REGRESSION(y, x = 1) FROM trial", "SQL_UNSUPPORTED", "x = 1", "1:29", /not a comparison/],
  ["SELECT LINEAR_REGRESSION(y, INDICATOR()) FROM trial", "SQL_UNSUPPORTED", "INDICATOR()", "1:29", /one condition/],
  ["SELECT LINEAR_REGRESSION(y, INDICATOR(a)) FROM trial", "SQL_UNSUPPORTED", "a", "1:39", /not a condition/],
  [
    "SELECT LINEAR_REGRESSION(y, INDICATOR(a = 1, b = 1)) FROM trial",
    "SQL_UNSUPPORTED",
    "INDICATOR(a = 1, b = 1)",
    "1:29",
    /one condition/,
  ],
  [
    "SELECT LINEAR_REGRESSION(y, INDICATOR(TYPE 7)) FROM trial",
    "SQL_UNSUPPORTED",
    "INDICATOR(TYPE 7)",
    "1:29",
    /one condition/,
  ],
  [
    "SELECT LINEAR_REGRESSION(y, INDICATOR(a = 1 AND b = 2)) FROM trial",
    "SQL_UNSUPPORTED",
    "a = 1 AND b = 2",
    "1:39",
    /one condition/,
  ],
  [
    "SELECT LINEAR_REGRESSION(y, INDICATOR(NOT a = 1)) FROM trial",
    "SQL_UNSUPPORTED",
    "NOT a = 1",
    "1:39",
    /one condition/,
  ],
  [
    "SELECT LINEAR_REGRESSION(y, INDICATOR(DISTINCT a = 1)) FROM trial",
    "SQL_UNSUPPORTED",
    "INDICATOR(DISTINCT a = 1)",
    "1:29",
    /DISTINCT/,
  ],
  ["SELECT LINEAR_REGRESSION(y, INDICATOR(a = b)) FROM trial", "SQL_UNSUPPORTED", "a = b", "1:39", /two columns/],
  ["SELECT LINEAR_REGRESSION(y, INDICATOR(a = NULL)) FROM trial", "SQL_UNSUPPORTED", "a = NULL", "1:39", /IS NULL/],
  ["SELECT HISTOGRAM(age) FROM trial", "SQL_UNSUPPORTED", "HISTOGRAM(age)", "1:8", /missing/],
  ["SELECT HISTOGRAM(age, 1) FROM trial", "SQL_UNSUPPORTED", "HISTOGRAM(age, 1)", "1:8", /missing/],
  ["SELECT HISTOGRAM(age, 1, x) FROM trial", "SQL_UNSUPPORTED", "x", "1:26", /number or a date/],
  ["SELECT HISTOGRAM(age, 1, :a) FROM trial", "SQL_UNSUPPORTED", ":a", "1:26", /parameters are for conditions/],
  ["SELECT HISTOGRAM(age, 1, 1e3) FROM trial", "SQL_UNSUPPORTED", "1e3", "1:26", /plain digits/],
  ["SELECT HISTOGRAM(age, 1, 0x1f) FROM trial", "SQL_UNSUPPORTED", "0x1f", "1:26", /plain digits/],
  ["SELECT HISTOGRAM(age, 1, NULL) FROM trial", "SQL_UNSUPPORTED", "NULL", "1:26", /number or a date/],
  ["SELECT HISTOGRAM(age, 1, true) FROM trial", "SQL_UNSUPPORTED", "true", "1:26", /number or a date/],
  ["SELECT HISTOGRAM(age, 1, 2 + 3) FROM trial", "SQL_UNSUPPORTED", "2 + 3", "1:26", /number or a date/],
  ["SELECT HISTOGRAM(age, 1, +3) FROM trial", "SQL_UNSUPPORTED", "+3", "1:26", /number or a date/],
  ["SELECT QUANTILE(age) FROM trial", "SQL_UNSUPPORTED", "QUANTILE(age)", "1:8", /missing/],
  ["SELECT QUANTILE(age, '0.5') FROM trial", "SQL_UNSUPPORTED", "'0.5'", "1:22", /a number stands here/],
  ["SELECT KAPLAN_MEIER(time) FROM trial", "SQL_UNSUPPORTED", "KAPLAN_MEIER(time)", "1:8", /missing/],
  [
    "SELECT KAPLAN_MEIER(time, event) FROM trial",
    "SQL_UNSUPPORTED",
    "event",
    "1:27",
    /as in KAPLAN_MEIER\(time, event = 2, GRID/,
  ],
  ["SELECT KAPLAN_MEIER(time, 2) FROM trial", "SQL_UNSUPPORTED", "2", "1:27", /a condition stands here/],
  ["SELECT KAPLAN_MEIER(time, event > 1) FROM trial", "SQL_UNSUPPORTED", "event > 1", "1:27", /by = or IN/],
  [
    "SELECT KAPLAN_MEIER(time, event NOT IN (1)) FROM trial",
    "SQL_UNSUPPORTED",
    "event NOT IN (1)",
    "1:27",
    /by = or IN/,
  ],
  ["SELECT KAPLAN_MEIER(time, event IS NULL) FROM trial", "SQL_UNSUPPORTED", "event IS NULL", "1:27", /by = or IN/],
  [
    "SELECT KAPLAN_MEIER(time, event = 1 OR event = 2) FROM trial",
    "SQL_UNSUPPORTED",
    "event = 1 OR event = 2",
    "1:27",
    /one condition/,
  ],
  ["SELECT LOGRANK(time, event = status) FROM trial", "SQL_UNSUPPORTED", "event = status", "1:22", /two columns/],
  ["SELECT ALLOCATION(outcome) FROM trial", "SQL_UNSUPPORTED", "outcome", "1:19", /a condition stands here/],
  ["SELECT ALLOCATION(outcome = 1, 2) FROM trial", "SQL_UNSUPPORTED", "2", "1:32", /too many/],
  [
    "SELECT AVG(age) FILTER (WHERE age > 1) FROM trial",
    "SQL_UNSUPPORTED",
    "AVG(age) FILTER (WHERE age > 1)",
    "1:8",
    /FILTER/,
  ],
  ["SELECT QUANTILE(age, 0.5) OVER () FROM trial", "SQL_UNSUPPORTED", "QUANTILE(age, 0.5) OVER ()", "1:8", /window/],
  ["SELECT AVG(VARIADIC age) FROM trial", "SQL_UNSUPPORTED", "AVG(VARIADIC age)", "1:8", /VARIADIC/],
  [
    "SELECT CORR(age, weight ORDER BY arm) FROM trial",
    "SQL_UNSUPPORTED",
    "CORR(age, weight ORDER BY arm)",
    "1:8",
    /ORDER BY/,
  ],
  ["SELECT trial.avg(age) FROM trial", "SQL_UNSUPPORTED", "trial.avg(age)", "1:8", /not offered/],
  [
    "SELECT extract(year from enrolled) FROM trial",
    "SQL_UNSUPPORTED",
    "extract(year from enrolled)",
    "1:8",
    /not offered/,
  ],
];

/** Functions that are not offered. */
const NAMES: readonly Refusal[] = [
  ["SELECT MIN(age) FROM trial", "SQL_UNSUPPORTED", "MIN(age)", "1:8", /one patient's value/],
  ["SELECT max(age) m FROM trial", "SQL_UNSUPPORTED", "max(age) m", "1:8", /one patient's value/],
  ["SELECT any_value(arm) FROM trial", "SQL_UNSUPPORTED", "any_value(arm)", "1:8", /one patient's value/],
  ["SELECT MEDIAN(age) FROM trial", "SQL_UNSUPPORTED", "MEDIAN(age)", "1:8", /write QUANTILE\(x, 0\.5\)/],
  [
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY age) FROM trial",
    "SQL_UNSUPPORTED",
    "percentile_cont(0.5) WITHIN GROUP (ORDER BY age)",
    "1:8",
    /QUANTILE\(x, 0\.5\)/,
  ],
  [
    "SELECT MODE() WITHIN GROUP (ORDER BY age) FROM trial",
    "SQL_UNSUPPORTED",
    "MODE() WITHIN GROUP (ORDER BY age)",
    "1:8",
    /QUANTILE/,
  ],
  [
    "SELECT LOGISTIC_REGRESSION(y, x) FROM trial",
    "SQL_UNSUPPORTED",
    "LOGISTIC_REGRESSION(y, x)",
    "1:8",
    /iteration.*not offered yet.*never replaced by an approximation/,
  ],
  [
    "SELECT COX(time, event = 1) FROM trial",
    "SQL_UNSUPPORTED",
    "COX(time, event = 1)",
    "1:8",
    /iteration.*not offered yet.*never replaced by an approximation/,
  ],
  ["SELECT coxph(time) FROM trial", "SQL_UNSUPPORTED", "coxph(time)", "1:8", /never replaced by an approximation/],
  [
    "SELECT LOG_RANK(time, event = 2) FROM trial",
    "SQL_UNSUPPORTED",
    "LOG_RANK(time, event = 2)",
    "1:8",
    /write LOGRANK\(time, event = 2\)/,
  ],
  ["SELECT INDICATOR(arm = 'a') FROM trial", "SQL_UNSUPPORTED", "INDICATOR(arm = 'a')", "1:8", /LINEAR_REGRESSION/],
  ["SELECT array_agg(age) FROM trial", "SQL_UNSUPPORTED", "array_agg(age)", "1:8", /rows never leave/],
  ["SELECT row_number() OVER () FROM trial", "SQL_UNSUPPORTED", "row_number() OVER ()", "1:8", /in no order/],
  ["SELECT bool_or(age) FROM trial", "SQL_UNSUPPORTED", "bool_or(age)", "1:8", /WHERE/],
  ["SELECT chisq_test(a, b) FROM trial", "SQL_UNSUPPORTED", "chisq_test(a, b)", "1:8", /CROSSTAB/],
  [
    "SELECT width_bucket(age, 0, 100, 10) FROM trial",
    "SQL_UNSUPPORTED",
    "width_bucket(age, 0, 100, 10)",
    "1:8",
    /HISTOGRAM/,
  ],
  ["SELECT regr_sxx(y, x) FROM trial", "SQL_UNSUPPORTED", "regr_sxx(y, x)", "1:8", /not offered/],
  ["SELECT pg_sleep(10) FROM trial", "SQL_UNSUPPORTED", "pg_sleep(10)", "1:8", /not offered/],
];

/** Options that are wrong, stand at the wrong function, or are none. */
const OPTIONS: readonly Refusal[] = [
  [
    "SELECT QUANTILE(age, TYPE 7) FROM trial",
    "SQL_UNSUPPORTED",
    "QUANTILE(age, TYPE 7)",
    "1:8",
    /missing.*options last/,
  ],
  [
    "SELECT KAPLAN_MEIER(time, GRID 1, event = 2) FROM trial",
    "SQL_UNSUPPORTED",
    "KAPLAN_MEIER(time, GRID 1, event = 2)",
    "1:8",
    /options last/,
  ],
  ["SELECT ALLOCATION(PRIOR 1, 1) FROM trial", "SQL_UNSUPPORTED", "ALLOCATION(PRIOR 1, 1)", "1:8", /missing/],
  ["SELECT QUANTILE(age, 0.5, TYPE 2) FROM trial", "SQL_UNSUPPORTED", "2", "1:32", /TYPE 7 or TYPE 1/],
  ["SELECT QUANTILE(age, 0.5, TYPE 7, 1) FROM trial", "SQL_UNSUPPORTED", "1", "1:35", /one too many/],
  ["SELECT QUANTILE(age, 0.5, TYPE 7, TYPE 7) FROM trial", "SQL_UNSUPPORTED", "TYPE 7", "1:35", /twice/],
  ["SELECT QUANTILE(age, 0.5, TYPE :t) FROM trial", "SQL_UNSUPPORTED", ":t", "1:32", /parameters/],
  ["SELECT QUANTILE(age, 0.5, TYPE '7') FROM trial", "SQL_UNSUPPORTED", "'7'", "1:32", /a number/],
  ["SELECT QUANTILE(age, 0.5, TYPE site) FROM trial", "SQL_UNSUPPORTED", "site", "1:32", /a number/],
  ["SELECT QUANTILE(age, 0.5, TYPE) FROM trial", "SQL_UNSUPPORTED", "TYPE", "1:27", /a number/],
  ["SELECT QUANTILE(age, 0.5, TYPE -7) FROM trial", "SQL_UNSUPPORTED", "TYPE -7", "1:27", /a number/],
  ["SELECT QUANTILE(age, 0.5, type => 7) FROM trial", "SQL_UNSUPPORTED", "type => 7", "1:27", /no names/],
  ["SELECT QUANTILE(age, 0.5, type := 7) FROM trial", "SQL_UNSUPPORTED", "type := 7", "1:27", /no names/],
  ["SELECT QUANTILE(age, 0.5, kind => 7) FROM trial", "SQL_UNSUPPORTED", "kind => 7", "1:27", /no names/],
  ["SELECT QUANTILE(age, 0.5, PRIOR 1, 1) FROM trial", "SQL_UNSUPPORTED", "PRIOR 1, 1", "1:27", /not an option here/],
  [
    "SELECT KAPLAN_MEIER(time, event = 2, STRATA site) FROM trial",
    "SQL_UNSUPPORTED",
    "STRATA site",
    "1:38",
    /not an option here/,
  ],
  ["SELECT AVG(age, TYPE 7) FROM trial", "SQL_UNSUPPORTED", "TYPE 7", "1:17", /not an option here/],
  ["SELECT AVG(TYPE 7) FROM trial", "SQL_UNSUPPORTED", "AVG(TYPE 7)", "1:8", /missing/],
  ["SELECT LOGRANK(time, event = 2, STRATA 1) FROM trial", "SQL_UNSUPPORTED", "1", "1:40", /one column/],
  ["SELECT LOGRANK(time, event = 2, STRATA site, arm) FROM trial", "SQL_UNSUPPORTED", "arm", "1:46", /one too many/],
  ["SELECT LOGRANK(time, event = 2, GRID a) FROM trial", "SQL_UNSUPPORTED", "a", "1:38", /GRID 90/],
  ["SELECT ALLOCATION(outcome = 1, PRIOR 1) FROM trial", "SQL_UNSUPPORTED", "PRIOR 1", "1:32", /two numbers/],
  [
    "SELECT ALLOCATION(outcome = 1, PRIOR 1, 1, 1) FROM trial",
    "SQL_UNSUPPORTED",
    "PRIOR 1, 1, 1",
    "1:32",
    /two numbers/,
  ],
  [
    "SELECT ALLOCATION(outcome = 1, EXTERNAL 1, 2, 3) FROM trial",
    "SQL_UNSUPPORTED",
    "EXTERNAL 1, 2, 3",
    "1:32",
    /pairs/,
  ],
  ["SELECT QUANTILE(age, 0.5 TYPE 7) FROM trial", "SQL_SYNTAX", "TYPE", "1:26", /syntax error/],
  ['SELECT QUANTILE(age, 0.5, "type" 7) FROM trial', "SQL_SYNTAX", "7", "1:34", /syntax error/],
  ["SELECT QUANTILE(age, 0.5, TYPE 7 8) FROM trial", "SQL_SYNTAX", "8", "1:34", /syntax error/],
  ["SELECT COALESCE(age, TYPE 7) FROM trial", "SQL_SYNTAX", "7", "1:27", /near "7"/],
  ["SELECT QUANTILE(age, 0.5, TYPE 7), 'abc FROM trial", "SQL_SYNTAX", "'abc FROM trial", "1:36", /unterminated/],
];

/** Keys of GROUP BY. */
const GROUPS: readonly Refusal[] = [
  ["SELECT COUNT(*) FROM trial GROUP BY 1", "SQL_UNSUPPORTED", "1", "1:37", /column's name/],
  ["SELECT COUNT(*) FROM trial GROUP BY ROLLUP (arm)", "SQL_UNSUPPORTED", "ROLLUP (arm)", "1:37", /column names/],
  ["SELECT COUNT(*) FROM trial GROUP BY BIN(age)", "SQL_UNSUPPORTED", "BIN(age)", "1:37", /a column and cuts/],
  ["SELECT COUNT(*) FROM trial GROUP BY BIN()", "SQL_UNSUPPORTED", "BIN()", "1:37", /a column and cuts/],
  ["SELECT COUNT(*) FROM trial GROUP BY BIN(age, x)", "SQL_UNSUPPORTED", "x", "1:46", /number or a date/],
  ["SELECT COUNT(*) FROM trial GROUP BY BIN(age, :a)", "SQL_UNSUPPORTED", ":a", "1:46", /parameters/],
  ["SELECT COUNT(*) FROM trial GROUP BY BIN(40, 65)", "SQL_UNSUPPORTED", "40", "1:41", /not a constant/],
  [
    "SELECT COUNT(*) FROM trial GROUP BY BIN(DISTINCT age, 40)",
    "SQL_UNSUPPORTED",
    "BIN(DISTINCT age, 40)",
    "1:37",
    /DISTINCT/,
  ],
  [
    "SELECT COUNT(*) FROM trial GROUP BY BIN(age, 40) FILTER (WHERE a = 1)",
    "SQL_UNSUPPORTED",
    "BIN(age, 40) FILTER (WHERE a = 1)",
    "1:37",
    /FILTER/,
  ],
  ["SELECT COUNT(*) FROM trial GROUP BY BIN(age, TYPE 7)", "SQL_UNSUPPORTED", "TYPE 7", "1:46", /number or a date/],
  [
    "SELECT COUNT(*) FROM trial GROUP BY HISTOGRAM(age, 1, 2)",
    "SQL_UNSUPPORTED",
    "HISTOGRAM(age, 1, 2)",
    "1:37",
    /BIN\(x, 40, 65\)/,
  ],
  ["SELECT COUNT(*) FROM trial GROUP BY age + 1", "SQL_UNSUPPORTED", "age + 1", "1:37", /column names/],
  ["SELECT COUNT(*) FROM trial GROUP BY ()", "SQL_UNSUPPORTED", "()", "1:37", /column names/],
];

/** What is refused at any depth, and constants that are not what is seen. */
const CONDITIONS_INSIDE: readonly Refusal[] = [
  [
    "SELECT COUNT(*) FROM trial WHERE age = 1 OR NOT (weight = 2 AND lower(arm) = 'x')",
    "SQL_UNSUPPORTED",
    "lower(arm) = 'x'",
    "1:65",
    /function call/,
  ],
  ["SELECT COUNT(*) FROM trial WHERE NOT arm", "SQL_UNSUPPORTED", "arm", "1:38", /not a condition/],
  ["SELECT COUNT(*) FROM trial WHERE NOT (arm IS TRUE)", "SQL_UNSUPPORTED", "arm IS TRUE", "1:39", /IS TRUE/],
  [
    "SELECT COUNT(*) FROM trial WHERE NOT EXISTS (SELECT 1)",
    "SQL_UNSUPPORTED",
    "EXISTS (SELECT 1)",
    "1:38",
    /subqueries/,
  ],
  [
    "SELECT COUNT(*) FROM trial WHERE age = 1 OR EXISTS (SELECT 1)",
    "SQL_UNSUPPORTED",
    "EXISTS (SELECT 1)",
    "1:45",
    /subqueries/,
  ],
  ["SELECT COUNT(*) FROM trial WHERE age = 1 OR NULL", "SQL_UNSUPPORTED", "NULL", "1:45", /a condition compares/],
  [
    "SELECT COUNT(*) FROM trial WHERE NOT arm LIKE 'x'",
    "SQL_UNSUPPORTED",
    "arm LIKE 'x'",
    "1:38",
    /a condition compares/,
  ],
  [
    "SELECT COUNT(*) FROM trial WHERE age = 1 AND (age = weight OR arm = 'x')",
    "SQL_UNSUPPORTED",
    "age = weight",
    "1:47",
    /two columns/,
  ],
  [
    "SELECT COUNT(*) FROM trial WHERE (age = 1) = true",
    "SQL_UNSUPPORTED",
    "(age = 1) = true",
    "1:34",
    /a comparison cannot/,
  ],
  [
    "SELECT COUNT(*) FROM trial WHERE (age, arm) = (1, 'x')",
    "SQL_UNSUPPORTED",
    "(age, arm) = (1, 'x')",
    "1:34",
    /a row of columns/,
  ],
  [
    "SELECT COUNT(*) FROM trial WHERE arm COLLATE \"C\" = 'x'",
    "SQL_UNSUPPORTED",
    "arm COLLATE \"C\" = 'x'",
    "1:34",
    /a condition compares/,
  ],
  [
    "SELECT COUNT(*) FROM trial WHERE CASE WHEN age = 1 THEN true END",
    "SQL_UNSUPPORTED",
    "CASE WHEN age = 1 THEN true END",
    "1:34",
    /a condition compares/,
  ],
  ["SELECT COUNT(*) FROM trial WHERE age = 1 XOR age = 2", "SQL_SYNTAX", "XOR", "1:42", /syntax error/],
  ["SELECT COUNT(*) FROM trial WHERE NOT", "SQL_SYNTAX", "", "1:37", /syntax error/],
  ["SELECT COUNT(*) FROM trial WHERE age = 0x14", "SQL_UNSUPPORTED", "0x14", "1:40", /plain digits/],
  ["SELECT COUNT(*) FROM trial WHERE age = 1_000", "SQL_UNSUPPORTED", "1_000", "1:40", /plain digits/],
  ["SELECT COUNT(*) FROM trial WHERE age = - (1)", "SQL_UNSUPPORTED", "- (", "1:40", /plain digits/],
  ["SELECT COUNT(*) FROM trial WHERE arm = B'1'", "SQL_UNSUPPORTED", "B'1'", "1:40", /single quotes/],
];

/** One more than may be. */
const LIMITS: readonly Refusal[] = [
  [
    `SELECT LINEAR_REGRESSION(y, ${numbers(17).replaceAll(/\d+/g, "x$&")}) FROM trial`,
    "SQL_TOO_LARGE",
    "x16",
    "1:99",
    /at most 16/,
  ],
  [`SELECT HISTOGRAM(age, ${numbers(66)}) FROM trial`, "SQL_TOO_LARGE", "65", "1:273", /at most 65/],
  [`SELECT QUANTILE(age, ${numbers(33)}) FROM trial`, "SQL_TOO_LARGE", "32", "1:140", /at most 32/],
  [
    `SELECT KAPLAN_MEIER(time, event = 2, GRID ${numbers(65)}) FROM trial`,
    "SQL_UNSUPPORTED",
    "64",
    "1:289",
    /one too many/,
  ],
  [
    `SELECT ALLOCATION(outcome = 1, EXTERNAL ${numbers(66)}) FROM trial`,
    "SQL_UNSUPPORTED",
    "64",
    "1:287",
    /one too many/,
  ],
  [`SELECT COUNT(*) FROM trial GROUP BY a, BIN(b, ${numbers(65)})`, "SQL_TOO_LARGE", "64", "1:293", /at most 64 cuts/],
  [`${C}${"NOT ".repeat(33)}age = 1`, "SQL_TOO_LARGE", "NOT age = 1", "1:162", /at most 32 deep/],
  [
    `${C}${numbers(257).replaceAll(/\d+/g, "age = $&").replaceAll(",", " OR")}`,
    "SQL_TOO_LARGE",
    "age = 256",
    "1:3252",
    /at most 256 conditions/,
  ],
];

async function refusalOf(sql: string): Promise<CodedError<SqlErrorDetail>> {
  try {
    await parseSql(sql);
  } catch (error) {
    assert.ok(error instanceof CodedError, String(error));
    return error as CodedError<SqlErrorDetail>;
  }
  throw new assert.AssertionError({ message: `parsed: ${sql}` });
}

function refuses(refusals: readonly Refusal[]): void {
  for (const [sql, code, fragment, position, says] of refusals) {
    it(`${JSON.stringify(sql.slice(0, 120))} is ${code}`, async () => {
      const { detail, message } = await refusalOf(sql);
      const at = `${detail.line}:${detail.column}`;
      assert.deepEqual({ code: detail.code, fragment: detail.fragment, at }, { code, fragment, at: position });
      assert.match(message, says);
    });
  }
}

describe("what the parser refuses", () => {
  describe("of the language", () => refuses(LANGUAGE));
  describe("of functions' arguments", () => refuses(CALLS));
  describe("of functions, by name", () => refuses(NAMES));
  describe("of options", () => refuses(OPTIONS));
  describe("of groups", () => refuses(GROUPS));
  describe("of conditions", () => refuses(CONDITIONS_INSIDE));
  describe("of size", () => refuses(LIMITS));

  it("refuses a query longer than 16 KiB, and deep expressions without a crash", async () => {
    const codeOf = async (sql: string): Promise<string> => (await refusalOf(sql)).detail.code;
    assert.equal(await codeOf(`SELECT COUNT(*) FROM trial ${" ".repeat(16_400)}`), "SQL_TOO_LARGE");
    assert.equal(await codeOf(`${C}${"(".repeat(3_000)}age + 1 > 2${")".repeat(3_000)}`), "SQL_UNSUPPORTED");
    for (const deep of ["NOT ".repeat(4_000), "f(".repeat(4_000), "- ".repeat(8_000), "1 + ".repeat(4_000)]) {
      assert.match(await codeOf(`${C}${deep}age = 1`), /^SQL_(TOO_LARGE|UNSUPPORTED|SYNTAX)$/);
    }
  });
});
