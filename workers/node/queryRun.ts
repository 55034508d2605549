/**
 * One attempt, from proposal to verdict: plan, fresh keys among the participants, gate. Nothing of
 * it is kept: vectors of shares are given back with the attempt, however it ends.
 *
 * Adversary: malicious participants, at most t of them. What may be revealed when it throws: bits of the gate and of the choice of
 * lines, once they open (`protocols/gate.ts`, `protocols/chooseLines.ts`); the outputs, if the last round reached others but not this worker.
 */
import { type CodedError, isCoded } from "../errors.ts";
import type { Field } from "../field/field.ts";
import type { Proposal } from "../messages/proposal.ts";
import { Outcome, type Verdict, ZERO_HASH } from "../messages/statement.ts";
import { agreeKeys } from "../protocols/agreeKeys.ts";
import type { ProtocolSession } from "../protocols/session.ts";
import type { Network } from "../protocols/network.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import { type GateModules, runGated } from "./gatedRun.ts";
import type { ConfirmedRequest } from "./requestModules.ts";
import type { QueryPlan } from "./queryPlan.ts";

/** The network of one attempt; `abort` tells the others at once that this worker gave up. */
export interface AttemptNetwork extends Network {
  close(): void;
  abort(code: string): void;
}

export interface RunModules extends GateModules {
  readonly field: Field;
  plan(request: ConfirmedRequest): Promise<QueryPlan>;
  /** The request reads a dataset that was rejected, or retired; or the gate cannot tell what it would disclose. */
  refused(request: ConfirmedRequest, error: CodedError): void;
  /** @param members participants and their addresses */
  openNetwork(
    request: ConfirmedRequest,
    attempt: bigint,
    members: ReadonlyMap<PartyIndex, string>,
    signal: AbortSignal,
  ): AttemptNetwork;
}

/** @throws CodedError PLAN_* | STORE_* | PROTOCOL_* | NETWORK_* */
export async function runQuery(
  request: ConfirmedRequest,
  proposal: Proposal,
  signal: AbortSignal,
  modules: RunModules,
): Promise<Verdict> {
  const { attempt, participants } = proposal;
  const { workers } = request.committee;
  const members = new Map(participants.map((party) => [party, workers[party - 1]!]));
  const network = modules.openNetwork(request, attempt, members, signal);
  try {
    const verdict = await reachVerdict(request, attempt, network, signal, modules);
    network.close();
    return verdict;
  } catch (error) {
    network.abort("ATTEMPT_FAILED");
    throw error;
  }
}

/** Without MPC where public facts say that there is no answer. */
async function reachVerdict(
  request: ConfirmedRequest,
  attempt: bigint,
  network: Network,
  signal: AbortSignal,
  modules: RunModules,
): Promise<Verdict> {
  try {
    const plan = await modules.plan(request);
    signal.throwIfAborted();
    if (!plan.empty) return await compute(request, attempt, network, plan, modules);
    return noAnswer(attempt, Outcome.REFUSED_EMPTY_SET);
  } catch (error) {
    const outcome = outcomeOf(error);
    if (outcome === undefined || !isCoded(error)) throw error;
    modules.refused(request, error);
    return noAnswer(attempt, outcome);
  }
}

/** How a request ends for good; whatever else failed is tried again. */
function outcomeOf(error: unknown): Outcome | undefined {
  if (isCoded(error, "PLAN_UNTOLD_SETS")) return Outcome.REFUSED_DISCLOSURE;
  const isUnavailable = isCoded(error, "PLAN_DATASET_REJECTED") || isCoded(error, "PLAN_DATASET_RETIRED");
  return isUnavailable ? Outcome.FAILED_UNAVAILABLE : undefined;
}

function noAnswer(attempt: bigint, outcome: Outcome): Verdict {
  return { attempt, outcome, suppressedBitmap: "0x", outputs: [], sealedHash: ZERO_HASH };
}

async function compute(
  request: ConfirmedRequest,
  attempt: bigint,
  network: Network,
  plan: QueryPlan & { empty: false },
  modules: RunModules,
): Promise<Verdict> {
  const { chainId, randomBytes } = modules;
  const { contract, committee, event } = request;
  const t = committee.threshold;
  // Whatever ends the attempt, its vectors go back at once: the next attempt may need their room.
  const field = modules.field.group();
  try {
    const context = { chainId, contract, requestId: event.requestId, attempt, epoch: committee.epoch, t };
    const session = async (): Promise<ProtocolSession> => {
      return { network, field, t, keys: await agreeKeys(network, context, randomBytes) };
    };
    return await runGated(await session(), session, request, attempt, plan, modules);
  } finally {
    field.releaseAll();
  }
}
