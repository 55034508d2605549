/**
 * Evaluates a circuit over shared columns and opens its outputs, and only these.
 *
 * Malicious workers, at most t of 2t + 1 participants: privacy holds, and every honest participant ends with the right
 * outputs or with an error, never with wrong ones: all products are verified before the outputs open, and outputs open as
 * shares of degree t, of which 2t + 1 leave no room for a lie. Not fair: t peers may know the outputs where this throws.
 * What it takes for granted: that the columns are shares of degree t of what was committed. No disclosure rule is applied
 * here: whoever calls this decides that these outputs may open.
 * The rounds, message lengths and step names depend on the circuit and the number of rows only, never on values.
 */
import assert from "node:assert/strict";

import { CodedError } from "../errors.ts";
import type { FieldVector } from "../field/field.ts";
import type { Circuit, CircuitOutput, LinearForm } from "../messages/circuit.ts";
import { multiplyVectors } from "./multiply.ts";
import { openShares } from "./openShares.ts";
import type { ProtocolError } from "./protocolError.ts";
import { reduceDegree } from "./reduceDegree.ts";
import { checkSession } from "./session.ts";
import type { ProtocolSession } from "./session.ts";
import { compareTranscripts, Transcript } from "./transcript.ts";
import { verifyProducts } from "./verifyProducts.ts";
import type { InnerProductClaim, ProductClaim } from "./verifyProducts.ts";

/**
 * The outputs as canonical residues, in the circuit's order; equal at all participants that follow the protocol.
 *
 * Degree t in, values out. With D product levels, M_d = rows × products of level d, I inner products among the O outputs:
 * 1 round to compare what is computed, 2·D for the levels, 2 for the inner products, those of `verifyProducts` over ΣM_d + rows × (distinct right
 * factors), and 2 to open; a party sends about 3t/(2t+1)·(ΣM_d + I) + 2t·O elements of 32 bytes and what verification
 * takes. Without products and inner products there is nothing to reduce or verify. Products of one level share one
 * reduction. A session's keys serve one circuit: a second one would reuse masks and is refused by an assertion.
 *
 * @param columns this participant's degree-t shares of `circuit.columns`, in that order, all of one length
 * @param inputs which data these are, in words that are equal at all participants: compared, like the circuit, before the
 *   first product
 * @throws CodedError PROTOCOL_WRONG_PARTICIPANTS | PROTOCOL_WRONG_COLUMNS | PROTOCOL_BAD_PAYLOAD | PROTOCOL_PRODUCTS_WRONG |
 *   PROTOCOL_INCONSISTENT_OPENING | PROTOCOL_TRANSCRIPT_MISMATCH | NETWORK_*
 */
export async function evaluateCircuit(
  session: ProtocolSession,
  circuit: Circuit,
  columns: readonly FieldVector[],
  inputs: string,
): Promise<bigint[]> {
  checkSession(session);
  const { field } = session;
  const evaluation = { session, columns, products: new Map<number, FieldVector>(), rows: rowsOf(circuit, columns) };
  const transcript = new Transcript();
  transcript.absorb("inputs", encodeTask(evaluation, circuit, inputs));
  await compareTranscripts(session, transcript, "inputs/ready");
  const claims: ProductClaim[] = [];
  for (const [depth, level] of productLevels(circuit).entries()) {
    claims.push(...(await evaluateLevel(evaluation, circuit, level, `products/${depth + 1}`)));
  }
  const sums = await outputShares(evaluation, circuit.outputs);
  const innerClaims = innerProductClaims(evaluation, circuit.outputs, sums);
  if (claims.length + innerClaims.length > 0) {
    await verifyProducts(session, claims, innerClaims, transcript, "verify");
  }
  field.release(...claims.flatMap(({ left, right, product }) => [left, right, product]));
  field.release(...innerClaims.map(({ right }) => right));
  await compareTranscripts(session, transcript, "outputs/ready");
  const shares = field.fromIntegers(sums);
  const outputs = await openShares(session, shares, transcript, "outputs");
  field.release(shares);
  return outputs;
}

/** Circuit, data and size: two participants that differ in any would compute nonsense together. */
function encodeTask({ session, rows }: Evaluation, circuit: Circuit, inputs: string): Uint8Array {
  const { network, t } = session;
  return Buffer.from(stringify({ circuit, inputs, rows, t, parties: network.parties }));
}

interface Evaluation {
  readonly session: ProtocolSession;
  readonly columns: readonly FieldVector[];
  /** By index in the circuit; degree t, not verified until all are. */
  readonly products: Map<number, FieldVector>;
  readonly rows: number;
}

async function evaluateLevel(
  evaluation: Evaluation,
  circuit: Circuit,
  level: readonly number[],
  step: string,
): Promise<ProductClaim[]> {
  const pairs = level.map((index) => {
    const product = circuit.products[index];
    assert(product !== undefined);
    return { left: evaluateForm(evaluation, product.left), right: evaluateForm(evaluation, product.right) };
  });
  const reduced = await multiplyVectors(evaluation.session, pairs, step);
  return level.map((index, position) => {
    const product = reduced[position] as FieldVector;
    evaluation.products.set(index, product);
    return { ...(pairs[position] as (typeof pairs)[number]), product };
  });
}

/** A linear form is local: degree t in and out. A new vector. */
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
  return field.linearCombination(
    terms.map(({ weight }) => weight),
    vectors,
  );
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
    const key = stringify(outputs[index]?.right);
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

function stringify(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? `${each}` : each));
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

function rowsOf(circuit: Circuit, columns: readonly FieldVector[]): number {
  const lengths = columns.map((column) => column.length);
  if (columns.length !== circuit.columns.length || new Set(lengths).size > 1) {
    throw new CodedError<ProtocolError>(
      { code: "PROTOCOL_WRONG_COLUMNS", expected: circuit.columns.length, lengths },
      `the circuit reads ${circuit.columns.length} columns of one length; given are ${lengths.length} of ` +
        `${[...new Set(lengths)].join(", ")} rows`,
    );
  }
  return lengths[0] ?? 0;
}
