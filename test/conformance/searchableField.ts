/**
 * How a study makes a number or date searchable: by digits where it is compared with anything, and, where its order is asked of
 * data that are public, by a cut-point at each value that occurs. The one place that knows how fields are searched.
 */

export interface Searched {
  readonly minimum: bigint;
  /** Whether anything is compared with it. */
  readonly isCompared: boolean;
  /** Scaled, those that occur, where quantiles or survival are asked of it; else none. */
  readonly ordered: readonly bigint[];
}

/** The keys of a schema's field. */
export function searchKeys({ minimum, isCompared, ordered }: Searched, write: (value: bigint) => string): object {
  const cuts = [...new Set(ordered)].filter((value) => value > minimum).sort((a, b) => (a < b ? -1 : 1));
  return {
    ...(cuts.length === 0 ? {} : { cutPoints: cuts.map(write) }),
    ...(isCompared ? { search: "digits" } : {}),
  };
}
