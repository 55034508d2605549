/**
 * What the model chain's contracts remember: plain maps, so that a block's state is a structured clone of the one before.
 * Addresses and ids are keys in lower case; integers are bigint, as in calldata.
 */
import type { Interface } from "ethers";
import type { FieldRules } from "../../workers/messages/fieldRules.ts";

export interface Member {
  readonly organisation: string;
  readonly issuer: string;
  readonly admittedAt: bigint;
  readonly expiry: bigint;
  revoked: boolean;
  key: string;
  readonly admissions: bigint;
  tlsFingerprint: string;
  readonly organisationName: string;
  endpoint: string;
  encryptionKey: string;
  readonly purposes: readonly string[];
}

export interface Registry {
  readonly members: Map<string, Member>;
  /** The member of each account that became a key by a rotation, for ever. */
  readonly rotatedTo: Map<string, string>;
  /** By certificate fingerprint. */
  readonly claims: Map<string, { readonly account: string; readonly vouched: boolean }>;
}

export interface Policy {
  readonly k: bigint;
  readonly vettings: bigint;
  readonly vettingOrganisations: bigint;
  readonly minimumThreshold: bigint;
  readonly demonstration: boolean;
  readonly openingsBudget: bigint;
  readonly deadlineBlocks: bigint;
  readonly ownersShare: bigint;
  readonly workersShare: bigint;
  readonly authorShare: bigint;
  readonly price: bigint;
  readonly storageFeePerRow: bigint;
  readonly leastDeposit: bigint;
  readonly sealedK: bigint;
  readonly closedSite: bigint;
  readonly organisationQuota: bigint;
  readonly historyCap: bigint;
  readonly fieldRulesHash: string;
  readonly purposes: readonly string[];
}

export interface Study {
  readonly schemaHash: string;
  readonly policyHash: string;
  readonly srsHash: string;
  readonly log2N: bigint;
  readonly registeredAt: bigint;
  readonly name: string;
  readonly policy: Policy;
  readonly fieldRules: FieldRules;
}

export interface Committee {
  readonly epoch: bigint;
  readonly threshold: bigint;
  readonly demonstration: boolean;
  readonly workers: readonly string[];
}

export interface Segment {
  readonly rowCount: bigint;
  readonly columnsRoot: string;
  readonly sharesRoot: string;
}

export interface Dataset {
  readonly owner: string;
  readonly studyId: string;
  readonly segments: Segment[];
  root: string;
}

/** What one committee was given of a dataset. */
export interface GivenShares {
  versions: bigint;
  /** Bit i - 1 of the worker at point i. */
  confirmed: bigint;
  isErased: boolean;
}

export interface Resharing {
  readonly sharesRoot: string;
  readonly ingestProofHash: string;
}

/** An owner's say over its data, whether or not there are any yet. */
export interface Terms {
  readonly k: bigint;
  readonly openingsBudget: bigint;
  readonly closed: boolean;
  readonly purposes: readonly string[];
}

export interface VettedOnce {
  readonly decision: number;
  readonly validUntil: bigint;
}

export interface CatalogueEntry {
  readonly studyId: string;
  readonly schemaHash: string;
  readonly agreementHash: string;
  readonly author: string;
  state: number;
  approvals: number;
  organisations: number;
  queryContract: string;
  readonly descriptor: string;
  readonly descriptorCode: string;
  readonly bounds: string;
  readonly boundsCode: string;
  activeUntil: bigint;
  successor: string;
  /** Approvals that may count, by vetter: until when. */
  readonly standing: Map<string, bigint>;
  /** What each vetter signed last. */
  readonly vetted: Map<string, VettedOnce>;
}

export interface StoredRequest {
  readonly deadlineBlock: bigint;
  state: number;
  assurance: number;
  suppressed: boolean;
  outcome: number;
  commitment: string;
  disputed: boolean;
}

export interface QueryContract {
  readonly queryHash: string;
  readonly studyId: string;
  readonly agreementHash: string;
  readonly accepted: Set<string>;
  readonly nonces: Map<string, bigint>;
  readonly requests: Map<string, StoredRequest>;
}

