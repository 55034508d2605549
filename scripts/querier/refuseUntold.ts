/**
 * A query may be answerable with some parameters and not with others: a condition that leaves so few values of a column that
 * their sum counts them. The workers would refuse such a request, and its gas would be spent: it is not sent at all.
 */
import { checkRequest } from "#disclosure";
import { CodedError, isCoded } from "#errors";
import type { Descriptor } from "#messages";
import type { OpenQuery } from "../query.ts";
import type { QuerierErrorDetail } from "./activeQuery.ts";

/**
 * Asks the same function as every worker.
 *
 * @param parameters one scaled integer per bound, already checked
 * @throws CodedError REQUEST_UNTOLD_SETS
 */
export function refuseUntold(open: OpenQuery, descriptor: Descriptor, parameters: readonly bigint[]): void {
  try {
    checkRequest({ descriptor, parameters, schema: open.study.schema });
  } catch (error) {
    if (!isCoded(error, "DISCLOSURE_UNSUPPORTED")) throw error;
    throw new CodedError<QuerierErrorDetail>(
      { code: "REQUEST_UNTOLD_SETS", queryHash: open.queryHash },
      `${error.message}; with these parameters no answer can open, and nothing was sent`,
      { cause: error },
    );
  }
}
