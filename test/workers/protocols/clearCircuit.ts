/** A circuit over numbers everybody may see, and random circuits: what a circuit opened through the gate is compared with. */

import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import type { Circuit, CircuitOutput, CircuitProduct, LinearForm } from "../../../workers/messages/circuit.ts";
import { fc } from "../../support/fastCheck.ts";

const r = BN254_FR_MODULUS;

export interface CircuitCase {
  readonly circuit: Circuit;
  /** [column][row], canonical. */
  readonly columns: readonly (readonly bigint[])[];
  readonly rows: number;
}

/** Canonical residues of the outputs. */
export function evaluateClear({ circuit, columns, rows }: CircuitCase): bigint[] {
  const products: bigint[][] = [];
  const valuesOf = (form: LinearForm): bigint[] =>
    Array.from({ length: rows }, (_, row) => {
      const fromColumns = form.columns.map(([index, weight]) => (columns[index]?.[row] as bigint) * weight);
      const fromProducts = form.products.map(([index, weight]) => (products[index]?.[row] as bigint) * weight);
      return [...fromColumns, ...fromProducts].reduce((sum, term) => sum + term, 0n) % r;
    });
  for (const { left, right } of circuit.products) {
    const factors = valuesOf(right);
    products.push(valuesOf(left).map((value, row) => (value * (factors[row] as bigint)) % r));
  }
  return circuit.outputs.map(({ left, right }) => {
    const factors = right === undefined ? new Array<bigint>(rows).fill(1n) : valuesOf(right);
    return valuesOf(left).reduce((sum, value, row) => sum + value * (factors[row] as bigint), 0n) % r;
  });
}

/** Products per level that the outputs need, counted independently of the protocol: a level is the longest path to a column. */
export function levelSizes({ products, outputs }: Circuit): number[] {
  const needed = products.map(() => false);
  const mark = (form: LinearForm | undefined): void =>
    form?.products.forEach(([index]) => {
      needed[index] = true;
      mark(products[index]?.left);
      mark(products[index]?.right);
    });
  for (const { left, right } of outputs) [left, right].forEach(mark);
  const depthOf = (index: number): number => {
    const { left, right } = products[index] as CircuitProduct;
    return Math.max(0, ...[...left.products, ...right.products].map(([earlier]) => depthOf(earlier) + 1));
  };
  const sizes: number[] = [];
  products.forEach((_, index) => {
    if (needed[index]) sizes[depthOf(index)] = (sizes[depthOf(index)] ?? 0) + 1;
  });
  return sizes;
}

const element = fc.oneof(
  fc.constantFrom(0n, 1n, r - 1n, (r - 1n) / 2n),
  fc.bigInt({ min: 0n, max: 200n }),
  fc.bigInt({ min: 0n, max: r - 1n }),
);

/** Forms over all columns and the first `products` products; empty ones included. */
function linearForm(columns: number, products: number): fc.Arbitrary<LinearForm> {
  const terms = (count: number): fc.Arbitrary<[number, bigint][]> =>
    count === 0 ? fc.constant([]) : fc.array(fc.tuple(fc.nat({ max: count - 1 }), element), { maxLength: 3 });
  return fc.record({ columns: terms(columns), products: terms(products) });
}

/** Products layer by layer, each layer using earlier ones: depth at most `MAX_LAYERS`. */
const MAX_LAYERS = 4;

export const circuitCase: fc.Arbitrary<CircuitCase> = fc
  .record({
    columnCount: fc.integer({ min: 1, max: 4 }),
    rows: fc.nat({ max: 7 }),
    layers: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: MAX_LAYERS }),
    outputCount: fc.integer({ min: 1, max: 4 }),
  })
  .chain(({ columnCount, rows, layers, outputCount }) => {
    const products = layers.flatMap((width, layer) => {
      const below = layers.slice(0, layer).reduce((sum, each) => sum + each, 0);
      const product = fc.record({ left: linearForm(columnCount, below), right: linearForm(columnCount, below) });
      return Array.from({ length: width }, () => product);
    });
    const output: fc.Arbitrary<CircuitOutput> = fc.record({
      left: linearForm(columnCount, products.length),
      right: fc.option(linearForm(columnCount, products.length), { nil: undefined }),
    });
    const column = fc.array(element, { minLength: rows, maxLength: rows });
    return fc.record({
      rows: fc.constant(rows),
      columns: fc.array(column, { minLength: columnCount, maxLength: columnCount }),
      circuit: fc.record({
        columns: fc.constant(Array.from({ length: columnCount }, (_, index) => `0x${String(index).padStart(64, "0")}`)),
        products: fc.tuple(...products),
        outputs: fc.array(output, { minLength: outputCount, maxLength: outputCount }),
      }),
    });
  });
