/**
 * A request of which the gate cannot tell what it would disclose ends as a refusal: no attempt would ever come further. Only public
 * bytes may decide so: the request's own, and those of requests that this worker itself knows to be opened, or takes for it. Other
 * requests of the history are there because some participant names them; that must not refuse
 * anyone's request: it fails the attempt.
 */
import type { EarlierAnswer } from "../disclosure/historySets.ts";
import { isCoded } from "../errors.ts";
import { nodeError } from "./nodeError.ts";

/** @param decide reads public bytes only. @throws CodedError PLAN_UNTOLD_SETS, and whatever else it throws */
export function refuseUntold<Result>(requestId: string, decide: () => Result): Result {
  try {
    return decide();
  } catch (error) {
    throw asRefusal(requestId, error);
  }
}

/** PLAN_UNTOLD_SETS for what cannot be told; any other error as it is. */
function asRefusal(requestId: string, error: unknown): unknown {
  if (!isCoded(error, "DISCLOSURE_UNSUPPORTED") && !isCoded(error, "CIRCUIT_TOO_LARGE")) return error;
  const message = `Request ${requestId} is refused: ${error.message}`;
  return nodeError({ code: "PLAN_UNTOLD_SETS", requestId }, message, error);
}

type PlanAgainst<Plan> = (earlier: readonly EarlierAnswer[]) => Plan | Promise<Plan>;

/**
 * Refused where what this worker itself knows to be opened, or must take for it, makes the gate unable to tell, or has it refuse
 * by public facts: no attempt would come further. What only others name fails the attempt alone: a liar may name what it likes.
 *
 * @throws CodedError PLAN_UNTOLD_SETS; PLAN_REFUSED_BY_NAMES | DISCLOSURE_UNSUPPORTED | CIRCUIT_* for what others name
 */
export async function planOrRefuse<Plan extends { readonly refused: boolean }>(
  requestId: string,
  earlier: readonly EarlierAnswer[],
  plan: PlanAgainst<Plan>,
): Promise<Plan> {
  const known = knownHere(earlier);
  const planKnown = async (): Promise<Plan> => {
    try {
      return await plan(known);
    } catch (error) {
      throw asRefusal(requestId, error);
    }
  };
  let planned: Plan;
  try {
    planned = await plan(earlier);
  } catch (error) {
    if (!isCoded(error, "DISCLOSURE_UNSUPPORTED")) throw error;
    await planKnown();
    throw error;
  }
  if (planned.refused && known.length < earlier.length && !(await planKnown()).refused) {
    const message = `Request ${requestId} would be refused only for requests that others name as opened`;
    throw nodeError({ code: "PLAN_REFUSED_BY_NAMES", requestId }, message);
  }
  return planned;
}

/**
 * That a plan which will be made once bits are open is not refused, and can be made, but for what others name: bits fix what they name, and
 * every later attempt would fail.
 *
 * @throws CodedError PLAN_REFUSED_BY_NAMES | DISCLOSURE_UNSUPPORTED for names; whatever else `plan` throws
 */
export async function failForNames<Plan extends { readonly refused: boolean }>(
  requestId: string,
  earlier: readonly EarlierAnswer[],
  plan: PlanAgainst<Plan>,
): Promise<void> {
  const known = knownHere(earlier);
  if (known.length === earlier.length) return;
  try {
    await plan(known);
  } catch (error) {
    if (isCoded(error, "DISCLOSURE_UNSUPPORTED")) return;
    throw error;
  }
  await planOrRefuse(requestId, earlier, plan);
}

/** Without what others only name. */
function knownHere(earlier: readonly EarlierAnswer[]): EarlierAnswer[] {
  return earlier.filter(({ isNamedOnly }) => isNamedOnly !== true);
}
