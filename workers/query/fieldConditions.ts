/** What the conditions of one conjunction say about one field, while they are being collected. */
import type { SchemaField, StudySchema } from "../schema/studySchema.ts";
import { formatFieldValue } from "../schema/values.ts";
import type { Filter } from "./filters.ts";
import type { IntervalSet } from "./intervals.ts";
import { allValues, intersect, isAll, union } from "./intervals.ts";
import type { ParameterUses } from "./parameterUses.ts";
import type { ResolvedField } from "./resolveNames.ts";
import type { Span, SqlText } from "./sqlText.ts";
import { refuse } from "./sqlText.ts";

/** Values of one field, and whether "missing" is among them. */
export type FieldSet =
  /** Indices of categories, ascending; `categories.length` is missing. */
  | { readonly kind: "categories"; readonly indices: readonly number[] }
  | { readonly kind: "numbers"; readonly intervals: IntervalSet; readonly missing: boolean };

export interface FieldConditions {
  readonly on: ResolvedField;
  /** What constant conditions leave; undefined = none yet. */
  constant: FieldSet | undefined;
  /** Parameters p of value >= p, and of value <= p, where the field is cut at cut-points. */
  readonly lowest: Set<number>;
  readonly highest: Set<number>;
  readonly others: Filter[];
}

export interface ConditionContext {
  readonly sql: SqlText;
  readonly schema: StudySchema;
  readonly uses: ParameterUses;
}

export function noConditions(on: ResolvedField): FieldConditions {
  return { on, constant: undefined, lowest: new Set(), highest: new Set(), others: [] };
}

/** Narrows what earlier constant conditions left. */
export function keep(known: FieldConditions, set: FieldSet): void {
  known.constant = known.constant === undefined ? set : intersectSets(known.constant, set);
}

export function hasParameters({ lowest, highest, others }: FieldConditions): boolean {
  return lowest.size + highest.size + others.length > 0;
}

export function intersectSets(a: FieldSet, b: FieldSet): FieldSet {
  if (a.kind === "categories" && b.kind === "categories") {
    return { kind: "categories", indices: a.indices.filter((index) => b.indices.includes(index)) };
  }
  if (a.kind === "numbers" && b.kind === "numbers") {
    return { kind: "numbers", intervals: intersect(a.intervals, b.intervals), missing: a.missing && b.missing };
  }
  throw new RangeError("sets of one field are of one kind");
}

export function uniteSets(a: FieldSet, b: FieldSet): FieldSet {
  if (a.kind === "categories" && b.kind === "categories") {
    return { kind: "categories", indices: [...new Set([...a.indices, ...b.indices])].sort((x, y) => x - y) };
  }
  if (a.kind === "numbers" && b.kind === "numbers") {
    return { kind: "numbers", intervals: union(a.intervals, b.intervals), missing: a.missing || b.missing };
  }
  throw new RangeError("sets of one field are of one kind");
}

/** Every value, without missing. */
export function presentSet(field: SchemaField): FieldSet {
  return field.type === "category"
    ? { kind: "categories", indices: field.categories.map((_, index) => index) }
    : { kind: "numbers", intervals: allValues(field), missing: false };
}

export function missingSet(field: SchemaField): FieldSet {
  return field.type === "category"
    ? { kind: "categories", indices: [field.categories.length] }
    : { kind: "numbers", intervals: [], missing: true };
}

export function isEmptySet(set: FieldSet): boolean {
  return set.kind === "categories" ? set.indices.length === 0 : set.intervals.length === 0 && !set.missing;
}

export function holdsMissing(field: SchemaField, set: FieldSet): boolean {
  if (set.kind === "numbers") return set.missing;
  return field.type === "category" && set.indices.includes(field.categories.length);
}

/** Every value, whether or not missing is in it, too. */
export function holdsAllValues(field: SchemaField, set: FieldSet): boolean {
  if (field.type !== "category") return set.kind === "numbers" && isAll(field, set.intervals);
  return set.kind === "categories" && field.categories.every((_, index) => set.indices.includes(index));
}

/** True on every row, whatever the value. */
export function isEverything(field: SchemaField, set: FieldSet): boolean {
  return holdsAllValues(field, set) && (field.required || holdsMissing(field, set));
}

/** @throws CodedError SQL_NEVER_TRUE when the conditions on this field exclude each other */
export function refuseContradiction(sql: SqlText, known: FieldConditions, span: Span): void {
  if (!isContradiction(known)) return;
  const { field } = known.on;
  const bounds =
    field.type === "category"
      ? ""
      : `; ${field.name} lies between ${formatFieldValue(field, field.minimum)} and ${formatFieldValue(field, field.maximum)}`;
  const problem = `together with the other conditions on ${field.name}, this is never TRUE${bounds}`;
  throw refuse(sql, span, problem, "SQL_NEVER_TRUE");
}

/** A parameter is compared with values only, so missing rows are not among those that satisfy it. */
function isContradiction(known: FieldConditions): boolean {
  const { constant, on } = known;
  if (constant === undefined) return false;
  if (isEmptySet(constant)) return true;
  return hasParameters(known) && isEmptySet(intersectSets(constant, presentSet(on.field)));
}
