/** How a study makes a number or date searchable at the thresholds that the queries need. */

interface Range {
  readonly minimum: bigint;
  readonly maximum: bigint;
}

/**
 * Ascending: for a constant c the first value that is at least c, and the first above it, which is all that =, <, <=, > and >= need.
 * Those at the minimum, or outside, say nothing.
 *
 * @param constants scaled, rounded down and up
 */
export function cutPointsOf(
  { minimum, maximum }: Range,
  constants: readonly { readonly floor: bigint; readonly ceiling: bigint }[],
): bigint[] {
  const thresholds = new Set(constants.flatMap(({ floor, ceiling }) => [ceiling, floor + 1n]));
  return [...thresholds].filter((cut) => cut > minimum && cut <= maximum).sort((a, b) => (a < b ? -1 : 1));
}
