/** Whether a request is computed at all: by its own public bytes, alike at every worker, whatever the data and the history. */
import { selectsNobody } from "../disclosure/checkQuery.ts";
import type { VettedRequest } from "../disclosure/disclosedSets.ts";
import type { Circuit } from "../messages/circuit.ts";
import { recipientsFault } from "../messages/sealedAnswer.ts";
import { buildCircuit } from "../query/buildCircuit.ts";
import { isCoded } from "../errors.ts";
import { refuseUntold } from "./untoldSets.ts";

/**
 * What is computed; undefined where the parameters describe no set at all. O(cells of the query).
 *
 * @throws CodedError PLAN_UNTOLD_SETS: the gate could not tell what it would disclose
 */
export function requestCircuit(requestId: string, request: VettedRequest): Circuit | undefined {
  const { descriptor, parameters, schema } = request;
  // A circuit first: it bounds the cells that sets are read of.
  return refuseUntold(requestId, () => {
    const built = buildCircuit(descriptor, parameters, schema);
    return built.empty || selectsNobody(request) ? undefined : built.circuit;
  });
}

/**
 * Whether no honest worker has ever taken part in an attempt of the request that opened anything: all refuse it before. It then
 * discloses nothing, also where nobody knows how it ended.
 *
 * @param recipients of its answer; none where it is PUBLIC
 */
export function isNeverComputed(requestId: string, request: VettedRequest, recipients: readonly string[]): boolean {
  if (recipients.length > 0 && recipientsFault(recipients) !== undefined) return true;
  try {
    return requestCircuit(requestId, request) === undefined;
  } catch (error) {
    // Of public bytes alone, so it is the same at all.
    if (isCoded(error)) return true;
    throw error;
  }
}
