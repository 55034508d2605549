/**
 * A query's text as the author wrote it, and the text PostgreSQL's parser reads, in which each `:name` is a `$n`.
 * PostgreSQL's own scanner finds the names, so strings, quoted identifiers, comments and `::` are left alone; an offset
 * map leads every location in the parser's tree back to the line and column of the author's text.
 *
 * Offsets are UTF-8 bytes, as the parser counts them.
 */
import { hasSqlDetails, parse, scan } from "libpg-query";
import type { CodedError } from "../errors.ts";
import { findUnseen, positionAfter } from "./legibility.ts";
import type { SqlErrorCode, SqlErrorDetail } from "./sqlError.ts";
import { sqlError } from "./sqlError.ts";

/** A part of the author's text: the offsets at which its first and its last token start. */
export interface Span {
  readonly start: number;
  readonly last: number;
  /** True for a name or constant: the one token (with its dotted parts). Otherwise up to the end of the expression. */
  readonly exact?: boolean;
}

interface Token {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Comments are not part of any fragment's limits. */
  readonly comment: boolean;
}

/** parserStart and originalStart of one piece; a parameter's piece maps to its colon as a whole. */
interface Piece {
  readonly parserStart: number;
  readonly originalStart: number;
  readonly parameter: boolean;
}

export interface SqlText {
  readonly text: string;
  readonly bytes: Buffer;
  readonly tokens: readonly Token[];
  /** Names of the parameters by first appearance; `$1` is the first. */
  readonly parameters: readonly string[];
  readonly parserText: string;
  readonly pieces: readonly Piece[];
}

/** A vetter must be able to read it; also keeps hostile nesting away from the parser's stack. */
export const MAX_SQL_BYTES = 16_384;
export const MAX_PARAMETERS = 64;
/** PostgreSQL silently cuts longer identifiers; we refuse instead. */
const MAX_IDENTIFIER_BYTES = 63;
const MAX_FRAGMENT = 120;

const PARAMETER_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const FRAGMENT_END =
  /^(,|\)|;|and|or|as|from|where|group|having|order|limit|offset|fetch|for|union|intersect|except|window|into)$/i;

/** @throws CodedError SQL_SYNTAX | SQL_UNSUPPORTED | SQL_TOO_LARGE */
export async function readSqlText(text: string): Promise<SqlText> {
  refuseUnseen(text);
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length > MAX_SQL_BYTES) {
    const where = { fragment: text.slice(0, 40), line: 1, column: 1 };
    throw sqlError("SQL_TOO_LARGE", where, `the query has ${bytes.length} bytes; at most ${MAX_SQL_BYTES} are allowed`);
  }
  const tokens = await scanTokens(text);
  return nameParameters({ text, bytes, tokens });
}

/** The parser's tree of the first-to-last statement, or SQL_SYNTAX at the author's line and column. */
export async function parseText(sql: SqlText): Promise<unknown> {
  try {
    return await parse(sql.parserText);
  } catch (error) {
    throw syntaxError(error, sql.parserText, (offset) => refuseAt(sql, offset));
  }
}

/** The author's offset of a location in the parser's tree. */
export function originalOffset(sql: SqlText, parserOffset: number): number {
  const piece = sql.pieces.findLast(({ parserStart }) => parserStart <= parserOffset);
  if (piece === undefined) return parserOffset;
  return piece.parameter ? piece.originalStart : piece.originalStart + parserOffset - piece.parserStart;
}

/** A span's text as written, its line and column. */
export function locate(sql: SqlText, span: Span): Omit<SqlErrorDetail, "code"> {
  const [from, to] = fragmentBounds(sql, span);
  const written = sql.bytes.subarray(from, to).toString("utf8");
  const fragment = written.length > MAX_FRAGMENT ? `${written.slice(0, MAX_FRAGMENT - 1)}…` : written;
  return { fragment, ...positionAfter(sql.bytes.subarray(0, from).toString("utf8")) };
}

