/**
 * One request, computed by the committee: through the gate with an empty history, as `workers/node/gatedRun.ts` runs it; or
 * without disclosure control, which only this kit has: it opens the sums with the protocols, and there is no gate to
 * switch off.
 */
import assert from "node:assert/strict";

import { selectsNobody } from "../../workers/disclosure/checkQuery.ts";
import { planGate } from "../../workers/disclosure/planGate.ts";
import type { Gate } from "../../workers/disclosure/planGate.ts";
import { planLines } from "../../workers/disclosure/planLines.ts";
import type { GatedRequest } from "../../workers/disclosure/preparedRequest.ts";
import type { Field, FieldVector, RandomBytes } from "../../workers/field/field.ts";
import type { Circuit } from "../../workers/messages/circuit.ts";
import type { Descriptor } from "../../workers/messages/descriptor.ts";
import { loadPartialColumns } from "../../workers/node/partialColumns.ts";
import { evaluateCircuit } from "../../workers/protocols/evaluateCircuit.ts";
import type { ChosenLines } from "../../workers/protocols/chooseLines.ts";
import { chooseLines } from "../../workers/protocols/chooseLines.ts";
import { openThroughGate } from "../../workers/protocols/gate.ts";
import type { GateResult } from "../../workers/protocols/gate.ts";
import { rowsOf } from "../../workers/protocols/gateTask.ts";
import type { ProtocolSession } from "../../workers/protocols/session.ts";
import { openShares } from "../../workers/protocols/openShares.ts";
import { Transcript } from "../../workers/protocols/transcript.ts";
import { verifyClaims } from "../../workers/protocols/verifyClaims.ts";
import { cellCount } from "../../workers/query/axisSizes.ts";
import { buildCircuit } from "../../workers/query/buildCircuit.ts";
import type { CircuitOptions } from "../../workers/query/buildCircuit.ts";
import { mergeOutputs } from "../../workers/query/mergedLines.ts";
import { valueAxis } from "../../workers/messages/valueAxis.ts";
import { runCommittee } from "./committee.ts";
import type { SharedStudy } from "./sharedStudy.ts";

/** The study's default. */
export const K = 11;

export interface KitRequest {
  /** Of this request alone. */
  readonly name: string;
  readonly descriptor: Descriptor;
  /** Scaled integers; none when absent. */
  readonly parameters?: readonly bigint[];
  readonly study: SharedStudy;
  readonly randomBytes: RandomBytes;
}

export type Opened =
  /** Without computing, or by one opened bit. */
  | { readonly refused: true; readonly reason: string }
  | { readonly refused: false; readonly outputs: readonly bigint[]; readonly hidden: ReadonlySet<number> };

/** @throws CodedError CIRCUIT_* | DISCLOSURE_* | PROTOCOL_* | NETWORK_* */
export async function openGated(request: KitRequest): Promise<Opened> {
  const { study, descriptor, name, randomBytes } = request;
  const { schema, segments } = study;
  const circuit = circuitOf(request);
  const asked = { descriptor, parameters: request.parameters ?? [], schema };
  if (circuit === undefined || selectsNobody(asked)) return { refused: true, reason: "it selects nobody" };
  const facts = { ...asked, segments, circuit };
  const hooks = { aboutToOpen: () => undefined };
  const columnsOf = ({ field, network }: ProtocolSession, gate: Gate & { refused: false }): FieldVector[] =>
    loadPartialColumns(field, gate.columns, gate.universe, columnsFor(study, network.self));
  const merged = valueAxis(descriptor) === undefined ? undefined : await chosenLines(request, facts);
  if (typeof merged === "string") return { refused: true, reason: merged };
  const planned = merged ?? facts;
  const results = await runCommittee(name, randomBytes, async (session): Promise<GateResult | string> => {
    const gate: Gate = await planGate(planned, [], K, session.field);
    if (gate.refused) return gate.reason;
    return openThroughGate(session, gate.plan, columnsOf(session, gate), name, hooks);
  });
  const result = agreed(results);
  if (typeof result === "string") return { refused: true, reason: result };
  if (result.refused) return { refused: true, reason: "too small or too close to an earlier answer" };
  return { refused: false, outputs: result.outputs, hidden: new Set(result.hidden) };
}

/** With its lines merged, by a committee with keys of its own; or why it is refused. */
async function chosenLines(
  { descriptor, study, name, randomBytes }: KitRequest,
  facts: GatedRequest,
): Promise<GatedRequest | string> {
  const results = await runCommittee(`${name}/lines`, randomBytes, async (session): Promise<ChosenLines | string> => {
    const lines = planLines(facts, [], K, session.field);
    if (lines.refused) return lines.reason;
    const cache = columnsFor(study, session.network.self);
    const columns = loadPartialColumns(session.field, lines.columns, lines.universe, cache);
    return chooseLines(session, lines.plan, columns, name, { aboutToOpen: () => undefined });
  });
  const chosen = agreed(results);
  if (typeof chosen === "string") return chosen;
  if (chosen.refused) return "too small or too close to an earlier answer";
  const { merges } = chosen;
  const outputs = mergeOutputs(facts.circuit.outputs, descriptor, study.schema, merges);
  return { ...facts, merges, circuit: { ...facts.circuit, outputs } };
}

/**
 * The query's own sums, evaluated, verified and opened: k = 1, no owner, no complement, nothing hidden.
 *
 * @throws CodedError CIRCUIT_* | PROTOCOL_* | NETWORK_*
 */
export async function openUncontrolled(request: KitRequest): Promise<Opened> {
  const { study, name, randomBytes, descriptor } = request;
  const circuit = circuitOf(request, { maxOpenedValues: Number.POSITIVE_INFINITY });
  if (circuit === undefined) {
    const step = descriptor.steps[0]!;
    const zeros = Array.from({ length: cellCount(step, study.schema) * step.outputs.length }, () => 0n);
    return { refused: false, outputs: zeros, hidden: new Set() };
  }
  const results = await runCommittee(name, randomBytes, async (session) => {
    const { field, network } = session;
    const load = (columnId: string) =>
      field.concat(study.segments.map(({ datasetId }) => study.column(network.self, datasetId, columnId)));
    const columns = circuit.columns.map(load);
    const rows = rowsOf(circuit, columns);
    const { outputs } = await evaluateCircuit(session, circuit, columns, rows, NO_SHARES);
    const transcript = new Transcript();
    await verifyClaims(session, transcript, "verify");
    return openShares(session, outputs, transcript, "outputs");
  });
  return { refused: false, outputs: agreed(results), hidden: new Set() };
}

const NO_SHARES = { products: new Map(), outputs: new Map() };

/** Undefined: every sum is zero by construction. */
function circuitOf({ descriptor, parameters, study }: KitRequest, options: CircuitOptions = {}): Circuit | undefined {
  const built = buildCircuit(descriptor, parameters ?? [], study.schema, options);
  return built.empty ? undefined : built.circuit;
}

function columnsFor(study: SharedStudy, party: Parameters<SharedStudy["column"]>[0]) {
  return {
    column: (_field: unknown, datasetId: string, _version: bigint, columnId: string) =>
      study.column(party, datasetId, columnId),
    joined: (field: Field, _pieces: unknown, _columnId: string, read: () => readonly FieldVector[]) =>
      field.concat(read()),
  };
}

/** What every worker has. */
function agreed<Value>(results: readonly Value[]): Value {
  for (const result of results) assert.deepEqual(result, results[0], "workers disagree");
  return results[0]!;
}
