/** Prices that query contracts hold for those who served their requests (`contracts/query/IPayments.sol`). */
import { Outcome } from "../messages/statement.ts";
import type { Deployment } from "./deployment.ts";
import { allLogs, latestBlock } from "./logs.ts";
import type { JsonRpc } from "./provider.ts";

/** A price that is nobody's credit yet. */
export interface Unsettled {
  readonly queryContract: string;
  readonly requestId: string;
}

const NAME = "QuerySmartContract";

/**
 * Requests that were answered or refused, and whose price was not divided; oldest first.
 * @param queryContracts whose requests have a price
 */
export async function unsettledRequests(
  deployment: Deployment,
  rpc: JsonRpc,
  queryContracts: readonly string[],
): Promise<Unsettled[]> {
  if (queryContracts.length === 0) return [];
  const abi = deployment.abi(NAME);
  const topics = ["QueryAnswered", "QueryRefused", "PaymentSettled"].map((name) => abi.getEvent(name)!.topicHash);
  const filter = { addresses: [...queryContracts], topics: [topics] };
  const open = new Map<string, Unsettled>();
  for (const { address, topics: indexed, data } of await allLogs(
    rpc,
    filter,
    deployment.block,
    await latestBlock(rpc),
  )) {
    const { name, args } = abi.parseLog({ topics: [...indexed], data })!;
    const requestId = String(args["requestId"]);
    // Who could not compute is not paid: that price went back to the querier.
    const isEarned = name === "QueryAnswered" || Number(args["outcome"]) !== Outcome.FAILED_UNAVAILABLE;
    if (name === "PaymentSettled") open.delete(requestId);
    else if (isEarned) open.set(requestId, { queryContract: address, requestId });
  }
  return [...open.values()];
}
