/**
 * All rows that there could be, as far as a query can tell them apart: every combination of one hospital and one
 * representative of each column it reads. Two sets are equal, or one is in another, *by construction* when it is so
 * among these.
 */
import { decimalText, readDecimal, scaleDecimal } from "../decimalText.ts";
import { dateText, daysOf } from "../studyField.ts";
import type { StudyField } from "../studyField.ts";

export interface PossibleRows {
  readonly columns: readonly string[];
  /** Texts in the order of `columns`, null where missing. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** Of each: its hospital. */
  readonly hospitals: readonly number[];
}

/**
 * Values to both sides of a constant that are told apart: of a summed column as many as tell whether the condition leaves it
 * more values than a sum and a sum of squares would count.
 */
const BESIDE = 1n;
const BESIDE_SUMMED = 3n;

/**
 * @param constants texts of all that are compared with anything
 * @param summed columns summed over the sets
 */
export function possibleRows(
  fields: readonly StudyField[],
  constants: readonly string[],
  summed: ReadonlySet<string>,
  hospitals: number,
): PossibleRows {
  let rows: (string | null)[][] = [[]];
  for (const field of fields) {
    const values = representatives(field, constants, summed.has(field.column) ? BESIDE_SUMMED : BESIDE);
    rows = rows.flatMap((row) => values.map((value) => [...row, value]));
  }
  const owners = Array.from({ length: hospitals }, (_, hospital) => hospital);
  return {
    columns: fields.map(({ column }) => column),
    rows: owners.flatMap(() => rows),
    hospitals: owners.flatMap((hospital) => rows.map(() => hospital)),
  };
}

function representatives(field: StudyField, constants: readonly string[], beside: bigint): (string | null)[] {
  const missing = field.hasMissing ? [null] : [];
  if (field.type === "category") return [...field.categories, ...missing];
  const { minimum, maximum, decimals, type } = field;
  const compared = constants.flatMap((text) => scaledConstant(text, type === "date", decimals));
  const near = [minimum, maximum, ...compared].flatMap((value) =>
    Array.from({ length: Number(2n * beside + 1n) }, (_, step) => value + BigInt(step) - beside),
  );
  const inside = [...new Set(near)].filter((value) => value >= minimum && value <= maximum);
  const write = (value: bigint): string => (type === "date" ? dateText(value) : decimalText(value, decimals));
  return [...inside.sort((a, b) => (a < b ? -1 : 1)).map(write), ...missing];
}

function scaledConstant(text: string, isDate: boolean, decimals: number): bigint[] {
  const days = isDate ? daysOf(text) : undefined;
  if (days !== undefined) return [days];
  const decimal = readDecimal(text);
  if (isDate || decimal === undefined) return [];
  const { floor, ceiling } = scaleDecimal(decimal, decimals);
  return [floor, ceiling];
}
