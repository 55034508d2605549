/**
 * Characters that a reader does not see, or that change what is seen: in SQL, an agreement or a manifest they could show
 * a vetter another text than the one that is compiled, hashed and signed.
 */
import { CodedError } from "../errors.ts";

export interface UnseenCharacter {
  /** `U+202E` */
  readonly character: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1 in characters (Unicode code points). */
  readonly column: number;
}

export interface LegibilityErrorDetail extends UnseenCharacter {
  readonly code: "TEXT_NOT_LEGIBLE";
}

/**
 * Controls, line and paragraph separators, formats (direction marks, joiners, tags), private-use characters, lone
 * surrogates and everything that is displayed as nothing. A line ends with \n or \r\n: a lone \r sends a terminal back to
 * the start of the line, over what it has shown. Joiners and variation selectors are refused although some scripts use
 * them: two texts that look alike must not differ.
 */
const UNSEEN = /\r(?!\n)|(?![\n\r\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/** The first such character, or undefined. */
export function findUnseen(text: string): UnseenCharacter | undefined {
  const match = UNSEEN.exec(text);
  if (match === null) return undefined;
  const character = `U+${match[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
  return { character, ...positionAfter(text.slice(0, match.index)) };
}

/** @param what names the text in the message, e.g. "the agreement"; @throws CodedError TEXT_NOT_LEGIBLE */
export function requireLegible(what: string, text: string): void {
  const found = findUnseen(text);
  if (found === undefined) return;
  throw new CodedError<LegibilityErrorDetail>({ code: "TEXT_NOT_LEGIBLE", ...found }, describeUnseen(what, found));
}

export function describeUnseen(what: string, { character, line, column }: UnseenCharacter): string {
  return `${what}, line ${line}, column ${column}: the invisible character ${character} is not allowed`;
}

/** Line and column of what follows a text. */
export function positionAfter(before: string): { line: number; column: number } {
  const lines = before.split("\n");
  return { line: lines.length, column: Array.from(lines.at(-1)!).length + 1 };
}
