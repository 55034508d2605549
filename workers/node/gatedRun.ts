/**
 * The computation of one attempt, once its keys are agreed: the history, the gate's plan, the columns, the gate.
 *
 * Adversary: malicious participants, at most t of them. What may be revealed when it throws: what `protocols/gate.ts` says,
 * and nothing before this worker has recorded that it may be.
 */
import { isCoded } from "../errors.ts";
import type { Field, FieldVector } from "../field/field.ts";
import type { EarlierAnswer } from "../disclosure/historySets.ts";
import { type Gate, planGate } from "../disclosure/planGate.ts";
import { sealedHash } from "../messages/sealedAnswer.ts";
import { Outcome, type Verdict, ZERO_HASH, contextHash } from "../messages/statement.ts";
import { encodeSuppressed } from "../messages/suppressedBitmap.ts";
import { agreeKept } from "../protocols/agreeKept.ts";
import { type History, encodeHistory } from "../protocols/agreeHistory.ts";
import { type GateHooks, openThroughGate } from "../protocols/gate.ts";
import type { Known } from "../protocols/gateTask.ts";
import type { ProtocolSession } from "../protocols/session.ts";
import type { ColumnCache } from "./columnCache.ts";
import type { DisclosureHistory } from "./disclosureHistory.ts";
import type { AttemptPlace, IndicatorCache } from "./indicatorCache.ts";
import type { QueryPlan } from "./queryPlan.ts";
import type { ConfirmedRequest } from "./requestModules.ts";
import { type SealingModules, sealOf } from "./sealing.ts";
import { datasetIdsOf, loadPartialColumns } from "./partialColumns.ts";
import { refuseUntold } from "./untoldSets.ts";

export interface GateModules extends SealingModules {
  readonly columns: Pick<ColumnCache, "column" | "checkKey">;
  readonly indicators: Pick<IndicatorCache, "tag" | "borrow" | "keep">;
  readonly history: Pick<DisclosureHistory, "agree" | "resolve" | "openings">;
}

type ComputedPlan = QueryPlan & { readonly empty: false };
type OpenGate = Gate & { readonly refused: false };

/** @param session its field is the attempt's own group. @throws CodedError DISCLOSURE_* | STORE_* | PLAN_* | PROTOCOL_* | NETWORK_* */
export async function runGated(
  session: ProtocolSession,
  request: ConfirmedRequest,
  attempt: bigint,
  plan: ComputedPlan,
  modules: GateModules,
): Promise<Verdict> {
  const { network } = session;
  const history = await modules.history.agree(request, network);
  const earlier = await modules.history.resolve(request, history);
  const { requestId, context } = request.event;
  const gate = planOrRefuse(requestId, plan, earlier, session.field);
  if (gate.refused) return refusal(attempt);
  const place = { requestId, attempt, epoch: context.committeeEpoch, participants: network.parties };
  const datasetIds = datasetIdsOf(gate.universe);
  datasetIds.forEach((datasetId) => modules.columns.checkKey(datasetId));
  const columns = loadPartialColumns(session.field, gate.columns, gate.universe, modules.columns);
  const openings = modules.history.openings(request, attempt, history);
  const seal = sealOf(request, attempt, modules);
  const hooks: GateHooks = {
    ...(seal === undefined ? {} : { seal }),
    aboutToOpen: (stage) => openings.aboutToOpen(stage),
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

/**
 * @param earlier of which any participant may have named those that are not posted
 * @throws CodedError PLAN_UNTOLD_SETS; DISCLOSURE_UNSUPPORTED | CIRCUIT_* for what is not posted
 */
function planOrRefuse(requestId: string, plan: ComputedPlan, earlier: readonly EarlierAnswer[], field: Field): Gate {
  try {
    return planGate(plan, earlier, plan.k, field);
  } catch (error) {
    if (!isCoded(error, "DISCLOSURE_UNSUPPORTED")) throw error;
    const posted = earlier.filter(({ opened }) => opened !== "unknown");
    refuseUntold(requestId, () => planGate(plan, posted, plan.k, field));
    throw error;
  }
}

function refusal(attempt: bigint): Verdict {
  const outcome = Outcome.REFUSED_DISCLOSURE;
  return { attempt, outcome, suppressedBitmap: "0x", outputs: [], sealedHash: ZERO_HASH };
}

/**
 * Request, data and history, alike at all workers that read the same request and agreed on the same answers. The whole context:
 * a worker whose node shows it other recipients than the others' would give these the keys of a sealed answer.
 */
function inputsOf({ event }: ConfirmedRequest, { universe }: OpenGate, history: History): string {
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
