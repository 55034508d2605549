/**
 * A request's end on chain against what this worker saw signed until then. Two quorums that contradict each other need more than t
 * members that sign what they like: nothing here can mend that, but it can be shown.
 */
import { type SignedEnd, contradicts } from "../messages/dispute.ts";
import { errorFields } from "./log.ts";
import type { ActiveRequestModules, ConfirmedRequest } from "./requestModules.ts";
import type { SignatureCollection } from "./signatureCollection.ts";

/** Keeps the first quorum that says otherwise: the chain records one. A disk that fails costs the evidence, nothing else. */
export function keepContradiction(
  { event: { requestId, context } }: ConfirmedRequest,
  end: SignedEnd,
  collection: Pick<SignatureCollection, "quorums">,
  { log, records }: Pick<ActiveRequestModules, "log" | "records">,
): void {
  for (const signed of collection.quorums()) {
    const { attempt, outcome } = signed.verdict;
    if (!contradicts(signed.verdict, end, context.releaseClass)) continue;
    const fields = { requestId, attempt, outcome, indices: signed.signatures.map(({ index }) => index) };
    try {
      log("alarm", "quorum-contradicts-chain", { ...fields, file: records.keepDispute(requestId, signed) });
    } catch (error) {
      log("alarm", "dispute-not-kept", { ...fields, ...errorFields(error) });
    }
    return;
  }
}
