/**
 * The acts that found a network, as calls that the model chain and a real one take alike: members, a study with its
 * committee, vetted queries, an accepted agreement. Every signature is real.
 */
import { AbiCoder, SigningKey, Wallet, ZeroHash, id, keccak256 } from "ethers";
import { NO_FIELD_RULES } from "../../workers/messages/fieldRules.ts";
import { ACCEPTANCE, KEY_ROTATION, STUDY_SIGNATURE, VETTING } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { authoredAgreement } from "../../workers/query/authoredAgreement.ts";
import { queryHash } from "../../workers/query/queryHash.ts";
import { GENESIS_TIME } from "./modelChain.ts";
import { CHAIN_ID, abiOf } from "./modelDeployment.ts";
import type { ModelCall } from "./modelContracts.ts";
import { LOG2N, type PublishedQuery, SCHEMA, SCHEMA_TEXT } from "./simulatedStudy.ts";

export interface Account {
  readonly address: string;
  readonly wallet: Wallet;
}

function account(name: string): Account {
  const wallet = new Wallet(id(`simulator: ${name}`));
  return { address: wallet.address, wallet };
}

/** Keys are slow to make; every simulation uses the same. */
export const CONSORTIUM = account("consortium");
export const WORKERS = [1, 2, 3, 4, 5, 6, 7].map((i) => account(`worker ${i}`));
export const OWNERS = [1, 2].map((i) => account(`owner ${i}`));
export const QUERIER = account("querier");
/** Whoever's they become. */
export const SPARE_KEYS = [1, 2, 3, 4, 5, 6].map((i) => account(`spare key ${i}`));
/** Of no role that its acts ask for. */
export const STRANGER = WORKERS[6]!;
export const VETTERS = [1, 2].map((i) => account(`vetter ${i}`));

export const AGREEMENT = authoredAgreement("I shall not try to identify anyone.", QUERIER.address);
const FAR_FUTURE = 10_000_000_000n;
/** As far as a vetting reaches, but for the days that founding may take. */
const LONG_VALIDITY = 1_090n * 86_400n;
export const PURPOSE = id("research");

export function fingerprintOf({ address }: Account): string {
  return id(`certificate of ${address}`);
}

export function endpointOf(index: number): string {
  return `https://worker-${index}.invalid:7443`;
}

export interface GenesisOptions {
  readonly n: number;
  readonly t: number;
  readonly deadlineBlocks: bigint;
  readonly addresses: Readonly<Record<string, string>>;
  readonly queries: readonly PublishedQuery[];
  /** The last second at which the vettings of a query (by its number) count; far away without it. */
  readonly validUntil?: (query: number) => bigint;
}

export interface Act extends ModelCall {
  readonly by: Account;
}

/** The calldata of a function of a contract. */
export function act(
  by: Account,
  to: string,
  contract: string,
  name: string,
  args: readonly unknown[],
  value = 0n,
): Act {
  return { by, from: by.address, to, value, data: abiOf(contract).encodeFunctionData(name, args) };
}

/** The member hands over to another key, which has signed for it. */
export async function rotation(
  addresses: Readonly<Record<string, string>>,
  registry: string,
  member: Account,
  [oldKey, newKey]: readonly [Account, Account],
): Promise<Act> {
  const encryptionKey = newKey.wallet.signingKey.compressedPublicKey;
  const keys = { oldKey: oldKey.address, newKey: newKey.address, encryptionKey };
  const message = { member: member.address, ...keys, deadline: FAR_FUTURE };
  const domain = opalineDomain(CHAIN_ID, addresses[registry]!);
  const signature = await newKey.wallet.signTypedData(domain, KEY_ROTATION, message);
  return act(oldKey, addresses[registry]!, registry, "rotateKey", [message, signature]);
}

function admissions(addresses: Readonly<Record<string, string>>): Act[] {
  const admit = (registry: string, member: Account, organisationName: string, endpoint: string): Act => {
    const encryptionKey = SigningKey.computePublicKey(member.wallet.signingKey.publicKey, true);
    const place = { endpoint, tlsFingerprint: fingerprintOf(member), encryptionKey };
    const admission = { organisationName, expiry: FAR_FUTURE, ...place, purposes: [PURPOSE] };
    return act(CONSORTIUM, addresses[registry]!, registry, "admit", [member.address, admission]);
  };
  return [
    ...WORKERS.map((worker, i) => admit("WorkerRegistry", worker, `Operator ${i + 1}`, endpointOf(i + 1))),
    ...OWNERS.map((owner, i) => admit("DataOwnerRegistry", owner, `Hospital ${i + 1}`, "")),
    ...VETTERS.map((vetter, i) => admit("VetterRegistry", vetter, `Ethics ${i + 1}`, "")),
    admit("QuerierRegistry", QUERIER, "University", ""),
  ];
}

