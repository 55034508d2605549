/** The answer that a verdict cites: how the chain is shown it, and how many subjects it counts. */
import { type BaseWallet, ZeroAddress } from "ethers";
import { type CitedDataset, type Evidence, type TrialRules, type TrialSource } from "#chain";
import { CodedError } from "#errors";
import { ReleaseClass, type RequestContext, ZERO_HASH, decodeSuppressed, outputsHash } from "#messages";
import type { Connection } from "../connection.ts";
import { type RequestEvents, type Requested, readRequestEvents } from "../querier/requestEvents.ts";
import { requestedSegments } from "../requestedSegments.ts";
import { recipientKey, unseal } from "../querier/unseal.ts";

export type CitedAnswerErrorDetail =
  | { readonly code: "VERDICT_NOT_ANSWERED"; readonly requestId: string }
  | { readonly code: "VERDICT_QUERY_FOREIGN"; readonly queryHash: string }
  /** A dataset has no version with the root that the request fixed. */
  | { readonly code: "VERDICT_DATASET_UNKNOWN"; readonly datasetId: string };

export interface CitedAnswer {
  readonly evidence: Evidence;
  readonly outputsHash: string;
  /** Subjects that responded by the registered outputs; undefined where the answer is sealed and this reader cannot open it. */
  readonly counted: number | undefined;
  readonly isSealed: boolean;
  /** A quorum of workers also signed another end of the request. */
  readonly isDisputed: boolean;
}

const NO_CONTEXT: RequestContext = {
  studyId: ZERO_HASH,
  requestId: ZERO_HASH,
  queryHash: ZERO_HASH,
  parametersHash: ZERO_HASH,
  policyHash: ZERO_HASH,
  datasetRoots: [],
  committeeEpoch: 0n,
  requestBlock: 0n,
  consentMaskRoot: ZERO_HASH,
  releaseClass: ReleaseClass.PUBLIC,
  recipientsHash: ZERO_HASH,
};
/** Of a stop that cites nothing: the contract does not read it. */
export const NO_EVIDENCE: Evidence = { context: NO_CONTEXT, querier: ZeroAddress, datasets: [], outputs: [] };

/**
 * @param reader opens a sealed answer, where it is one of its recipients
 * @throws CodedError REQUEST_UNKNOWN | VERDICT_*
 */
export async function readCitedAnswer(
  connection: Connection,
  rules: TrialRules,
  requestId: string,
  reader?: Pick<BaseWallet, "privateKey">,
): Promise<CitedAnswer> {
  const events = await readRequestEvents(connection, requestId);
  const { requested, ending, dispute } = events;
  if (ending?.name !== "QueryAnswered") {
    const detail = { code: "VERDICT_NOT_ANSWERED", requestId } as const;
    throw new CodedError<CitedAnswerErrorDetail>(detail, `request ${requestId} has no answer that could be cited`);
  }
  const source = sourceOf(rules, requested.context);
  const isSealed = requested.context.releaseClass === ReleaseClass.SEALED;
  const outputs = isSealed ? opened(connection, events, reader) : ending.outputs;
  const hidden = decodeSuppressed(ending.suppressedBitmap, ending.outputs, isSealed);
  const count = (values: readonly bigint[]): number =>
    source.respondedOutputs.reduce((sum, i) => sum + (hidden.has(i) ? 0 : Number(values[i] ?? 0n)), 0);
  return {
    evidence: {
      context: requested.context,
      querier: requested.querier,
      datasets: await citedDatasets(connection, requested),
      outputs: isSealed ? [] : ending.outputs,
    },
    outputsHash: outputsHash(ending.outputs),
    counted: outputs === undefined ? undefined : count(outputs),
    isSealed,
    isDisputed: dispute !== undefined,
  };
}

/** As the contract chooses it: the first that fits. */
function sourceOf({ sources }: TrialRules, { queryHash, parametersHash }: RequestContext): TrialSource {
  const found = sources.find(
    (source) => source.queryHash === queryHash && [ZERO_HASH, parametersHash].includes(source.parametersHash),
  );
  if (found !== undefined) return found;
  throw new CodedError<CitedAnswerErrorDetail>(
    { code: "VERDICT_QUERY_FOREIGN", queryHash },
    `the request is of query ${queryHash}, with parameters that hash to ${parametersHash}: the trial's rules name no such source`,
  );
}

function opened(
  { deployment }: Connection,
  events: RequestEvents,
  reader: Pick<BaseWallet, "privateKey"> | undefined,
): readonly bigint[] | undefined {
  if (reader === undefined || !events.requested.recipients.includes(recipientKey(reader))) return undefined;
  return unseal(events, { chainId: deployment.chainId, contract: events.queryContract }, reader);
}

/** The versions that the request fixed, found again by their roots. */
async function citedDatasets(connection: Connection, { datasetIds, context }: Requested): Promise<CitedDataset[]> {
  return Promise.all(
    datasetIds.map(async (datasetId, i) => {
      const segments = await requestedSegments(connection, datasetId, context.datasetRoots[i]!);
      if (segments !== undefined) return { datasetId, version: BigInt(segments.length), segments };
      const detail = { code: "VERDICT_DATASET_UNKNOWN", datasetId } as const;
      throw new CodedError<CitedAnswerErrorDetail>(
        detail,
        `dataset ${datasetId} has no version that the request names`,
      );
    }),
  );
}
