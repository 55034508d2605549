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
 * Values to both sides of a constant, and inside the ends, that are told apart: of a summed column as many as tell whether the
 * condition leaves it more values than its sums would count (`toldSets.ts`).
 */
const BESIDE = 1n;
const BESIDE_SUMMED = 4n;

/** More combinations take minutes to look at. */
const MOST_ROWS = 400_000;

export interface ReadColumn {
  readonly field: StudyField;
  /** Texts of all that it is compared with. */
  readonly constants: readonly string[];
  /** Where lines of its values start, scaled. */
  readonly starts: readonly bigint[];
  readonly isSummed: boolean;
}

/** @throws Error for a query over more combinations than can be looked at */
export function possibleRows(columns: readonly ReadColumn[], hospitals: number): PossibleRows {
  const values = columns.map(representatives);
  const count = values.reduce((product, { length }) => product * length, hospitals);
  if (count > MOST_ROWS) throw new Error(`the judge would look at ${count} possible rows, at most ${MOST_ROWS}`);
  const rows = values.reduce<(string | null)[][]>(
    (all, own) => all.flatMap((row) => own.map((value) => [...row, value])),
    [[]],
  );
  const owners = Array.from({ length: hospitals }, (_, hospital) => hospital);
  return {
    columns: columns.map(({ field }) => field.column),
    rows: owners.flatMap(() => rows),
    hospitals: owners.flatMap((hospital) => rows.map(() => hospital)),
  };
}

function representatives({ field, constants, starts, isSummed }: ReadColumn): (string | null)[] {
  const missing = field.hasMissing ? [null] : [];
  if (field.type === "category") return [...field.categories, ...missing];
  const { minimum, maximum, decimals, type } = field;
  const around = (value: bigint, beside: bigint): bigint[] =>
    Array.from({ length: Number(2n * beside + 1n) }, (_, step) => value + BigInt(step) - beside);
  const compared = constants.flatMap((text) => scaledConstant(text, type === "date", decimals));
  const beside = isSummed ? BESIDE_SUMMED : BESIDE;
  const near = [
    ...starts,
    ...[minimum, maximum].flatMap((end) => around(end, isSummed ? beside : 0n)),
    ...compared.flatMap((value) => around(value, beside)),
  ];
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
