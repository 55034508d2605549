/**
 * The computation of one attempt, once its keys are agreed: the history, the gate's plan, the columns, the gate. Of statistics
 * of the order of values in two stages: first which lines are merged, then the gate of what is counted over the rest.
 *
 * Adversary: malicious participants, at most t of them. What may be revealed when it throws: what `protocols/gate.ts` says,
 * and nothing before this worker has recorded that it may be.
 */
import type { FieldVector } from "../field/field.ts";
import type { EarlierAnswer } from "../disclosure/historySets.ts";
import type { Pause } from "../disclosure/pieces.ts";
import { type Gate, planGate } from "../disclosure/planGate.ts";
import { planLines } from "../disclosure/planLines.ts";
import type { Merges } from "../messages/merges.ts";
import { sealedHash } from "../messages/sealedAnswer.ts";
import { Outcome, type Verdict, ZERO_HASH, contextHash } from "../messages/statement.ts";
import { encodeSuppressed } from "../messages/suppressedBitmap.ts";
import { chooseLines } from "../protocols/chooseLines.ts";
import { agreeKept } from "../protocols/agreeKept.ts";
import { type History, encodeHistory } from "../protocols/agreeHistory.ts";
import { type GateHooks, openThroughGate } from "../protocols/gate.ts";
import type { Known } from "../protocols/gateTask.ts";
import type { ProtocolSession } from "../protocols/session.ts";
import type { ColumnCache } from "./columnCache.ts";
import { mergeOutputs } from "../query/mergedLines.ts";
import { valueAxis } from "../messages/valueAxis.ts";
import type { DisclosureHistory, Openings } from "./disclosureHistory.ts";
import type { AttemptPlace, IndicatorCache } from "./indicatorCache.ts";
import type { QueryPlan } from "./queryPlan.ts";
import type { ConfirmedRequest } from "./requestModules.ts";
import { type SealingModules, sealOf } from "./sealing.ts";
import { type PartialColumnCache, datasetIdsOf, loadPartialColumns } from "./partialColumns.ts";
import { failForNames, planOrRefuse } from "./untoldSets.ts";

export interface GateModules extends SealingModules {
  readonly columns: Pick<ColumnCache, "among">;
  readonly indicators: Pick<IndicatorCache, "tag" | "borrow" | "keep">;
  readonly history: Pick<DisclosureHistory, "agree" | "resolve" | "openings" | "end">;
  /** Between pieces of a large plan. */
  readonly pause: Pause;
}

/** With how its lines were merged, once that is chosen. */
type ComputedPlan = QueryPlan & { readonly empty: false; readonly merges?: Merges };
type OpenGate = Gate & { readonly refused: false };

/**
 * @param session its field is the attempt's own group
 * @param nextSession another one among the same participants, with fresh keys
 * @throws CodedError DISCLOSURE_* | STORE_* | PLAN_* | PROTOCOL_* | NETWORK_*
 */
export async function runGated(
  session: ProtocolSession,
  nextSession: () => Promise<ProtocolSession>,
  request: ConfirmedRequest,
  attempt: bigint,
  plan: ComputedPlan,
  modules: GateModules,
): Promise<Verdict> {
  try {
    const history = await modules.history.agree(request, session.network);
    const earlier = await modules.history.resolve(request, history, plan.studyK);
    const openings = modules.history.openings(request, attempt, history);
    const place: RunPlace = { request, attempt, history, earlier, openings, modules };
    if (valueAxis(plan.descriptor) === undefined) return await openGated(session, plan, place);
    const lines = await mergedPlan(session, plan, place);
    if (lines === undefined) return refusal(attempt);
    return await openGated(await nextSession(), lines, place);
  } finally {
    modules.history.end(request);
  }
}

/** What the two stages of an attempt share. */
interface RunPlace {
  readonly request: ConfirmedRequest;
  readonly attempt: bigint;
  readonly history: History;
  readonly earlier: readonly EarlierAnswer[];
  readonly openings: Openings;
  readonly modules: GateModules;
}

/** The plan over intervals of the values' lines, chosen in MPC; undefined: refused. */
async function mergedPlan(
  session: ProtocolSession,
  plan: ComputedPlan,
  { request, history, earlier, openings, modules }: RunPlace,
): Promise<ComputedPlan | undefined> {
  const { requestId } = request.event;
  // What it makes goes back before the gate makes its own.
  const field = session.field.group();
  const lines = await planOrRefuse(requestId, earlier, (known) => planLines(plan, known, plan.k, field));
  if (lines.refused) return undefined;
  // Bits of this stage fix what is named, and the gate after it must not fail for that alone: of single lines it has most sets.
  await failForNames(requestId, earlier, (known) => planGate(plan, known, plan.k, field, modules.pause));
  const columns = loadPartialColumns(field, lines.columns, lines.universe, checkedColumns(lines, request, modules));
  const hooks: Pick<GateHooks, "aboutToOpen"> = { aboutToOpen: (opening) => openings.aboutToOpen(opening) };
  const inputs = inputsOf(request, lines, history);
  const chosen = await chooseLines({ ...session, field }, lines.plan, columns, inputs, hooks);
  field.releaseAll();
  if (chosen.refused) {
    openings.refused();
    return undefined;
  }
  const { merges } = chosen;
  const outputs = mergeOutputs(plan.circuit.outputs, plan.descriptor, plan.schema, merges);
  return { ...plan, merges, circuit: { ...plan.circuit, outputs } };
}

