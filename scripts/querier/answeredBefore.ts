/** Whether the very same was asked and answered in public before: that answer is on chain, for nothing. */
import { type QueryContractEvent, allLogs, latestBlock, parseQueryEvent } from "#chain";
import { ReleaseClass } from "#messages";
import type { Connection } from "../connection.ts";
import type { Requested } from "./requestEvents.ts";

export interface Question {
  /** As in the event: abi.encode(int256[]), 0x-hex. */
  readonly parameters: string;
  readonly datasetIds: readonly string[];
}

/** The newest such request of a query, or undefined. Its data may have grown since. O(events of the query). */
export async function answeredBefore(
  { deployment, provider }: Connection,
  queryContract: string,
  question: Question,
): Promise<Requested | undefined> {
  const filter = { addresses: [queryContract] };
  const logs = await allLogs(provider, filter, deployment.block, await latestBlock(provider));
  const events = logs.map((log) => parseQueryEvent(deployment, log)).filter((event) => event !== undefined);
  return newestAnswered(events, question);
}

/** @param events of one query, oldest first */
export function newestAnswered(events: readonly QueryContractEvent[], question: Question): Requested | undefined {
  const wanted = textOf(question);
  const answered = new Set(events.filter(({ name }) => name === "QueryAnswered").map(({ requestId }) => requestId));
  return events
    .filter((event): event is Requested => event.name === "QueryRequested")
    .filter(({ context, requestId }) => context.releaseClass === ReleaseClass.PUBLIC && answered.has(requestId))
    .findLast((asked) => textOf(asked) === wanted);
}

function textOf({ parameters, datasetIds }: Question): string {
  return [parameters, ...datasetIds.toSorted()].join(" ").toLowerCase();
}
