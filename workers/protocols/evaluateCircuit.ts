/**
 * Evaluates a circuit over shared columns, to shares of its outputs. Opens nothing: `gate.ts` decides what may open.
 *
 * Malicious workers, at most t of 2t + 1 participants: privacy holds, but each result may be off by an error that a liar
 * chose, until `verifyClaims.ts` has run: the session's ledger keeps everything shut until then.
 * What it takes for granted: that the columns are shares of degree t of what was committed.
 * The rounds, message lengths and step names depend on the circuit, on what is known and on the number of rows only, never
 * on values.
 */
import assert from "node:assert/strict";

import type { Field, FieldVector } from "../field/field.ts";
import type { Circuit, CircuitOutput, LinearForm } from "../messages/circuit.ts";
import { ledgerOf } from "./claimLedger.ts";
import type { InnerProductClaim } from "./claimLedger.ts";
import { multiplyVectors } from "./multiply.ts";
import { reduceDegree } from "./reduceDegree.ts";
import type { ProtocolSession } from "./session.ts";
import { structureText } from "./transcript.ts";

/** Shares of degree t, by index, of what need not be computed, verified earlier; the same indices at all participants. */
export interface VerifiedShares {
  readonly products: ReadonlyMap<number, FieldVector>;
  /** Of one element each. */
  readonly outputs: ReadonlyMap<number, FieldVector>;
}

export interface EvaluatedCircuit {
  /** This party's shares, of degree t, of all outputs in the circuit's order. */
  readonly outputs: FieldVector;
  /** Shares of degree t of the product columns that were computed here, by index. Read by claims until these are verified. */
  readonly products: ReadonlyMap<number, FieldVector>;
}

/**
 * Degree t in and out. With D product levels, M_d = rows × products of level d that are needed and not known, I inner products
 * among the outputs that are not known: 2 rounds for each level with M_d > 0 products, 2 for the inner products if there are any;
 * a party sends about 3t/(2t+1)·(ΣM_d + I) elements of 32 bytes. Leaves claims over ΣM_d + rows × (distinct right factors)
 * elements. Products of one level share one reduction. A session's keys serve one circuit: a second one would reuse masks and
 * is refused by an assertion. If it throws, peers hold masked values only.
 *
 * @param columns this participant's degree-t shares of `circuit.columns`, in that order, all of one length
 * @param rows that length
 * @throws CodedError PROTOCOL_WRONG_PARTICIPANTS | PROTOCOL_BAD_PAYLOAD | NETWORK_*
 */
export async function evaluateCircuit(
  session: ProtocolSession,
  circuit: Circuit,
  columns: readonly FieldVector[],
  rows: number,
  known: VerifiedShares,
): Promise<EvaluatedCircuit> {
  const { field } = session;
  const wanted = circuit.outputs.flatMap((output, index) => (known.outputs.has(index) ? [] : [{ ...output, index }]));
  const unknown = unknownProducts(circuit, wanted, known.products);
  const evaluation = { session, columns, products: new Map(known.products), rows };
  for (const [depth, level] of productLevels(circuit).entries()) {
    const needed = level.filter((index) => unknown.has(index));
    if (needed.length > 0) await evaluateLevel(evaluation, circuit, needed, `products/${depth + 1}`);
  }
  const sums = await outputShares(evaluation, wanted);
  ledgerOf(session).claimInnerProducts(innerProductClaims(evaluation, wanted, sums));
  const products = new Map([...evaluation.products].filter(([index]) => unknown.has(index)));
  return { outputs: joinOutputs(field, circuit.outputs.length, wanted, sums, known.outputs), products };
}

/** Those that the outputs need, directly or through others, down to what is known. */
function unknownProducts(
  { products }: Circuit,
  wanted: readonly CircuitOutput[],
  known: ReadonlyMap<number, FieldVector>,
): ReadonlySet<number> {
  const used = (form: LinearForm | undefined): number[] => form?.products.map(([index]) => index) ?? [];
  const needed = new Set<number>();
  const rest = wanted.flatMap(({ left, right }) => [...used(left), ...used(right)]);
  for (let index = rest.pop(); index !== undefined; index = rest.pop()) {
    if (needed.has(index) || known.has(index)) continue;
    needed.add(index);
    const product = products[index];
    rest.push(...used(product?.left), ...used(product?.right));
  }
  return needed;
}

function joinOutputs(
  field: Field,
  count: number,
  wanted: readonly { readonly index: number }[],
  sums: readonly bigint[],
  known: ReadonlyMap<number, FieldVector>,
): FieldVector {
  if (known.size === 0) return field.fromIntegers(sums);
  const places = new Array<number>(count);
  wanted.forEach(({ index }, place) => (places[index] = place));
  [...known.keys()].forEach((index, place) => (places[index] = wanted.length + place));
  return field.scope(() => field.gather(field.concat([field.fromIntegers(sums), ...known.values()]), places));
}

