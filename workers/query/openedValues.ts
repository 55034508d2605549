/** How many numbers an answer may open: decided before any of its cells is made. */
import { cellsWithin } from "./axisSizes.ts";
import { circuitError } from "./circuitError.ts";

/** Every opened value is a word of an event: 1,024 cost some 300,000 gas of data alone. */
export const MAX_OPENED_VALUES = 1_024;

/**
 * A few hundred bytes of a descriptor can name more cells than any memory holds: eight axes of twenty categories.
 *
 * @param sizes lines of each axis
 * @param outputs of each cell
 * @throws CodedError CIRCUIT_TOO_LARGE
 */
export function requireFewValues(sizes: readonly number[], outputs: number, limit = MAX_OPENED_VALUES): void {
  const openedValues = cellsWithin(sizes) * outputs;
  if (openedValues <= limit) return;
  const problem = `its answer would open ${openedValues} numbers, at most ${limit} are allowed`;
  throw circuitError({ code: "CIRCUIT_TOO_LARGE", openedValues, limit }, problem);
}
