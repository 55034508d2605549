/** What the chain holds of one request: how it was made and ended, the keys of a sealed answer, and what contradicts it. */
import { ZeroAddress } from "ethers";
import {
  type ChainLog,
  type Ended,
  type KeyCopiesPublished,
  type QueryContractEvent,
  type QueryDisputed,
  allLogs,
  latestBlock,
  parseDispute,
  parseKeyCopies,
  parseQueryEvent,
  queryCatalogue,
  signedEndOf,
} from "#chain";
import { CodedError } from "#errors";
import { Outcome, ZERO_HASH } from "#messages";
import type { Connection } from "../connection.ts";
import { nameOf } from "../nameOf.ts";
import { readAll } from "../study.ts";
import type { QuerierErrorDetail } from "./activeQuery.ts";

export type Requested = Extract<QueryContractEvent, { name: "QueryRequested" }>;
export type Ending = Exclude<QueryContractEvent, { name: "QueryRequested" }>;

/** What a quorum also signed, as anybody may have had it recorded. */
export interface Dispute {
  readonly requestId: string;
  readonly attempt: bigint;
  /** ANSWERED, or why not. */
  readonly outcome: string;
  readonly suppressedBitmap: string;
  /** As signed: of a sealed answer under its mask. */
  readonly outputs: readonly bigint[];
  readonly statement: string;
  readonly transaction: string;
  readonly block: number;
}

export interface RequestEvents {
  readonly queryContract: string;
  readonly requested: Requested;
  readonly ending: (Ending & { readonly transaction: string }) | undefined;
  /** What workers published of a sealed answer's keys. */
  readonly published: readonly KeyCopiesPublished[];
  readonly dispute: Dispute | undefined;
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
  let dispute: Dispute | undefined;
  for (const log of logs) {
    const disputed = parseDispute(deployment, log);
    if (disputed !== undefined) dispute = disputeOf(disputed, log);
    const event = parseQueryEvent(deployment, log);
    if (event?.name === "QueryRequested") [requested, contract] = [event, log.address];
    else if (event !== undefined) ending = { ...event, transaction: log.transactionHash };
  }
  if (requested !== undefined) return { queryContract: contract, requested, ending, published, dispute };
  throw new CodedError<QuerierErrorDetail>(
    { code: "REQUEST_UNKNOWN", requestId },
    `no request ${requestId} on this chain`,
  );
}

export function disputeOf(found: QueryDisputed, log: Pick<ChainLog, "transactionHash" | "blockNumber">): Dispute {
  const { requestId, attempt, suppressedBitmap, outputs, statement } = found;
  const place = { transaction: log.transactionHash, block: log.blockNumber };
  return {
    requestId,
    attempt,
    outcome: nameOf(Outcome, found.outcome),
    suppressedBitmap,
    outputs,
    statement,
    ...place,
  };
}

/** What a call about a request that came to its end says of it. */
export function endedOf({ requested: { context, querier }, ending }: RequestEvents): Ended {
  const outputsHash = (ending && signedEndOf(ending)?.outputsHash) ?? ZERO_HASH;
  return { context, querier, outputsHash };
}

/** Of every query that ever was active. */
export async function queryContracts({ deployment, provider }: Connection): Promise<string[]> {
  const catalogue = queryCatalogue(deployment, provider);
  const hashes = await readAll(catalogue.count(), (offset, limit) => catalogue.queries(offset, limit));
  const queries = await Promise.all(hashes.map((hash) => catalogue.query(hash)));
  return queries.map(({ queryContract }) => queryContract).filter((address) => address !== ZeroAddress);
}
