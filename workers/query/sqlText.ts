/**
 * A query's text as the author wrote it, and the text PostgreSQL's parser reads, in which each `:name` is a `$n` and each
 * option `WORD value` is `WORD => value`. PostgreSQL's own scanner finds them, so strings, quoted identifiers, comments and
 * `::` are left alone; an offset map leads every location in the parser's tree back to the line and column of the author's
 * text.
 *
 * Offsets are UTF-8 bytes, as the parser counts them.
 */
import { parse } from "libpg-query";
import type { CodedError } from "../errors.ts";
import { fragmentBounds } from "./fragments.ts";
import { findUnseen, positionAfter } from "./legibility.ts";
import { optionWords } from "./optionWords.ts";
import type { Piece } from "./parserText.ts";
import { writeParserText } from "./parserText.ts";
import { firstFrom } from "./sortedOffsets.ts";
import type { SqlErrorCode, SqlErrorDetail } from "./sqlError.ts";
import { sqlError } from "./sqlError.ts";
import type { Token } from "./sqlTokens.ts";
import { scanTokens, syntaxError, tokenAfter } from "./sqlTokens.ts";

/** A part of the author's text: the offsets at which its first and its last token start. */
export interface Span {
  readonly start: number;
  readonly last: number;
  /** True for a name or constant: the one token (with its dotted parts). Otherwise up to the end of the expression. */
  readonly exact?: boolean;
}

export interface SqlText {
  readonly text: string;
  readonly bytes: Buffer;
  readonly tokens: readonly Token[];
  /** Names of the parameters by first appearance; `$1` is the first. */
  readonly parameters: readonly string[];
  /** The author's offsets of the words that are options. */
  readonly optionWords: ReadonlySet<number>;
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

/** @throws CodedError SQL_SYNTAX | SQL_UNSUPPORTED | SQL_TOO_LARGE */
export async function readSqlText(text: string): Promise<SqlText> {
  refuseUnseen(text);
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length > MAX_SQL_BYTES) {
    const where = { fragment: text.slice(0, 40), line: 1, column: 1 };
    throw sqlError("SQL_TOO_LARGE", where, `the query has ${bytes.length} bytes; at most ${MAX_SQL_BYTES} are allowed`);
  }
  const tokens = await scanTokens(text);
  return rewriteForParser({ text, bytes, tokens });
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
  const piece = pieceAt(sql, parserOffset);
  if (piece === undefined) return parserOffset;
  return piece.inserted ? piece.originalStart : piece.originalStart + parserOffset - piece.parserStart;
}

function pieceAt(sql: SqlText, parserOffset: number): Piece | undefined {
  return sql.pieces[firstFrom(sql.pieces, ({ parserStart }) => parserStart, parserOffset + 1) - 1];
}

/** A span's text as written, its line and column. */
export function locate(sql: SqlText, span: Span): Omit<SqlErrorDetail, "code"> {
  const [from, to] = fragmentBounds(sql.tokens, span, sql.bytes.length);
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
  const start = tokenAfter(sql.tokens, offset)?.start ?? sql.bytes.length;
  return { start, last: start };
}

function refuseUnseen(text: string): void {
  const found = findUnseen(text);
  if (found === undefined) return;
  const { character, line, column } = found;
  const problem = `the invisible character ${character} is not allowed in a query`;
  throw sqlError("SQL_UNSUPPORTED", { fragment: character, line, column }, problem);
}

function refuseAt(sql: SqlText, parserOffset: number): (problem: string) => CodedError {
  return (problem) => {
    const { start, last } = tokenFrom(sql, originalOffset(sql, parserOffset));
    const fragment = sql.tokens.find((candidate) => candidate.start === start)?.text ?? "";
    const place = positionAfter(sql.bytes.subarray(0, last).toString("utf8"));
    const named = problem.replaceAll(/\$\d+/g, ":parameter");
    const said = pieceAt(sql, parserOffset)?.inserted === true ? named.replace('"=>"', `"${fragment}"`) : named;
    return sqlError("SQL_SYNTAX", { fragment, ...place }, said);
  };
}

function rewriteForParser(read: Pick<SqlText, "text" | "bytes" | "tokens">): SqlText {
  const words = optionWords(read.tokens);
  const starts = read.tokens.flatMap(({ start }, index) => (words.has(index) ? [start] : []));
  const parameters: string[] = [];
  const plain: SqlText = { ...read, parameters, optionWords: new Set(starts), pieces: [], parserText: read.text };
  const writer = writeParserText(read.bytes);
  read.tokens.forEach((token, index) => {
    refuseToken(plain, token);
    // libpg-query refuses `NOT /* … */ IN`, which PostgreSQL takes.
    if (token.comment) writer.blank(token.start, token.end);
    if (words.has(index)) writer.replace(token.end, token.end, " => ", tokenFrom(plain, token.end).start);
    if (token.text !== ":") return;
    const name = parameterAfter(plain, index);
    if (!parameters.includes(name.text)) parameters.push(name.text);
    // Spaces on both sides: `x:lo` must not become the identifier `x$1`.
    writer.replace(token.start, name.end, ` $${parameters.indexOf(name.text) + 1} `, token.start);
  });
  if (parameters.length > MAX_PARAMETERS) {
    throw refuse(plain, tokenFrom(plain, 0), `a query has at most ${MAX_PARAMETERS} parameters`, "SQL_TOO_LARGE");
  }
  const { text: parserText, pieces } = writer.finish();
  return { ...plain, parserText, pieces };
}

function refuseToken(sql: SqlText, token: Token): void {
  const span = { start: token.start, last: token.start };
  if (/^\$\d/.test(token.text)) throw refuse(sql, span, "parameters have names: write :name");
  const identifier = /^(?!\w&?')["\p{L}_]/u.test(token.text) ? token.text.replace(/^"|"$/g, "") : "";
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