function policyOf(deadlineBlocks: bigint): Record<string, unknown> {
  const vetting = { k: 5, vettings: 2, vettingOrganisations: 2 };
  const committee = { minimumThreshold: 2, demonstration: true };
  const shares = { ownersShare: 5_000, workersShare: 4_000, authorShare: 1_000 };
  const fees = { ...shares, price: 0n, storageFeePerRow: 0n, leastDeposit: 0n };
  const ruled = { sealedK: 3, closedSite: 0, organisationQuota: 1_000, historyCap: 10_000, fieldRulesHash: ZeroHash };
  return { ...vetting, ...committee, openingsBudget: 1_000, deadlineBlocks, ...fees, ...ruled, purposes: [PURPOSE] };
}

export function studyIdOf(addresses: Readonly<Record<string, string>>): string {
  const words = [CHAIN_ID, addresses["StudyRegistry"], SCHEMA.hash, id("Trial")];
  return keccak256(AbiCoder.defaultAbiCoder().encode(["uint256", "address", "bytes32", "bytes32"], words));
}

/** The study's agreement, signed by every owner. */
async function agreements(addresses: Readonly<Record<string, string>>): Promise<Act[]> {
  const contract = addresses["StudyAgreements"]!;
  const place = { studyId: studyIdOf(addresses), version: 1n, documentHash: id("agreement") };
  const statement = { name: "Dr. Example", meaning: "I sign.", signedAt: 1n, nonce: 0n, deadline: FAR_FUTURE };
  const signatures = OWNERS.map(async ({ address: owner, wallet }) => {
    const given = { ...place, owner, ...statement };
    const signature = await wallet.signTypedData(opalineDomain(CHAIN_ID, contract), STUDY_SIGNATURE, given);
    return act(CONSORTIUM, contract, "StudyAgreements", "sign", [given, signature]);
  });
  const publication = [place.studyId, place.documentHash, "EU", ["Hospital 1", "Hospital 2"]];
  return [act(CONSORTIUM, contract, "StudyAgreements", "publish", publication), ...(await Promise.all(signatures))];
}

export function hashOf({ compiled }: PublishedQuery): string {
  const { descriptorBytes, sql, boundsBytes, manifest } = compiled;
  return queryHash(SCHEMA.hash, descriptorBytes, sql, boundsBytes, manifest, AGREEMENT);
}

async function vettings(options: GenesisOptions, query: PublishedQuery, index: number): Promise<Act[]> {
  const catalogue = options.addresses["QueryCatalogue"]!;
  const domain = opalineDomain(CHAIN_ID, catalogue);
  return Promise.all(
    VETTERS.map(async (vetter) => {
      const statement = { name: "Dr. Example", meaning: "I have read it.", signedAt: 1n, deadline: FAR_FUTURE };
      const validUntil = options.validUntil?.(index) ?? GENESIS_TIME + LONG_VALIDITY;
      const place = { queryHash: hashOf(query), vetter: vetter.address, approved: true, comment: "", validUntil };
      const vetting = { ...place, ...statement, nonce: BigInt(index) };
      const signature = await vetter.wallet.signTypedData(domain, VETTING, vetting);
      return act(vetter, catalogue, "QueryCatalogue", "vet", [vetting, signature]);
    }),
  );
}

/** In this order; the agreements, which need the query contracts' addresses, are `acceptances`. */
export async function foundingActs(options: GenesisOptions): Promise<Act[]> {
  const { n, t, deadlineBlocks, addresses, queries } = options;
  const studyId = studyIdOf(addresses);
  const registration = ["Trial", SCHEMA_TEXT, policyOf(deadlineBlocks), LOG2N, ZeroHash, NO_FIELD_RULES];
  const committee = [studyId, WORKERS.slice(0, n).map(({ address }) => address), t];
  const published = await Promise.all(
    queries.map(async (query, i) => {
      const { descriptorBytes, sql, boundsBytes, manifest } = query.compiled;
      const texts = [studyId, descriptorBytes, sql, boundsBytes, manifest, AGREEMENT];
      const publication = act(QUERIER, addresses["QueryCatalogue"]!, "QueryCatalogue", "publish", texts);
      return [publication, ...(await vettings(options, query, i))];
    }),
  );
  return [
    ...admissions(addresses),
    act(CONSORTIUM, addresses["StudyRegistry"]!, "StudyRegistry", "register", registration),
    act(CONSORTIUM, addresses["CommitteeRegistry"]!, "CommitteeRegistry", "appoint", committee),
    ...(await agreements(addresses)),
    act(CONSORTIUM, addresses["ConsentRegistry"]!, "ConsentRegistry", "publishForm", [studyId, id("consent form")]),
    ...published.flat(),
  ];
}

/** The querier accepts the agreement of every query contract. */
export function acceptances(queries: readonly PublishedQuery[], contracts: readonly string[]): Promise<Act[]> {
  return Promise.all(
    queries.map(async (query, i) => {
      const contract = contracts[i]!;
      const statement = { name: "Dr. Example", meaning: "I accept.", signedAt: 1n, nonce: 0n, deadline: FAR_FUTURE };
      const place = { queryHash: hashOf(query), agreementHash: id(AGREEMENT), querier: QUERIER.address };
      const acceptance = { ...place, ...statement };
      const signature = await QUERIER.wallet.signTypedData(opalineDomain(CHAIN_ID, contract), ACCEPTANCE, acceptance);
      return act(QUERIER, contract, "QuerySmartContract", "acceptAgreement", [acceptance, signature]);
    }),
  );
}
