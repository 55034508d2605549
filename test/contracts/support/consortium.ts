/**
 * Fixtures, each built on the one before: contracts -> members -> study with committee -> datasets -> vetted query ->
 * accepted agreement -> open request. Load them by name, with `load` of chain.ts.
 */
import { AbiCoder, concat, ZeroHash, hexlify, id, keccak256, toUtf8Bytes } from "ethers";
import type { ContractTransactionReceipt, HDNodeWallet } from "ethers";
import type { AuditTrail } from "../../../types/audit/AuditTrail.ts";
import type { ConsentRegistry } from "../../../types/consent/ConsentRegistry.ts";
import type { Credits } from "../../../types/fees/Credits.ts";
import type { ConsortiumAccess } from "../../../types/governance/ConsortiumAccess.ts";
import type { DeploymentRegistry } from "../../../types/governance/DeploymentRegistry.ts";
import type { EmergencyStop } from "../../../types/governance/EmergencyStop.ts";
import type { MemberRegistry } from "../../../types/identity/MemberRegistry.ts";
import type { QueryCatalogue } from "../../../types/query/QueryCatalogue.ts";
import type { QuerySmartContract } from "../../../types/query/QuerySmartContract.ts";
import type { ProofVerifierRegistry } from "../../../types/result/ProofVerifierRegistry.ts";
import type { CommitteeChanges } from "../../../types/study/CommitteeChanges.ts";
import type { CommitteeRegistry } from "../../../types/study/CommitteeRegistry.ts";
import type { DatasetRegistry } from "../../../types/study/DatasetRegistry.ts";
import type { StudyAgreements } from "../../../types/study/StudyAgreements.ts";
import type { StudyRegistry } from "../../../types/study/StudyRegistry.ts";
import type { Deployment } from "../../../scripts/admin/deployContracts.ts";
import type { AdaptiveTrial } from "../../../types/trial/AdaptiveTrial.ts";
import type { TrialRulebook } from "../../../types/trial/TrialRulebook.ts";
import { encodeBounds, encodeDescriptor, encodeParameters } from "../../../workers/messages/descriptor.ts";
import { authoredAgreement } from "../../../workers/query/authoredAgreement.ts";
import { type RequestContext, type Verdict, outputsHash, statementHash } from "../../../workers/messages/statement.ts";
import { ACCEPTANCE, ANSWER, RECEIPT, STUDY_SIGNATURE, VETTING } from "../../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../../workers/messages/typedData.ts";
import { account, chainId, deploy, ethers, now } from "./chain.ts";

export const CONSORTIUM = account(0);
export const OWNERS = [1, 2, 3].map(account);
export const QUERIER = account(4);
export const OTHER_QUERIER = account(5);
export const OUTSIDER = account(6);
export const WORKERS = [7, 8, 9, 10, 11, 12, 13].map(account);
/** Of organisations Ethics A, Ethics A, Ethics B and of the querier's own. */
export const VETTERS = [14, 15, 16, 17].map(account);
export const RELAYER = account(18);

export const YEAR = 31_536_000n;
export const PURPOSE = id("DUO:0000007");
export const SCHEMA = '{"name":"trial"}';
export const SCHEMA_HASH = id(SCHEMA);
export const DOCUMENT_HASH = id("the study agreement, version 1");
export const PARTIES = ["Hospital 1", "Hospital 2", "Hospital 3", "Consortium"];
/** Of a query by this author. */
export function agreementBy(author: string): string {
  return authoredAgreement("I shall not try to identify anyone.", author);
}
export const AGREEMENT = agreementBy(QUERIER.address);
export const PRICE = 10_000_003n;
export const FINGERPRINT = (account: string): string => id(`certificate of ${account}`);

export type Admission = {
  organisationName: string;
  expiry: bigint;
  tlsFingerprint: string;
  endpoint: string;
  encryptionKey: string;
  purposes: string[];
};

export async function admissionOf(wallet: HDNodeWallet, organisationName: string): Promise<Admission> {
  return {
    organisationName,
    expiry: (await now()) + YEAR,
    tlsFingerprint: FINGERPRINT(wallet.address),
    endpoint: `${organisationName.toLowerCase().replaceAll(" ", "-")}.example:7443`,
    encryptionKey: wallet.signingKey.compressedPublicKey,
    purposes: [PURPOSE],
  };
}

export async function deployContracts() {
  return contractsOf(await deploy(CONSORTIUM));
}

