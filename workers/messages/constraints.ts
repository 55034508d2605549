/**
 * What must hold of every row of a dataset: quadratic equations over linear forms of its columns. Pure structure;
 * `schema/columnConstraints.ts` makes it, `protocols/checkColumns.ts` evaluates it over shares.
 */
import type { LinearForm } from "./circuit.ts";

/** A public linear combination of columns: [index, integer coefficient]. Empty: zero. */
export type ColumnForm = LinearForm["columns"];

export interface FormProduct {
  readonly left: ColumnForm;
  readonly right: ColumnForm;
}

/** Σ left·right − linear = 0, on every row. */
export interface RowConstraint {
  readonly products: readonly FormProduct[];
  readonly linear: ColumnForm;
}
