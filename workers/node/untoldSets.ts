/**
 * A request of which the gate cannot tell what it would disclose ends as a refusal: no attempt would ever come further. Only public
 * bytes may decide so, alike at every worker: the request's own, and those of answers that were posted. Other requests of the
 * history are there because some participant names them, which must not refuse anyone's request: they fail the attempt.
 */
import { type Gate, type GatedRequest, planGate } from "../disclosure/planGate.ts";
import type { EarlierAnswer } from "../disclosure/historySets.ts";
import { isCoded } from "../errors.ts";
import type { Field } from "../field/field.ts";
import { nodeError } from "./nodeError.ts";

/** @param decide reads public bytes only. @throws CodedError PLAN_UNTOLD_SETS, and whatever else it throws */
export function refuseUntold<Result>(requestId: string, decide: () => Result): Result {
  try {
    return decide();
  } catch (error) {
    if (!isCoded(error, "DISCLOSURE_UNSUPPORTED") && !isCoded(error, "CIRCUIT_TOO_LARGE")) throw error;
    const message = `Request ${requestId} is refused: ${error.message}`;
    throw nodeError({ code: "PLAN_UNTOLD_SETS", requestId }, message, error);
  }
}

/**
 * @param earlier of which any participant may have named those that are not posted
 * @throws CodedError PLAN_UNTOLD_SETS; DISCLOSURE_UNSUPPORTED | CIRCUIT_* for what is not posted
 */
export function planToldGate(
  requestId: string,
  plan: GatedRequest & { readonly k: number },
  earlier: readonly EarlierAnswer[],
  field: Field,
): Gate {
  try {
    return planGate(plan, earlier, plan.k, field);
  } catch (error) {
    if (!isCoded(error, "DISCLOSURE_UNSUPPORTED")) throw error;
    const posted = earlier.filter(({ opened }) => opened !== "unknown");
    refuseUntold(requestId, () => planGate(plan, posted, plan.k, field));
    throw error;
  }
}
