/**
 * Where a numeric field can be cut. RANGE(lo, hi) is a difference of two thermometer columns, so lo must be the minimum
 * or a cut-point, and hi the maximum or one below a cut-point.
 */
import type { NumericField } from "../schema/studySchema.ts";
import { formatFieldValue } from "../schema/values.ts";
import type { IntervalSet } from "./intervals.ts";

/** Ascending values that RANGE takes as lo. */
export function lowEnds(field: NumericField): bigint[] {
  return [field.minimum, ...field.cutPoints];
}

/** Ascending values that RANGE takes as hi. */
export function highEnds(field: NumericField): bigint[] {
  return [...field.cutPoints.map((cut) => cut - 1n), field.maximum];
}

/** The first threshold of the set at which the field has no cut-point. */
export function missingCutPoint(field: NumericField, set: IntervalSet): bigint | undefined {
  const cuts = new Set(field.cutPoints);
  return set
    .flatMap(([lo, hi]) => [...(lo === field.minimum ? [] : [lo]), ...(hi === field.maximum ? [] : [hi + 1n])])
    .find((threshold) => !cuts.has(threshold));
}

/** The nearest members of an ascending list on both sides of a value (the value itself, when it is a member). */
export function nearest(values: readonly bigint[], value: bigint): bigint[] {
  const below = values.findLast((candidate) => candidate <= value);
  const above = values.find((candidate) => candidate >= value);
  return [...new Set([below, above].filter((candidate) => candidate !== undefined))];
}

/** Why a threshold is refused, in the field's own units. */
export function describeMissing(field: NumericField, threshold: bigint): string {
  const needed = `${field.name} >= ${formatFieldValue(field, threshold)}`;
  if (field.cutPoints.length === 0) {
    const where = field.isCoarsened ? "that the study's policy permits" : "in the study's schema";
    return `this needs the comparison ${needed}, but ${field.name} has no cut-points ${where}`;
  }
  const close = nearest(field.cutPoints, threshold).map((cut) => formatFieldValue(field, cut));
  const which = field.isCoarsened ? "not a cut-point that the study's policy permits" : "not a cut-point";
  return `this needs the comparison ${needed}, which is ${which}; the nearest are ${close.join(" and ")}`;
}
