/**
 * A field's *classes*: what one plan tells apart. Every active row is in exactly one class of every field, and each class's
 * indicator is a public linear form of committed columns and of thresholds [x >= c] by digits. Category: one class per
 * category; number and date: the intervals between cut-points and, where the field is searched by digits, the thresholds
 * that the plan's requests use; and "missing" last, unless the field is required. So everything a filter or a table line of
 * these requests can say about one field is a set of classes. Other requests have other classes: what is kept is named by
 * values.
 */
import type { Atom } from "../messages/descriptor.ts";
import { AtomOp } from "../messages/descriptor.ts";
import type { ColumnTerm } from "../query/expandAtoms.ts";
import { expandAtom, linesOf } from "../query/expandAtoms.ts";
import type { NumericField, SchemaField, StudySchema } from "../schema/studySchema.ts";
import { ColumnKind, NO_FIELD } from "../schema/studySchema.ts";

/** coefficient × [x >= threshold] of present values, which no column is: `SetVectors` makes it of digits. */
export interface ThresholdTerm {
  readonly coefficient: bigint;
  readonly field: number;
  readonly threshold: bigint;
}

export type ClassTerm = ColumnTerm | ThresholdTerm;

export interface FieldClasses {
  readonly count: number;
  /** Its index: the last one. */
  readonly missing: number | undefined;
  /** 0/1 on every row; the classes' sum to active. */
  indicator(index: number): readonly ClassTerm[];
  /** First and last value in the class; undefined for "missing", and where values are not numbers. */
  bounds(index: number): readonly [bigint, bigint] | undefined;
}

const ACTIVE: ColumnTerm = { coefficient: 1n, field: NO_FIELD, kind: ColumnKind.ACTIVE, argument: 0n };

/** @param thresholds c of [x >= c] to tell besides; of a field that is searched by digits */
export function classesOf(schema: StudySchema, index: number, thresholds: readonly bigint[] = []): FieldClasses {
  const field = schema.fields[index] as SchemaField;
  if (field.type === "category") {
    return {
      count: linesOf(field),
      missing: field.required ? undefined : field.categories.length,
      indicator: (line) => expandAtom(atom(AtomOp.EQ, index, BigInt(line), 0n), schema),
      bounds: (line) => repeated(field.numeric?.[line]),
    };
  }
  const starts = [field.minimum, ...ascending([...cutsOf(field), ...thresholds.filter(isWithin(field))])];
  const ends = [...starts.slice(1).map((start) => start - 1n), field.maximum];
  const missing = field.required ? undefined : starts.length;
  const isLeast = (threshold: bigint): ClassTerm[] => thresholdTerms(schema, index, field, threshold);
  return {
    count: starts.length + (field.required ? 0 : 1),
    missing,
    indicator: (segment) =>
      segment === missing
        ? [ACTIVE, ...negated(presence(schema, index))]
        : [...isLeast(starts[segment] as bigint), ...negated(isLeast((ends[segment] as bigint) + 1n))],
    bounds: (segment) => (segment === missing ? undefined : [starts[segment] as bigint, ends[segment] as bigint]),
  };
}

/** The field's cut-points; the upper of two values can be told from the lower without one. */
function cutsOf({ cutPoints, minimum, maximum }: NumericField): readonly bigint[] {
  return maximum - minimum === 1n ? [maximum] : cutPoints;
}

function isWithin({ digits, minimum, maximum }: NumericField): (threshold: bigint) => boolean {
  return (threshold) => digits > 0 && threshold > minimum && threshold <= maximum;
}

function ascending(values: readonly bigint[]): bigint[] {
  return [...new Set(values)].sort((a, b) => (a < b ? -1 : 1));
}

/** [x >= threshold] where x is present. */
function thresholdTerms(schema: StudySchema, index: number, field: NumericField, threshold: bigint): ClassTerm[] {
  if (threshold === field.minimum) return presence(schema, index);
  if (threshold > field.maximum) return [];
  if (field.cutPoints.includes(threshold)) {
    return [{ coefficient: 1n, field: index, kind: ColumnKind.THERMOMETER, argument: threshold }];
  }
  // Two values: [x = maximum] is x − minimum where x is present.
  if (field.maximum - field.minimum === 1n) {
    const value = expandAtom(atom(AtomOp.VALUE, index, 0n, 0n), schema);
    return [...value, ...scaled(presence(schema, index), -field.minimum)];
  }
  return [{ coefficient: 1n, field: index, threshold }];
}

function presence(schema: StudySchema, index: number): ColumnTerm[] {
  return expandAtom(atom(AtomOp.VALID, index, 0n, 0n), schema);
}

function atom(op: AtomOp, field: number, lo: bigint, hi: bigint): Atom {
  return { op, field, lo, hi, bind: 0 };
}

function negated<T extends ClassTerm>(terms: readonly T[]): T[] {
  return scaled(terms, -1n);
}

function scaled<T extends ClassTerm>(terms: readonly T[], by: bigint): T[] {
  return terms.map((term) => ({ ...term, coefficient: term.coefficient * by }));
}

function repeated(value: bigint | undefined): readonly [bigint, bigint] | undefined {
  return value === undefined ? undefined : [value, value];
}
