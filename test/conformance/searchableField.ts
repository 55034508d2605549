/**
 * How a study makes a number or date searchable at the thresholds that the queries need: by cut-points at these, and nowhere
 * else. The one place that knows how fields are searched.
 */

export interface Searched {
  readonly minimum: bigint;
  readonly maximum: bigint;
  /** All that the field is compared with, scaled, rounded down and up. */
  readonly compared: readonly { readonly floor: bigint; readonly ceiling: bigint }[];
}

/**
 * The keys of a schema's field. For a constant c the first value that is at least c, and the first above it, are all that =, <, <=,
 * > and >= need; those at the minimum, or outside, say nothing.
 */
export function searchKeys(field: Searched, write: (value: bigint) => string): Record<string, unknown> {
  const thresholds = new Set(field.compared.flatMap(({ floor, ceiling }) => [ceiling, floor + 1n]));
  const inside = [...thresholds].filter((cut) => cut > field.minimum && cut <= field.maximum);
  return inside.length === 0 ? {} : { cutPoints: inside.sort((a, b) => (a < b ? -1 : 1)).map(write) };
}
