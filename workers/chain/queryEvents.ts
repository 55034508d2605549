/** What a query's contract tells: requests, how they end, and what is said of them (`contracts/query/IQuerySmartContract.sol`). */
import type { RequestContextStructOutput } from "../../types/query/IQuerySmartContract.ts";
import type { SignedEnd } from "../messages/dispute.ts";
import { Outcome, type ReleaseClass, type RequestContext, ZERO_HASH, outputsHash } from "../messages/statement.ts";
import type { Deployment } from "./deployment.ts";
import type { ChainLog } from "./logs.ts";

export interface QueryRequested {
  readonly requestId: string;
  readonly querier: string;
  /** abi.encode(int256[]), 0x-hex. */
  readonly parameters: string;
  readonly datasetIds: readonly string[];
  readonly context: RequestContext;
  readonly deadlineBlock: bigint;
  /** Compressed secp256k1 keys, 0x-hex, ascending; none of a PUBLIC request. */
  readonly recipients: readonly string[];
  /** Smallest set that may be disclosed: the stricter of the study's and the owners' at the request. */
  readonly k: number;
}

export interface QueryAnswered {
  readonly requestId: string;
  readonly attempt: bigint;
  readonly suppressedBitmap: string;
  readonly outputs: readonly bigint[];
  readonly sealedHash: string;
  readonly statement: string;
}

export interface QueryRefused {
  readonly requestId: string;
  readonly attempt: bigint;
  readonly outcome: Outcome;
  readonly statement: string;
}

/** A quorum also signed this, which contradicts what ended the request. */
export interface QueryDisputed {
  readonly requestId: string;
  readonly attempt: bigint;
  readonly outcome: Outcome;
  readonly suppressedBitmap: string;
  readonly outputs: readonly bigint[];
  readonly sealedHash: string;
  readonly statement: string;
}

export interface QueryExpired {
  readonly requestId: string;
}

/** What one worker published of a SEALED answer's mask keys; nothing of it was checked by the contract but who it is. */
export interface KeyCopiesPublished {
  readonly requestId: string;
  /** The worker's Shamir point. */
  readonly index: number;
  readonly maskKeyHashes: readonly string[];
  /** One per recipient, 0x-hex. */
  readonly copies: readonly string[];
}

/** What a request came to. */
export type QueryContractEvent =
  | ({ readonly name: "QueryRequested" } & QueryRequested)
  | ({ readonly name: "QueryAnswered" } & QueryAnswered)
  | ({ readonly name: "QueryRefused" } & QueryRefused)
  | ({ readonly name: "QueryExpired" } & QueryExpired);

/** Name under which the clones' ABI is deployed. */
const NAME = "QuerySmartContract";

function contextFrom(found: RequestContextStructOutput): RequestContext {
  return {
    studyId: found.studyId,
    requestId: found.requestId,
    queryHash: found.queryHash,
    parametersHash: found.parametersHash,
    policyHash: found.policyHash,
    datasetRoots: [...found.datasetRoots],
    committeeEpoch: found.committeeEpoch,
    requestBlock: found.requestBlock,
    consentMaskRoot: found.consentMaskRoot,
    releaseClass: Number(found.releaseClass) as ReleaseClass,
    recipientsHash: found.recipientsHash,
  };
}

/** Reads one of the four request events; undefined for any other log. */
export function parseQueryEvent(
  deployment: Deployment,
  log: Pick<ChainLog, "topics" | "data">,
): QueryContractEvent | undefined {
  const parsed = deployment.abi(NAME).parseLog({ topics: [...log.topics], data: log.data });
  if (parsed === null) return undefined;
  const { args } = parsed;
  const requestId = String(args["requestId"]);
  switch (parsed.name) {
    case "QueryRequested":
      return {
        name: "QueryRequested",
        requestId,
        querier: String(args["querier"]),
        parameters: String(args["parameters"]),
        datasetIds: [...(args["datasetIds"] as string[])],
        context: contextFrom(args["context"] as RequestContextStructOutput),
        deadlineBlock: BigInt(args["deadlineBlock"] as bigint),
        recipients: [...(args["recipients"] as string[])],
        k: Number(args["k"]),
      };
    case "QueryAnswered":
      return {
        name: "QueryAnswered",
        requestId,
        attempt: BigInt(args["attempt"] as bigint),
        suppressedBitmap: String(args["suppressedBitmap"]),
        outputs: [...(args["outputs"] as bigint[])],
        sealedHash: String(args["sealedHash"]),
        statement: String(args["statement"]),
      };
    case "QueryRefused":
      return {
        name: "QueryRefused",
        requestId,
        attempt: BigInt(args["attempt"] as bigint),
        outcome: Number(args["outcome"]) as Outcome,
        statement: String(args["statement"]),
      };
    case "QueryExpired":
      return { name: "QueryExpired", requestId };
    default:
      return undefined;
  }
}

/** Undefined for any other log. */
export function parseDispute(
  deployment: Deployment,
  log: Pick<ChainLog, "topics" | "data">,
): QueryDisputed | undefined {
  const parsed = deployment.abi(NAME).parseLog({ topics: [...log.topics], data: log.data });
  if (parsed?.name !== "QueryDisputed") return undefined;
  const { args } = parsed;
  return {
    requestId: String(args["requestId"]),
    attempt: BigInt(args["attempt"] as bigint),
    outcome: Number(args["outcome"]) as Outcome,
    suppressedBitmap: String(args["suppressedBitmap"]),
    outputs: [...(args["outputs"] as bigint[])],
    sealedHash: String(args["sealedHash"]),
    statement: String(args["statement"]),
  };
}

/** What a quorum's word made of the request; undefined where nobody signed: it was only asked, or it expired. */
export function signedEndOf(event: QueryContractEvent): SignedEnd | undefined {
  if (event.name === "QueryAnswered") return { outcome: Outcome.ANSWERED, outputsHash: outputsHash(event.outputs) };
  return event.name === "QueryRefused" ? { outcome: event.outcome, outputsHash: ZERO_HASH } : undefined;
}

/** Undefined for any other log. */
export function parseKeyCopies(
  deployment: Deployment,
  log: Pick<ChainLog, "topics" | "data">,
): KeyCopiesPublished | undefined {
  const parsed = deployment.abi(NAME).parseLog({ topics: [...log.topics], data: log.data });
  if (parsed?.name !== "KeyCopiesPublished") return undefined;
  const { args } = parsed;
  return {
    requestId: String(args["requestId"]),
    index: Number(args["index"]),
    maskKeyHashes: [...(args["maskKeyHashes"] as string[])],
    copies: [...(args["copies"] as string[])],
  };
}
