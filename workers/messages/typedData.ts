/**
 * EIP-712 types signed in the network, one table per struct, and the domain that binds a signature to a chain and a
 * contract. The contracts hash the same words; `test/contracts` compares the digests.
 *
 * Source: EIP-712, https://eips.ethereum.org/EIPS/eip-712
 */
import { type TypedDataDomain, type TypedDataField, TypedDataEncoder, recoverAddress } from "ethers";

export type TypeTable = Record<string, TypedDataField[]>;

/** A worker's signature on a request's statement; domain: the Query Smart Contract. */
export const ANSWER: TypeTable = { Answer: [{ name: "statement", type: "bytes32" }] };

/** A worker has stored a share file durably; domain: the DatasetRegistry. */
export const RECEIPT: TypeTable = {
  Receipt: [
    { name: "datasetId", type: "bytes32" },
    { name: "worker", type: "address" },
    { name: "fileHash", type: "bytes32" },
  ],
};

/** A worker has erased what it was given of a dataset at its point of one committee; domain: the DatasetRegistry. */
export const ERASURE: TypeTable = {
  Erasure: [
    { name: "datasetId", type: "bytes32" },
    { name: "epoch", type: "uint64" },
    { name: "worker", type: "address" },
    { name: "version", type: "uint64" },
  ],
};

