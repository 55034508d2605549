/**
 * SQL text to a `ParsedQuery`, through PostgreSQL's own parser. The subset is one SELECT of group columns and
 * aggregates from one table, with WHERE and GROUP BY; everything else is refused with the refused fragment, its line
 * and column, and what is allowed instead.
 */
import { Finish } from "../messages/descriptor.ts";
import { parseConditions } from "./parseConditions.ts";
import type { Aggregate, ColumnName, ParsedQuery, SelectItem } from "./parsedQuery.ts";
import type { Span, SqlText } from "./sqlText.ts";
import { findWord, originalOffset, parseText, readSqlText, refuse, tokenFrom } from "./sqlText.ts";
import type { TreeNode } from "./syntaxTree.ts";
import { allowKeys, asList, asNode, asText, kinded, nameParts, spanOf } from "./syntaxTree.ts";

const AGGREGATES: ReadonlyMap<string, Aggregate> = new Map<string, Aggregate>([
  ["count", Finish.COUNT],
  ["sum", Finish.SUM],
  ["avg", Finish.AVG],
  ["var_pop", Finish.VAR_POP],
  ["var_samp", Finish.VAR_SAMP],
  ["variance", Finish.VAR_SAMP],
  ["stddev_pop", Finish.STDDEV_POP],
  ["stddev_samp", Finish.STDDEV_SAMP],
  ["stddev", Finish.STDDEV_SAMP],
]);

const OFFERED = "COUNT(*), COUNT, SUM, AVG, VAR_POP, VAR_SAMP, STDDEV_POP and STDDEV_SAMP of one column";
const SELECT_ALLOWED = `the SELECT list may hold GROUP BY columns and ${OFFERED}`;

/** Clauses outside the subset: the tree's key, the words to point at, and the advice. */
const REFUSED_CLAUSES: readonly (readonly [key: string, word: RegExp, problem: string])[] = [
  ["withClause", /^with$/i, "WITH is not offered; write one SELECT from the study's table"],
  ["valuesLists", /^values$/i, "VALUES is not offered; write one SELECT from the study's table"],
  ["larg", /^(union|intersect|except)$/i, "set operations are not offered; publish each SELECT as its own query"],
  ["distinctClause", /^distinct$/i, "DISTINCT is not offered; GROUP BY the columns instead"],
  ["intoClause", /^into$/i, "SELECT INTO is not offered; a query only reads"],
  ["havingClause", /^having$/i, "HAVING is not offered; filter rows with WHERE, or the answer after it arrives"],
  ["windowClause", /^window$/i, "window functions are not offered; use aggregates with GROUP BY"],
  ["sortClause", /^order$/i, "ORDER BY is not offered; groups come in the order of the schema's categories"],
  ["limitCount", /^(limit|fetch)$/i, "LIMIT is not offered; every group of the answer is returned"],
  ["limitOffset", /^offset$/i, "OFFSET is not offered; every group of the answer is returned"],
  ["lockingClause", /^for$/i, "row locking is not offered; a query only reads"],
  ["groupDistinct", /^group$/i, "GROUP BY DISTINCT is not offered; write GROUP BY and column names"],
];
const SELECT_KEYS = ["targetList", "fromClause", "whereClause", "groupClause", "limitOption", "op"];

/** @throws CodedError SQL_SYNTAX | SQL_UNSUPPORTED | SQL_TOO_LARGE */
export async function parseSql(text: string): Promise<ParsedQuery> {
  const sql = await readSqlText(text);
  const select = onlySelect(sql, asList(asNode(await parseText(sql))["stmts"]));
  for (const [key, word, problem] of REFUSED_CLAUSES) {
    if (key in select) throw refuse(sql, findWord(sql, word), problem);
  }
  const start = findWord(sql, /^select$/i);
  allowKeys(sql, select, SELECT_KEYS, start, "only SELECT … FROM … WHERE … GROUP BY … is offered");
  const table = parseTable(sql, asList(select["fromClause"]));
  return {
    sql,
    table,
    select: parseSelectList(sql, asList(select["targetList"]), table),
    where: parseConditions(sql, select["whereClause"], (node) => parseColumn(sql, node, table)),
    groupBy: asList(select["groupClause"]).map((node) => parseGroup(sql, node, table)),
  };
}

function onlySelect(sql: SqlText, statements: readonly unknown[]): TreeNode {
  const [first, second] = statements.map(asNode);
  if (first === undefined) throw refuse(sql, tokenFrom(sql, 0), "the query is empty", "SQL_SYNTAX");
  if (second !== undefined) {
    const place = tokenFrom(sql, originalOffset(sql, Number(second["stmt_location"] ?? 0)));
    throw refuse(sql, place, "a query is one statement; publish the second as its own query");
  }
  const { kind, body } = kinded(first["stmt"]);
  if (kind !== "SelectStmt") {
    const place = { ...tokenFrom(sql, 0), exact: true };
    throw refuse(sql, place, "only SELECT is offered; a query cannot change or inspect anything");
  }
  return body;
}