interface Evaluation {
  readonly session: ProtocolSession;
  readonly columns: readonly FieldVector[];
  /** By index in the circuit; degree t; known ones are verified, the others not until all are. */
  readonly products: Map<number, FieldVector>;
  readonly rows: number;
}

async function evaluateLevel(
  evaluation: Evaluation,
  circuit: Circuit,
  level: readonly number[],
  step: string,
): Promise<void> {
  const { session, products } = evaluation;
  const pairs = level.map((index) => {
    const product = circuit.products[index];
    assert(product !== undefined);
    return { left: evaluateForm(evaluation, product.left), right: evaluateForm(evaluation, product.right) };
  });
  const reduced = await multiplyVectors(session, pairs, step);
  level.forEach((index, position) => products.set(index, reduced[position] as FieldVector));
  session.field.release(...pairs.flatMap(({ left, right }) => [left, right]));
}

/** A linear form is local: degree t in and out. A new vector, or a view: the caller's to release. */
function evaluateForm({ session, columns, products, rows }: Evaluation, form: LinearForm): FieldVector {
  const { field } = session;
  const terms = [
    ...form.columns.map(([index, weight]) => ({ vector: columns[index], weight })),
    ...form.products.map(([index, weight]) => ({ vector: products.get(index), weight })),
  ];
  if (terms.length === 0) return field.zeros(rows);
  const vectors = terms.map(({ vector }) => {
    assert(vector !== undefined, "a form refers to a column or product that does not exist");
    return vector;
  });
  const weights = terms.map(({ weight }) => weight);
  const [only] = vectors;
  if (only !== undefined && weights.length === 1 && weights[0] === 1n) return field.view(only, 0, only.length);
  return field.linearCombination(weights, vectors);
}

/** This party's shares, of degree t, of all outputs: sums are local, inner products share one reduction. */
async function outputShares(evaluation: Evaluation, outputs: readonly CircuitOutput[]): Promise<bigint[]> {
  const { session } = evaluation;
  const { field } = session;
  const shares = outputs.map(({ left, right }) =>
    field.scope(() => {
      const vector = evaluateForm(evaluation, left);
      return right === undefined ? field.sum(vector) : field.innerProduct(vector, evaluateForm(evaluation, right));
    }),
  );
  const inner = innerProductsOf(outputs);
  if (inner.length === 0) return shares;
  const unreduced = field.fromIntegers(inner.map((index) => shares[index] as bigint));
  const reduced = await reduceDegree(session, { unreduced }, "sums");
  field.toResidues(reduced).forEach((share, position) => (shares[inner[position] as number] = share));
  field.release(unreduced, reduced);
  return shares;
}

/** One claim per distinct right factor: cells and measures of a table have few. */
function innerProductClaims(
  evaluation: Evaluation,
  outputs: readonly CircuitOutput[],
  sums: readonly bigint[],
): InnerProductClaim[] {
  const byRight = new Map<string, number[]>();
  for (const index of innerProductsOf(outputs)) {
    const key = structureText(outputs[index]?.right);
    byRight.set(key, [...(byRight.get(key) ?? []), index]);
  }
  return [...byRight.values()].map((indices) => {
    const claimed = indices.map((index) => outputs[index] as CircuitOutput);
    return {
      right: evaluateForm(evaluation, claimed[0]?.right as LinearForm),
      sums: indices.map((index) => sums[index] as bigint),
      combineLeft: (weights) =>
        evaluateForm(
          evaluation,
          combineForms(
            evaluation,
            claimed.map(({ left }) => left),
            weights,
          ),
        ),
    };
  });
}

function innerProductsOf(outputs: readonly CircuitOutput[]): number[] {
  return outputs.flatMap(({ right }, index) => (right === undefined ? [] : [index]));
}

/** Σ weights·forms, as one form. */
function combineForms(
  { session: { field } }: Evaluation,
  forms: readonly LinearForm[],
  weights: readonly bigint[],
): LinearForm {
  const combine = (part: "columns" | "products"): [number, bigint][] => {
    const totals = new Map<number, bigint>();
    forms.forEach((form, position) => {
      for (const [index, coefficient] of form[part]) {
        const term = coefficient * (weights[position] as bigint);
        totals.set(index, field.reduce((totals.get(index) ?? 0n) + term));
      }
    });
    return [...totals];
  };
  return { columns: combine("columns"), products: combine("products") };
}

/** Product indices by depth: a product's level is one more than the highest among the products it uses. */
function productLevels({ products }: Circuit): number[][] {
  const depths: number[] = [];
  const levels: number[][] = [];
  products.forEach(({ left, right }, index) => {
    const used = [...left.products, ...right.products].map(([earlier]) => {
      const depth = depths[earlier];
      assert(depth !== undefined, `product ${index} uses product ${earlier}, which is not before it`);
      return depth;
    });
    const depth = Math.max(0, ...used.map((below) => below + 1));
    depths.push(depth);
    (levels[depth] ??= []).push(index);
  });
  return levels;
}
