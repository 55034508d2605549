/**
 * What the gate is asked to do, checked against itself and written down for comparison among the participants. All of it
 * is public; what another participant means by it is compared, not trusted (`gate.ts`).
 */
import assert from "node:assert/strict";

import { CodedError } from "../errors.ts";
import type { FieldVector } from "../field/field.ts";
import type { Circuit } from "../messages/circuit.ts";
import type { GatePlan, SizeTest } from "../messages/gatePlan.ts";
import type { ProtocolError } from "./protocolError.ts";
import type { ProtocolSession } from "./session.ts";

/** A product column, or one output, that was computed and verified in an earlier attempt. */
export interface KnownShares {
  /** Degree t; stays the caller's. An output's is of one element. */
  readonly shares: FieldVector;
  /**
   * Names that attempt, alike at all participants. Shares from two attempts are of two polynomials, so honest participants
   * that mixed them would agree on nonsense: the names are compared before anything is computed.
   */
  readonly origin: string;
}

/** By index in the circuit. */
export interface Known {
  readonly products: ReadonlyMap<number, KnownShares>;
  readonly outputs: ReadonlyMap<number, KnownShares>;
}

export const NOTHING_KNOWN: Known = { products: new Map(), outputs: new Map() };

export interface GateTask {
  readonly plan: GatePlan;
  readonly columns: readonly FieldVector[];
  /** Which data the columns are, in words that are equal at all participants. */
  readonly inputs: string;
  readonly known: Known;
  /** Whether the outputs open under a mask only. */
  readonly isSealed: boolean;
}

/**
 * The number of rows.
 *
 * @throws CodedError PROTOCOL_WRONG_COLUMNS unless the columns are the circuit's and of one length
 */
export function rowsOf({ columns: expected }: Circuit, columns: readonly FieldVector[]): number {
  const lengths = columns.map((column) => column.length);
  if (columns.length !== expected.length || new Set(lengths).size > 1) {
    throw new CodedError<ProtocolError>(
      { code: "PROTOCOL_WRONG_COLUMNS", expected: expected.length, lengths },
      `the circuit reads ${expected.length} columns of one length; given are ${lengths.length} of ` +
        `${[...new Set(lengths)].join(", ")} rows`,
    );
  }
  return lengths[0] ?? 0;
}

/** Asserts that a plan, which this worker made itself, is one: measures in one group each, tests of sizes there are. */
export function checkTask({ plan, known }: GateTask, rows: number): void {
  const { circuit, measures, cohort, zeros, groups } = plan;
  const sizes = circuit.outputs.length - measures;
  assert(Number.isInteger(measures) && measures >= 0 && sizes >= 0, "more measures than outputs");
  const grouped = groups.flatMap(({ outputs }) => outputs).sort((left, right) => left - right);
  assert(
    grouped.length === measures && grouped.every((output, index) => output === index),
    "every measure belongs to exactly one group",
  );
  for (const test of [...cohort, ...zeros]) {
    assert(test.zero !== "ifShown", "what decides about zeros cannot depend on it");
    checkTest(test, sizes);
  }
  for (const { tests } of groups) for (const test of tests) checkTest(test, sizes);
  for (const [index, { shares }] of known.products) {
    assert(index in circuit.products && shares.length === rows, `product ${index} is none of this circuit's columns`);
  }
  for (const [index, { shares }] of known.outputs) {
    assert(index in circuit.outputs && shares.length === 1, `output ${index} is none of this circuit's`);
  }
}

export function checkTest({ terms, constant, last }: SizeTest, sizes: number): void {
  const isWhole = [constant, last, ...terms.map(([, coefficient]) => coefficient)].every(Number.isSafeInteger);
  assert(isWhole && last >= 0, "a test of sizes is made of whole numbers");
  const tested = terms.map(([size]) => size);
  assert(new Set(tested).size === tested.length, "a test names each size once");
  for (const size of tested) assert(Number.isInteger(size) && size >= 0 && size < sizes, `there is no size ${size}`);
}

/** Circuit, tests, data and size: two participants that differ in any would compute nonsense together. */
export function describeTask({ network, t }: ProtocolSession, task: GateTask, rows: number): unknown {
  const { circuit, measures, cohort, zeros, groups } = task.plan;
  const originsOf = (known: ReadonlyMap<number, KnownShares>): unknown =>
    [...known].map(([index, { origin }]) => [index, origin] as const).sort(([left], [right]) => left - right);
  return {
    circuit,
    tests: { measures, cohort, zeros, groups },
    known: { products: originsOf(task.known.products), outputs: originsOf(task.known.outputs) },
    inputs: task.inputs,
    release: task.isSealed ? "sealed" : "public",
    rows,
    t,
    parties: network.parties,
  };
}
