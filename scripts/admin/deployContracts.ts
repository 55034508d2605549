/**
 * Deploys Opaline's contracts in the one order that works, and writes down where they are. Each contract is one
 * transaction; there is no proxy and no initialiser, so a deployment that stops half-way is worthless and harmless: start
 * again.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ContractFactory } from "ethers";
import type { InterfaceAbi, Signer } from "ethers";
import { receiptOf } from "#chain";
import { type Governance, configureContracts } from "./configureContracts.ts";

/** What the compiler made of one contract. */
export type Artifact = { readonly abi: InterfaceAbi; readonly bytecode: string };

export type DeployOptions = {
  /** Pays for everything; holds ADMIN_ROLE until the governance is set. */
  readonly signer: Signer;
  /** Who governs and how slowly; the signer itself, without delay, unless told otherwise. */
  readonly governance?: Partial<Governance>;
  /** What the deployment is announced as; by the consortium of `registry` later, where one is given. */
  readonly version?: string;
  /** The DeploymentRegistry of the deployment that this one is to follow; a new one is deployed otherwise. */
  readonly registry?: string;
  /** The artifact of a contract by its name, as Hardhat's `artifacts.readArtifact` gives it. */
  readonly artifact: (name: string) => Artifact | Promise<Artifact>;
  /** Called with one line per contract. */
  readonly log?: (line: string) => void;
};

export type DeployedContract = { readonly address: string; readonly abi: InterfaceAbi };

export type Deployment = {
  /** By contract name; QuerySmartContract is the implementation that every vetted query's contract is a clone of. */
  readonly contracts: Readonly<Record<string, DeployedContract>>;
  /** By contract name, and `configuration` for recorders, roles and announcement together. */
  readonly gasUsed: Readonly<Record<string, bigint>>;
  /** The block of the first deployment: nothing of this network happened before it. */
  readonly block: number;
};

/** Each contract and its constructor's arguments, by name, after those it names; `signer` is the deploying address. */
const ORDER: readonly (readonly [name: string, ...parameters: string[]])[] = [
  ["ConsortiumAccess", "signer"],
  ["DeploymentRegistry", "ConsortiumAccess"],
  ["AuditTrail", "ConsortiumAccess"],
  ["EmergencyStop", "ConsortiumAccess", "AuditTrail"],
  ["DataOwnerRegistry", "ConsortiumAccess", "AuditTrail"],
  ["VetterRegistry", "ConsortiumAccess", "AuditTrail"],
  ["QuerierRegistry", "ConsortiumAccess", "AuditTrail"],
  ["WorkerRegistry", "ConsortiumAccess", "AuditTrail"],
  ["BoardRegistry", "ConsortiumAccess", "AuditTrail"],
  ["AuditorRegistry", "ConsortiumAccess", "AuditTrail"],
  ["StudyRegistry", "ConsortiumAccess", "AuditTrail"],
  ["Credits", "AuditTrail", ...["DataOwnerRegistry", "QuerierRegistry", "WorkerRegistry", "VetterRegistry"]],
  ["CommitteeRegistry", "ConsortiumAccess", "AuditTrail", "StudyRegistry", "WorkerRegistry", "Credits"],
  ["StudyAgreements", "ConsortiumAccess", "AuditTrail", "StudyRegistry", "DataOwnerRegistry"],
  [
    "DatasetRegistry",
    ...["ConsortiumAccess", "AuditTrail", "DataOwnerRegistry", "QuerierRegistry", "StudyRegistry", "CommitteeRegistry"],
    ...["StudyAgreements", "Credits"],
  ],
  ["CommitteeChanges", ...["AuditTrail", "CommitteeRegistry", "DatasetRegistry", "DataOwnerRegistry"]],
  ["ConsentRegistry", ...["ConsortiumAccess", "AuditTrail", "DataOwnerRegistry", "StudyRegistry", "DatasetRegistry"]],
  ["ProofVerifierRegistry", "ConsortiumAccess", "AuditTrail", "StudyRegistry"],
  [
    "QuerySmartContract",
    ...["AuditTrail", "QuerierRegistry", "CommitteeRegistry", "WorkerRegistry", "DatasetRegistry", "ConsentRegistry"],
    ...["Credits", "ProofVerifierRegistry"],
  ],
  [
    "QueryCatalogue",
    ...["ConsortiumAccess", "AuditTrail", "StudyRegistry", "VetterRegistry", "QuerierRegistry"],
    ...["DatasetRegistry", "QuerySmartContract"],
  ],
  ["TrialRulebook"],
  [
    "AdaptiveTrial",
    ...["ConsortiumAccess", "AuditTrail", "BoardRegistry", "DatasetRegistry", "QueryCatalogue", "TrialRulebook"],
  ],
];

const DEFAULT_VERSION = "1";

/** Deploys all contracts, sets recorders and roles, and announces a first deployment. Throws ethers' errors as they are. */
export async function deployContracts(options: DeployOptions): Promise<Deployment> {
  const contracts: Record<string, DeployedContract> = {};
  const gasUsed: Record<string, bigint> = {};
  const signer = await options.signer.getAddress();
  const addresses: Record<string, string> = { signer };
  let block: number | undefined;
  for (const [name, ...parameters] of ORDER) {
    const { abi, bytecode } = await options.artifact(name);
    if (name === "DeploymentRegistry" && options.registry !== undefined) {
      contracts[name] = { address: options.registry, abi };
      continue;
    }
    const factory = new ContractFactory(abi, bytecode, options.signer);
    const contract = await factory.deploy(...parameters.map((parameter) => addresses[parameter]));
    const receipt = await receiptOf(contract.deploymentTransaction()!); // it was sent just now
    const address = await contract.getAddress();
    addresses[name] = address;
    contracts[name] = { address, abi };
    gasUsed[name] = receipt.gasUsed;
    block ??= receipt.blockNumber;
    options.log?.(`${name} at ${address}, ${receipt.gasUsed} gas`);
  }
  gasUsed["configuration"] = await configureContracts(contracts, options.signer, {
    governance: {
      consortium: signer,
      guardian: options.governance?.consortium ?? signer,
      delaySeconds: 0,
      ...options.governance,
    },
    announceAs: options.registry === undefined ? (options.version ?? DEFAULT_VERSION) : undefined,
  });
  options.log?.(`recorders, roles and announcement, ${gasUsed["configuration"]} gas`);
  return { contracts, gasUsed, block: block ?? 0 };
}

export type DeploymentRecord = {
  /** The network's name; the folder is named after it. */
  readonly network: string;
  readonly chainId: number | bigint;
  readonly block: number;
  readonly contracts: Readonly<Record<string, DeployedContract>>;
};

/**
 * Writes `<directory>/contracts.json` and `<directory>/abi/<Name>.json`, where directory is `deployments/<network>`.
 * The addresses come last, so a folder with contracts.json is complete.
 */
export async function writeDeployment(directory: string, record: DeploymentRecord): Promise<void> {
  await mkdir(join(directory, "abi"), { recursive: true });
  const addresses: Record<string, { address: string }> = {};
  for (const [name, { address, abi }] of Object.entries(record.contracts)) {
    addresses[name] = { address };
    await writeFile(join(directory, "abi", `${name}.json`), `${JSON.stringify(abi, null, 2)}\n`);
  }
  const { network, block } = record;
  const content = { network, chainId: Number(record.chainId), block, contracts: addresses };
  await writeFile(join(directory, "contracts.json"), `${JSON.stringify(content, null, 2)}\n`);
}
