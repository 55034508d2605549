/** Statistics that each cell of the answer has of its own: the sums they are finished from (`Finish` in Descriptor.sol). */
import type { Aggregate } from "./parsedQuery.ts";
import { Finish } from "../messages/descriptor.ts";
import type { Measure, Variable } from "./measures.ts";
import { fieldsOf } from "./measures.ts";

/**
 * @param variables of the statistic: none, one, two as in f(y, x), for a regression y, x1 … xp, for rates what is counted
 * @param mayMiss whether the cohort may have rows without this field
 */
export function cellSums(
  finish: Aggregate,
  variables: readonly Variable[],
  mayMiss: (field: number) => boolean,
): Measure[] {
  const fields = [...new Set(variables.flatMap(fieldsOf))].filter(mayMiss).sort((a, b) => a - b);
  const sum = (...of: readonly Variable[]): Measure => ({ variables: of, present: fields });
  const [y, x] = variables;
  const n = sum();
  if (y === undefined || finish === Finish.COUNT || finish === Finish.REGR_COUNT) return [n];
  if (finish === Finish.LINEAR_REGRESSION) {
    const ordered = [...variables.slice(1), y];
    // An indicator is its own square.
    const product = (z: Variable, w: Variable): Measure => (z === w && z.kind === "indicator" ? sum(z) : sum(z, w));
    const products = ordered.flatMap((z, index) => ordered.slice(index).map((w) => product(z, w)));
    return [n, ...ordered.map((z) => sum(z)), ...products];
  }
  if (finish === Finish.TOXICITY || finish === Finish.PRO_CTCAE)
    return [n, ...variables.map((counted) => sum(counted))];
  if (x !== undefined) return [n, sum(y), sum(x), sum(y, y), sum(y, x), sum(x, x)];
  const isLinear = finish === Finish.SUM || finish === Finish.AVG;
  return isLinear ? [n, sum(y)] : [n, sum(y), sum(y, y)];
}
