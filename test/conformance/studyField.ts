/**
 * Which field of a schema a column becomes, from its uses, its texts and the dictionary:
 *
 *  - grouped, tabulated, told apart, or of a type that is neither number nor date: a category of its distinct texts, exactly as
 *    they are, and of those it is compared with by equality;
 *  - summed, and not needed in its order, with four values or fewer in its range: a category too, of numbers, since its sums
 *    are counts;
 *  - all dates: a date; all numbers: an integer or a number, with the bounds and decimals of its texts;
 *  - nothing but missing values: an integer that could be 0.
 */
import type { ColumnUses } from "./columnUses.ts";
import type { ConditionToken } from "./conditionText.ts";
import { decimalText, readDecimal, scaleDecimal } from "./decimalText.ts";
import type { Searched } from "./searchableField.ts";
import { cutsOf } from "./searchableField.ts";

export type StudyField = {
  readonly column: string;
  /** In SQL. */
  readonly name: string;
  readonly hasMissing: boolean;
} & ({ readonly type: "category"; readonly categories: readonly string[] } | NumericStudyField);

/** Bounds are scaled; of a date, days since 1970-01-01. */
export interface NumericStudyField extends Searched {
  readonly type: "integer" | "number" | "date";
  readonly decimals: number;
  readonly maximum: bigint;
}

/** Sums and sums of squares count rows of a column of so many values. */
const FEW_VALUES = 4n;
const INTEGER = /^(0|-?[1-9]\d*)$/;
const MS_PER_DAY = 86_400_000;

export function studyField(uses: ColumnUses, name: string): StudyField {
  const present = uses.texts.filter((text) => text !== null);
  const shared = { column: uses.column, name, hasMissing: present.length < uses.texts.length };
  const numeric = isCategory(uses, present) ? undefined : numericField(uses, present);
  if (numeric !== undefined && !isFewIntegers(uses, present, numeric)) return { ...shared, ...numeric };
  return { ...shared, type: "category", categories: categoriesOf(uses, present) };
}

/** As the hospital's file has it: the texts of numbers in plain digits. */
export function cellText(field: StudyField, text: string): string {
  if (field.type === "category" || field.type === "date") return text;
  return decimalText(scaled(text, field.decimals), field.decimals);
}

type Constant = Pick<ConditionToken, "value" | "source" | "isOrdered">;

/** A constant of a condition as the field's type takes it. */
export function constantText(field: StudyField, constant: Constant): string {
  const { value, source, isOrdered } = constant;
  if (field.type === "category") return isOrdered ? source : categoryConstant(field.categories, value, source);
  if (field.type === "date") return `'${value}'`;
  return readDecimal(value) === undefined ? source : value;
}

/** Days since 1970-01-01; undefined unless the text is YYYY-MM-DD. */
export function daysOf(text: string): bigint | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const time = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(time) || dateText(BigInt(time / MS_PER_DAY)) !== text) return undefined;
  return BigInt(time / MS_PER_DAY);
}

export function dateText(days: bigint): string {
  return new Date(Number(days) * MS_PER_DAY).toISOString().slice(0, 10);
}

function isCategory({ isCategory, isNumber, cuts, type }: ColumnUses, present: readonly string[]): boolean {
  if (isCategory) return true;
  if (present.length === 0) return false;
  const isDate = type === "date" && (!isNumber || cuts !== undefined);
  if (isDate) return present.some((text) => daysOf(text) === undefined);
  if (isNumber) return present.some((text) => readDecimal(text) === undefined);
  if (type !== "integer" && type !== "number") return true;
  return present.some((text) => readDecimal(text) === undefined);
}

function numericField(
  { type, constants, isNumber, isSummed, cuts }: ColumnUses,
  present: readonly string[],
): NumericStudyField {
  const days = present.map(daysOf);
  const isDate = type === "date" && days.every((day) => day !== undefined);
  // Breaks of a histogram must be values that the field could have.
  const exact = constants.filter(({ kind }) => kind === "text").map(({ value }) => value);
  const decimals = isDate ? 0 : Math.max(0, ...[...present, ...exact].map((text) => readDecimal(text)?.decimals ?? 0));
  const values = isDate ? days.filter((day) => day !== undefined) : present.map((text) => scaled(text, decimals));
  const [minimum, maximum] = values.reduce(
    ([least, most], value) => [value < least ? value : least, value > most ? value : most],
    [values[0] ?? 0n, values[0] ?? 0n],
  );
  const range = { type: isDate ? "date" : decimals === 0 ? "integer" : "number", decimals, minimum, maximum } as const;
  return {
    ...range,
    isCompared: constants.length > 0 || (isNumber && !isSummed && cuts === undefined),
    cuts: cuts === undefined ? [] : cutsOf(cuts, values, [minimum, maximum]),
  };
}

/** A sum over so few values counts them: the study says so, and the gate can tell them apart. */
function isFewIntegers({ isSummed }: ColumnUses, present: readonly string[], field: NumericStudyField): boolean {
  const values = field.maximum - field.minimum + 1n;
  return isSummed && present.length > 0 && values <= FEW_VALUES && present.every((text) => INTEGER.test(text));
}

function categoriesOf({ constants }: ColumnUses, present: readonly string[]): string[] {
  const texts = [...new Set(present)];
  const compared = constants.filter(({ isOrdered }) => !isOrdered).map(({ value }) => value);
  const known = new Set([...texts, ...compared.filter((value) => matching(texts, value) === undefined)]);
  known.delete("");
  if (known.size === 0) return ["0"];
  const all = [...known];
  return all.every((text) => readDecimal(text) !== undefined) ? all.sort(byNumber) : all.sort(byCodePoint);
}

function categoryConstant(categories: readonly string[], value: string, source: string): string {
  const category = matching(categories, value);
  if (category !== undefined) return `'${category.replaceAll("'", "''")}'`;
  return source;
}

/** The text itself; else the one that is the same number. */
function matching(texts: readonly string[], value: string): string | undefined {
  if (texts.includes(value)) return value;
  const number = readDecimal(value);
  return texts.find((text) => {
    const own = readDecimal(text);
    return number !== undefined && own?.digits === number.digits && own.decimals === number.decimals;
  });
}

function byNumber(left: string, right: string): number {
  return Number(left) - Number(right) || byCodePoint(left, right);
}

function byCodePoint(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function scaled(text: string, decimals: number): bigint {
  const decimal = readDecimal(text);
  return decimal === undefined ? 0n : scaleDecimal(decimal, decimals).floor;
}
