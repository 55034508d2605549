/** A request that is not computed for what it is: every check of a plan (queryPlan.ts) says so alike. */
import type { QueryRequested } from "../chain/queryEvents.ts";
import { nodeError } from "./nodeError.ts";

/** @throws CodedError PLAN_REFUSED */
export function refuse(event: QueryRequested, reason: string): never {
  const { requestId } = event;
  throw nodeError({ code: "PLAN_REFUSED", requestId, reason }, `Request ${requestId} is not computed: ${reason}`);
}
