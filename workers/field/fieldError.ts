/** What can be wrong with field elements that arrive from outside. Misuse by our own code is an assertion. */
export type FieldError =
  /** A byte string that is not a whole number of 32-byte words. */
  | { readonly code: "FIELD_LENGTH"; readonly bytes: number }
  /** Word `index` is not below the modulus. The word itself may be a share and is not repeated. */
  | { readonly code: "FIELD_NOT_CANONICAL"; readonly index: number }
  /** Element `index` of a vector, or a scalar, is zero. */
  | { readonly code: "FIELD_ZERO_INVERSE"; readonly index?: number }
  /** The vectors in use and this one do not fit the memory the field may take. */
  | { readonly code: "FIELD_OUT_OF_MEMORY"; readonly bytes: number; readonly inUse: number }
  /** A helper thread has not come back for half a minute: the field is of no more use. */
  | { readonly code: "FIELD_THREAD_LOST" };
