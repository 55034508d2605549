/**
 * A descriptor, its parameters and the schema to the circuit the workers evaluate: which committed columns to load,
 * which product columns to make, which sums to open. Every worker derives the same circuit from public inputs.
 *
 * Layout: the descriptor's products come first, under their own numbers. With table axes the cells follow, as
 * `cellLayout.ts` chooses: indicators of the outer axes, indicators of the inner axes, then the measures multiplied by
 * each inner indicator. Outputs are row-major by cell (last axis fastest), then in the step's output order.
 *
 * A form that is zero by construction (a range with lo > hi) makes every product and sum with it zero; when every
 * opened sum is, the query selects nothing and no MPC runs.
 */
import { BN254_FR_MODULUS } from "../field/bn254.ts";
import type { Circuit, CircuitOutput, CircuitProduct, LinearForm } from "../messages/circuit.ts";
import { columnId } from "../messages/columnId.ts";
import type { Axis, Descriptor, Factor, Step } from "../messages/descriptor.ts";
import { AtomOp, NO_FACTOR } from "../messages/descriptor.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import { ColumnKind } from "../schema/studySchema.ts";
import { axisSizes, categoryLines, cellCount, cellsOf } from "./axisSizes.ts";
import { chooseCellLayout } from "./cellLayout.ts";
import { circuitError } from "./circuitError.ts";
import type { ColumnTerm } from "./expandAtoms.ts";
import { bindAtom, expandAtom } from "./expandAtoms.ts";
import { MAX_OPENED_VALUES, requireFewValues } from "./openedValues.ts";

export type BuiltCircuit =
  | { readonly empty: true; readonly reason: string }
  | { readonly empty: false; readonly circuit: Circuit; readonly cells: number };

export interface CircuitOptions {
  /** More only for statistics on public data: no worker opens them. */
  readonly maxOpenedValues?: number;
}

/** Everything that grows while a circuit is built. */
interface Building {
  readonly schema: StudySchema;
  readonly columns: string[];
  readonly positions: Map<string, number>;
  readonly products: CircuitProduct[];
  /** Products that are zero by construction. */
  readonly zero: Set<number>;
}

/**
 * @param parameters scaled integers, already checked against the bounds
 * @throws CodedError CIRCUIT_*
 */
export function buildCircuit(
  descriptor: Descriptor,
  parameters: readonly bigint[],
  schema: StudySchema,
  { maxOpenedValues = MAX_OPENED_VALUES }: CircuitOptions = {},
): BuiltCircuit {
  if (descriptor.schemaHash.toLowerCase() !== schema.hash.toLowerCase()) {
    const detail = { expected: schema.hash, actual: descriptor.schemaHash };
    throw circuitError({ code: "CIRCUIT_SCHEMA_MISMATCH", ...detail }, "it was compiled for another schema");
  }
  const step = descriptor.steps[0]!;
  requireFewValues(axisSizes(step, schema), step.outputs.length, maxOpenedValues);
  const building: Building = { schema, columns: [], positions: new Map(), products: [], zero: new Set() };
  const form = (factor: number): LinearForm =>
    expandFactor(building, descriptor, descriptor.factors[factor]!, parameters);
  for (const { left, right } of descriptor.products) multiply(building, form(left), form(right));
  const outputs = step.axes.length === 0 ? plainOutputs(step, form) : cellOutputs(building, step, form);
  const { columns, products } = building;
  if (outputs.every(({ left, right }) => isZero(building, left) || (right !== undefined && isZero(building, right)))) {
    return { empty: true, reason: emptyReason(descriptor, parameters, schema) };
  }
  return { empty: false, circuit: { columns, products, outputs }, cells: cellCount(step, schema) };
}

/** Outputs whose measure is another column: an axis step multiplies each of them with the cells. */
export function measureCount({ outputs }: Step): number {
  return new Set(outputs.map(({ left, right }) => `${left},${right}`)).size;
}

/** Counts a repeated EQ atom of one factor once: IN with equal parameters. */
function expandFactor(
  building: Building,
  { atoms }: Descriptor,
  { terms }: Factor,
  parameters: readonly bigint[],
): LinearForm {
  const columns = new Map<number, bigint>();
  const products: [number, bigint][] = [];
  const seen = new Set<string>();
  for (const { coefficient, signal } of terms) {
    const atom = atoms[signal];
    if (atom === undefined) {
      const product = signal - atoms.length;
      if (!building.zero.has(product)) products.push([product, residue(coefficient)]);
      continue;
    }
    const bound = bindAtom(atom, parameters);
    const key = `${bound.field},${bound.lo}`;
    if (bound.op === AtomOp.EQ && seen.has(key)) continue;
    if (bound.op === AtomOp.EQ) seen.add(key);
    for (const term of expandAtom(bound, building.schema)) {
      const position = positionOf(building, term);
      columns.set(position, (columns.get(position) ?? 0n) + coefficient * term.coefficient);
    }
  }
  const nonzero = [...columns]
    .map(([position, sum]) => [position, residue(sum)] as const)
    .filter(([, sum]) => sum !== 0n);
  return { columns: nonzero.sort(([a], [b]) => a - b), products };
}

