/**
 * What the workers sign about a request, word for word as `contracts/types/Statement.sol` hashes it. The shapes are
 * shared with the contracts; the numbers of the constants are on chain.
 */
import { AbiCoder, keccak256, toUtf8Bytes } from "ethers";

export const Outcome = {
  NONE: 0,
  ANSWERED: 1,
  REFUSED_EMPTY_SET: 2,
  REFUSED_DISCLOSURE: 3,
  FAILED_UNAVAILABLE: 4,
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

export const ReleaseClass = { PUBLIC: 0, SEALED: 1 } as const;
export type ReleaseClass = (typeof ReleaseClass)[keyof typeof ReleaseClass];

/** How far an answer can be trusted; a quorum of signatures is not a proof. */
export const Assurance = { NONE: 0, QUORUM: 1, LINEAR_PROOF: 2, FULL_PROOF: 3 } as const;
export type Assurance = (typeof Assurance)[keyof typeof Assurance];

/** keccak256("Opaline.Statement.v1"): separates these hashes from every other use of keccak in the network. */
export const STATEMENT_DOMAIN = keccak256(toUtf8Bytes("Opaline.Statement.v1"));

/** bytes32 zero: no consent mask, no sealed keys, no recipients. */
export const ZERO_HASH = `0x${"00".repeat(32)}`;

/** What a request fixed when it was made. Hashes and ids are 0x-hex bytes32. */
export interface RequestContext {
  readonly studyId: string;
  readonly requestId: string;
  readonly queryHash: string;
  /** keccak256(abi.encode(int256[])) */
  readonly parametersHash: string;
  readonly policyHash: string;
  /** One per dataset, in the request's order (ascending dataset id). */
  readonly datasetRoots: readonly string[];
  readonly committeeEpoch: bigint;
  readonly requestBlock: bigint;
  /** Zero: every active row may be used. */
  readonly consentMaskRoot: string;
  readonly releaseClass: ReleaseClass;
  readonly recipientsHash: string;
}

/** What the workers add. */
export interface Verdict {
  readonly attempt: bigint;
  readonly outcome: Outcome;
  /**
   * Which outputs are hidden. "0x": none; otherwise exactly ceil(outputs / 8) bytes, where output i is bit i mod 8 (least
   * significant first) of byte floor(i / 8), unused bits are 0 and at least one bit is 1. "0x" unless ANSWERED.
   */
  readonly suppressedBitmap: string;
  /**
   * Canonical residues of BN254 Fr, row-major, hidden ones 0; of a SEALED answer each, also a hidden one, with its mask added.
   * Empty unless outcome is ANSWERED.
   */
  readonly outputs: readonly bigint[];
  /** keccak256(abi.encode(bytes32[])) of the ordered mask-key hashes; zero unless SEALED and ANSWERED. */
  readonly sealedHash: string;
}

export interface StatementInput {
  readonly chainId: bigint;
  /** The Query Smart Contract's address. */
  readonly contract: string;
  readonly context: RequestContext;
  readonly verdict: Verdict;
}

const CONTEXT_TUPLE =
  "tuple(bytes32 studyId, bytes32 requestId, bytes32 queryHash, bytes32 parametersHash, bytes32 policyHash," +
  " bytes32[] datasetRoots, uint64 committeeEpoch, uint64 requestBlock, bytes32 consentMaskRoot, uint8 releaseClass," +
  " bytes32 recipientsHash)";

const STATEMENT_TYPES = [
  "bytes32", // DOMAIN
  "uint256", // chainId
  "address", // contract
  "bytes32", // studyId
  "bytes32", // requestId
  "uint64", // attempt
  "bytes32", // queryHash
  "bytes32", // keccak(parameters)
  "bytes32", // policyHash
  "bytes32[]", // datasetRoots
  "uint64", // committeeEpoch
  "uint64", // requestBlock
  "bytes32", // consentMaskRoot
  "uint8", // releaseClass
  "bytes32", // recipientsHash
  "uint8", // outcome
  "bytes32", // keccak(abi.encode(suppressedBitmap, outputs, sealedHash))
];

const abi = AbiCoder.defaultAbiCoder();

/** The 32 bytes every worker signs as EIP-712 `Answer{bytes32 statement}`. */
export function statementHash({ chainId, contract, context, verdict }: StatementInput): string {
  return keccak256(
    abi.encode(STATEMENT_TYPES, [
      STATEMENT_DOMAIN,
      chainId,
      contract,
      context.studyId,
      context.requestId,
      verdict.attempt,
      context.queryHash,
      context.parametersHash,
      context.policyHash,
      context.datasetRoots,
      context.committeeEpoch,
      context.requestBlock,
      context.consentMaskRoot,
      context.releaseClass,
      context.recipientsHash,
      verdict.outcome,
      keccak256(
        abi.encode(["bytes", "uint256[]", "bytes32"], [verdict.suppressedBitmap, verdict.outputs, verdict.sealedHash]),
      ),
    ]),
  );
}

/** keccak256(abi.encode(context)): what the Query Smart Contract stores of a request. */
export function contextHash(context: RequestContext): string {
  return keccak256(abi.encode([CONTEXT_TUPLE], [context]));
}

/** keccak256(abi.encode(uint256[])): what the Query Smart Contract stores of an answer. */
export function outputsHash(outputs: readonly bigint[]): string {
  return keccak256(abi.encode(["uint256[]"], [outputs]));
}

/**
 * What must be equal for a worker to sign a second attempt of one request: outcome, suppression bitmap and outputs; not the
 * attempt number. Of a sealed answer the number of outputs in place of their words, which are masked anew in each attempt:
 * that it is the same computation on the same inputs follows from the request, which fixes both.
 */
export function resultHash(verdict: Pick<Verdict, "outcome" | "suppressedBitmap" | "outputs" | "sealedHash">): string {
  const { outcome, suppressedBitmap, outputs, sealedHash } = verdict;
  const isSealed = sealedHash !== ZERO_HASH;
  return keccak256(
    isSealed
      ? abi.encode(["uint8", "bytes", "uint256", "string"], [outcome, suppressedBitmap, outputs.length, "sealed"])
      : abi.encode(["uint8", "bytes", "uint256[]"], [outcome, suppressedBitmap, outputs]),
  );
}