/** A data owner lets one worker have one share file; domain: the DatasetRegistry. */
export const UPLOAD: TypeTable = {
  Upload: [
    { name: "studyId", type: "bytes32" },
    { name: "datasetId", type: "bytes32" },
    { name: "worker", type: "address" },
    { name: "fileHash", type: "bytes32" },
    { name: "bytes", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

/** An expert vetter approves or rejects a query; domain: the QueryCatalogue. */
export const VETTING: TypeTable = {
  Vetting: [
    { name: "queryHash", type: "bytes32" },
    { name: "vetter", type: "address" },
    { name: "approved", type: "bool" },
    { name: "comment", type: "string" },
    { name: "name", type: "string" },
    { name: "meaning", type: "string" },
    { name: "signedAt", type: "uint64" },
    { name: "validUntil", type: "uint64" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

/** A data owner signs its study's agreement; domain: StudyAgreements. */
export const STUDY_SIGNATURE: TypeTable = {
  StudySignature: [
    { name: "studyId", type: "bytes32" },
    { name: "version", type: "uint64" },
    { name: "documentHash", type: "bytes32" },
    { name: "owner", type: "address" },
    { name: "name", type: "string" },
    { name: "meaning", type: "string" },
    { name: "signedAt", type: "uint64" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

/** A data owner lets another committee hold its data; domain: CommitteeChanges. */
export const COMMITTEE_APPROVAL: TypeTable = {
  CommitteeApproval: [
    { name: "studyId", type: "bytes32" },
    { name: "oldEpoch", type: "uint64" },
    { name: "newEpoch", type: "uint64" },
    { name: "committeeHash", type: "bytes32" },
    { name: "owner", type: "address" },
    { name: "name", type: "string" },
    { name: "meaning", type: "string" },
    { name: "signedAt", type: "uint64" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

/** A querier accepts a query's agreement; domain: the Query Smart Contract. */
export const ACCEPTANCE: TypeTable = {
  Acceptance: [
    { name: "queryHash", type: "bytes32" },
    { name: "agreementHash", type: "bytes32" },
    { name: "querier", type: "address" },
    { name: "name", type: "string" },
    { name: "meaning", type: "string" },
    { name: "signedAt", type: "uint64" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

/** A member's new key shows that it is there, and takes over from the old one; domain: the role's registry. */
export const KEY_ROTATION: TypeTable = {
  KeyRotation: [
    { name: "member", type: "address" },
    { name: "oldKey", type: "address" },
    { name: "newKey", type: "address" },
    { name: "encryptionKey", type: "bytes" },
    { name: "deadline", type: "uint256" },
  ],
};

/** A dataset's owner attests which key speaks for a row; domain: the ConsentRegistry. */
export const ENROLMENT: TypeTable = {
  Enrolment: [
    { name: "datasetId", type: "bytes32" },
    { name: "version", type: "uint64" },
    { name: "slot", type: "uint32" },
    { name: "handle", type: "bytes32" },
    { name: "participant", type: "address" },
    { name: "nonce", type: "uint256" },
  ],
};

/** A participant gives consent for its row, or takes it back; domain: the ConsentRegistry. */
export const CONSENT: TypeTable = {
  Consent: [
    { name: "datasetId", type: "bytes32" },
    { name: "version", type: "uint64" },
    { name: "slot", type: "uint32" },
    { name: "handle", type: "bytes32" },
    { name: "given", type: "bool" },
    { name: "form", type: "uint32" },
    { name: "formHash", type: "bytes32" },
    { name: "purposes", type: "bytes32[]" },
    { name: "futureUse", type: "bool" },
    { name: "expiry", type: "uint64" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

/** A board member signs a trial's verdict; domain: AdaptiveTrial. The messages' types are in trialVerdict.ts. */
export const BOARD_SIGNATURE: TypeTable = {
  BoardSignature: [
    { name: "verdict", type: "TrialVerdict" },
    { name: "member", type: "address" },
    { name: "name", type: "string" },
    { name: "meaning", type: "string" },
    { name: "signedAt", type: "uint64" },
  ],
  TrialVerdict: [
    { name: "trialId", type: "bytes32" },
    { name: "look", type: "uint8" },
    { name: "decision", type: "uint8" },
    { name: "queryHash", type: "bytes32" },
    { name: "requestId", type: "bytes32" },
    { name: "outputsHash", type: "bytes32" },
    { name: "responded", type: "uint32" },
    { name: "posteriors", type: "uint16[]" },
    { name: "states", type: "uint8[]" },
    { name: "allocation", type: "uint16[]" },
    { name: "reason", type: "string" },
    { name: "deadline", type: "uint256" },
  ],
};

/** verifyingContract = DatasetRegistry. deadline: last second since 1970, by the chain's clock; bytes: exact length of the share file. */
export interface Upload {
  readonly studyId: string;
  readonly datasetId: string;
  readonly worker: string;
  readonly fileHash: string;
  readonly bytes: bigint;
  readonly nonce: bigint;
  readonly deadline: bigint;
}

export interface Receipt {
  readonly datasetId: string;
  readonly worker: string;
  readonly fileHash: string;
}

export interface Erasure {
  readonly datasetId: string;
  /** Of the committee that was given the shares. */
  readonly epoch: bigint;
  readonly worker: string;
  /** The newest that the committee was given (`DatasetRegistry.versionsOf`). */
  readonly version: bigint;
}

export interface Vetting {
  readonly queryHash: string;
  readonly vetter: string;
  readonly approved: boolean;
  /** Of a rejection, why. */
  readonly comment: string;
  readonly name: string;
  readonly meaning: string;
  readonly signedAt: bigint;
  /** Last second since 1970 at which the approval counts, by the chain's clock; 0 in a rejection. */
  readonly validUntil: bigint;
  readonly nonce: bigint;
  readonly deadline: bigint;
}

export interface StudySignature {
  readonly studyId: string;
  readonly version: bigint;
  readonly documentHash: string;
  /** The member. */
  readonly owner: string;
  readonly name: string;
  readonly meaning: string;
  readonly signedAt: bigint;
  readonly nonce: bigint;
  readonly deadline: bigint;
}

export interface CommitteeApproval {
  readonly studyId: string;
  /** Of the committee that serves. */
  readonly oldEpoch: bigint;
  /** Of the proposal. */
  readonly newEpoch: bigint;
  /** `committeeHash` of it. */
  readonly committeeHash: string;
  /** The member. */
  readonly owner: string;
  readonly name: string;
  readonly meaning: string;
  readonly signedAt: bigint;
  readonly nonce: bigint;
  readonly deadline: bigint;
}

export interface Acceptance {
  readonly queryHash: string;
  readonly agreementHash: string;
  readonly querier: string;
  readonly name: string;
  readonly meaning: string;
  readonly signedAt: bigint;
  readonly nonce: bigint;
  readonly deadline: bigint;
}

/** encryptionKey: the member's from then on, "0x" for none. */
export interface KeyRotation {
  readonly member: string;
  readonly oldKey: string;
  readonly newKey: string;
  readonly encryptionKey: string;
  readonly deadline: bigint;
}

/** handle: keccak256 of salt and participant's id; nonce: how many keys the row had before. */
export interface Enrolment {
  readonly datasetId: string;
  readonly version: bigint;
  readonly slot: number;
  readonly handle: string;
  readonly participant: string;
  readonly nonce: bigint;
}

/** A withdrawal (given: false) has form 0, formHash zero, no purposes, no future use and expiry 0. */
export interface Consent {
  readonly datasetId: string;
  readonly version: bigint;
  readonly slot: number;
  readonly handle: string;
  readonly given: boolean;
  readonly form: number;
  readonly formHash: string;
  readonly purposes: readonly string[];
  readonly futureUse: boolean;
  readonly expiry: bigint;
  readonly nonce: bigint;
  readonly deadline: bigint;
}

/** Whoever can sign typed data: an ethers wallet today, a KMS tomorrow. */
export interface TypedDataSigner {
  signTypedData(domain: TypedDataDomain, types: TypeTable, value: Record<string, unknown>): Promise<string>;
}

/** Domain "Opaline", version "1". */
export function opalineDomain(chainId: bigint, verifyingContract: string): TypedDataDomain {
  return { name: "Opaline", version: "1", chainId, verifyingContract };
}

/** The EIP-712 digest. */
export function hashTypedData(domain: TypedDataDomain, types: TypeTable, message: object): string {
  return TypedDataEncoder.hash(domain, types, message as Record<string, unknown>);
}

export function signTypedData(
  signer: TypedDataSigner,
  domain: TypedDataDomain,
  types: TypeTable,
  message: object,
): Promise<string> {
  return signer.signTypedData(domain, types, message as Record<string, unknown>);
}

/**
 * The address that signed, checksummed, or undefined when the signature is not one: 65 bytes, v 27 or 28, low s, as
 * OpenZeppelin's ECDSA accepts it on chain.
 */
export function signerOf(
  domain: TypedDataDomain,
  types: TypeTable,
  message: object,
  signature: string,
): string | undefined {
  if (!/^0x[0-9a-fA-F]{128}(1b|1c|1B|1C)$/.test(signature)) return undefined;
  try {
    // ethers refuses a high s ("non-canonical s") when it parses.
    return recoverAddress(hashTypedData(domain, types, message), signature);
  } catch {
    return undefined;
  }
}