/** The contracts of a deployment, called by the first account. */
export function contractsOf(deployment: Deployment) {
  const contract = <Type>(name: string): Type => {
    const entry = deployment.contracts[name];
    if (!entry) throw new Error(name);
    return new ethers.Contract(entry.address, entry.abi, CONSORTIUM) as unknown as Type;
  };
  return {
    deployment,
    access: contract<ConsortiumAccess>("ConsortiumAccess"),
    registry: contract<DeploymentRegistry>("DeploymentRegistry"),
    emergencyStop: contract<EmergencyStop>("EmergencyStop"),
    trail: contract<AuditTrail>("AuditTrail"),
    owners: contract<MemberRegistry>("DataOwnerRegistry"),
    vetters: contract<MemberRegistry>("VetterRegistry"),
    queriers: contract<MemberRegistry>("QuerierRegistry"),
    workers: contract<MemberRegistry>("WorkerRegistry"),
    boards: contract<MemberRegistry>("BoardRegistry"),
    auditors: contract<MemberRegistry>("AuditorRegistry"),
    studies: contract<StudyRegistry>("StudyRegistry"),
    committees: contract<CommitteeRegistry>("CommitteeRegistry"),
    changes: contract<CommitteeChanges>("CommitteeChanges"),
    agreements: contract<StudyAgreements>("StudyAgreements"),
    datasets: contract<DatasetRegistry>("DatasetRegistry"),
    consents: contract<ConsentRegistry>("ConsentRegistry"),
    credits: contract<Credits>("Credits"),
    verifiers: contract<ProofVerifierRegistry>("ProofVerifierRegistry"),
    catalogue: contract<QueryCatalogue>("QueryCatalogue"),
    implementation: contract<QuerySmartContract>("QuerySmartContract"),
    rulebook: contract<TrialRulebook>("TrialRulebook"),
    adaptiveTrial: contract<AdaptiveTrial>("AdaptiveTrial"),
  };
}
export type Contracts = ReturnType<typeof contractsOf>;

export async function admitMembers() {
  const contracts = await deployContracts();
  const admit = async (registry: MemberRegistry, wallet: HDNodeWallet, organisation: string): Promise<void> => {
    await registry.admit(wallet.address, await admissionOf(wallet, organisation));
  };
  for (const [i, wallet] of OWNERS.entries()) await admit(contracts.owners, wallet, `Hospital ${i + 1}`);
  for (const [i, wallet] of WORKERS.entries()) await admit(contracts.workers, wallet, `Operator ${i + 1}`);
  for (const wallet of [QUERIER, OTHER_QUERIER]) await admit(contracts.queriers, wallet, "University");
  const organisations = ["Ethics A", "Ethics A", "Ethics B", "University"];
  for (const [i, wallet] of VETTERS.entries()) await admit(contracts.vetters, wallet, organisations[i] ?? "");
  return contracts;
}

export const POLICY = {
  k: 11,
  vettings: 2,
  vettingOrganisations: 2,
  minimumThreshold: 2,
  demonstration: true,
  openingsBudget: 100,
  deadlineBlocks: 20n,
  ownersShare: 5_000,
  workersShare: 4_000,
  authorShare: 1_000,
  price: PRICE,
  storageFeePerRow: 0n,
  leastDeposit: 0n,
  sealedK: 0,
  closedSite: 0,
  organisationQuota: 0,
  historyCap: 0,
  fieldRulesHash: ZeroHash,
  purposes: [PURPOSE],
};
export type Policy = typeof POLICY;

/** Every field may be used. */
export const NO_RULES = { uses: "0x", cuts: [] };

export function studyIdOf(studies: string, name: string): string {
  const words = [chainId, studies, SCHEMA_HASH, id(name)];
  return keccak256(AbiCoder.defaultAbiCoder().encode(["uint256", "address", "bytes32", "bytes32"], words));
}

/** A study "Trial" with a committee of the first n workers. */
export async function registerStudy(n = 4, t = 1, policy: Policy = POLICY) {
  const contracts = await admitMembers();
  await contracts.studies.register("Trial", SCHEMA, policy, 14, id("reference string"), NO_RULES);
  const studyId = studyIdOf(await contracts.studies.getAddress(), "Trial");
  const committee = WORKERS.slice(0, n);
  await contracts.committees.appoint(
    studyId,
    committee.map(({ address }) => address),
    t,
  );
  await contracts.agreements.publish(studyId, DOCUMENT_HASH, "EU", PARTIES);
  for (const owner of OWNERS) await signAgreement({ ...contracts, studyId }, owner);
  return { ...contracts, studyId, committee };
}

