/**
 * An atom with its parameters, as an integer combination of the field's committed columns. The same table as
 * `contracts/types/Descriptor.sol` states:
 *
 *   ACTIVE  active
 *   VALUE   value; of a category with numeric categories: Σ category × one-hot
 *   VALID   validity; active when required; of a category: active − one-hot(missing)
 *   EQ      one-hot(lo)
 *   DIGIT   one-hot columns of digit p of (value − minimum), p = hi >> 1: the one of lo's digit, or all larger ones
 *   RANGE   [x >= lo] − [x >= hi + 1], where [x >= minimum] is VALID and [x >= maximum + 1] is 0; 0 when lo > hi
 */
import type { Atom } from "../messages/descriptor.ts";
import { AtomOp, DigitRelation } from "../messages/descriptor.ts";
import { digitArgument, digitAt, digitPlaces } from "../schema/digits.ts";
import type { CategoryField, NumericField, SchemaField, StudySchema } from "../schema/studySchema.ts";
import { ColumnKind, NO_FIELD } from "../schema/studySchema.ts";
import { circuitError } from "./circuitError.ts";

/** coefficient × one committed column. */
export interface ColumnTerm {
  readonly coefficient: bigint;
  readonly field: number;
  readonly kind: ColumnKind;
  readonly argument: bigint;
}

const ACTIVE: ColumnTerm = { coefficient: 1n, field: NO_FIELD, kind: ColumnKind.ACTIVE, argument: 0n };

/** lo and hi with parameters put in. @throws CodedError CIRCUIT_NO_PARAMETER */
export function bindAtom(atom: Atom, parameters: readonly bigint[]): Atom {
  const value = (word: bigint): bigint => {
    const parameter = parameters[Number(word)];
    if (parameter !== undefined) return parameter;
    throw circuitError({ code: "CIRCUIT_NO_PARAMETER", parameter: Number(word) }, `parameter ${word} is not given`);
  };
  const lo = atom.bind & 1 ? value(atom.lo) : atom.lo;
  const hi = atom.bind & 2 ? value(atom.hi) : atom.hi;
  return { ...atom, lo, hi, bind: 0 };
}

/** @param atom already bound. @throws CodedError CIRCUIT_NO_COLUMN */
export function expandAtom(atom: Atom, schema: StudySchema): ColumnTerm[] {
  if (atom.op === AtomOp.ACTIVE) return [ACTIVE];
  const field = schema.fields[atom.field];
  if (field === undefined) throw noColumn(atom.field, `the schema has no field ${atom.field}`);
  switch (atom.op) {
    case AtomOp.VALUE:
      return valueTerms(field, atom.field);
    case AtomOp.VALID:
      return presence(field, atom.field);
    case AtomOp.EQ:
      return [oneHot(field, atom)];
    case AtomOp.RANGE:
      return rangeTerms(field, atom);
    case AtomOp.DIGIT:
      return digitTerms(field, atom);
  }
}

function valueTerms(field: SchemaField, index: number): ColumnTerm[] {
  if (field.type !== "category") {
    return [{ coefficient: 1n, field: index, kind: ColumnKind.VALUE, argument: 0n }];
  }
  if (field.numeric === undefined) throw noColumn(index, `the categories of ${field.name} are not numbers`);
  return field.numeric.flatMap((coefficient, category) =>
    coefficient === 0n ? [] : [{ coefficient, field: index, kind: ColumnKind.ONE_HOT, argument: BigInt(category) }],
  );
}

function presence(field: SchemaField, index: number): ColumnTerm[] {
  if (field.required) return [ACTIVE];
  if (field.type !== "category") {
    return [{ coefficient: 1n, field: index, kind: ColumnKind.VALIDITY, argument: 0n }];
  }
  const missing = BigInt(field.categories.length);
  return [ACTIVE, { coefficient: -1n, field: index, kind: ColumnKind.ONE_HOT, argument: missing }];
}

function oneHot(field: SchemaField, atom: Atom): ColumnTerm {
  if (field.type !== "category") throw noColumn(atom.field, `${field.name} is not a category`);
  if (atom.lo < 0n || atom.lo >= BigInt(linesOf(field))) {
    throw noColumn(atom.field, `${field.name} has no category ${atom.lo}`);
  }
  return { coefficient: 1n, field: atom.field, kind: ColumnKind.ONE_HOT, argument: atom.lo };
}

/** One-hot columns of a category: also the lines of its table axis. */
export function linesOf(field: CategoryField): number {
  return field.categories.length + (field.required ? 0 : 1);
}

function rangeTerms(field: SchemaField, { field: index, lo, hi }: Atom): ColumnTerm[] {
  if (field.type === "category") throw noColumn(index, `${field.name} is a category and has no thermometer columns`);
  if (lo < field.minimum || hi > field.maximum) throw noColumn(index, `the range leaves the bounds of ${field.name}`);
  const from = lo === field.minimum ? presence(field, index) : [thermometer(field, index, lo)];
  const beyond = hi === field.maximum ? [] : [thermometer(field, index, hi + 1n)];
  return lo > hi ? [] : [...from, ...beyond.map((term) => ({ ...term, coefficient: -term.coefficient }))];
}

function digitTerms(field: SchemaField, { field: index, lo, hi }: Atom): ColumnTerm[] {
  const position = Number(hi >> 1n);
  if (field.type === "category" || hi < 0n || position >= field.digits) {
    throw noColumn(index, `${field.name} has no such digit`);
  }
  if (lo < field.minimum || lo > field.maximum) {
    throw noColumn(index, `the threshold leaves the bounds of ${field.name}`);
  }
  const wanted = Number(digitAt(lo - field.minimum, position));
  const isEqual = (hi & 1n) === BigInt(DigitRelation.EQUAL);
  return digitPlaces(field)
    .filter((place) => place.position === position && (isEqual ? place.digit === wanted : place.digit > wanted))
    .map((place) => ({ coefficient: 1n, field: index, kind: ColumnKind.DIGIT, argument: digitArgument(place) }));
}

function thermometer(field: NumericField, index: number, cut: bigint): ColumnTerm {
  if (field.cutPoints.includes(cut)) {
    return { coefficient: 1n, field: index, kind: ColumnKind.THERMOMETER, argument: cut };
  }
  throw noColumn(index, `${field.name} has no cut-point at the range's end`);
}

function noColumn(field: number, problem: string): Error {
  return circuitError({ code: "CIRCUIT_NO_COLUMN", field }, problem);
}
