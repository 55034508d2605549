/** Whether the network's answer is the clear-text answer: counts exact, other numbers within 1e-12 relative. */
import type { Cell } from "./clearAnswer.ts";

/** Both sides round once to a double from sums that the network has exactly; 1e-12 is some 4,500 units in the last place. */
export const RELATIVE_TOLERANCE = 1e-12;

/**
 * The clear rows in the order of the answer's rows, by their group keys; SQL leaves the order open. Clear rows without
 * a partner come last, so that a comparison fails on them.
 *
 * @param keys positions of the group keys
 */
export function alignRows(
  answer: readonly (readonly Cell[])[],
  clear: readonly Cell[][],
  keys: readonly number[],
): Cell[][] {
  const keyOf = (row: readonly Cell[]): string => JSON.stringify(keys.map((position) => row[position]));
  const order = new Map(answer.map((row, position) => [keyOf(row), position]));
  const position = (row: readonly Cell[]): number => order.get(keyOf(row)) ?? answer.length;
  return [...clear].sort((a, b) => position(a) - position(b));
}

/** Row by row, cell by cell. */
export function equalAnswers(answer: readonly (readonly Cell[])[], clear: readonly (readonly Cell[])[]): boolean {
  if (answer.length !== clear.length) return false;
  return answer.every((row, r) => {
    const other = clear[r]!;
    return row.length === other.length && row.every((cell, c) => equalCells(cell, other[c]!));
  });
}

export function equalCells(a: Cell, b: Cell, relative: number = RELATIVE_TOLERANCE): boolean {
  if (typeof a !== "number" || typeof b !== "number") return a === b;
  if (Number.isInteger(a) && Number.isInteger(b)) return a === b;
  return Math.abs(a - b) <= relative * Math.max(Math.abs(a), Math.abs(b));
}
