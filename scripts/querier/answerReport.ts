/** What became of a request, read from the chain alone: the answer finished and checked, or why there is none. */
import type { BaseWallet } from "ethers";
import { type Request, RequestState, committeeRegistry, querySmartContract } from "#chain";
import { CodedError } from "#errors";
import {
  Assurance,
  Outcome,
  ReleaseClass,
  decodeBounds,
  decodeParameters,
  decodeSuppressed,
  outputsHash,
  requestCommitment,
} from "#messages";
import { formatFieldValue } from "#schema";
import { type AnswerTable, type AnswerValue, finishAnswer } from "#statistics";
import type { Connection } from "../connection.ts";
import { nameOf } from "../nameOf.ts";
import { type OpenQuery, openDescriptor, openQuery } from "../query.ts";
import type { QuerierErrorDetail } from "./activeQuery.ts";
import { REASONS } from "./disclosureTexts.ts";
import { type Dispute, type Ending, type RequestEvents, type Requested, readRequestEvents } from "./requestEvents.ts";
import { checkRecipient, unseal } from "./unseal.ts";

type Answered = Extract<Ending, { name: "QueryAnswered" }>;

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
  /** PUBLIC, or SEALED: only who holds a recipient's key can read the answer. */
  readonly release: string;
  /** Public keys a sealed answer is encrypted to. */
  readonly recipients: readonly string[];
  /** False: there is no answer, or it is sealed and no recipient's key was given. */
  readonly isReadable: boolean;
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
  /** A quorum also signed this, which contradicts what is above: of the workers more than t sign what they like. */
  readonly dispute: Dispute | undefined;
}

/** Where to look, and with whose eyes. */
export interface ReadOptions {
  /** Where the request was made; searched for among all query contracts when not known. */
  readonly queryContract?: string;
  /** Of a recipient, for a sealed answer; without it such an answer is not read. */
  readonly reader?: Pick<BaseWallet, "privateKey"> | undefined;
}

/**
 * @throws CodedError REQUEST_UNKNOWN | ANSWER_MISMATCH | ANSWER_NOT_RECIPIENT | ANSWER_KEYS_PENDING | SUPPRESSED_BITMAP_INVALID
 */
export async function reportAnswer(
  connection: Connection,
  requestId: string,
  { queryContract, reader }: ReadOptions = {},
): Promise<AnswerReport> {
  const { deployment, provider } = connection;
  const events = await readRequest(connection, requestId, queryContract);
  const { requested, ending, request } = events;
  const { context } = requested;
  const isSealed = context.releaseClass === ReleaseClass.SEALED;
  if (isSealed && reader !== undefined) checkRecipient(events, reader);
  const outputs = isSealed ? unsealed(connection, events, reader) : outputsOf(ending);
  if (ending?.name === "QueryAnswered") checkOutputs(ending, requested, request.commitment);
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
    release: nameOf(ReleaseClass, context.releaseClass),
    recipients: requested.recipients,
    isReadable: outputs !== undefined,
    ...(await finish(connection, open, ending, outputs)),
    k: requested.k,
    committee: { n: workers.length, t: threshold, demonstration },
    datasets: requested.datasetIds.length,
    attempt: ending !== undefined && "attempt" in ending ? ending.attempt : undefined,
    requestBlock: context.requestBlock,
    deadlineBlock: requested.deadlineBlock,
    transaction: ending?.transaction,
    dispute: events.dispute,
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

function outputsOf(ending: RequestEvents["ending"]): readonly bigint[] | undefined {
  return ending?.name === "QueryAnswered" ? ending.outputs : undefined;
}

/** @throws CodedError ANSWER_KEYS_PENDING: the reader is a recipient, and a key has not been published yet */
function unsealed(
  { deployment }: Connection,
  events: RequestEvents,
  reader: ReadOptions["reader"],
): readonly bigint[] | undefined {
  if (events.ending?.name !== "QueryAnswered" || reader === undefined) return undefined;
  const place = { chainId: deployment.chainId, contract: events.queryContract };
  const outputs = unseal(events, place, reader);
  if (outputs !== undefined) return outputs;
  const { requestId } = events.requested;
  const workers = new Set(events.published.map(({ index }) => index)).size;
  throw new CodedError<QuerierErrorDetail>(
    { code: "ANSWER_KEYS_PENDING", requestId },
    `request ${requestId} is answered and paid; workers that published its keys so far: ${workers}, and some keys are still ` +
      `missing. Do not ask again; read it later: \`${readCommand(requestId)}\``,
  );
}

/** How a recipient reads an answer. */
export function readCommand(requestId: string): string {
  return `opaline querier answer --request ${requestId} --keystore … --password-file …`;
}

/** @throws CodedError ANSWER_MISMATCH */
function checkOutputs({ requestId, outputs }: Answered, { context, querier }: Requested, commitment: string): void {
  if (requestCommitment(context, querier, outputsHash(outputs)) === commitment) return;
  throw new CodedError<QuerierErrorDetail>(
    { code: "ANSWER_MISMATCH", requestId },
    `the outputs in the event of request ${requestId} are not those its contract committed to`,
  );
}

/** @param outputs without a mask; undefined: there are none, or they cannot be read here */
async function finish(
  connection: Connection,
  { queryHash, study }: OpenQuery,
  ending: RequestEvents["ending"],
  outputs: readonly bigint[] | undefined,
): Promise<Pick<AnswerReport, "columns" | "rows" | "suppression">> {
  if (ending?.name !== "QueryAnswered") return { columns: [], rows: [], suppression: undefined };
  const descriptor = await openDescriptor(connection, queryHash);
  if (outputs !== undefined)
    return finishAnswer(descriptor, study.schema, outputs, decodeSuppressed(ending.suppressedBitmap, outputs));
  // Which outputs are hidden is public; what the others are is not, and zeros stand for them.
  const hidden = decodeSuppressed(ending.suppressedBitmap, ending.outputs, true);
  const zeros = ending.outputs.map(() => 0n);
  return { columns: [], rows: [], suppression: finishAnswer(descriptor, study.schema, zeros, hidden).suppression };
}

function parameterTexts({ publication, study }: OpenQuery, encoded: string): Record<string, string> {
  const values = decodeParameters(encoded);
  const bounds = decodeBounds(publication.bounds);
  return Object.fromEntries(
    bounds.map(({ name, field }, index) => [name, formatFieldValue(study.schema.fields[field]!, values[index]!)]),
  );
}
