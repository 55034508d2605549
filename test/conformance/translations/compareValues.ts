/** Values of an answer against those of a reference, within the tolerances of the reference data's README. */
import { isHidden } from "../../../workers/statistics/hidden.ts";
import type { JsonValue } from "../referenceQuery.ts";

export interface Tolerance {
  /** Of the expected value. */
  readonly relative: number;
  /** Whatever the expected value: what a reference computed in doubles may leave where the exact value is 0. */
  readonly absolute: number;
}

export const EXACT: Tolerance = { relative: 0, absolute: 0 };

/** @param unit value of the column's last decimal */
export function sumTolerance(unit: number): Tolerance {
  return { relative: 1e-9, absolute: 1e-9 * unit };
}

/** Variances, deviations, correlations. */
export function spreadTolerance(unit: number): Tolerance {
  return { relative: 1e-6, absolute: 1e-6 * unit };
}

/** What is wrong with a shown value; undefined when it is right. Big integers are texts on both sides. */
export function compareValue(
  what: string,
  got: unknown,
  expected: JsonValue,
  tolerance: Tolerance,
): string | undefined {
  const wrong = `${what} is ${show(got)}, expected ${show(expected)}`;
  if (got === undefined || isHidden(got)) return wrong;
  if (got === null || expected === null) return got === expected ? undefined : wrong;
  if (String(got) === String(expected)) return undefined;
  const [left, right] = [Number(got), Number(expected)];
  if (!Number.isFinite(left) || !Number.isFinite(right)) return wrong;
  const most = Math.max(Math.abs(right) * tolerance.relative, tolerance.absolute);
  return Math.abs(left - right) <= most ? undefined : wrong;
}

/** Whether a group key of an answer, a category's text, is the one of a reference: a text, number, truth value or null. */
export function isSameKey(got: unknown, expected: JsonValue | undefined): boolean {
  if (got === null || expected === null || expected === undefined) return got === null && expected === null;
  if (got === undefined || typeof got === "object") return false;
  return String(got) === String(expected) || (typeof expected === "number" && Number(got) === expected);
}

export function show(value: unknown): string {
  return isHidden(value) ? "hidden" : JSON.stringify(value);
}
