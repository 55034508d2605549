/** What scripts may use of the gate's plan: whether there can be one. */
export { checkQuery, checkRequest, compileForGate } from "./checkQuery.ts";
export type { DisclosureErrorDetail } from "./errors.ts";