/** @param problem what is wrong and what to write instead; the fragment is quoted before it */
export function refuse(sql: SqlText, span: Span, problem: string, code: SqlErrorCode = "SQL_UNSUPPORTED"): CodedError {
  const where = locate(sql, span);
  return sqlError(code, where, where.fragment === "" ? problem : `\`${where.fragment}\`: ${problem}`);
}

/** The first token outside parentheses that is this word, for clauses whose tree nodes carry no location. */
export function findWord(sql: SqlText, word: RegExp, from = 0): Span {
  let depth = 0;
  for (const token of sql.tokens) {
    if (token.start < from || token.comment) continue;
    if (token.text === "(") depth += 1;
    if (token.text === ")") depth -= 1;
    if (depth <= 0 && word.test(token.text)) return { start: token.start, last: token.start };
  }
  return { start: from, last: from };
}

/** The first token at or after an offset. */
export function tokenFrom(sql: SqlText, offset: number): Span {
  const token = sql.tokens.find(({ start, comment }) => start >= offset && !comment);
  const start = token?.start ?? sql.bytes.length;
  return { start, last: start };
}

function refuseUnseen(text: string): void {
  const found = findUnseen(text);
  if (found === undefined) return;
  const { character, line, column } = found;
  const problem = `the invisible character ${character} is not allowed in a query`;
  throw sqlError("SQL_UNSUPPORTED", { fragment: character, line, column }, problem);
}

async function scanTokens(text: string): Promise<Token[]> {
  if (text.trim() === "") throw sqlError("SQL_SYNTAX", { fragment: "", line: 1, column: 1 }, "the query is empty");
  let scanned;
  try {
    scanned = await scan(text);
  } catch {
    // The scanner reports no position: the parser does, and fails on the same text.
    throw await lexicalError(text);
  }
  return scanned.tokens.map(({ start, end, text: written, tokenName }) => ({
    start,
    end,
    text: written,
    comment: tokenName.endsWith("COMMENT"),
  }));
}

async function lexicalError(text: string): Promise<unknown> {
  // Of the same length, so that positions stay.
  const anonymous = text.replace(/(?<!:):[A-Za-z_][A-Za-z0-9_]*/g, (name) => "$1".padEnd(name.length));
  const refuseThere = (offset: number, problem: string): CodedError => {
    const before = Buffer.from(anonymous, "utf8").subarray(0, offset).toString("utf8");
    return sqlError(
      "SQL_SYNTAX",
      { fragment: text.slice(before.length, before.length + 40), ...positionAfter(before) },
      problem,
    );
  };
  try {
    await parse(anonymous);
  } catch (error) {
    return syntaxError(error, anonymous, (offset) => (problem) => refuseThere(offset, problem));
  }
  return refuseThere(0, "the text cannot be read as SQL");
}

function syntaxError(
  error: unknown,
  parsed: string,
  refuseAtOffset: (offset: number) => (problem: string) => CodedError,
): unknown {
  if (!hasSqlDetails(error) || error.sqlDetails === undefined) return error;
  // cursorPosition counts characters, tree locations count bytes.
  const before = Array.from(parsed).slice(0, error.sqlDetails.cursorPosition).join("");
  return refuseAtOffset(Buffer.byteLength(before, "utf8"))(error.sqlDetails.message);
}

function refuseAt(sql: SqlText, parserOffset: number): (problem: string) => CodedError {
  return (problem) => {
    const { start, last } = tokenFrom(sql, originalOffset(sql, parserOffset));
    const token = sql.tokens.find((candidate) => candidate.start === start);
    const place = positionAfter(sql.bytes.subarray(0, last).toString("utf8"));
    return sqlError(
      "SQL_SYNTAX",
      { fragment: token?.text ?? "", ...place },
      problem.replaceAll(/\$\d+/g, ":parameter"),
    );
  };
}