function positionOf({ schema, columns, positions }: Building, { field, kind, argument }: ColumnTerm): number {
  const id = columnId(schema.hash, field, kind, argument);
  const position = positions.get(id) ?? columns.push(id) - 1;
  positions.set(id, position);
  return position;
}

function multiply(building: Building, left: LinearForm, right: LinearForm): LinearForm {
  const product = building.products.push({ left, right }) - 1;
  if (isZero(building, left) || isZero(building, right)) building.zero.add(product);
  return { columns: [], products: [[product, 1n]] };
}

function isZero({ zero }: Building, { columns, products }: LinearForm): boolean {
  return columns.length === 0 && products.every(([product]) => zero.has(product));
}

function plainOutputs({ outputs }: Step, form: (factor: number) => LinearForm): CircuitOutput[] {
  return outputs.map(({ left, right }) => ({ left: form(left), right: right === NO_FACTOR ? undefined : form(right) }));
}

function cellOutputs(building: Building, step: Step, form: (factor: number) => LinearForm): CircuitOutput[] {
  const sizes = axisSizes(step, building.schema);
  const { outer, inner } = chooseCellLayout(sizes, measureCount(step));
  const outerCells = indicators(building, step, outer, form);
  const innerCells = indicators(building, step, inner, form);
  const measured = measureColumns(building, step, innerCells, form);
  return cellsOf(sizes).flatMap((cell) =>
    step.outputs.map(({ left, right }) => ({
      left: outerCells.get(keyOf(cell, outer))!,
      right: measured.get(`${left},${right},${keyOf(cell, inner)}`)!,
    })),
  );
}

/** Each distinct measure, multiplied by each inner cell's indicator; as it is when there are no inner axes. */
function measureColumns(
  building: Building,
  { outputs }: Step,
  innerCells: ReadonlyMap<string, LinearForm>,
  form: (factor: number) => LinearForm,
): Map<string, LinearForm> {
  const measured = new Map<string, LinearForm>();
  for (const { left, right } of outputs) {
    if (measured.has(`${left},${right},${[...innerCells.keys()][0] ?? ""}`)) continue;
    const measure = right === NO_FACTOR ? form(left) : multiply(building, form(left), form(right));
    if (innerCells.size === 0) measured.set(`${left},${right},`, measure);
    for (const [cell, indicator] of innerCells) {
      measured.set(`${left},${right},${cell}`, multiply(building, indicator, measure));
    }
  }
  return measured;
}

/** The 0/1 form of each combination of these axes' lines, axes multiplied in order. None for no axes. */
function indicators(
  building: Building,
  { axes }: Step,
  chosen: readonly number[],
  form: (factor: number) => LinearForm,
): Map<string, LinearForm> {
  let cells = new Map<string, LinearForm>();
  chosen.forEach((axis, order) => {
    const lines = lineForms(building, axes[axis]!, form);
    if (order === 0) cells = new Map(lines.map((line, index) => [String(index), line]));
    else {
      const pairs = [...cells].flatMap(([key, cell]) =>
        lines.map((line, index) => [`${key}.${index}`, multiply(building, cell, line)] as const),
      );
      cells = new Map(pairs);
    }
  });
  return cells;
}

function lineForms(building: Building, axis: Axis, form: (factor: number) => LinearForm): LinearForm[] {
  if (axis.lines.length > 0) return axis.lines.map(form);
  return Array.from({ length: categoryLines(axis, building.schema) }, (_, line): LinearForm => {
    const term = { coefficient: 1n, field: axis.field, kind: ColumnKind.ONE_HOT, argument: BigInt(line) };
    return { columns: [[positionOf(building, term), 1n]], products: [] };
  });
}

function keyOf(cell: readonly number[], axes: readonly number[]): string {
  return axes.map((axis) => cell[axis]!).join(".");
}

function residue(value: bigint): bigint {
  const remainder = value % BN254_FR_MODULUS;
  return remainder < 0n ? remainder + BN254_FR_MODULUS : remainder;
}

function emptyReason({ atoms }: Descriptor, parameters: readonly bigint[], schema: StudySchema): string {
  const empty = atoms
    .map((atom) => bindAtom(atom, parameters))
    .find(({ op, lo, hi }) => op === AtomOp.RANGE && lo > hi);
  const field = empty === undefined ? undefined : schema.fields[empty.field];
  if (field === undefined) return "with these parameters no row can satisfy the query's conditions";
  return `with these parameters the range of ${field.name} is empty: its lower end is above its upper end`;
}
