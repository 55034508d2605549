/**
 * Evaluates a circuit over shared columns and opens its outputs, and only these.
 *
 * Semi-honest: privacy holds against t workers who follow the protocol: they learn the outputs. A lying worker can
 * change results and, because products are not verified before outputs open, can choose an error that makes an output
 * reveal a row. No disclosure rule is applied here: whoever calls this decides that these outputs may open.
 * The rounds, message lengths and step names depend on the circuit and the number of rows only, never on values.
 */
import assert from "node:assert/strict";

import { CodedError } from "../errors.ts";
import type { FieldVector } from "../field/field.ts";
import type { Circuit, CircuitOutput, LinearForm } from "../messages/circuit.ts";
import type { DoubleShare } from "./doubleShare.ts";
import { multiplyVectors } from "./multiply.ts";
import { openOutputs } from "./openOutputs.ts";
import type { ProtocolError } from "./protocolError.ts";
import { checkSession } from "./session.ts";
import type { ProtocolSession } from "./session.ts";

/**
 * The outputs as canonical residues, in the circuit's order; equal at all participants that follow the protocol.
 *
 * Degree t in, values out. With D product levels, M_d = rows × products of level d and O outputs: 2·D + 1 rounds; a
 * party sends about 4t/(2t+1)·ΣM_d + 2t·O elements of 32 bytes (exactly: see `multiplyVectors`, `openOutputs`).
 * Products of one level share one reduction. A session's keys serve one circuit: a second one would reuse masks and is
 * refused by an assertion. If it throws in the last round, t peers may already know the outputs; before, nobody
 * learned anything.
 *
 * @param columns this participant's degree-t shares of `circuit.columns`, in that order, all of one length
 * @throws CodedError PROTOCOL_WRONG_PARTICIPANTS | PROTOCOL_WRONG_COLUMNS | PROTOCOL_BAD_PAYLOAD | NETWORK_*
 */
export async function evaluateCircuit(
  session: ProtocolSession,
  circuit: Circuit,
  columns: readonly FieldVector[],
): Promise<bigint[]> {
  checkSession(session);
  const evaluation = { session, columns, products: new Map<number, FieldVector>(), rows: rowsOf(circuit, columns) };
  for (const [depth, level] of productLevels(circuit).entries()) {
    await evaluateLevel(evaluation, circuit, level, `products/${depth + 1}`);
  }
  const sums = circuit.outputs.map((output) => session.field.scope(() => outputShare(evaluation, output)));
  session.field.release(...evaluation.products.values());
  const unopened: DoubleShare = { unreduced: session.field.fromIntegers(sums) };
  return openOutputs(session, unopened, "outputs");
}

interface Evaluation {
  readonly session: ProtocolSession;
  readonly columns: readonly FieldVector[];
  /** By index in the circuit; degree t. */
  readonly products: Map<number, FieldVector>;
  readonly rows: number;
}

async function evaluateLevel(
  evaluation: Evaluation,
  circuit: Circuit,
  level: readonly number[],
  step: string,
): Promise<void> {
  const pairs = level.map((index) => {
    const product = circuit.products[index];
    assert(product !== undefined);
    return { left: evaluateForm(evaluation, product.left), right: evaluateForm(evaluation, product.right) };
  });
  const reduced = await multiplyVectors(evaluation.session, pairs, step);
  evaluation.session.field.release(...pairs.flatMap(({ left, right }) => [left, right]));
  level.forEach((index, position) => evaluation.products.set(index, reduced[position] as FieldVector));
}

/** A linear form is local: degree t in and out. */
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

/** This party's share of one output: degree 2t from an inner product, degree t from a sum. */
function outputShare(evaluation: Evaluation, { left, right }: CircuitOutput): bigint {
  const { field } = evaluation.session;
  const vector = evaluateForm(evaluation, left);
  return right === undefined ? field.sum(vector) : field.innerProduct(vector, evaluateForm(evaluation, right));
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
