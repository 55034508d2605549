/** An earlier answer whose lines of values were merged, as the answer to the query that it then was. */
import { mergeLines, shownStarts } from "../query/mergedLines.ts";
import { valueAxis } from "../messages/valueAxis.ts";
import type { EarlierAnswer } from "./historySets.ts";

/**
 * Of what may have opened without being posted nobody knows which lines were merged: it counts as opened line by line, of
 * which all intervals are sums.
 */
export function mergedAnswer(answer: EarlierAnswer): EarlierAnswer {
  const { descriptor, schema, opened } = answer;
  if (opened === "unknown" || valueAxis(descriptor) === undefined) return answer;
  const starts = shownStarts(descriptor, schema, opened.hiddenOutputs);
  const merged = mergeLines(descriptor, schema, starts);
  const placed = (outputs: ReadonlySet<number>): Set<number> =>
    new Set(merged.positions.flatMap((position, output) => (outputs.has(position) ? [output] : [])));
  return {
    ...answer,
    descriptor: merged.descriptor,
    opened: { hiddenOutputs: placed(opened.hiddenOutputs), zeroOutputs: placed(opened.zeroOutputs) },
  };
}
