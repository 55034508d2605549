/** What the chain holds of one request: how it was made, how it ended, and the keys of a sealed answer. */
import { ZeroAddress } from "ethers";
import {
  type KeyCopiesPublished,
  type QueryContractEvent,
  allLogs,
  latestBlock,
  parseKeyCopies,
  parseQueryEvent,
  queryCatalogue,
} from "#chain";
import { CodedError } from "#errors";
import type { Connection } from "../connection.ts";
import { readAll } from "../study.ts";
import type { QuerierErrorDetail } from "./activeQuery.ts";

export type Requested = Extract<QueryContractEvent, { name: "QueryRequested" }>;
export type Ending = Exclude<QueryContractEvent, { name: "QueryRequested" }>;

export interface RequestEvents {
  readonly queryContract: string;
  readonly requested: Requested;
  readonly ending: (Ending & { readonly transaction: string }) | undefined;
  /** What workers published of a sealed answer's keys. */
  readonly published: readonly KeyCopiesPublished[];
}

/**
 * Every event of one request.
 * @param queryContract where it was made; searched for among all query contracts when not known
 * @throws CodedError REQUEST_UNKNOWN
 */
export async function readRequestEvents(
  connection: Connection,
  requestId: string,
  queryContract?: string,
): Promise<RequestEvents> {
  const { deployment, provider } = connection;
  const addresses = queryContract === undefined ? await queryContracts(connection) : [queryContract];
  const filter = { addresses, topics: [null, requestId] };
  const logs = await allLogs(provider, filter, deployment.block, await latestBlock(provider));
  const published = logs.flatMap((log) => parseKeyCopies(deployment, log) ?? []);
  let requested: Requested | undefined;
  let contract = "";
  let ending: RequestEvents["ending"];
  for (const log of logs) {
    const event = parseQueryEvent(deployment, log);
    if (event?.name === "QueryRequested") [requested, contract] = [event, log.address];
    else if (event !== undefined) ending = { ...event, transaction: log.transactionHash };
  }
  if (requested !== undefined) return { queryContract: contract, requested, ending, published };
  throw new CodedError<QuerierErrorDetail>(
    { code: "REQUEST_UNKNOWN", requestId },
    `no request ${requestId} on this chain`,
  );
}

/** Of every query that ever was active. */
export async function queryContracts({ deployment, provider }: Connection): Promise<string[]> {
  const catalogue = queryCatalogue(deployment, provider);
  const hashes = await readAll(catalogue.count(), (offset, limit) => catalogue.queries(offset, limit));
  const queries = await Promise.all(hashes.map((hash) => catalogue.query(hash)));
  return queries.map(({ queryContract }) => queryContract).filter((address) => address !== ZeroAddress);
}
