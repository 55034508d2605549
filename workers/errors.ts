/**
 * The one error class. Each layer declares a discriminated union of details `{ code, …fields }` and throws
 * `new CodedError(detail, message, { cause })`. Details and messages carry ids, codes and counts, never a share, seed,
 * key or row.
 */

export interface ErrorDetail {
  /** Stable, upper snake case, with the layer's prefix: `CSV_MISSING_COLUMN`, `FRAME_TOO_LARGE`. */
  readonly code: string;
}

export class CodedError<Detail extends ErrorDetail = ErrorDetail> extends Error {
  readonly detail: Detail;

  constructor(detail: Detail, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CodedError";
    this.detail = detail;
  }

  get code(): Detail["code"] {
    return this.detail.code;
  }
}

/** Narrows an unknown error to a `CodedError`, of one code when given. */
export function isCoded(error: unknown, code?: string): error is CodedError {
  return error instanceof CodedError && (code === undefined || error.code === code);
}
