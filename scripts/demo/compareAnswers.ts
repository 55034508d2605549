/**
 * Whether the network's answer is the clear-text answer: counts exact, other numbers within 1e-12 relative; and values
 * hidden only where the gate has a reason, which `expectedDisclosure.ts` works out.
 */
import { type Hidden, isHidden } from "#statistics";
import type { Cell as AnswerCell } from "../querier/answerReport.ts";
import type { Cell } from "./clearAnswer.ts";
import { type ExpectedAnswer, type Fate, keyText } from "./expectedDisclosure.ts";

/** Both sides round once to a double from sums that the network has exactly; 1e-12 is some 4,500 units in the last place. */
export const RELATIVE_TOLERANCE = 1e-12;

type Rows<Value> = readonly (readonly Value[])[];

export interface AlignedRows {
  /** For each row of the answer the clear one of the same group; undefined: the group is empty in clear. */
  readonly partners: readonly (readonly Cell[] | undefined)[];
  /** Clear rows that the answer does not have. */
  readonly missing: Rows<Cell>;
}

/** SQL leaves the order of rows open. @param keysAt positions of the group keys */
export function alignRows(answer: Rows<AnswerCell>, clear: Rows<Cell>, keysAt: readonly number[]): AlignedRows {
  const keyOf = (row: readonly unknown[]): string => keyText(keysAt.map((position) => row[position]));
  const rest = new Map(clear.map((row) => [keyOf(row), row]));
  const partners = answer.map((row) => {
    const partner = rest.get(keyOf(row));
    rest.delete(keyOf(row));
    return partner;
  });
  return { partners, missing: [...rest.values()] };
}

/** Row by row, value by value, nothing hidden. */
export function equalAnswers(answer: Rows<AnswerCell>, { partners, missing }: AlignedRows): boolean {
  if (missing.length > 0) return false;
  return answer.every((row, r) => {
    const other = partners[r];
    return other?.length === row.length && row.every((value, c) => !isHidden(value) && equalCells(value, other[c]!));
  });
}

/**
 * What is wrong with an answer; nothing when every shown value is the clear one, nothing is hidden without a reason, and
 * nothing is shown that must be hidden.
 *
 * @param keysAt positions of the group keys
 * @returns one line per value, without the value
 */
export function faultsOf(
  answer: Rows<AnswerCell>,
  { partners, missing }: AlignedRows,
  keysAt: readonly number[],
  expected: ExpectedAnswer,
): string[] {
  const keyOf = (row: readonly unknown[]): string => keyText(keysAt.map((position) => row[position]));
  const fates = new Map(expected.cells.map((cell) => [keyText(cell.keys), cell.columns]));
  const given = new Set(answer.map(keyOf));
  // To leave out a group says that it is empty.
  const unsaid = expected.cells.filter(({ rows }) => rows === "hidden").map(({ keys }) => keyText(keys));
  const leftOut = new Set([...missing.map(keyOf), ...unsaid.filter((key) => !given.has(key))]);
  const faults = [...leftOut].map((key) => `the group ${key} is left out`);
  answer.forEach((row, r) => {
    const key = keyOf(row);
    const columns = fates.get(key);
    if (columns?.length !== row.length) return faults.push(`the group ${key} is none of the query's`);
    row.forEach((value, c) => {
      const fault = faultOf(value, partners[r]?.[c], columns[c]!, keysAt.includes(c));
      if (fault !== undefined) faults.push(`${fault}: group ${key}, column ${c + 1}`);
    });
  });
  return faults;
}

/** @param clear undefined: there is no such group in clear, so its row may hold hidden values only */
function faultOf(value: AnswerCell, clear: Cell | undefined, fate: Fate, isKey: boolean): string | undefined {
  if (isHidden(value)) return fate === "shown" ? "hidden without a reason" : undefined;
  if (isKey) return undefined;
  if (fate === "hidden") return "shown where it must be hidden";
  return clear !== undefined && equalCells(value, clear) ? undefined : "not the clear-text value";
}

export function equalCells(a: Exclude<AnswerCell, Hidden>, b: Cell, relative: number = RELATIVE_TOLERANCE): boolean {
  if (typeof a !== "number" || typeof b !== "number") return a === b;
  if (Number.isInteger(a) && Number.isInteger(b)) return a === b;
  return Math.abs(a - b) <= relative * Math.max(Math.abs(a), Math.abs(b));
}
