/** What the judge says of a request: refused, and why, or which cells of its answer must be hidden. */

/** A way in which the cohort is divided into cells. */
export interface JudgedAxis {
  readonly column: string;
  /** Whether the rows without a value are a line. */
  readonly missing: boolean;
  /** Ascending: lines below, from each to the next, the last of these closed, and above. Undefined: categories are the lines. */
  readonly breaks?: readonly number[];
}

/** The sums that a statement opens, in the judge's terms. */
export interface JudgedShape {
  /** The last varies fastest. */
  readonly axes: readonly JudgedAxis[];
  /** Columns that every row of the cohort has. */
  readonly present: readonly string[];
  /** Columns summed over each cell's rows that have all of them, and how many different sums of each open: values, squares. */
  readonly summed?: { readonly columns: readonly string[]; readonly sums: number };
  /** Conditions that are summed, as 1 and 0, beside the columns; their columns are present, too. */
  readonly indicators?: readonly { readonly column: string; readonly value: string }[];
  /** Only what is summed opens, and how many rows that is over: not each cell's own number of rows. */
  readonly sumsAlone?: boolean;
  /** The statistic is of the order of a number's or date's values: each cell's rows are counted by interval of them. */
  readonly order?: JudgedOrder;
  /** Rows of each cell that are counted where the column, a category of numbers, is at least each of them above 0. */
  readonly counted?: { readonly column: string };
}

/** Lines of values are those between the cut-points that the study's field has. */
export interface JudgedOrder {
  readonly column: string;
  /** Rows are counted that end there with another value of the column, then those with the event. Absent: all together. */
  readonly ends?: { readonly column: string; readonly event: string };
}

/** Neighbouring lines of values, merged. */
export interface JudgedInterval {
  /** Of rows in their order: 0; of ends: 0 for those without the event, 1 for those with it. */
  readonly output: number;
  /** [from, to) in the column's unit; `to` is null where only the field's maximum ends it. */
  readonly from: string;
  readonly to: string | null;
}

/** What of a cell is shown or hidden together: its number of rows; sums over the rows that have the columns; a count. */
export type Part = "count" | "sum" | `at least ${number}`;

export interface JudgedCell {
  /** Of the axes, in order: a category, null for missing, or the place of a line among breaks. */
  readonly keys: readonly (string | null)[];
  readonly rows: number;
  /** Of a statistic of order: the cell counts only what lies in it. */
  readonly interval?: JudgedInterval;
  readonly hidden: ReadonlySet<Part>;
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
  /** Whether cells may be hidden beside those that the judge hides, for what sums of values tell (`valueRules.ts`). */
  readonly maySumsTell: boolean;
}

/** Group columns, of which missing is a group. */
export function groupAxes(columns: readonly string[]): JudgedAxis[] {
  return columns.map((column) => ({ column, missing: true }));
}
