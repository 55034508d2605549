/**
 * The WHERE clause's conditions, normalised per field into filters. Each filter becomes one factor that is 0 or 1 on
 * every row: 1 exactly where SQL's three-valued logic says TRUE (never on a row whose value is missing, except for IS
 * NULL). Conditions on constants of one field merge into one filter, which costs no multiplication.
 *
 * Filters come in a canonical order (by field, then by kind), so that the order of ANDed conditions does not matter.
 */

/** An end of a range: a scaled value, or the index of a parameter. */
export type End = { readonly value: bigint } | { readonly parameter: number };

export type Filter =
  /** The field's category is one of these (`categories.length` = missing), ascending, at least one. */
  | { readonly kind: "categories"; readonly field: number; readonly indices: readonly number[] }
  /** The category is (or, negated, is present and is not) one of these constants and parameters. */
  | { readonly kind: "oneOf"; readonly field: number; readonly negated: boolean; readonly members: readonly End[] }
  /** The value lies in (or, negated, is present and lies outside) lo..hi. */
  | { readonly kind: "range"; readonly field: number; readonly negated: boolean; readonly lo: End; readonly hi: End }
  /** The value lies in one of these constant intervals. */
  | { readonly kind: "intervals"; readonly field: number; readonly intervals: readonly (readonly [bigint, bigint])[] }
  | { readonly kind: "present"; readonly field: number }
  | { readonly kind: "missing"; readonly field: number };
