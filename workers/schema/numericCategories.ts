/** When the texts of a category are numbers, so that it may be summed and ordered as well as grouped. */
import type { CategoryField } from "./studySchema.ts";
import { MAX_DECIMALS, parseScaled, SCALED_LIMIT } from "./values.ts";

/** No leading zero, sign "+" or exponent: "01" and "1" would be one number and two categories. */
const CANONICAL_DECIMAL = /^-?(?:0|[1-9]\d{0,18})(?:\.(\d+))?$/;
const MINUS_ZERO = /^-0(?:\.0+)?$/;

/** Scaled to the most decimals that a category shows; no numbers when a text is none, or two are the same one. */
export function readNumericCategories(categories: readonly string[]): Pick<CategoryField, "numeric" | "decimals"> {
  const none = { numeric: undefined, decimals: 0 };
  const matches = categories.map((text) => (MINUS_ZERO.test(text) ? null : CANONICAL_DECIMAL.exec(text)));
  if (matches.includes(null)) return none;
  const decimals = Math.max(...matches.map((match) => match?.[1]?.length ?? 0));
  if (decimals > MAX_DECIMALS) return none;
  const numeric = categories.map((text) => parseScaled(text, decimals));
  const fits = numeric.every((value) => value > -SCALED_LIMIT && value < SCALED_LIMIT);
  return fits && new Set(numeric).size === numeric.length ? { numeric, decimals } : none;
}
