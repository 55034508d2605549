/**
 * How a study makes a number or date searchable: by digits where it is compared with anything, and, where its order is asked, by
 * cut-points: of data that are public at each value that occurs, else at equal distances. The one place that knows how fields are searched.
 */

/** Which cut-points a column has whose order is asked. */
export type Cuts = "every value" | "grid";

const GRID_LINES = 16n;

/** @param values that occur */
export function cutsOf(cuts: Cuts, values: readonly bigint[], [minimum, maximum]: readonly [bigint, bigint]): bigint[] {
  const steps = Array.from({ length: Number(GRID_LINES) }, (_, line) => BigInt(line));
  const wanted = cuts === "grid" ? steps.map((line) => minimum + ((maximum - minimum) * line) / GRID_LINES) : values;
  return [...new Set(wanted)].filter((value) => value > minimum).sort((a, b) => (a < b ? -1 : 1));
}

export interface Searched {
  readonly minimum: bigint;
  /** Whether anything is compared with it. */
  readonly isCompared: boolean;
  /** Cut-points, scaled, ascending, where quantiles or survival are asked of it; else none. */
  readonly cuts: readonly bigint[];
}

/** The keys of a schema's field. */
export function searchKeys({ isCompared, cuts }: Searched, write: (value: bigint) => string): object {
  return {
    ...(cuts.length === 0 ? {} : { cutPoints: cuts.map(write) }),
    ...(isCompared ? { search: "digits" } : {}),
  };
}
