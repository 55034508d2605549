/** The events by which a committee begins to serve, and by which a proposed one comes to nothing. */
import type { Deployment } from "../chain/deployment.ts";
import type { ChainLog } from "../chain/logs.ts";

export interface CommitteeEvent {
  readonly name: "CommitteeAppointed" | "CommitteeProposalWithdrawn";
  readonly studyId: string;
  /** Of the committee that serves from now on, or of the proposal. */
  readonly epoch: bigint;
  readonly block: number;
}

/** Undefined for every other log. */
export function parseCommitteeEvent(deployment: Deployment, log: ChainLog): CommitteeEvent | undefined {
  if (log.address.toLowerCase() !== deployment.address("CommitteeRegistry").toLowerCase()) return undefined;
  const parsed = deployment.abi("CommitteeRegistry").parseLog({ topics: [...log.topics], data: log.data });
  if (parsed === null) return undefined;
  const { name, args } = parsed;
  if (name !== "CommitteeAppointed" && name !== "CommitteeProposalWithdrawn") return undefined;
  return { name, studyId: String(args["studyId"]), epoch: args["epoch"] as bigint, block: log.blockNumber };
}
