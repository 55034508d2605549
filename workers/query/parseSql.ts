/**
 * SQL text to a `ParsedQuery`, through PostgreSQL's own parser. The subset is one SELECT of group keys and functions of
 * columns from one table, with WHERE and GROUP BY; everything else is refused with the refused fragment, its line and
 * column, and what is allowed instead.
 */
import { OFFERED_NAMES } from "./offeredFunctions.ts";
import type { NameScope } from "./parseColumn.ts";
import { parseConditions } from "./parseConditions.ts";
import type { ColumnName, ParsedQuery, SelectItem } from "./parsedQuery.ts";
import { parseFunction } from "./parseFunction.ts";
import { isGroupKey, parseGroupKey } from "./parseGroupKey.ts";
import type { SqlText } from "./sqlText.ts";
import { findWord, originalOffset, parseText, readSqlText, refuse, tokenFrom } from "./sqlText.ts";
import type { TreeNode } from "./syntaxTree.ts";
import { allowKeys, asList, asNode, asText, kinded, spanOf } from "./syntaxTree.ts";

const SELECT_ALLOWED = `the SELECT list may hold GROUP BY columns and ${OFFERED_NAMES}`;

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
  try {
    return readStatement(sql, asList(asNode(await parseText(sql))["stmts"]));
  } catch (error) {
    // The parser's stack or ours, on expressions thousands deep: far beyond what is offered.
    if (!(error instanceof RangeError)) throw error;
    throw refuse(sql, tokenFrom(sql, 0), "expressions are too deep inside each other", "SQL_TOO_LARGE");
  }
}

function readStatement(sql: SqlText, statements: readonly unknown[]): ParsedQuery {
  const select = onlySelect(sql, statements);
  for (const [key, word, problem] of REFUSED_CLAUSES) {
    if (key in select) throw refuse(sql, findWord(sql, word), problem);
  }
  const start = findWord(sql, /^select$/i);
  allowKeys(sql, select, SELECT_KEYS, start, "only SELECT … FROM … WHERE … GROUP BY … is offered");
  const table = parseTable(sql, asList(select["fromClause"]));
  const scope = { sql, table };
  const group = findWord(sql, /^group$/i);
  return {
    sql,
    table,
    select: parseSelectList(scope, asList(select["targetList"])),
    where: parseConditions(scope, select["whereClause"]),
    groupBy: asList(select["groupClause"]).map((node) => parseGroupKey(scope, node, group)),
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

function parseSelectList(scope: NameScope, targets: readonly unknown[]): SelectItem[] {
  const { sql } = scope;
  const start = findWord(sql, /^select$/i);
  const items = targets.map((target): SelectItem => {
    const { body } = kinded(target);
    const span = spanOf(sql, target, start);
    allowKeys(sql, body, ["name", "val", "location"], span, SELECT_ALLOWED);
    const alias = typeof body["name"] === "string" ? body["name"] : undefined;
    const { kind, body: value } = kinded(body["val"]);
    if (isGroupKey(body["val"])) {
      const key = parseGroupKey(scope, body["val"], span);
      return { aggregate: undefined, key, arguments: [], options: [], alias, span };
    }
    if (kind === "FuncCall") return { ...parseFunction(scope, value, span), key: undefined, alias, span };
    throw refuse(sql, span, `expressions are not offered here; ${SELECT_ALLOWED}`);
  });
  if (items.some(({ aggregate }) => aggregate !== undefined)) return items;
  throw refuse(sql, start, `a query needs at least one aggregate: ${OFFERED_NAMES}`);
}
