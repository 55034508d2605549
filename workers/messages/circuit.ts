/**
 * What a query asks of the engine once its parameters are known: linear forms over committed columns, a list of
 * row-wise product columns, and the sums to open. Pure structure; `query/` makes it, `protocols/` evaluates it.
 */

/** A public linear combination; coefficients are canonical residues. An empty form is the zero vector. */
export interface LinearForm {
  /** [index into Circuit.columns, coefficient] */
  readonly columns: readonly (readonly [number, bigint])[];
  /** [index of an earlier product column, coefficient] */
  readonly products: readonly (readonly [number, bigint])[];
}

export interface CircuitProduct {
  readonly left: LinearForm;
  readonly right: LinearForm;
}

/** y = Σ_rows left·right, or Σ_rows left when right is undefined. */
export interface CircuitOutput {
  readonly left: LinearForm;
  readonly right: LinearForm | undefined;
}

export interface Circuit {
  /** Column ids (0x-hex bytes32) that must be loaded, in the order the forms index them. */
  readonly columns: readonly string[];
  /** Product p uses products below p only. */
  readonly products: readonly CircuitProduct[];
  readonly outputs: readonly CircuitOutput[];
}
