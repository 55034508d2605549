/** One small circuit with every kind of step, whose outputs were worked out by hand. */
import type { Circuit, LinearForm } from "../../../workers/messages/circuit.ts";
import type { CircuitCase } from "./clearCircuit.ts";

/** Two product levels: a·b and c·c, then (a·b)·(c·c). Opens Σ a·b, Σ (a·b)·(b + c), Σ c, Σ (a·b)·(c·c) and Σ 0·a. */
const circuit: Circuit = {
  columns: ["0x0a", "0x0b", "0x0c"],
  products: [
    { left: form([0, 1n]), right: form([1, 1n]) },
    { left: form([2, 1n]), right: form([2, 1n]) },
    { left: { columns: [], products: [[0, 1n]] }, right: { columns: [], products: [[1, 1n]] } },
  ],
  outputs: [
    { left: form([0, 1n]), right: form([1, 1n]) },
    { left: { columns: [], products: [[0, 1n]] }, right: form([1, 1n], [2, 1n]) },
    { left: form([2, 1n]), right: undefined },
    { left: { columns: [], products: [[2, 1n]] }, right: undefined },
    { left: form(), right: form([0, 1n]) },
  ],
};
const columns = [
  [1n, 0n, 1n, 1n, 0n],
  [3n, 5n, 0n, 7n, 11n],
  [2n, 2n, 9n, 1n, 0n],
];

/** 3 products and 3 right factors of inner products over 5 rows: 30 elements to verify, one level of compression. */
export const workedCase: CircuitCase = { circuit, columns, rows: 5 };
/** By hand. */
export const workedOutputs = [10n, 71n, 14n, 19n, 0n];

/** The same rows several times over: outputs grow by the same factor. 3 times is the least for a second compression. */
export function repeatRows({ circuit: same, columns: once, rows }: CircuitCase, times: number): CircuitCase {
  const repeated = once.map((column) => Array.from({ length: times }, () => column).flat());
  return { circuit: same, columns: repeated, rows: rows * times };
}

/** A linear form of columns only. */
export function form(...terms: [number, bigint][]): LinearForm {
  return { columns: terms, products: [] };
}
