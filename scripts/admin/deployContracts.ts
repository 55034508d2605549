/**
 * Deploys Opaline's contracts in the one order that works, and writes down where they are. The signer becomes the
 * consortium (ADMIN_ROLE of ConsortiumAccess). Each contract is one transaction; there is no proxy and no initialiser, so
 * a deployment that stops half-way is worthless and harmless: start again.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Contract, ContractFactory } from "ethers";
import type { ContractTransactionResponse, InterfaceAbi, Signer, TransactionReceipt } from "ethers";

/** What the compiler made of one contract. */
export type Artifact = { readonly abi: InterfaceAbi; readonly bytecode: string };

export type DeployOptions = {
  /** Pays for everything and becomes the consortium. */
  readonly signer: Signer;
  /** The artifact of a contract by its name, as Hardhat's `artifacts.readArtifact` gives it. */
  readonly artifact: (name: string) => Artifact | Promise<Artifact>;
  /** Called with one line per contract. */
  readonly log?: (line: string) => void;
};

export type DeployedContract = { readonly address: string; readonly abi: InterfaceAbi };

export type Deployment = {
  /** By contract name; QuerySmartContract is the implementation that every vetted query's contract is a clone of. */
  readonly contracts: Readonly<Record<string, DeployedContract>>;
  /** By contract name, and `configuration` for recorders and roles together. */
  readonly gasUsed: Readonly<Record<string, bigint>>;
  /** The block of the first deployment: nothing of this network happened before it. */
  readonly block: number;
};

/** Each contract and its constructor's arguments, by name, after those it names; `signer` is the deploying address. */
const ORDER: readonly (readonly [name: string, ...parameters: string[]])[] = [
  ["ConsortiumAccess", "signer"],
  ["AuditTrail", "ConsortiumAccess"],
  ["DataOwnerRegistry", "ConsortiumAccess", "AuditTrail"],
  ["VetterRegistry", "ConsortiumAccess", "AuditTrail"],
  ["QuerierRegistry", "ConsortiumAccess", "AuditTrail"],
  ["WorkerRegistry", "ConsortiumAccess", "AuditTrail"],
  ["BoardRegistry", "ConsortiumAccess", "AuditTrail"],
  ["AuditorRegistry", "ConsortiumAccess", "AuditTrail"],
  ["StudyRegistry", "ConsortiumAccess", "AuditTrail"],
  ["CommitteeRegistry", "ConsortiumAccess", "AuditTrail", "StudyRegistry", "WorkerRegistry"],
  ["DatasetRegistry", "AuditTrail", "DataOwnerRegistry", "StudyRegistry", "CommitteeRegistry"],
  ["Escrow", "ConsortiumAccess", "AuditTrail", "CommitteeRegistry"],
  [
    "QuerySmartContract",
    ...["AuditTrail", "QuerierRegistry", "StudyRegistry", "CommitteeRegistry", "DatasetRegistry", "Escrow"],
  ],
  [
    "QueryCatalogue",
    ...["ConsortiumAccess", "AuditTrail", "StudyRegistry", "VetterRegistry", "QuerierRegistry", "Escrow"],
    "QuerySmartContract",
  ],
  ["TrialRulebook"],
  [
    "AdaptiveTrial",
    ...["ConsortiumAccess", "AuditTrail", "BoardRegistry", "DatasetRegistry", "QueryCatalogue", "TrialRulebook"],
  ],
];

/** The contracts that write to the audit trail; query contracts are added by the catalogue as it makes them. */
const RECORDERS = [
  ...["DataOwnerRegistry", "VetterRegistry", "QuerierRegistry", "WorkerRegistry", "BoardRegistry"],
  ...["AuditorRegistry", "StudyRegistry", "CommitteeRegistry", "DatasetRegistry", "Escrow", "QueryCatalogue"],
  "AdaptiveTrial",
];

/** As in ConsortiumAccess.sol; holder, and the functions that only this role may call. */
const ROLES = [
  {
    id: 1n,
    label: "CATALOGUE",
    holder: "QueryCatalogue",
    functions: [
      ["AuditTrail", "addRecorder"],
      ["Escrow", "addQueryContract"],
    ],
  },
  { id: 2n, label: "DATASETS", holder: "DatasetRegistry", functions: [["CommitteeRegistry", "freeze"]] },
] as const;

/** Deploys all contracts and sets recorders and roles. Throws ethers' errors as they are. */
export async function deployContracts(options: DeployOptions): Promise<Deployment> {
  const contracts: Record<string, DeployedContract> = {};
  const gasUsed: Record<string, bigint> = {};
  const addresses: Record<string, string> = { signer: await options.signer.getAddress() };
  let block: number | undefined;
  for (const [name, ...parameters] of ORDER) {
    const { abi, bytecode } = await options.artifact(name);
    const factory = new ContractFactory(abi, bytecode, options.signer);
    const contract = await factory.deploy(...parameters.map((parameter) => addresses[parameter]));
    const receipt = await mined(contract.deploymentTransaction());
    const address = await contract.getAddress();
    addresses[name] = address;
    contracts[name] = { address, abi };
    gasUsed[name] = receipt.gasUsed;
    block ??= receipt.blockNumber;
    options.log?.(`${name} at ${address}, ${receipt.gasUsed} gas`);
  }
  gasUsed["configuration"] = await configure(contracts, options.signer);
  options.log?.(`recorders and roles, ${gasUsed["configuration"]} gas`);
  return { contracts, gasUsed, block: block ?? 0 };
}

/** Recorders first: afterwards only the catalogue may add one. Returns the gas of all transactions. */
async function configure(contracts: Readonly<Record<string, DeployedContract>>, signer: Signer): Promise<bigint> {
  const bound = (name: string): Contract => {
    const { address, abi } = contracts[name] as DeployedContract;
    return new Contract(address, abi, signer);
  };
  let gas = 0n;
  const send = async (name: string, method: string, ...parameters: unknown[]): Promise<void> => {
    const sent = (await bound(name).getFunction(method)(...parameters)) as ContractTransactionResponse;
    gas += (await mined(sent)).gasUsed;
  };
  for (const name of RECORDERS) await send("AuditTrail", "addRecorder", contracts[name]?.address);
  for (const { id, label, holder, functions } of ROLES) {
    await send("ConsortiumAccess", "labelRole", id, label);
    for (const [target, name] of functions) {
      const selector = bound(target).getFunction(name).fragment.selector;
      await send("ConsortiumAccess", "setTargetFunctionRole", contracts[target]?.address, [selector], id);
    }
    await send("ConsortiumAccess", "grantRole", id, contracts[holder]?.address, 0);
  }
  return gas;
}

async function mined(sent: { wait(): Promise<TransactionReceipt | null> } | null): Promise<TransactionReceipt> {
  const receipt = await sent?.wait();
  // One confirmation is asked for, so ethers returns a receipt or throws.
  if (!receipt) throw new Error("a deployment transaction has no receipt");
  return receipt;
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
