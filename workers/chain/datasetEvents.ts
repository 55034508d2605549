/**
 * The events by which a version's shares come to a committee. A version is activated once; the owner shares it anew among each
 * committee that is proposed after that.
 */
import { sharesRoot } from "../messages/datasetRoot.ts";
import type { DatasetSegment } from "./datasetRegistry.ts";
import type { Deployment } from "./deployment.ts";
import { type ChainLog, allLogs, latestBlock } from "./logs.ts";
import type { JsonRpc } from "./provider.ts";

export interface DatasetActivated {
  readonly datasetId: string;
  readonly studyId: string;
  readonly version: bigint;
  readonly committeeEpoch: bigint;
  readonly segment: DatasetSegment;
  /** By Shamir point. */
  readonly fileHashes: readonly string[];
  /** 0x-hex (`messages/dealingProof.ts`), as the owner wrote it. */
  readonly ingestProof: string;
}

/** Undefined for every other log. */
export function parseActivation(deployment: Deployment, log: ChainLog): DatasetActivated | undefined {
  if (log.address.toLowerCase() !== deployment.address("DatasetRegistry").toLowerCase()) return undefined;
  const parsed = deployment.abi("DatasetRegistry").parseLog({ topics: [...log.topics], data: log.data });
  if (parsed?.name !== "DatasetActivated") return undefined;
  const { args } = parsed;
  const { rowCount, columnsRoot, sharesRoot } = args["segment"] as DatasetSegment;
  return {
    datasetId: String(args["datasetId"]),
    studyId: String(args["studyId"]),
    version: args["version"] as bigint,
    committeeEpoch: args["committeeEpoch"] as bigint,
    segment: { rowCount, columnsRoot, sharesRoot },
    fileHashes: [...(args["fileHashes"] as string[])],
    ingestProof: String(args["ingestProof"]),
  };
}

/** A version shared anew: its rows and columns are those that were activated. */
export interface DatasetReshared extends Omit<DatasetActivated, "segment"> {
  readonly sharesRoot: string;
}

/** Undefined for every other log. */
export function parseResharing(deployment: Deployment, log: ChainLog): DatasetReshared | undefined {
  if (log.address.toLowerCase() !== deployment.address("CommitteeChanges").toLowerCase()) return undefined;
  const parsed = deployment.abi("CommitteeChanges").parseLog({ topics: [...log.topics], data: log.data });
  if (parsed?.name !== "DatasetReshared") return undefined;
  const { args } = parsed;
  const fileHashes = [...(args["fileHashes"] as string[])];
  return {
    datasetId: String(args["datasetId"]),
    studyId: String(args["studyId"]),
    version: args["version"] as bigint,
    committeeEpoch: args["newEpoch"] as bigint,
    fileHashes,
    sharesRoot: sharesRoot(fileHashes),
    ingestProof: String(args["ingestProof"]),
  };
}

/** As if the version had been activated among that committee. */
export function asActivated(
  { sharesRoot: root, ...event }: DatasetReshared,
  { rowCount, columnsRoot }: Pick<DatasetSegment, "rowCount" | "columnsRoot">,
): DatasetActivated {
  return { ...event, segment: { rowCount, columnsRoot, sharesRoot: root } };
}

/**
 * The segments of versions 1, 2, … of a dataset among each committee that was given shares of it, in the order of their epochs.
 * What a committee that is only proposed was given last counts. O(events of the dataset).
 *
 * @throws CodedError CHAIN_*
 */
export async function segmentsByCommittee(
  deployment: Deployment,
  rpc: JsonRpc,
  datasetId: string,
): Promise<DatasetSegment[][]> {
  const topicOf = (contract: string, event: string): string => deployment.abi(contract).getEvent(event)!.topicHash;
  const names = ["DatasetRegistry", "CommitteeChanges"];
  const topics = [topicOf("DatasetRegistry", "DatasetActivated"), topicOf("CommitteeChanges", "DatasetReshared")];
  const filter = { addresses: names.map((name) => deployment.address(name)), topics: [topics, datasetId] };
  const activated: DatasetSegment[] = [];
  const byEpoch = new Map<bigint, DatasetSegment[]>();
  for (const log of await allLogs(rpc, filter, deployment.block, await latestBlock(rpc))) {
    const activation = parseActivation(deployment, log);
    const resharing = parseResharing(deployment, log);
    if (activation !== undefined) activated.push(activation.segment);
    const given = activation ?? (resharing && asActivated(resharing, activated[Number(resharing.version) - 1]!));
    if (given === undefined) continue;
    const segments = byEpoch.get(given.committeeEpoch) ?? [];
    segments[Number(given.version) - 1] = given.segment;
    byEpoch.set(given.committeeEpoch, segments);
  }
  return [...byEpoch].sort(([a], [b]) => Number(a - b)).map(([, segments]) => segments);
}
