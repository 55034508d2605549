/** The events of a dataset's end: that it was retired, and that a worker has confirmed to have erased it. */
import type { Deployment } from "../chain/deployment.ts";
import type { ChainLog } from "../chain/logs.ts";

export type RetirementEvent =
  | { readonly name: "DatasetRetired"; readonly datasetId: string; readonly studyId: string; readonly block: number }
  | { readonly name: "ErasureConfirmed"; readonly datasetId: string; readonly epoch: bigint; readonly index: number };

/** Undefined for every other log. */
export function parseRetirement(deployment: Deployment, log: ChainLog): RetirementEvent | undefined {
  if (log.address.toLowerCase() !== deployment.address("DatasetRegistry").toLowerCase()) return undefined;
  const parsed = deployment.abi("DatasetRegistry").parseLog({ topics: [...log.topics], data: log.data });
  if (parsed === null) return undefined;
  const { name, args } = parsed;
  const datasetId = String(args["datasetId"]);
  if (name === "DatasetRetired") return { name, datasetId, studyId: String(args["studyId"]), block: log.blockNumber };
  if (name !== "ErasureConfirmed") return undefined;
  return { name, datasetId, epoch: BigInt(args["epoch"] as bigint), index: Number(args["index"]) };
}
