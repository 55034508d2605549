/**
 * The events by which a version's shares come to a committee, and their form in the store: public facts only. A version is
 * activated once; the owner shares it anew among each committee that is proposed after that.
 */
import type { DatasetSegment } from "../chain/datasetRegistry.ts";
import type { Deployment } from "../chain/deployment.ts";
import type { ChainLog } from "../chain/logs.ts";
import { sharesRoot } from "../messages/datasetRoot.ts";

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

/** Integers as text: SQLite keeps the event as JSON. */
export function activationToJson(activation: DatasetActivated): string {
  return JSON.stringify(activation, (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

export function activationFromJson(text: string): DatasetActivated {
  const activation = JSON.parse(text) as DatasetActivated;
  return {
    ...activation,
    version: BigInt(activation.version),
    committeeEpoch: BigInt(activation.committeeEpoch),
    segment: { ...activation.segment, rowCount: BigInt(activation.segment.rowCount) },
  };
}
