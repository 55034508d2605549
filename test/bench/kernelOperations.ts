/**
 * What `kernel.ts` times, through the `Field` interface alone: each operation makes its result afresh from the same
 * inputs, so any two fields can be compared on it, and `repeatable` gives the result back as a careful caller would.
 */
import assert from "node:assert/strict";

import type { Field, FieldVector } from "../../workers/field/field.ts";
import { keyStream } from "../../workers/sharing/keyStream.ts";
import type { PartyIndex } from "../../workers/sharing/parties.ts";
import { lagrangeAtZero } from "../../workers/sharing/shamir.ts";

/** Everything random follows from it. */
export const SEED = "Opaline.bench.kernel.v1";
const KEY = new TextEncoder().encode(SEED);

/**
 * Whose shares are reconstructed. All three Lagrange weights fill the field: 5/2, −5/3, 1/6. The kernel sums such fractions as
 * integers; `combine` shows what weights without that structure cost.
 */
const POINTS = [1, 2, 5] as PartyIndex[];

/** Inputs as bytes and integers, the same for every field. */
export interface PlainInputs {
  readonly words: readonly [x: Uint8Array, y: Uint8Array, z: Uint8Array];
  readonly integers: BigInt64Array;
  /** A full-size scalar. */
  readonly k: bigint;
}

/** The same in vectors of one field. */
export interface Inputs extends PlainInputs {
  readonly x: FieldVector;
  readonly y: FieldVector;
  readonly z: FieldVector;
  readonly lagrangeWeights: readonly bigint[];
}

type Output = readonly FieldVector[] | bigint | Uint8Array;

export interface Operation {
  /** Result elements per element of the input vectors. */
  readonly outputs: number;
  readonly compute: (field: Field, inputs: Inputs) => Output;
}

/** Degree 1 among 3 parties, the coefficient already drawn: [secret, coefficient]·[1, j] for j = 1..3. */
function share(field: Field, { x, y }: Inputs): FieldVector[] {
  return [1n, 2n, 3n].map((point) => field.linearCombination([1n, point], [x, y]));
}

export const OPERATIONS = {
  fromWords: { outputs: 1, compute: (field, { words }) => [field.fromWords(words[0])] },
  toWords: { outputs: 1, compute: (field, { x }) => field.toWords(x) },
  fromIntegers: { outputs: 1, compute: (field, { integers }) => [field.fromIntegers(integers)] },
  add: { outputs: 1, compute: (field, { x, y }) => [field.add(x, y)] },
  mul: { outputs: 1, compute: (field, { x, y }) => [field.mul(x, y)] },
  axpy: { outputs: 1, compute: (field, { k, x, y }) => [field.axpy(k, x, y)] },
  dot: { outputs: 1, compute: (field, { x, y }) => field.innerProduct(x, y) },
  share: { outputs: 3, compute: share },
  reconstruct: {
    outputs: 1,
    compute: (field, { lagrangeWeights, x, y, z }) => [field.linearCombination(lagrangeWeights, [x, y, z])],
  },
  combine: {
    outputs: 1,
    compute: (field, { k, x, y, z }) => [field.linearCombination([k, k * k, k * k * k], [x, y, z])],
  },
  random: { outputs: 1, compute: (field, { x }) => [field.random(x.length, keyStream(KEY, "random"))] },
} as const satisfies Readonly<Record<string, Operation>>;

export type OperationName = keyof typeof OPERATIONS;

/** @param field makes the words; slow is good enough */
export function drawInputs(field: Field, length: number): PlainInputs {
  const draw = (purpose: string): Uint8Array => field.toWords(field.random(length, keyStream(KEY, purpose)));
  const integerBytes = Uint8Array.from(keyStream(KEY, "integers")(8 * length)); // a copy at the start of its own buffer
  const [k] = field.toResidues(field.random(1, keyStream(KEY, "k")));
  return {
    words: [draw("x"), draw("y"), draw("z")],
    integers: new BigInt64Array(integerBytes.buffer),
    k: k as bigint,
  };
}

export function loadInputs(field: Field, plain: PlainInputs): Inputs {
  const [x, y, z] = plain.words;
  return {
    ...plain,
    x: field.fromWords(x),
    y: field.fromWords(y),
    z: field.fromWords(z),
    lagrangeWeights: lagrangeAtZero(field, POINTS),
  };
}

/** Two vectors without words in between, for lengths at which those would only take memory. */
export function drawPair(field: Field, length: number): readonly [FieldVector, FieldVector] {
  return [field.random(length, keyStream(KEY, "x")), field.random(length, keyStream(KEY, "y"))];
}

/** One call as a careful caller makes it: what it makes it gives back. */
export function repeatable(field: Field, inputs: Inputs, { compute }: Operation): () => void {
  return () => {
    const output: Output = compute(field, inputs);
    if (Array.isArray(output)) field.release(...(output as readonly FieldVector[]));
  };
}

/** Every operation's result as bytes. */
export type PlainResults = Readonly<Record<OperationName, Buffer>>;

export function plainResults(field: Field, inputs: Inputs): PlainResults {
  const names = Object.keys(OPERATIONS) as OperationName[];
  const results = names.map((name) => [name, toPlain(field, OPERATIONS[name].compute(field, inputs))] as const);
  return Object.fromEntries(results) as Record<OperationName, Buffer>;
}

/** Throws unless both are the same in every element of every operation. */
export function assertSameResults(who: string, actual: PlainResults, expected: PlainResults): void {
  for (const name of Object.keys(OPERATIONS) as OperationName[]) {
    assert(actual[name].equals(expected[name]), `wrong result: ${name} of ${who} differs from the bigint field's`);
  }
}

function toPlain(field: Field, output: Output): Buffer {
  if (typeof output === "bigint") return Buffer.from(output.toString(16));
  if (output instanceof Uint8Array) return Buffer.from(output);
  const words = output.map((vector) => field.toWords(vector));
  field.release(...output);
  return Buffer.concat(words);
}
