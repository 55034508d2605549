/**
 * What makes a dataset's columns well-formed, as equations of degree 2 that hold on every row if and only if the row is
 * one that an honest owner could have encoded. All workers derive the same ones from the schema; a dataset is used only
 * once they have been shown to hold (`protocols/checkColumns.ts`).
 *
 *   active       a² = a
 *   category     c² = c for every one-hot column c;  Σ c = a
 *   numeric      V·(a − V) = 0;  S_i² = S_i for every piece i;  b_j² = b_j for every witness bit;
 *                Σ_j (Σ_i w_{i,j}·S_i)·b_j = x − Σ_i c_i·S_i
 *   digits       D_{p,d}² = D_{p,d};  Σ_d D_{p,d} = V for every position p;  Σ_p 16^p·Σ_d d·D_{p,d} = x − minimum·V
 *
 * x is the value, V the validity (a for a required field), S_0 = V − T_1, S_i = T_i − T_{i+1}, S_m = T_m the indicators
 * of the pieces between the thermometers T_i = [x >= c_i]; c_i and w_{i,j} as in `rangeWitness.ts`. D_{p,d} is the digit
 * column of position p and digit d, as in `digits.ts`.
 *
 * They suffice, in a field of characteristic r far above the 4,096 columns:
 *  - a is 0 or 1. The c of a category are 0 or 1 and their sum, an integer below r, is a: exactly one is 1 on an active
 *    row, none on an inactive one (zero padding).
 *  - V is 0 or a. The S_i are 0 or 1 and sum up to V: exactly one is 1 where the value is present, none where it is not. So
 *    T_i = S_i + … + S_m is 0 or 1, never rises with i, and is 0 where the value is missing.
 *  - Missing: all S_i are 0, so the last equation says x = 0. Present in piece i: it says x − c_i = Σ_j w_{i,j}·b_j, which
 *    with bits is one of 0 … N_i. So x lies in [minimum, maximum] and in the piece that the thermometers name:
 *    T_i = [x >= c_i] for every i.
 *  - Digits: the D of a position are 0 or 1 and sum up to V: exactly one is 1 where the value is present, none where it is
 *    not. Present: their last equation is one of integers, not only modulo r, as its left side lies in 0 … 16^16 − 1 and,
 *    by the range equation above, its right side in 0 … maximum − minimum < 2^63. The digits of a number are unique.
 *    Missing: it says 0 = 0.
 * They are necessary: the honest encoding satisfies them (`rangeBits`). Bits that no weight uses may be either.
 */
import type { ColumnForm, FormProduct, RowConstraint } from "../messages/constraints.ts";
import { columnCount } from "./columns.ts";
import { DIGIT_BASE, digitPlaces } from "./digits.ts";
import type { RangePiece } from "./rangeWitness.ts";
import { rangePieces, witnessCount } from "./rangeWitness.ts";
import type { NumericField, StudySchema } from "./studySchema.ts";

const ACTIVE = 0;

/** Columns are indexed as in `sharedColumnIds(schema)`. */
export function columnConstraints(schema: StudySchema): RowConstraint[] {
  let column = 1;
  let witness = schema.fields.reduce((next, field) => next + columnCount(field), column);
  const constraints = [isBit(only(ACTIVE))];
  for (const field of schema.fields) {
    const columns = integers(column, columnCount(field));
    const bits = integers(witness, witnessCount(field));
    constraints.push(...(field.type === "category" ? oneHot(columns) : inRange(field, columns, bits)));
    column += columns.length;
    witness += bits.length;
  }
  return constraints;
}

function oneHot(columns: readonly number[]): RowConstraint[] {
  const sumIsActive = vanishes([...columns.map((column) => [1n, only(column)] as const), [-1n, only(ACTIVE)]]);
  return [...columns.map((column) => isBit(only(column))), sumIsActive];
}

function inRange(field: NumericField, columns: readonly number[], bits: readonly number[]): RowConstraint[] {
  const [value, ...others] = columns as [number, ...number[]];
  const validity = only(field.required ? ACTIVE : (others.shift() as number));
  const thermometers = others.slice(0, field.cutPoints.length);
  const pieces = rangePieces(field);
  const indicators = pieceIndicators(validity, thermometers);
  return [
    ...(field.required ? [] : [isPartOfActive(validity)]),
    ...indicators.map(isBit),
    ...bits.map((bit) => isBit(only(bit))),
    recomposes(only(value), bits, pieces, indicators),
    ...spellOffset(field, only(value), validity, others.slice(thermometers.length)),
  ];
}

/** The digit columns are those of the value, where it is present. */
function spellOffset(
  field: NumericField,
  value: ColumnForm,
  validity: ColumnForm,
  columns: readonly number[],
): RowConstraint[] {
  if (columns.length === 0) return [];
  const places = digitPlaces(field).map((place, index) => ({ ...place, column: only(columns[index] as number) }));
  const onePerPosition = integers(0, field.digits).map((position) => {
    const digits = places.filter((place) => place.position === position);
    return vanishes([...digits.map(({ column }) => [1n, column] as const), [-1n, validity]]);
  });
  const weighted = places.map(
    ({ position, digit, column }) => [BigInt(digit) * DIGIT_BASE ** BigInt(position), column] as const,
  );
  return [
    ...places.map(({ column }) => isBit(column)),
    ...onePerPosition,
    vanishes([...weighted, [-1n, value], [field.minimum, validity]]),
  ];
}

/** S_0 … S_m. */
function pieceIndicators(validity: ColumnForm, thermometers: readonly number[]): ColumnForm[] {
  const steps = [validity, ...thermometers.map(only)];
  return steps.map((step, index) => combine([[1n, step], [-1n, steps[index + 1] ?? []]])); // prettier-ignore
}

function recomposes(
  value: ColumnForm,
  bits: readonly number[],
  pieces: readonly RangePiece[],
  indicators: readonly ColumnForm[],
): RowConstraint {
  const weighted = (weightOf: (piece: RangePiece) => bigint): ColumnForm =>
    combine(pieces.map((piece, index) => [weightOf(piece), indicators[index] as ColumnForm]));
  const products = bits.map((bit, j): FormProduct => ({
    left: weighted(({ weights }) => weights[j] ?? 0n),
    right: only(bit),
  }));
  return { products, linear: combine([[1n, value], [-1n, weighted(({ from }) => from)]]) }; // prettier-ignore
}

/** f² = f */
function isBit(form: ColumnForm): RowConstraint {
  return { products: [{ left: form, right: form }], linear: form };
}

/** V·(a − V) = 0 */
function isPartOfActive(validity: ColumnForm): RowConstraint {
  return { products: [{ left: combine([[1n, only(ACTIVE)], [-1n, validity]]), right: validity }], linear: [] }; // prettier-ignore
}

/** Σ weight·form = 0 */
function vanishes(terms: readonly (readonly [weight: bigint, form: ColumnForm])[]): RowConstraint {
  return { products: [], linear: combine(terms) };
}

function only(column: number): ColumnForm {
  return [[column, 1n]];
}

/** Σ weight·form, each column once and none with coefficient 0. */
function combine(terms: readonly (readonly [weight: bigint, form: ColumnForm])[]): ColumnForm {
  const totals = new Map<number, bigint>();
  for (const [weight, form] of terms) {
    for (const [column, coefficient] of form) totals.set(column, (totals.get(column) ?? 0n) + weight * coefficient);
  }
  return [...totals].filter(([, coefficient]) => coefficient !== 0n);
}

function integers(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}
