/**
 * How many requests over one dataset there may be, for good: the lesser of its owner's budget and the study's.
 *
 * @param own the owner's; 0 is none of its own
 */
export function openingsBudgetOf(own: number, study: number): number {
  return own === 0 ? study : Math.min(own, study);
}
