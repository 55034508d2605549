/**
 * The computation of one attempt, once its keys are agreed: the history, the gate's plan, the columns, the gate.
 *
 * Adversary: malicious participants, at most t of them. What may be revealed when it throws: what `protocols/gate.ts` says,
 * and nothing before this worker has recorded that it may be.
 */
import type { FieldVector } from "../field/field.ts";
import { type Gate, planGate } from "../disclosure/planGate.ts";
import { Outcome, type Verdict, ZERO_HASH } from "../messages/statement.ts";
import { encodeSuppressed } from "../messages/suppressedBitmap.ts";
import { agreeKept } from "../protocols/agreeKept.ts";
import { type History, encodeHistory } from "../protocols/agreeHistory.ts";
import { type GateHooks, openThroughGate } from "../protocols/gate.ts";
import type { ProtocolSession } from "../protocols/session.ts";
import type { ColumnCache } from "./columnCache.ts";
import type { DisclosureHistory } from "./disclosureHistory.ts";
import type { AttemptPlace, IndicatorCache } from "./indicatorCache.ts";
import type { QueryPlan } from "./queryPlan.ts";
import type { ConfirmedRequest } from "./requestModules.ts";
import { datasetsOf, loadSegmentedColumns } from "./segmentedColumns.ts";

export interface GateModules {
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
  const gate = planGate(plan, earlier, plan.k);
  if (gate.refused) return refusal(attempt);
  const { requestId, context } = request.event;
  const place = { requestId, attempt, epoch: context.committeeEpoch, participants: network.parties };
  const datasetIds = datasetsOf(gate.universe);
  datasetIds.forEach((datasetId) => modules.columns.checkKey(datasetId));
  const columns = loadSegmentedColumns(session.field, gate.columns, gate.universe, modules.columns);
  const openings = modules.history.openings(request, attempt, history);
  const hooks: GateHooks = {
    aboutToOpen: (stage) => openings.aboutToOpen(stage),
    known: await knownProducts(session, gate, place, modules.indicators),
    keep: (products) => keepIndicators(session, gate, place, datasetIds, products, modules.indicators),
  };
  const result = await openThroughGate(session, gate.plan, columns, inputsOf(request, gate, history), hooks);
  if (result.refused) {
    openings.refused();
    return refusal(attempt);
  }
  const { hidden, outputs } = result;
  const bitmap = encodeSuppressed(new Set(hidden), outputs.length);
  return { attempt, outcome: Outcome.ANSWERED, suppressedBitmap: bitmap, outputs, sealedHash: ZERO_HASH };
}

function refusal(attempt: bigint): Verdict {
  const outcome = Outcome.REFUSED_DISCLOSURE;
  return { attempt, outcome, suppressedBitmap: "0x", outputs: [], sealedHash: ZERO_HASH };
}

/** Data and history, alike at all workers that read the same request and agreed on the same answers. */
function inputsOf({ event }: ConfirmedRequest, { universe }: OpenGate, history: History): string {
  const rows = universe.map(({ datasetId, version, rowCount }) => `${datasetId}@${version}:${rowCount}`);
  const roots = event.context.datasetRoots;
  return [...rows, ...roots, Buffer.from(encodeHistory(history)).toString("hex")].join(" ").toLowerCase();
}

/** Indicators that all participants kept from one and the same attempt. */
async function knownProducts(
  { network, field }: ProtocolSession,
  { indicators: named }: OpenGate,
  place: AttemptPlace,
  indicators: GateModules["indicators"],
): Promise<NonNullable<GateHooks["known"]>> {
  const wanted = [...named];
  const tags = wanted.map(([, name]) => indicators.tag(place, name));
  const kept = await agreeKept(network, tags, "indicators");
  return new Map(
    wanted.flatMap(([product, name], index) => {
      const shares = kept.has(index) ? indicators.borrow(field, place, name) : undefined;
      const origin = Buffer.from(tags[index] as Uint8Array).toString("hex");
      return shares === undefined ? [] : [[product, { shares, origin }] as const];
    }),
  );
}

function keepIndicators(
  { field }: ProtocolSession,
  { indicators: named }: OpenGate,
  place: AttemptPlace,
  datasetIds: readonly string[],
  products: ReadonlyMap<number, FieldVector>,
  indicators: GateModules["indicators"],
): void {
  for (const [product, shares] of products) {
    const name = named.get(product);
    if (name !== undefined) indicators.keep(field, place, name, datasetIds, shares);
  }
  field.release(...products.values());
}
