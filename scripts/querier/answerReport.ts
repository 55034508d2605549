/** What became of a request, read from the chain alone: the answer finished and checked, or why there is none. */
import { AbiCoder, ZeroAddress, keccak256 } from "ethers";
import {
  type QueryContractEvent,
  type Request,
  RequestState,
  allLogs,
  committeeRegistry,
  latestBlock,
  parseQueryEvent,
  queryCatalogue,
  querySmartContract,
} from "#chain";
import { CodedError } from "#errors";
import { Assurance, Outcome, decodeBounds, decodeParameters, decodeSuppressed } from "#messages";
import { formatFieldValue } from "#schema";
import { type AnswerTable, type AnswerValue, finishAnswer } from "#statistics";
import type { Connection } from "../connection.ts";
import { type OpenQuery, openDescriptor, openQuery } from "../query.ts";
import { readAll } from "../study.ts";
import type { QuerierErrorDetail } from "./activeQuery.ts";
import { REASONS } from "./disclosureTexts.ts";

export type Cell = AnswerValue;

export interface AnswerReport {
  readonly requestId: string;
  readonly queryHash: string;
  readonly sql: string;
  /** By name, as people write them. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly state: string;
  /** Why there is no answer, when a request was refused or failed. */
  readonly outcome: string | undefined;
  /** The same in words. */
  readonly reason: string | undefined;
  readonly assurance: string;
  readonly columns: readonly string[];
  /** A hidden value is {"hidden":true}; null means "no value". */
  readonly rows: readonly (readonly Cell[])[];
  /** How many cells are hidden; undefined without an answer. */
  readonly suppression: AnswerTable["suppression"] | undefined;
  /** The study's: no set of fewer patients is disclosed. */
  readonly k: number;
  readonly committee: { readonly n: number; readonly t: number; readonly demonstration: boolean };
  readonly datasets: number;
  readonly attempt: bigint | undefined;
  readonly requestBlock: bigint;
  readonly deadlineBlock: bigint;
  /** The transaction that ended the request. */
  readonly transaction: string | undefined;
}

type Requested = Extract<QueryContractEvent, { name: "QueryRequested" }>;
type Ending = Exclude<QueryContractEvent, { name: "QueryRequested" }>;

export interface RequestEvents {
  readonly queryContract: string;
  readonly requested: Requested;
  readonly ending: (Ending & { readonly transaction: string }) | undefined;
}

/**
 * @param queryContract where the request was made; searched for among all query contracts when not known
 * @throws CodedError REQUEST_UNKNOWN | ANSWER_MISMATCH | SUPPRESSED_BITMAP_INVALID
 */
export async function reportAnswer(
  connection: Connection,
  requestId: string,
  queryContract?: string,
): Promise<AnswerReport> {
  const { deployment, provider } = connection;
  const { requested, ending, request } = await readRequest(connection, requestId, queryContract);
  const { context } = requested;
  const open = await openQuery(connection, context.queryHash);
  const registry = committeeRegistry(deployment, provider);
  const committee = await registry.committee(context.studyId, context.committeeEpoch);
  const { workers, threshold, demonstration } = committee;
  return {
    requestId,
    queryHash: context.queryHash,
    sql: open.publication.sql,
    parameters: parameterTexts(open, requested.parameters),
    state: nameOf(RequestState, request.state),
    outcome: ending?.name === "QueryRefused" ? nameOf(Outcome, ending.outcome) : undefined,
    reason: ending?.name === "QueryRefused" ? REASONS[ending.outcome] : undefined,
    assurance: nameOf(Assurance, request.assurance),
    ...(await finish(connection, open, ending, request.outputsHash, requestId)),
    k: open.study.policy.k,
    committee: { n: workers.length, t: threshold, demonstration },
    datasets: requested.datasetIds.length,
    attempt: ending !== undefined && "attempt" in ending ? ending.attempt : undefined,
    requestBlock: context.requestBlock,
    deadlineBlock: request.deadlineBlock,
    transaction: ending?.transaction,
  };
}

/** Events and stored state of one moment: an answer that comes between the two reads is in both, or in neither. */
async function readRequest(
  connection: Connection,
  requestId: string,
  queryContract: string | undefined,
): Promise<RequestEvents & { readonly request: Request }> {
  const { deployment, provider } = connection;
  const before = await readRequestEvents(connection, requestId, queryContract);
  const request = await querySmartContract(deployment, before.queryContract, provider).requestOf(requestId);
  if (request.state === RequestState.REQUESTED) return { ...before, ending: undefined, request };
  const events =
    before.ending === undefined ? await readRequestEvents(connection, requestId, before.queryContract) : before;
  return { ...events, request };
}

/** Every event of one request. @throws CodedError REQUEST_UNKNOWN */
export async function readRequestEvents(
  connection: Connection,
  requestId: string,
  queryContract?: string,
): Promise<RequestEvents> {
  const { deployment, provider } = connection;
  const addresses = queryContract === undefined ? await queryContracts(connection) : [queryContract];
  const filter = { addresses, topics: [null, requestId] };
  const logs = await allLogs(provider, filter, deployment.block, await latestBlock(provider));
  let requested: Requested | undefined;
  let contract = "";
  let ending: RequestEvents["ending"];
  for (const log of logs) {
    const event = parseQueryEvent(deployment, log);
    if (event?.name === "QueryRequested") [requested, contract] = [event, log.address];
    else if (event !== undefined) ending = { ...event, transaction: log.transactionHash };
  }
  if (requested !== undefined) return { queryContract: contract, requested, ending };
  throw new CodedError<QuerierErrorDetail>(
    { code: "REQUEST_UNKNOWN", requestId },
    `no request ${requestId} on this chain`,
  );
}

/** Of every query that ever was active. */
async function queryContracts({ deployment, provider }: Connection): Promise<string[]> {
  const catalogue = queryCatalogue(deployment, provider);
  const hashes = await readAll(catalogue.count(), (offset, limit) => catalogue.queries(offset, limit));
  const queries = await Promise.all(hashes.map((hash) => catalogue.query(hash)));
  return queries.map(({ queryContract }) => queryContract).filter((address) => address !== ZeroAddress);
}

async function finish(
  connection: Connection,
  { queryHash, study }: OpenQuery,
  ending: Ending | undefined,
  outputsHash: string,
  requestId: string,
): Promise<Pick<AnswerReport, "columns" | "rows" | "suppression">> {
  if (ending?.name !== "QueryAnswered") return { columns: [], rows: [], suppression: undefined };
  if (keccak256(AbiCoder.defaultAbiCoder().encode(["uint256[]"], [ending.outputs])) !== outputsHash) {
    throw new CodedError<QuerierErrorDetail>(
      { code: "ANSWER_MISMATCH", requestId },
      `the outputs in the event of request ${requestId} are not those its contract stored`,
    );
  }
  const hidden = decodeSuppressed(ending.suppressedBitmap, ending.outputs);
  return finishAnswer(await openDescriptor(connection, queryHash), study.schema, ending.outputs, hidden);
}

function parameterTexts({ publication, study }: OpenQuery, encoded: string): Record<string, string> {
  const values = decodeParameters(encoded);
  const bounds = decodeBounds(publication.bounds);
  return Object.fromEntries(
    bounds.map(({ name, field }, index) => [name, formatFieldValue(study.schema.fields[field]!, values[index]!)]),
  );
}

function nameOf(names: Readonly<Record<string, number>>, value: number): string {
  return Object.entries(names).find(([, number]) => number === value)?.[0] ?? String(value);
}