function parseTable(sql: SqlText, from: readonly unknown[]): ColumnName {
  const word = findWord(sql, /^from$/i);
  const after = tokenFrom(sql, word.start + 1);
  const [first, second] = from;
  if (first === undefined) throw refuse(sql, tokenFrom(sql, 0), "FROM is missing; select from the study's table");
  if (second !== undefined) {
    throw refuse(sql, spanOf(sql, second, after), "joins are not offered; a query reads the study's one table");
  }
  const { kind, body } = kinded(first);
  const span = spanOf(sql, first, after);
  if (kind === "JoinExpr") throw refuse(sql, span, "joins are not offered; a query reads the study's one table");
  if (kind !== "RangeVar") {
    throw refuse(sql, kind === "RangeSubselect" ? after : span, "FROM takes the study's table by name, nothing else");
  }
  const problem = "write the study's table by its name alone, without schema, ONLY or alias";
  if (body["inh"] !== true) throw refuse(sql, after, problem);
  allowKeys(sql, body, ["relname", "inh", "relpersistence", "location"], span, problem);
  return { name: asText(body["relname"]), span: { ...span, exact: true } };
}

function parseSelectList(sql: SqlText, targets: readonly unknown[], table: ColumnName): SelectItem[] {
  const start = findWord(sql, /^select$/i);
  const items = targets.map((target) => {
    const { body } = kinded(target);
    const span = spanOf(sql, target, start);
    allowKeys(sql, body, ["name", "val", "location"], span, SELECT_ALLOWED);
    const alias = typeof body["name"] === "string" ? body["name"] : undefined;
    const { kind, body: value } = kinded(body["val"]);
    if (kind === "FuncCall") return { ...parseAggregate(sql, value, span, table), alias, span };
    const column = kind === "ColumnRef" ? parseColumn(sql, body["val"], table) : undefined;
    if (column === undefined) throw refuse(sql, span, `expressions are not offered here; ${SELECT_ALLOWED}`);
    return { aggregate: undefined, column, alias, span };
  });
  if (items.some(({ aggregate }) => aggregate !== undefined)) return items;
  throw refuse(sql, start, `a query needs at least one aggregate: ${OFFERED}`);
}

function parseAggregate(
  sql: SqlText,
  call: TreeNode,
  span: Span,
  table: ColumnName,
): Pick<SelectItem, "aggregate" | "column"> {
  const parts = nameParts(call["funcname"]);
  const name = parts.join(".");
  refuseModifiers(sql, call, span);
  const aggregate = AGGREGATES.get(name);
  if (aggregate === undefined) throw refuse(sql, span, refusedFunction(name));
  const written = name.toUpperCase();
  const allowed = ["funcname", "args", "agg_star", "funcformat", "location"];
  allowKeys(sql, call, allowed, span, `${written} takes one column and no modifier`);
  if (call["funcformat"] !== "COERCE_EXPLICIT_CALL") throw refuse(sql, span, refusedFunction(name));
  if (call["agg_star"] === true) {
    if (aggregate === Finish.COUNT) return { aggregate, column: undefined };
    throw refuse(sql, span, `${written} takes one column; only COUNT takes *`);
  }
  const args = asList(call["args"]);
  if (args.length === 1 && kinded(args[0]).kind === "ColumnRef") {
    return { aggregate, column: parseColumn(sql, args[0], table) };
  }
  const instead = aggregate === Finish.COUNT ? "; write COUNT(*) or COUNT(column)" : "";
  throw refuse(sql, span, `${written} takes one column, not an expression${instead}`);
}

function refuseModifiers(sql: SqlText, call: TreeNode, span: Span): void {
  const modifiers: readonly (readonly [string, string])[] = [
    ["over", "window functions are not offered; use aggregates with GROUP BY"],
    ["agg_filter", "FILTER is not offered; filter rows with WHERE"],
    ["agg_distinct", "DISTINCT is not offered inside an aggregate; every row is one subject"],
    ["agg_within_group", "WITHIN GROUP is not offered yet"],
    ["agg_order", "ORDER BY is not offered inside an aggregate"],
    ["func_variadic", "VARIADIC is not offered"],
  ];
  const found = modifiers.find(([key]) => key in call);
  if (found !== undefined) throw refuse(sql, span, found[1]);
}

function refusedFunction(name: string): string {
  if (name === "min" || name === "max") {
    return `${name.toUpperCase()} would reveal one patient's value; it is not offered. Offered: ${OFFERED}`;
  }
  return `the function ${name} is not offered; offered are ${OFFERED}`;
}

function parseGroup(sql: SqlText, node: unknown, table: ColumnName): ColumnName {
  const { kind } = kinded(node);
  const span = spanOf(sql, node, findWord(sql, /^group$/i));
  if (kind === "ColumnRef") return parseColumn(sql, node, table);
  const advice = kind === "A_Const" ? "write the column's name instead of its position" : "GROUP BY takes column names";
  throw refuse(sql, span, advice);
}

function parseColumn(sql: SqlText, node: unknown, table: ColumnName): ColumnName {
  const parts = nameParts(kinded(node).body["fields"]);
  const span = { ...spanOf(sql, node, tokenFrom(sql, 0)), exact: true };
  if (parts.includes("*")) throw refuse(sql, span, `rows never leave the network; ${SELECT_ALLOWED}`);
  const [qualifier, name, more] = parts.length === 1 ? [table.name, parts[0]] : parts;
  if (qualifier !== table.name || more !== undefined) {
    throw refuse(sql, span, "write the column's name alone, or table.column with the table of FROM");
  }
  return { name: name ?? "", span };
}
