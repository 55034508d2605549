/** How many numbers an answer may open: decided before any of its cells is made. */
import type { Step } from "../messages/descriptor.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import { cellCount } from "./axisSizes.ts";
import { circuitError } from "./circuitError.ts";

/** Every opened value is a word of an event: 1,024 cost some 300,000 gas of data alone. */
export const MAX_OPENED_VALUES = 1_024;

/**
 * A few hundred bytes of a descriptor can name more cells than any memory holds: eight axes of twenty categories.
 *
 * @throws CodedError CIRCUIT_TOO_LARGE | CIRCUIT_NO_COLUMN
 */
export function requireFewValues(step: Step, schema: StudySchema, limit = MAX_OPENED_VALUES): void {
  const openedValues = cellCount(step, schema) * step.outputs.length;
  if (openedValues <= limit) return;
  const problem = `its answer would open ${openedValues} numbers, at most ${limit} are allowed`;
  throw circuitError({ code: "CIRCUIT_TOO_LARGE", openedValues, limit }, problem);
}
