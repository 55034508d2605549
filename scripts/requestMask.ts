/** The public mask of a request, derived from the chain's events alone, as every worker derives it. */
import { ZeroAddress } from "ethers";
import {
  type ChainLog,
  type DatasetSegment,
  type QueryRequested,
  allLogs,
  blockTime,
  consentRegistry,
  datasetRegistry,
  latestBlock,
  parseQueryEvent,
  queryCatalogue,
  studyRegistry,
} from "#chain";
import { type ConsentChange, changesSeen, consentMaskRoot, excludedSlots, recordsOf, standingAfter } from "#messages";
import type { Connection } from "./connection.ts";
import { requestedSegments } from "./requestedSegments.ts";
import { readAll } from "./study.ts";

export interface VersionMask {
  readonly version: bigint;
  readonly rowCount: bigint;
  /** Ascending; none where all may be used. */
  readonly excluded: Uint32Array;
}

export interface DatasetMask {
  readonly datasetId: string;
  readonly head: string;
  readonly versions: readonly VersionMask[];
}

export interface Mask {
  readonly root: string;
  readonly explicitOnly: boolean;
  readonly leastForm: number;
  readonly datasets: readonly DatasetMask[];
}

/** What a mask is derived for. */
export interface MaskUse {
  readonly studyId: string;
  readonly datasetIds: readonly string[];
  /** Of each dataset, in the same order: versions 1, 2, … */
  readonly segments: readonly (readonly DatasetSegment[])[];
  readonly time: bigint;
}

/** From changes of the chain's log, all of which count. */
export async function deriveMask(
  { deployment, provider }: Connection,
  { studyId, datasetIds, segments, time }: MaskUse,
  changes: readonly ConsentChange[],
): Promise<Mask> {
  const { purposes } = await studyRegistry(deployment, provider).policy(studyId);
  const { rules, heads } = standingAfter(changes, datasetIds);
  const datasets = datasetIds.map((datasetId, index): DatasetMask => {
    const versions = segments[index]!.map(({ rowCount }, i) => ({ version: BigInt(i + 1), rowCount }));
    const excluded = excludedSlots(recordsOf(changes, datasetId), rules, { purposes, time }, versions);
    const masks = versions.map((each) => ({ ...each, excluded: excluded.get(each.version) ?? new Uint32Array() }));
    return { datasetId, head: heads[index]!.head, versions: masks };
  });
  return { root: consentMaskRoot(studyId, rules, heads, time), ...rules, datasets };
}

/** Of this moment, by the newest block. */
export async function maskNow(connection: Connection, studyId: string, datasetIds: readonly string[]): Promise<Mask> {
  const { deployment, provider } = connection;
  const block = await latestBlock(provider);
  const changes = await consentRegistry(deployment, provider).changes(studyId, datasetIds, deployment.block, block);
  const registry = datasetRegistry(deployment, provider);
  const segments = await Promise.all(datasetIds.map((datasetId) => registry.segments(datasetId)));
  const time = await blockTime(provider, BigInt(block));
  return deriveMask(connection, { studyId, datasetIds, segments, time }, changes);
}

/**
 * Of a request, over the versions that its roots name.
 *
 * @returns undefined when the records and rules of the chain do not give the request's root
 */
export async function maskOfRequest(
  connection: Connection,
  { datasetIds, context }: Pick<QueryRequested, "datasetIds" | "context">,
): Promise<Mask | undefined> {
  const { deployment, provider } = connection;
  const { studyId, requestBlock, consentMaskRoot: root } = context;
  const block = Number(requestBlock);
  const changes = await consentRegistry(deployment, provider).changes(studyId, datasetIds, deployment.block, block);
  const time = await blockTime(provider, requestBlock);
  const seen = changesSeen(studyId, datasetIds, changes, { block, time, consentMaskRoot: root });
  if (seen === undefined) return undefined;
  const segments = await Promise.all(
    datasetIds.map(
      async (datasetId, index) => (await requestedSegments(connection, datasetId, context.datasetRoots[index]!)) ?? [],
    ),
  );
  return deriveMask(connection, { studyId, datasetIds, segments, time }, seen);
}

export interface LoggedRequest extends QueryRequested {
  readonly queryHash: string;
}

/** Every request over this dataset, oldest first. O(requests of the study). */
export async function requestsOver(
  { deployment, provider }: Connection,
  studyId: string,
  datasetId: string,
): Promise<LoggedRequest[]> {
  const catalogue = queryCatalogue(deployment, provider);
  const hashes = await readAll(catalogue.count(), (offset, limit) => catalogue.queries(offset, limit));
  const queries = await Promise.all(hashes.map((hash) => catalogue.query(hash)));
  const addresses = queries
    .filter((query) => query.studyId === studyId && query.queryContract !== ZeroAddress)
    .map(({ queryContract }) => queryContract);
  if (addresses.length === 0) return [];
  const topics = [deployment.abi("QuerySmartContract").getEvent("QueryRequested")!.topicHash];
  const logs = await allLogs(provider, { addresses, topics }, deployment.block, await latestBlock(provider));
  return logs
    .flatMap((log: ChainLog) => {
      const event = parseQueryEvent(deployment, log);
      return event?.name === "QueryRequested" ? [{ ...event, queryHash: event.context.queryHash }] : [];
    })
    .filter(({ datasetIds }) => datasetIds.some((each) => each.toLowerCase() === datasetId.toLowerCase()));
}
