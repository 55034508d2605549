/**
 * A field's *classes*: what the committed columns can tell apart. Every active row is in exactly one class of every field,
 * and each class's indicator is a public linear form. Category: one class per category; number and date: the intervals
 * between cut-points; and "missing" last, unless the field is required. So everything a filter or a table line can say
 * about one field is a set of classes.
 */
import type { Atom } from "../messages/descriptor.ts";
import { AtomOp } from "../messages/descriptor.ts";
import type { ColumnTerm } from "../query/expandAtoms.ts";
import { expandAtom, linesOf } from "../query/expandAtoms.ts";
import type { NumericField, SchemaField, StudySchema } from "../schema/studySchema.ts";
import { ColumnKind, NO_FIELD } from "../schema/studySchema.ts";

export interface FieldClasses {
  readonly count: number;
  /** Its index: the last one. */
  readonly missing: number | undefined;
  /** 0/1 on every row; the classes' sum to active. */
  indicator(index: number): readonly ColumnTerm[];
  /** First and last value in the class; undefined for "missing", and where values are not numbers. */
  bounds(index: number): readonly [bigint, bigint] | undefined;
}

const ACTIVE: ColumnTerm = { coefficient: 1n, field: NO_FIELD, kind: ColumnKind.ACTIVE, argument: 0n };

export function classesOf(schema: StudySchema, index: number): FieldClasses {
  const field = schema.fields[index] as SchemaField;
  if (field.type === "category") {
    return {
      count: linesOf(field),
      missing: field.required ? undefined : field.categories.length,
      indicator: (line) => expandAtom(atom(AtomOp.EQ, index, BigInt(line), 0n), schema),
      bounds: (line) => repeated(field.numeric?.[line]),
    };
  }
  const starts = [field.minimum, ...cutsOf(field)];
  const ends = [...starts.slice(1).map((start) => start - 1n), field.maximum];
  const missing = field.required ? undefined : starts.length;
  return {
    count: starts.length + (field.required ? 0 : 1),
    missing,
    indicator: (segment) =>
      segment === missing
        ? [ACTIVE, ...negated(presence(schema, index))]
        : segmentIndicator(schema, index, field, [starts[segment] as bigint, ends[segment] as bigint]),
    bounds: (segment) => (segment === missing ? undefined : [starts[segment] as bigint, ends[segment] as bigint]),
  };
}

/** The field's cut-points; the upper of two values can be told from the lower without one. */
function cutsOf({ cutPoints, minimum, maximum }: NumericField): readonly bigint[] {
  return maximum - minimum === 1n ? [maximum] : cutPoints;
}

function segmentIndicator(
  schema: StudySchema,
  index: number,
  field: NumericField,
  [lo, hi]: readonly [bigint, bigint],
): ColumnTerm[] {
  if (field.cutPoints.length > 0 || (lo === field.minimum && hi === field.maximum)) {
    return expandAtom(atom(AtomOp.RANGE, index, lo, hi), schema);
  }
  // Two values: [x = maximum] is x − minimum where x is present.
  const present = presence(schema, index);
  const value = expandAtom(atom(AtomOp.VALUE, index, 0n, 0n), schema);
  const upper = [...value, ...scaled(present, -field.minimum)];
  return hi === field.maximum ? upper : [...present, ...negated(upper)];
}

function presence(schema: StudySchema, index: number): ColumnTerm[] {
  return expandAtom(atom(AtomOp.VALID, index, 0n, 0n), schema);
}

function atom(op: AtomOp, field: number, lo: bigint, hi: bigint): Atom {
  return { op, field, lo, hi, bind: 0 };
}

function negated(terms: readonly ColumnTerm[]): ColumnTerm[] {
  return scaled(terms, -1n);
}

function scaled(terms: readonly ColumnTerm[], by: bigint): ColumnTerm[] {
  return terms.map((term) => ({ ...term, coefficient: term.coefficient * by }));
}

function repeated(value: bigint | undefined): readonly [bigint, bigint] | undefined {
  return value === undefined ? undefined : [value, value];
}
