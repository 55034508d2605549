/**
 * The structs that are signed in the network, each as an EIP-712 table and as the message with its units. The contracts hash
 * the same words; `test/contracts` compares the digests. A trial's is in trialVerdict.ts.
 */
import type { TypeTable } from "./typedData.ts";

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

export interface Receipt {
  readonly datasetId: string;
  readonly worker: string;
  readonly fileHash: string;
}

/** A worker has erased what it was given of a dataset at its point of one committee; domain: the DatasetRegistry. */
export const ERASURE: TypeTable = {
  Erasure: [
    { name: "datasetId", type: "bytes32" },
    { name: "epoch", type: "uint64" },
    { name: "worker", type: "address" },
    { name: "version", type: "uint64" },
  ],
};

export interface Erasure {
  readonly datasetId: string;
  /** Of the committee that was given the shares. */
  readonly epoch: bigint;
  readonly worker: string;
  /** The newest that the committee was given (`DatasetRegistry.versionsOf`). */
  readonly version: bigint;
}

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

/** encryptionKey: the member's from then on, "0x" for none. */
export interface KeyRotation {
  readonly member: string;
  readonly oldKey: string;
  readonly newKey: string;
  readonly encryptionKey: string;
  readonly deadline: bigint;
}

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

/** handle: keccak256 of salt and participant's id; nonce: how many keys the row had before. */
export interface Enrolment {
  readonly datasetId: string;
  readonly version: bigint;
  readonly slot: number;
  readonly handle: string;
  readonly participant: string;
  readonly nonce: bigint;
}

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
