/**
 * Texts as they can stand in a query, which takes no character that is not seen (docs/query-language.md, "Characters"): such a
 * character is written \u{…}, everywhere that a file has it, so that different texts stay different. An owner would rename such
 * a category by hand.
 */
import type { JsonValue } from "./referenceQuery.ts";
import { isRecord } from "./referenceQuery.ts";

const UNSEEN = /(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|\\(?=u\{)/gu;

export function legibleText(text: string): string {
  return text.replace(UNSEEN, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** Every text in a value, keys included. */
export function legibleJson(value: JsonValue): JsonValue {
  if (typeof value === "string") return legibleText(value);
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(legibleJson);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [legibleText(key), inner === undefined ? null : legibleJson(inner)]),
  );
}
