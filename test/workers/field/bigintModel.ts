/**
 * What a `Field` must compute, on plain arrays of residues, and the comparison of vectors with it. It shares no code
 * with any implementation: neither storage, nor reduction, nor the encoding of words.
 */
import assert from "node:assert/strict";

import type { Field, FieldVector } from "../../../workers/field/field.ts";
import { seededBytes } from "./seededBytes.ts";

export type Residues = readonly bigint[];

export interface BigintModel {
  readonly r: bigint;
  /** Where carries, signs and the last subtraction of a reduction change. */
  readonly edges: Residues;
  mod(value: bigint): bigint;
  /** A vector of `field` with these elements. */
  of(values: Residues): FieldVector;

  add(x: Residues, y: Residues): bigint[];
  sub(x: Residues, y: Residues): bigint[];
  mul(x: Residues, y: Residues): bigint[];
  scale(x: Residues, k: bigint): bigint[];
  axpy(k: bigint, x: Residues, y: Residues): bigint[];
  linearCombination(weights: Residues, columns: readonly Residues[]): bigint[];
  innerProduct(x: Residues, y: Residues): bigint;
  sum(x: Residues): bigint;
  powers(x: bigint, length: number): bigint[];

  /** `length` residues that depend on the seed only; one in eight is an edge. */
  seeded(length: number, seed: string): bigint[];
  /** The vector has these residues. */
  assertElements(vector: FieldVector, expected: Residues, what?: string): void;
  /** The vector has these residues and writes them as canonical words. */
  assertCanonical(vector: FieldVector, expected: Residues, what?: string): void;
  /** Both vectors have the same elements, in every way that a field can tell. */
  assertEqual(left: FieldVector, right: FieldVector): void;
}

export function bigintModel(field: Field): BigintModel {
  const r = field.modulus;
  const mod = (value: bigint): bigint => {
    const remainder = value % r;
    return remainder < 0n ? remainder + r : remainder;
  };
  const edges = [0n, 1n, r - 1n, (r - 1n) / 2n, (r + 1n) / 2n];
  const at = (values: Residues, index: number): bigint => values[index] as bigint;
  const each = (x: Residues, valueAt: (value: bigint, index: number) => bigint): bigint[] =>
    x.map((value, index) => mod(valueAt(value, index)));

  function assertElements(vector: FieldVector, expected: Residues, what = "vector"): void {
    assert.equal(vector.length, expected.length, `length of ${what}`);
    assertResidues(field.toResidues(vector), expected, what);
  }

  function assertCanonical(vector: FieldVector, expected: Residues, what = "vector"): void {
    assertElements(vector, expected, what);
    assertBytes(field.toWords(vector), wordsOf(expected), what);
  }

  return {
    r,
    edges,
    mod,
    of: (values) => field.fromIntegers(values),
    add: (x, y) => each(x, (value, index) => value + at(y, index)),
    sub: (x, y) => each(x, (value, index) => value - at(y, index)),
    mul: (x, y) => each(x, (value, index) => value * at(y, index)),
    scale: (x, k) => each(x, (value) => value * k),
    axpy: (k, x, y) => each(x, (value, index) => k * value + at(y, index)),
    linearCombination: (weights, columns) =>
      each(columns[0] ?? [], (_, index) =>
        columns.reduce((total, column, term) => total + at(weights, term) * at(column, index), 0n),
      ),
    innerProduct: (x, y) => mod(x.reduce((total, value, index) => total + value * at(y, index), 0n)),
    sum: (x) => mod(x.reduce((total, value) => total + value, 0n)),
    powers: (x, length) => {
      const powers = [1n].slice(0, length);
      while (powers.length < length) powers.push(mod(at(powers, powers.length - 1) * x));
      return powers;
    },
    seeded: (length, seed) => seededResidues(r, edges, length, seed),
    assertElements,
    assertCanonical,
    assertEqual: (left, right) => {
      assert(field.equal(left, right) && field.equal(right, left));
      assertElements(left, field.toResidues(right));
      assertBytes(field.toWords(left), field.toWords(right), "equal vectors");
    },
  };
}

/** The word of a value below 2^256, in hexadecimal. */
export function wordHex(value: bigint): string {
  return value.toString(16).padStart(64, "0");
}

export function wordsOf(values: Residues): Buffer {
  return Buffer.from(values.map(wordHex).join(""), "hex");
}

/** Comparing by hand: a failure names one index, and long vectors cost microseconds. */
function assertResidues(actual: Residues, expected: Residues, what: string): void {
  assert.equal(actual.length, expected.length, `length of ${what}`);
  for (let index = 0; index < expected.length; index++) {
    if (actual[index] === expected[index]) continue;
    assert.fail(`${what}: element ${index} of ${expected.length} is ${actual[index]}, not ${expected[index]}`);
  }
}

export function assertBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  if (Buffer.compare(actual, expected) === 0) return;
  assert.equal(actual.length, expected.length, `bytes of ${what}`);
  const index = expected.findIndex((byte, position) => byte !== actual[position]);
  assert.fail(`${what}: byte ${index % 32} of word ${index >> 5} differs`);
}

function seededResidues(r: bigint, edges: Residues, length: number, seed: string): bigint[] {
  const bytes = Buffer.from(seededBytes(seed)(length * 41));
  return Array.from({ length }, (_, index) => {
    const choice = bytes.readUInt8(index * 41);
    if (choice < 32) return edges[choice % edges.length] as bigint;
    return BigInt(`0x${bytes.toString("hex", index * 41 + 1, index * 41 + 41)}`) % r;
  });
}
