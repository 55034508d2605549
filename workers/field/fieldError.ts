/** What can be wrong with field elements that arrive from outside. Misuse by our own code is an assertion. */
import { CodedError } from "../errors.ts";
import { WORD_BYTES } from "./words.ts";

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

export function lengthError(bytes: number): CodedError<FieldError> {
  return new CodedError<FieldError>(
    { code: "FIELD_LENGTH", bytes },
    `${bytes} bytes are not a whole number of ${WORD_BYTES}-byte field elements`,
  );
}

export function notCanonicalError(index: number): CodedError<FieldError> {
  return new CodedError<FieldError>(
    { code: "FIELD_NOT_CANONICAL", index },
    `field element ${index} is not below the modulus`,
  );
}

/** @param index of the element of a vector; without it, a scalar is zero */
export function zeroInverseError(index?: number, options?: ErrorOptions): CodedError<FieldError> {
  const which = index === undefined ? "zero" : `element ${index} is zero and`;
  return new CodedError<FieldError>(
    { code: "FIELD_ZERO_INVERSE", ...(index !== undefined && { index }) },
    `${which} has no inverse`,
    options,
  );
}
