/** What can be wrong with field elements that arrive from outside. Misuse by our own code is an assertion. */
export type FieldError =
  /** A byte string that is not a whole number of 32-byte words. */
  | { readonly code: "FIELD_LENGTH"; readonly bytes: number }
  /** Word `index` is not below the modulus. The word itself may be a share and is not repeated. */
  | { readonly code: "FIELD_NOT_CANONICAL"; readonly index: number }
  | { readonly code: "FIELD_ZERO_INVERSE" };