export interface ModelState {
  readonly registries: Record<string, Registry>;
  readonly studies: Map<string, Study>;
  /** By study, epoch 1 first; also those that were proposed, whatever came of it. */
  readonly committees: Map<string, Committee[]>;
  /** By study: who serves, and who is proposed. */
  readonly currentEpochs: Map<string, bigint>;
  readonly proposedEpochs: Map<string, bigint>;
  /** By "study epoch", of a committee that was followed. */
  readonly boundUntil: Map<string, bigint>;
  readonly frozen: Set<string>;
  readonly datasets: Map<string, Dataset>;
  /** By dataset. */
  readonly terms: Map<string, Terms>;
  readonly openings: Map<string, bigint>;
  /** By "study organisation", of studies with a quota. */
  readonly requestsOf: Map<string, bigint>;
  /** Datasets. */
  readonly retired: Set<string>;
  /** By "dataset epoch": what that committee was given. */
  readonly shares: Map<string, GivenShares>;
  /** By dataset: the epochs that were given shares. */
  readonly holders: Map<string, bigint[]>;
  /** "study epoch owner". */
  readonly approvals: Set<string>;
  readonly approvalNonces: Map<string, bigint>;
  /** By "dataset epoch", version 1 first. */
  readonly resharings: Map<string, Resharing[]>;
  /** "dataset epoch root", also of resharings that others replaced. */
  readonly usedSharesRoots: Set<string>;
  /** By "study epoch index". */
  readonly confirmations: Map<string, string>;
  /** Of a query for a dataset, as `vetoKey` writes them. */
  readonly vetoes: Set<string>;
  /** Hashes of the documents, by study, version 1 first. */
  readonly agreements: Map<string, string[]>;
  /** The newest version signed, by study and owner. */
  readonly signed: Map<string, bigint>;
  readonly signingNonces: Map<string, bigint>;
  /** Hashes of the forms, by study, version 1 first. */
  readonly consentForms: Map<string, string[]>;
  readonly consentRules: Map<string, { readonly explicitOnly: boolean; readonly leastForm: bigint }>;
  /** By dataset. */
  readonly consentHeads: Map<string, string>;
  readonly catalogue: Map<string, CatalogueEntry>;
  readonly vettingNonces: Map<string, bigint>;
  readonly contracts: Map<string, QueryContract>;
  isStopped: boolean;
}

export const REGISTRIES = ["DataOwnerRegistry", "VetterRegistry", "QuerierRegistry", "WorkerRegistry"] as const;

export function emptyState(): ModelState {
  const registry = (): Registry => ({ members: new Map(), rotatedTo: new Map(), claims: new Map() });
  return {
    registries: Object.fromEntries(REGISTRIES.map((name) => [name, registry()])),
    studies: new Map(),
    committees: new Map(),
    currentEpochs: new Map(),
    proposedEpochs: new Map(),
    boundUntil: new Map(),
    frozen: new Set(),
    datasets: new Map(),
    terms: new Map(),
    openings: new Map(),
    requestsOf: new Map(),
    retired: new Set(),
    shares: new Map(),
    holders: new Map(),
    approvals: new Set(),
    approvalNonces: new Map(),
    resharings: new Map(),
    usedSharesRoots: new Set(),
    confirmations: new Map(),
    vetoes: new Set(),
    agreements: new Map(),
    signed: new Map(),
    signingNonces: new Map(),
    consentForms: new Map(),
    consentRules: new Map(),
    consentHeads: new Map(),
    catalogue: new Map(),
    vettingNonces: new Map(),
    contracts: new Map(),
    isStopped: false,
  };
}

/** One call of a contract function, as its handler sees it. */
export interface CallScene {
  readonly state: ModelState;
  readonly abi: Interface;
  readonly addresses: Readonly<Record<string, string>>;
  readonly chainId: bigint;
  /** The contract called. */
  readonly self: string;
  /** msg.sender, checksummed. */
  readonly sender: string;
  readonly value: bigint;
  readonly block: bigint;
  readonly timestamp: bigint;
  emit(event: string, args: readonly unknown[]): void;
}

/** By parameter name; structs as objects, lists as arrays. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- calldata has the shape that the ABI says
export type CallArguments = Readonly<Record<string, any>>;

/** @returns the function's results, in order */
export type Handler = (scene: CallScene, args: CallArguments) => readonly unknown[];
export type Handlers = Readonly<Record<string, Handler>>;

/** A custom error of a contract. */
export class ModelRevert extends Error {
  readonly error: string;
  readonly args: readonly unknown[];

  constructor(error: string, args: readonly unknown[]) {
    super(`${error}(${args.map(String).join(", ")})`);
    this.error = error;
    this.args = args;
  }
}

export function revert(error: string, ...args: readonly unknown[]): never {
  throw new ModelRevert(error, args);
}
