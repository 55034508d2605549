/** What the judge says of a request: refused, and why, or which cells of its answer must be hidden. */

/** The sums that a statement opens, in the judge's terms. */
export interface JudgedShape {
  readonly groupBy: readonly string[];
  /** A column summed over each cell's rows that have it, and how many different sums of it open: values, squares. */
  readonly summed: { readonly column: string; readonly sums: number } | undefined;
}

export interface JudgedCell {
  /** Of the group columns, in order; null: missing. */
  readonly keys: readonly (string | null)[];
  readonly rows: number;
  /** The number of rows. */
  readonly isCountHidden: boolean;
  /** What is summed over the rows that have a value, and their number. */
  readonly isSumHidden: boolean;
  readonly rules: readonly string[];
}

export type Judgement =
  /** No row could satisfy the condition, whatever the data. */
  | { readonly kind: "never true" }
  | { readonly kind: "refused"; readonly rules: readonly string[] }
  | { readonly kind: "answered"; readonly cells: readonly JudgedCell[] };

export interface JudgedRequest {
  readonly judgement: Judgement;
  /** Why the compiler may say that the sets of this query cannot be told apart; undefined: it must not. */
  readonly untold: string | undefined;
}