export async function studySignatureOf(world: Contracts & { studyId: string }, owner: HDNodeWallet) {
  const version = await world.agreements.newestVersion(world.studyId);
  const { documentHash } = await world.agreements.agreement(world.studyId, version);
  return {
    studyId: world.studyId,
    version,
    documentHash,
    owner: owner.address,
    name: "Dr. Olga Example",
    meaning: "I sign for the hospital.",
    signedAt: await now(),
    nonce: await world.agreements.nonces(owner.address),
    deadline: (await now()) + 3600n,
  };
}

export async function signAgreement(world: Contracts & { studyId: string }, owner: HDNodeWallet) {
  const given = await studySignatureOf(world, owner);
  const domain = opalineDomain(chainId, await world.agreements.getAddress());
  const signature = await owner.signTypedData(domain, STUDY_SIGNATURE, given);
  return world.agreements.connect(RELAYER).sign(given, signature);
}
export type StudyWorld = Awaited<ReturnType<typeof registerStudy>>;

/** Everything `activate` takes for one segment, properly signed. */
export async function signedSegment(world: StudyWorld, owner: HDNodeWallet, version: bigint, rowCount = 100n) {
  const registry = await world.datasets.getAddress();
  const datasetId = await world.datasets.datasetIdOf(world.studyId, owner.address);
  const fileHashes = world.committee.map((_, j) => id(`${owner.address} version ${version} file ${j + 1}`));
  const sharesRoot = keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32[]"], [fileHashes]));
  const domain = opalineDomain(chainId, registry);
  const receipts = await Promise.all(
    world.committee.map((worker, j) =>
      worker.signTypedData(domain, RECEIPT, { datasetId, worker: worker.address, fileHash: fileHashes[j] }),
    ),
  );
  const segment = { rowCount, columnsRoot: id(`columns ${owner.address} ${version}`), sharesRoot };
  // As long as a dealing proof of (4, 1); the chain does not read it.
  const ingestProof = concat([1, 2, 3, 4, 5, 6].map((word) => id(`${owner.address} version ${version} proof ${word}`)));
  return { datasetId, version, segment, fileHashes, receipts, ingestProof };
}

/** Pays the study's storage fee. */
export async function activate(world: StudyWorld, owner: HDNodeWallet, version = 1n, rowCount = 100n): Promise<string> {
  const signed = await signedSegment(world, owner, version, rowCount);
  const { datasetId, segment, fileHashes, receipts, ingestProof } = signed;
  const value = (await world.studies.policy(world.studyId)).storageFeePerRow * rowCount;
  await world.datasets
    .connect(owner)
    .activate(world.studyId, version, segment, fileHashes, receipts, ingestProof, { value });
  return datasetId;
}

export async function activateDatasets(n = 4, t = 1, policy: Policy = POLICY) {
  const world = await registerStudy(n, t, policy);
  const datasetIds: string[] = [];
  for (const owner of OWNERS) datasetIds.push(await activate(world, owner));
  datasetIds.sort();
  return { ...world, datasetIds };
}

export const DESCRIPTOR = {
  format: 2,
  schemaHash: SCHEMA_HASH,
  atoms: [
    { op: 0, field: 0, lo: 0n, hi: 0n, bind: 0 },
    { op: 4, field: 1, lo: 0n, hi: 1n, bind: 3 },
    { op: 3, field: 2, lo: 2n, hi: 0n, bind: 1 },
  ],
  factors: [{ terms: [{ coefficient: 1n, signal: 1 }] }, { terms: [{ coefficient: -1n, signal: 2 }] }],
  products: [{ left: 0, right: 1 }],
  steps: [{ axes: [{ field: 3, missing: false, cuts: [], lines: [] }], outputs: [{ left: 0, right: 65535 }] }],
  columns: [
    { name: "arm", finish: 0, axes: [], sums: [0], decimals: [], arguments: [] },
    { name: "count", finish: 1, axes: [], sums: [0], decimals: [], arguments: [] },
  ],
} as const;
export const BOUNDS = [
  { name: "lo", kind: 0, field: 1, decimals: 0, minimum: 18n, maximum: 90n, allowed: [] },
  { name: "hi", kind: 0, field: 1, decimals: 0, minimum: 18n, maximum: 90n, allowed: [] },
  { name: "marker", kind: 3, field: 2, decimals: 0, minimum: 0n, maximum: 2n, allowed: [0n, 2n] },
] as const;
export const PARAMETERS = encodeParameters([40n, 70n, 2n]);

