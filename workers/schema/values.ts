/**
 * Texts to exact scaled integers and back. No floating point anywhere: a decimal is read digit by digit.
 *
 * Messages name the rule, never the text: the text may be a patient's value.
 */
import { CodedError } from "../errors.ts";
import type { CategoryField, NumericField } from "./studySchema.ts";

export type ValueErrorDetail =
  | { readonly code: "VALUE_NOT_A_NUMBER" }
  | { readonly code: "VALUE_TOO_MANY_DECIMALS"; readonly decimals: number }
  | { readonly code: "VALUE_NOT_A_DATE" }
  | { readonly code: "VALUE_UNKNOWN_CATEGORY"; readonly categories: readonly string[] }
  | { readonly code: "VALUE_BELOW_MINIMUM"; readonly minimum: string }
  | { readonly code: "VALUE_ABOVE_MAXIMUM"; readonly maximum: string };

/**
 * A scaled integer v has |v| < 2^62: it fits a signed 64-bit word with a bit to spare, and its square times any row
 * count stays far below r/2. Larger would need wider columns in memory for no clinical quantity.
 */
export const SCALED_LIMIT = 1n << 62n;

/** 10^18 < 2^62: more decimals would leave no room for the integer part. */
export const MAX_DECIMALS = 18;

/** Longer than any text of a value below `SCALED_LIMIT`, so that hostile input costs nothing. */
const MAX_NUMBER_LENGTH = 64;

const DECIMAL = /^([+-]?)(?:(\d+)(?:\.(\d+))?|\.(\d+))$/;
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const MS_PER_DAY = 86_400_000;
/** 0001-01-01 and 9999-12-31. */
const [FIRST_DATE, LAST_DATE] = [-719_162n, 2_932_896n];

/**
 * value × 10^decimals, exact. Trailing zeros beyond `decimals` are allowed ("63.0" is the integer 63); exponents,
 * spaces, digit groups and decimal commas are not.
 *
 * @throws CodedError VALUE_NOT_A_NUMBER | VALUE_TOO_MANY_DECIMALS
 */
export function parseScaled(text: string, decimals: number): bigint {
  const match = text.length <= MAX_NUMBER_LENGTH ? DECIMAL.exec(text) : null;
  if (match === null) {
    const hint = /^[+-]?\d+,\d+$/.test(text) ? "write a decimal point, not a comma" : "write plain digits, as in -12.5";
    throw new CodedError<ValueErrorDetail>({ code: "VALUE_NOT_A_NUMBER" }, `value is not a number; ${hint}`);
  }
  const [, sign, whole = "0", afterWhole, alone] = match;
  const fraction = (afterWhole ?? alone ?? "").replace(/0+$/, "");
  if (fraction.length > decimals) {
    const allowed = decimals === 0 ? "only whole numbers are allowed" : `at most ${decimals} are allowed`;
    throw new CodedError<ValueErrorDetail>(
      { code: "VALUE_TOO_MANY_DECIMALS", decimals },
      `value has too many decimals; ${allowed}`,
    );
  }
  const magnitude = BigInt(whole + fraction.padEnd(decimals, "0"));
  return sign === "-" ? -magnitude : magnitude;
}

/** The shortest text with that value: `formatScaled(-125n, 2)` is "-1.25", `formatScaled(300n, 2)` is "3". */
export function formatScaled(value: bigint, decimals: number): string {
  const sign = value < 0n ? "-" : "";
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, "0");
  const point = digits.length - decimals;
  const fraction = digits.slice(point).replace(/0+$/, "");
  return `${sign}${digits.slice(0, point)}${fraction === "" ? "" : `.${fraction}`}`;
}

/**
 * Days from 1970-01-01 to a proleptic Gregorian date `YYYY-MM-DD`.
 *
 * @throws CodedError VALUE_NOT_A_DATE also for dates that do not exist, such as 2023-02-29
 */
export function parseDate(text: string): bigint {
  const match = DATE.exec(text);
  const time = match === null ? NaN : Date.parse(`${text}T00:00:00Z`);
  // Some engines roll a day 30 of February over into March: the round trip refuses it.
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text) {
    throw new CodedError<ValueErrorDetail>(
      { code: "VALUE_NOT_A_DATE" },
      "value is not an existing date; write YYYY-MM-DD",
    );
  }
  return BigInt(time / MS_PER_DAY);
}

/** Whether days since 1970-01-01 are a date with a year of four digits. */
export function isDate(days: bigint): boolean {
  return days >= FIRST_DATE && days <= LAST_DATE;
}

/** `YYYY-MM-DD` of days since 1970-01-01, which are a date. */
export function formatDate(days: bigint): string {
  return new Date(Number(days) * MS_PER_DAY).toISOString().slice(0, 10);
}

/** Text in the field's own type to a scaled integer, without looking at the field's bounds. */
export function parseNumericText(field: Pick<NumericField, "type" | "decimals">, text: string): bigint {
  return field.type === "date" ? parseDate(text) : parseScaled(text, field.decimals);
}

/** What a value's text depends on: of a field, or of an event table's column. */
export type ValueForm =
  | Pick<CategoryField, "name" | "type" | "categories" | "missingValues">
  | Pick<NumericField, "name" | "type" | "decimals" | "minimum" | "maximum" | "missingValues">;

/** A scaled integer as people write it: the category's text, a date, or the shortest decimal. */
export function formatFieldValue(field: ValueForm, value: bigint): string {
  if (field.type === "category") {
    const text = field.categories[Number(value)];
    if (text === undefined) throw new RangeError(`${field.name} has no category ${value}`);
    return text;
  }
  return field.type === "date" ? formatDate(value) : formatScaled(value, field.decimals);
}

/**
 * One cell's text to its scaled integer, or null when it is one of the field's own `missingValues` (the schema-wide
 * ones are the caller's to test). Bounds are checked.
 *
 * @throws CodedError VALUE_*
 */
export function parseFieldValue(field: ValueForm, text: string): bigint | null {
  if (field.missingValues.includes(text)) return null;
  if (field.type === "category") return categoryIndex(field.categories, text);
  const value = parseNumericText(field, text);
  if (value < field.minimum) {
    const minimum = formatFieldValue(field, field.minimum);
    throw new CodedError<ValueErrorDetail>(
      { code: "VALUE_BELOW_MINIMUM", minimum },
      `value is below the minimum ${minimum}`,
    );
  }
  if (value > field.maximum) {
    const maximum = formatFieldValue(field, field.maximum);
    throw new CodedError<ValueErrorDetail>(
      { code: "VALUE_ABOVE_MAXIMUM", maximum },
      `value is above the maximum ${maximum}`,
    );
  }
  return value;
}

function categoryIndex(categories: readonly string[], text: string): bigint {
  const index = categories.indexOf(text);
  if (index >= 0) return BigInt(index);
  const allowed = categories.map((category) => JSON.stringify(category)).join(", ");
  throw new CodedError<ValueErrorDetail>(
    { code: "VALUE_UNKNOWN_CATEGORY", categories },
    `value is not one of the categories ${allowed}`,
  );
}