async function openGated(
  session: ProtocolSession,
  plan: ComputedPlan,
  { request, attempt, history, earlier, openings, modules }: RunPlace,
): Promise<Verdict> {
  const { network } = session;
  const { requestId, context } = request.event;
  const gate = await planOrRefuse(requestId, earlier, (known) =>
    planGate(plan, known, plan.k, session.field, modules.pause),
  );
  if (gate.refused) return refusal(attempt);
  const place = { requestId, attempt, epoch: context.committeeEpoch, participants: network.parties };
  const datasetIds = datasetIdsOf(gate.universe);
  const columns = loadPartialColumns(
    session.field,
    gate.columns,
    gate.universe,
    checkedColumns(gate, request, modules),
  );
  const seal = sealOf(request, attempt, modules);
  const hooks: GateHooks = {
    ...(seal === undefined ? {} : { seal }),
    aboutToOpen: (opening) => openings.aboutToOpen(opening),
    known: await agreeKnown(session, gate, place, modules.indicators),
    keep: (products, outputs) =>
      keepVerified(session, gate, { ...place, datasetIds }, { products, outputs }, modules.indicators),
  };
  const result = await openThroughGate(session, gate.plan, columns, inputsOf(request, gate, history), hooks);
  if (result.refused) {
    openings.refused();
    return refusal(attempt);
  }
  const { hidden, outputs, maskKeyHashes } = result;
  return {
    attempt,
    outcome: Outcome.ANSWERED,
    suppressedBitmap: encodeSuppressed(new Set(hidden), outputs.length),
    outputs,
    sealedHash: maskKeyHashes === undefined ? ZERO_HASH : sealedHash(maskKeyHashes),
  };
}

/** Columns of data whose keys are there, as the request's committee shares them. @throws CodedError STORE_* */
function checkedColumns(
  { universe }: Pick<OpenGate, "universe">,
  { event }: ConfirmedRequest,
  { columns }: GateModules,
): PartialColumnCache {
  const shared = columns.among(event.context.committeeEpoch);
  datasetIdsOf(universe).forEach((datasetId) => shared.checkKey(datasetId));
  return shared;
}

function refusal(attempt: bigint): Verdict {
  const outcome = Outcome.REFUSED_DISCLOSURE;
  return { attempt, outcome, suppressedBitmap: "0x", outputs: [], sealedHash: ZERO_HASH };
}

/**
 * Request, data and history, alike at all workers that read the same request and agreed on the same answers. The whole context:
 * a worker whose node shows it other recipients than the others' would give these the keys of a sealed answer.
 */
function inputsOf({ event }: ConfirmedRequest, { universe }: Pick<OpenGate, "universe">, history: History): string {
  const rows = universe.segments.map(
    ({ datasetId, version, rowCount, isErased }) => `${datasetId}@${version}:${rowCount}${isErased ? ":erased" : ""}`,
  );
  const context = contextHash(event.context);
  return [context, ...rows, Buffer.from(encodeHistory(history)).toString("hex")].join(" ").toLowerCase();
}

/** Indicators and sizes that all participants kept from one and the same attempt. */
async function agreeKnown(
  { network, field }: ProtocolSession,
  gate: OpenGate,
  place: AttemptPlace,
  kept: GateModules["indicators"],
): Promise<Known> {
  const wanted = [...gate.indicators, ...gate.sizes].map(([index, name]) => ({
    index,
    name,
    tag: kept.tag(place, name),
  }));
  const tags = wanted.map(({ tag }) => tag);
  const agreed = await agreeKept(network, tags, "kept");
  const known = wanted.map(({ index, name, tag }, position) => {
    const shares = agreed.has(position) ? kept.borrow(field, place, name) : undefined;
    const origin = Buffer.from(tag).toString("hex");
    return shares === undefined ? [] : [[index, { shares, origin }] as const];
  });
  const products = known.slice(0, gate.indicators.size).flat();
  return { products: new Map(products), outputs: new Map(known.slice(gate.indicators.size).flat()) };
}

interface Verified {
  readonly products: ReadonlyMap<number, FieldVector>;
  readonly outputs: FieldVector;
}

function keepVerified(
  { field }: ProtocolSession,
  gate: OpenGate,
  place: AttemptPlace & { readonly datasetIds: readonly string[] },
  { products, outputs }: Verified,
  kept: GateModules["indicators"],
): void {
  const keep = (name: string, shares: FieldVector): void => kept.keep(field, place, name, place.datasetIds, shares);
  for (const [product, shares] of products) {
    const name = gate.indicators.get(product);
    if (name !== undefined) keep(name, shares);
  }
  for (const [output, name] of gate.sizes) {
    const share = field.view(outputs, output, output + 1);
    keep(name, share);
    field.release(share);
  }
  field.release(...products.values());
}