/** What `publish` takes. */
export function publication(sql = "SELECT arm, COUNT(*) FROM trial", author = QUERIER.address) {
  return {
    descriptor: encodeDescriptor(DESCRIPTOR),
    sql,
    bounds: encodeBounds(BOUNDS),
    manifest: "counts by arm",
    agreement: agreementBy(author),
  };
}

export function queryHashOf({ descriptor, sql, bounds, manifest, agreement }: ReturnType<typeof publication>): string {
  const words = [SCHEMA_HASH, keccak256(descriptor), id(sql), keccak256(bounds), id(manifest), id(agreement)];
  return keccak256(AbiCoder.defaultAbiCoder().encode(Array<string>(6).fill("bytes32"), words));
}

/** @param as the member that the author's key signs for, where they differ */
export async function publish(
  world: StudyWorld,
  author: HDNodeWallet,
  sql?: string,
  as = author.address,
): Promise<string> {
  const given = publication(sql, as);
  const { descriptor, bounds, manifest, agreement } = given;
  await world.catalogue.connect(author).publish(world.studyId, descriptor, given.sql, bounds, manifest, agreement);
  return queryHashOf(given);
}

export async function publishQuery(n = 4, t = 1, policy: Policy = POLICY) {
  const world = await activateDatasets(n, t, policy);
  return { ...world, queryHash: await publish(world, QUERIER) };
}
export type QueryWorld = Awaited<ReturnType<typeof publishQuery>>;

export type VettingChange = { approved?: boolean; comment?: string; validUntil?: bigint };

/** An approval for two years, longer than any credential, or a rejection with its reason. */
export async function vettingOf(world: QueryWorld, vetter: HDNodeWallet, change: VettingChange = {}) {
  const { approved = true } = change;
  return {
    queryHash: world.queryHash,
    vetter: vetter.address,
    approved,
    comment: change.comment ?? (approved ? "" : "The cells are too small."),
    name: "Dr. Ada Example",
    meaning: "I have read the query and its manifest.",
    signedAt: await now(),
    validUntil: change.validUntil ?? (approved ? (await now()) + 2n * YEAR : 0n),
    nonce: await world.catalogue.nonces(vetter.address),
    deadline: (await now()) + 3600n,
  };
}

/** @param overrides a gas limit, where an estimate would be made at another time than the act */
export async function vet(
  world: QueryWorld,
  vetter: HDNodeWallet,
  change: VettingChange = {},
  overrides: { gasLimit?: number } = {},
) {
  const vetting = await vettingOf(world, vetter, change);
  const domain = opalineDomain(chainId, await world.catalogue.getAddress());
  const signature = await vetter.signTypedData(domain, VETTING, vetting);
  return world.catalogue.connect(RELAYER).vet(vetting, signature, overrides);
}

export async function vetQuery(n = 4, t = 1, policy: Policy = POLICY) {
  const world = await publishQuery(n, t, policy);
  await vet(world, VETTERS[0] as HDNodeWallet);
  await vet(world, VETTERS[2] as HDNodeWallet);
  const { queryContract } = await world.catalogue.query(world.queryHash);
  const abi = world.implementation.interface;
  const query = new ethers.Contract(queryContract, abi, QUERIER) as unknown as QuerySmartContract;
  return { ...world, query };
}
export type ActiveWorld = Awaited<ReturnType<typeof vetQuery>>;

export async function acceptanceOf(world: ActiveWorld, querier: HDNodeWallet) {
  return {
    queryHash: world.queryHash,
    agreementHash: id(AGREEMENT),
    querier: querier.address,
    name: "Dr. Quentin Example",
    meaning: "I accept.",
    signedAt: await now(),
    nonce: await world.query.nonces(querier.address),
    deadline: (await now()) + 3600n,
  };
}

export async function accept(world: ActiveWorld, querier: HDNodeWallet) {
  const acceptance = await acceptanceOf(world, querier);
  const domain = opalineDomain(chainId, await world.query.getAddress());
  const signature = await querier.signTypedData(domain, ACCEPTANCE, acceptance);
  return world.query.connect(RELAYER).acceptAgreement(acceptance, signature);
}

export async function acceptAgreement(n = 4, t = 1, policy: Policy = POLICY) {
  const world = await vetQuery(n, t, policy);
  await accept(world, QUERIER);
  return world;
}

export type Asked = { context: RequestContext; querier: string; nonce: bigint; deadlineBlock: bigint; gasUsed: bigint };

