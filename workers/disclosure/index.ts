/** What scripts may use of the gate's plan: whether there can be one. */
export { LEAST_K, LEAST_SEALED_K, MOST_K } from "./preparedRequest.ts";
export { checkQuery, checkRequest, compileForGate, selectsNobody } from "./checkQuery.ts";
export type { DisclosureErrorDetail } from "./errors.ts";
