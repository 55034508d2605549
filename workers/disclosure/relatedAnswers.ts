/** Which earlier answers can tell anything together with a request. */
import type { EarlierAnswer, SegmentRef } from "./historySets.ts";

/**
 * Those over a dataset of the request, or over one that such an answer joins with it, and so on; in their order. What others told is
 * about other rows alone: whatever follows from all of them is the sum of what follows from either, and so is what is about few
 * patients. O(datasets) passes over all answers at most.
 */
export function relatedAnswers(
  segments: readonly SegmentRef[],
  history: readonly EarlierAnswer[],
): readonly EarlierAnswer[] {
  const answers = history.map((answer) => [answer, datasetsOf(answer.segments)] as const);
  const reached = new Set(datasetsOf(segments));
  for (let before = 0; before !== reached.size;) {
    before = reached.size;
    for (const [, datasets] of answers)
      if (datasets.some((id) => reached.has(id))) for (const id of datasets) reached.add(id);
  }
  return answers.filter(([, datasets]) => datasets.some((id) => reached.has(id))).map(([answer]) => answer);
}

function datasetsOf(segments: readonly SegmentRef[]): string[] {
  return [...new Set(segments.map(({ datasetId }) => datasetId.toLowerCase()))];
}