/** Of requests: none is asked twice. */
let nextNonce = 0n;

/** Asks over all datasets and reads the event back. */
export async function ask(
  world: ActiveWorld & { datasetIds: string[] },
  querier = QUERIER,
  recipients: readonly string[] = [],
): Promise<Asked> {
  const price = (await world.studies.policy(world.studyId)).price;
  const releaseClass = recipients.length === 0 ? 0 : 1;
  const nonce = nextNonce++;
  const sent = await world.query
    .connect(querier)
    .request(nonce, PARAMETERS, world.datasetIds, releaseClass, [...recipients], { value: price });
  return { ...askedIn(world, await sent.wait()), nonce };
}

/** What the request in a receipt fixed. */
export function askedIn(world: ActiveWorld, receipt: ContractTransactionReceipt | null): Omit<Asked, "nonce"> {
  const found = receipt?.logs
    .map((log) => world.query.interface.parseLog(log))
    .find((parsed) => parsed?.name === "QueryRequested");
  if (!receipt || !found) throw new Error("no QueryRequested");
  const raw = found.args["context"];
  const context: RequestContext = {
    studyId: raw.studyId,
    requestId: raw.requestId,
    queryHash: raw.queryHash,
    parametersHash: raw.parametersHash,
    policyHash: raw.policyHash,
    datasetRoots: [...raw.datasetRoots],
    committeeEpoch: raw.committeeEpoch,
    requestBlock: raw.requestBlock,
    consentMaskRoot: raw.consentMaskRoot,
    releaseClass: Number(raw.releaseClass) as 0 | 1,
    recipientsHash: raw.recipientsHash,
  };
  const { querier, deadlineBlock } = found.args;
  return { context, querier, deadlineBlock, gasUsed: receipt.gasUsed };
}

export async function openRequest(n = 4, t = 1, policy: Policy = POLICY) {
  const world = await acceptAgreement(n, t, policy);
  return { ...world, asked: await ask(world) };
}

/** Compressed keys, ascending. */
export const RECIPIENTS: readonly string[] = [QUERIER, OTHER_QUERIER, OUTSIDER]
  .map(({ signingKey }) => signingKey.compressedPublicKey)
  .sort();

export async function openSealedRequest() {
  const world = await acceptAgreement();
  return { ...world, asked: await ask(world, QUERIER, RECIPIENTS) };
}
export type OpenWorld = Awaited<ReturnType<typeof openRequest>>;

export const VERDICT: Verdict = {
  attempt: 1n,
  outcome: 1,
  suppressedBitmap: hexlify(toUtf8Bytes("")),
  outputs: [31n, 1_234n, 56_789n, 29n, 1_111n, 44_444n],
  sealedHash: ZeroHash,
};

/** Signatures of workers at the given points over the verdict. */
export async function signVerdict(
  world: OpenWorld,
  verdict: Verdict,
  points: readonly number[],
  context?: RequestContext,
) {
  const contract = await world.query.getAddress();
  const statement = statementHash({ chainId, contract, context: context ?? world.asked.context, verdict });
  const domain = opalineDomain(chainId, contract);
  return Promise.all(
    points.map(async (index) => {
      const worker = world.committee[index - 1] as HDNodeWallet;
      return { index, signature: await worker.signTypedData(domain, ANSWER, { statement }) };
    }),
  );
}

/** What `expire` takes of the world's request, and every other act about one before its own arguments. */
export function wordsOf({ asked: { context, querier } }: { asked: Pick<Asked, "context" | "querier"> }) {
  return [contextOf(context), querier] as const;
}

/** The same of one that was answered with these outputs, or ended without. */
export function endedWordsOf(world: Parameters<typeof wordsOf>[0], verdict?: Pick<Verdict, "outputs">) {
  return [...wordsOf(world), verdict === undefined ? ZeroHash : outputsHash(verdict.outputs)] as const;
}

/** ethers wants mutable arrays. */
export function contextOf(context: RequestContext) {
  return { ...context, datasetRoots: [...context.datasetRoots] };
}
export function verdictOf(verdict: Verdict) {
  return { ...verdict, outputs: [...verdict.outputs] };
}

export async function answer(world: OpenWorld, points = [1, 2, 3], verdict: Verdict = VERDICT) {
  const signatures = await signVerdict(world, verdict, points);
  const { context, querier } = world.asked;
  return world.query.connect(RELAYER).answer(contextOf(context), querier, verdictOf(verdict), signatures);
}
