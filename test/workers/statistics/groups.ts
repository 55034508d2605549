/** Groups of values as their exact moments, for the comparisons' tests. */
import type { GroupMoments } from "../../../workers/statistics/groupMoments.ts";

export function momentsOf(values: readonly bigint[]): GroupMoments {
  return {
    n: BigInt(values.length),
    sum: values.reduce((sum, value) => sum + value, 0n),
    squares: values.reduce((sum, value) => sum + value * value, 0n),
  };
}

/** @param text decimal numbers without their point */
export function momentsOfText(text: string): GroupMoments {
  return momentsOf(text.split(" ").map(BigInt));
}
