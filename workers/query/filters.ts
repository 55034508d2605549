/**
 * What WHERE asks, normalised. A *filter* is one condition on one field: one factor that is 0 or 1 on every row, 1 exactly
 * where SQL's three-valued logic says TRUE (never on a row whose value is missing, except for IS NULL). A *clause* is a filter,
 * or clauses of which all or any must hold. Conditions on constants of one field merge into one filter, which costs no
 * multiplication at the schema's cut-points.
 *
 * Clauses come in a canonical order (filters by field, then by kind; then the rest by their text), so that the order of what
 * AND and OR join does not matter.
 */

/** An end of a range: a scaled value, or the index of a parameter. */
export type End = { readonly value: bigint } | { readonly parameter: number };

export type Filter =
  /** The field's category is one of these (`categories.length` = missing), ascending, at least one. */
  | { readonly kind: "categories"; readonly field: number; readonly indices: readonly number[] }
  /** The category is (or, negated, is present and is not) one of these constants and parameters. */
  | { readonly kind: "oneOf"; readonly field: number; readonly negated: boolean; readonly members: readonly End[] }
  /** The value lies in (or, negated, is present and lies outside) lo..hi, ends at cut-points. */
  | { readonly kind: "range"; readonly field: number; readonly negated: boolean; readonly lo: End; readonly hi: End }
  /** The value is above, at least, or equal to the parameter; negated: is present and is not. By its digits. */
  | {
      readonly kind: "threshold";
      readonly field: number;
      readonly negated: boolean;
      readonly relation: ">" | ">=" | "=";
      readonly parameter: number;
    }
  /** The value lies in one of these constant intervals, or, if so said, is missing. */
  | {
      readonly kind: "intervals";
      readonly field: number;
      readonly intervals: readonly (readonly [bigint, bigint])[];
      readonly missing: boolean;
    }
  | { readonly kind: "present"; readonly field: number }
  | { readonly kind: "missing"; readonly field: number };

export type Clause = Filter | { readonly kind: "all" | "any"; readonly parts: readonly Clause[] };

export function isFilter(clause: Clause): clause is Filter {
  return clause.kind !== "all" && clause.kind !== "any";
}

/** Ascending. */
export function clauseFields(clause: Clause): number[] {
  const fields = isFilter(clause) ? [clause.field] : clause.parts.flatMap(clauseFields);
  return [...new Set(fields)].sort((a, b) => a - b);
}

/** Indices of parameters that decide whether a row satisfies it. */
export function clauseParameters(clause: Clause): number[] {
  if (!isFilter(clause)) return clause.parts.flatMap(clauseParameters);
  if (clause.kind === "threshold") return [clause.parameter];
  const ends = clause.kind === "range" ? [clause.lo, clause.hi] : clause.kind === "oneOf" ? clause.members : [];
  return ends.flatMap((end) => ("parameter" in end ? [end.parameter] : []));
}

/** Filters first, by field; equal clauses once. */
export function inOrder(clauses: readonly Clause[]): Clause[] {
  const keyed = new Map(clauses.map((clause) => [keyOf(clause), clause]));
  return [...keyed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, clause]) => clause);
}

export function keyOf(clause: Clause): string {
  const place = isFilter(clause) ? `0 ${String(clause.field).padStart(5, "0")}` : "1";
  return `${place} ${JSON.stringify(clause, (_, value: unknown) => (typeof value === "bigint" ? `#${value}` : value))}`;
}
