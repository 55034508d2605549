/**
 * The tokens of a query's text, by PostgreSQL's own scanner, so that strings, quoted names, comments and `::` are told
 * from the rest as the parser tells them.
 */
import { hasSqlDetails, parse, scan } from "libpg-query";
import type { CodedError } from "../errors.ts";
import { positionAfter } from "./legibility.ts";
import { firstFrom } from "./sortedOffsets.ts";
import { sqlError } from "./sqlError.ts";

/** Offsets are UTF-8 bytes. */
export interface Token {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Comments are not part of any fragment's limits. */
  readonly comment: boolean;
  /** A word that PostgreSQL takes as a function's name. */
  readonly functionName: boolean;
  /** A word that PostgreSQL takes as a column's name. */
  readonly columnName: boolean;
}

/** @throws CodedError SQL_SYNTAX */
export async function scanTokens(text: string): Promise<Token[]> {
  if (text.trim() === "") throw sqlError("SQL_SYNTAX", { fragment: "", line: 1, column: 1 }, "the query is empty");
  let scanned;
  try {
    scanned = await scan(text);
  } catch {
    // The scanner reports no position: the parser does, and fails on the same text.
    throw await lexicalError(text);
  }
  return scanned.tokens.map(({ start, end, text: written, tokenName, keywordName }) => {
    const plain = keywordName === "NO_KEYWORD" ? /^["\p{L}_]/u.test(written) : keywordName === "UNRESERVED_KEYWORD";
    return {
      start,
      end,
      text: written,
      comment: tokenName.endsWith("COMMENT"),
      functionName: plain || keywordName === "TYPE_FUNC_NAME_KEYWORD",
      columnName: plain || keywordName === "COL_NAME_KEYWORD",
    };
  });
}

/** The first token at or after an offset that satisfies a condition; comments never do. */
export function tokenAfter(
  tokens: readonly Token[],
  offset: number,
  isWanted: (token: Token) => boolean = () => true,
): Token | undefined {
  for (let index = firstFrom(tokens, ({ start }) => start, offset); index < tokens.length; index += 1) {
    const token = tokens[index]!;
    if (!token.comment && isWanted(token)) return token;
  }
  return undefined;
}

/** What a failure of the parser says, at its offset in the parsed text in bytes; anything else as it is. */
export function syntaxError(
  error: unknown,
  parsed: string,
  refuseAtOffset: (offset: number) => (problem: string) => CodedError,
): unknown {
  if (!hasSqlDetails(error) || error.sqlDetails === undefined) return error;
  // cursorPosition counts characters, tree locations count bytes.
  const before = Array.from(parsed).slice(0, error.sqlDetails.cursorPosition).join("");
  return refuseAtOffset(Buffer.byteLength(before, "utf8"))(error.sqlDetails.message);
}

async function lexicalError(text: string): Promise<unknown> {
  // What PostgreSQL's grammar does not have is replaced by as many characters, so that positions stay.
  const plain = text
    .replace(/(?<!:):[A-Za-z_][A-Za-z0-9_]*/g, (name) => "$1".padEnd(name.length))
    .replace(/(?<=[(,]\s*)(?:type|strata|prior|power|external|weight|grid)(?=\s+[\w$.'"])/gi, (word) =>
      " ".repeat(word.length),
    );
  const refuseThere = (offset: number, problem: string): CodedError => {
    const before = Buffer.from(plain, "utf8").subarray(0, offset).toString("utf8");
    return sqlError(
      "SQL_SYNTAX",
      { fragment: text.slice(before.length, before.length + 40), ...positionAfter(before) },
      problem,
    );
  };
  try {
    await parse(plain);
  } catch (error) {
    return syntaxError(error, plain, (offset) => (problem) => refuseThere(offset, problem));
  }
  return refuseThere(0, "the text cannot be read as SQL");
}
