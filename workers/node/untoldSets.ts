/**
 * A request of which the gate cannot tell what it would disclose ends as a refusal: no attempt would ever come further. Only public
 * bytes may decide so: the request's own, and those of requests that this worker itself knows to be opened, or takes for it. Other
 * requests of the history are there because some participant names them, which must not refuse anyone's request: they fail the
 * attempt.
 */
import { isCoded } from "../errors.ts";
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