function nameParameters(read: Pick<SqlText, "text" | "bytes" | "tokens">): SqlText {
  const parameters: string[] = [];
  const pieces: Piece[] = [{ parserStart: 0, originalStart: 0, parameter: false }];
  const plain: SqlText = { ...read, parameters, pieces, parserText: read.text };
  let parserText = "";
  let copied = 0;
  const length = (): number => Buffer.byteLength(parserText, "utf8");
  read.tokens.forEach((token, index) => {
    refuseToken(plain, token);
    if (token.text !== ":") return;
    const name = parameterAfter(plain, index);
    if (!parameters.includes(name.text)) parameters.push(name.text);
    parserText += read.bytes.subarray(copied, token.start).toString("utf8");
    pieces.push({ parserStart: length(), originalStart: token.start, parameter: true });
    // Spaces on both sides: `x:lo` must not become the identifier `x$1`.
    parserText += ` $${parameters.indexOf(name.text) + 1} `;
    copied = name.end;
    pieces.push({ parserStart: length(), originalStart: copied, parameter: false });
  });
  parserText += read.bytes.subarray(copied).toString("utf8");
  if (parameters.length > MAX_PARAMETERS) {
    throw refuse(plain, tokenFrom(plain, 0), `a query has at most ${MAX_PARAMETERS} parameters`, "SQL_TOO_LARGE");
  }
  return { ...plain, parserText };
}

function refuseToken(sql: SqlText, token: Token): void {
  const span = { start: token.start, last: token.start };
  if (/^\$\d/.test(token.text)) throw refuse(sql, span, "parameters have names: write :name");
  const identifier = /^["\p{L}_]/u.test(token.text) ? token.text.replace(/^"|"$/g, "") : "";
  if (Buffer.byteLength(identifier, "utf8") > MAX_IDENTIFIER_BYTES) {
    throw refuse(sql, span, `a name has at most ${MAX_IDENTIFIER_BYTES} bytes`);
  }
}

function parameterAfter(sql: SqlText, colon: number): Token {
  const token = sql.tokens[colon]!;
  const name = sql.tokens[colon + 1];
  if (name === undefined || name.start !== token.end || !PARAMETER_NAME.test(name.text)) {
    const span = { start: token.start, last: name?.start ?? token.start };
    throw refuse(sql, span, "a parameter is a colon and a name of letters A-Z, digits and _, as in :lo");
  }
  return name;
}

/** From the span's first token to the last one before a comma, closing parenthesis or clause that ends it. */
function fragmentBounds(sql: SqlText, { start, last, exact }: Span): [from: number, to: number] {
  const tokens = sql.tokens.filter(({ comment }) => !comment);
  const found = tokens.findIndex((token) => token.start >= start);
  if (found < 0) return [sql.bytes.length, sql.bytes.length];
  if (exact === true) return [tokens[found]!.start, tokens[endOfName(tokens, found)]!.end];
  let first = found;
  let end = first;
  let depth = 0;
  for (let index = first; index < tokens.length; index += 1) {
    const token = tokens[index]!;
    if (index > first && token.start > last && depth <= 0 && FRAGMENT_END.test(token.text)) break;
    if (token.text === "(" || token.text === "[") depth += 1;
    if (token.text === ")" || token.text === "]") depth -= 1;
    end = index;
  }
  while (depth < 0 && first > 0) {
    first -= 1;
    if (tokens[first]!.text === "(") depth += 1;
    if (tokens[first]!.text === ")") depth -= 1;
  }
  return [tokens[first]!.start, tokens[end]!.end];
}

/** Index of the last token of `a.b.c`, `-5`, `:name` or a lone token. */
function endOfName(tokens: readonly Token[], first: number): number {
  let end = first;
  if (/^[-:]$/.test(tokens[first]!.text) && first + 1 < tokens.length) end += 1;
  while (tokens[end + 1]?.text === "." && end + 2 < tokens.length) end += 2;
  return end;
}
