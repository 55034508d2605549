/** What follows the deployment of the contracts: who records, who governs, and the first announcement. */
import { Contract } from "ethers";
import type { ContractTransactionResponse, Signer } from "ethers";
import { receiptOf } from "#chain";
import type { DeployedContract } from "./deployContracts.ts";
import { ADMIN_ROLE, GOVERNANCE_ROLES, GUARDED_ROLES, type GovernanceRole } from "./governanceRoles.ts";

/** Who governs a deployment. */
export interface Governance {
  /** Gets ADMIN, REGISTRAR and STEWARD; a multi-signature wallet in production. */
  readonly consortium: string;
  /** Gets GUARDIAN, without delay; the consortium, too, unless it is another account. */
  readonly guardian: string;
  /** How long the consortium's acts are public before they can be done; 0 = at once. */
  readonly delaySeconds: number;
}

export interface Configuration {
  readonly governance: Governance;
  /** The version to announce; undefined: the registry is another deployment's, whose consortium announces. */
  readonly announceAs: string | undefined;
}

type Deployed = Readonly<Record<string, DeployedContract>>;
type Send = (name: string, method: string, ...parameters: unknown[]) => Promise<void>;

/** The contracts that write to the audit trail; query contracts are added by the catalogue as it makes them. */
const RECORDERS = [
  "ConsortiumAccess",
  "DeploymentRegistry",
  "EmergencyStop",
  "DataOwnerRegistry",
  "VetterRegistry",
  "QuerierRegistry",
  "WorkerRegistry",
  "BoardRegistry",
  "AuditorRegistry",
  "StudyRegistry",
  "StudyAgreements",
  "Credits",
  "CommitteeRegistry",
  "DatasetRegistry",
  "CommitteeChanges",
  "ConsentRegistry",
  "QueryCatalogue",
  "ProofVerifierRegistry",
  "AdaptiveTrial",
];

/**
 * Sets everything, and hands over last: a signer who is not the consortium keeps no role.
 *
 * @returns the gas of all transactions
 */
export async function configureContracts(
  contracts: Deployed,
  signer: Signer,
  { governance, announceAs }: Configuration,
): Promise<bigint> {
  let gas = 0n;
  const send: Send = async (name, method, ...parameters) => {
    const { address, abi } = contracts[name] as DeployedContract;
    const call = new Contract(address, abi, signer).getFunction(method);
    gas += (await receiptOf((await call(...parameters)) as ContractTransactionResponse)).gasUsed;
  };
  // Recorders before roles: afterwards only the catalogue may add one.
  for (const name of RECORDERS) await send("AuditTrail", "addRecorder", contracts[name]?.address);
  await send("ConsortiumAccess", "setAuditTrail", contracts["AuditTrail"]?.address);
  for (const [label, role] of Object.entries(GOVERNANCE_ROLES)) await defineRole(contracts, send, label, role);
  for (const role of GUARDED_ROLES)
    await send("ConsortiumAccess", "setRoleGuardian", role, GOVERNANCE_ROLES.GUARDIAN.id);
  if (announceAs !== undefined) {
    await send("DeploymentRegistry", "announce", announceAs, announcedContracts(contracts));
  }
  await grantRoles(contracts, send, governance);
  await handOver(send, await signer.getAddress(), governance);
  return gas;
}

/** As DeploymentRegistry.announce takes them: ascending by name. */
export function announcedContracts(
  contracts: Readonly<Record<string, { readonly address: string }>>,
): { readonly name: string; readonly account: string }[] {
  const names = Object.keys(contracts).sort(); // ASCII names: code units are bytes
  return names.map((name) => ({ name, account: contracts[name]?.address ?? "" }));
}

async function defineRole(contracts: Deployed, send: Send, label: string, role: GovernanceRole): Promise<void> {
  await send("ConsortiumAccess", "labelRole", role.id, label);
  for (const [target, names] of Object.entries(role.functions)) {
    const { address, abi } = contracts[target] as DeployedContract;
    const selectors = names.map((name) => new Contract(address, abi).getFunction(name).fragment.selector);
    await send("ConsortiumAccess", "setTargetFunctionRole", address, selectors, role.id);
  }
}

async function grantRoles(contracts: Deployed, send: Send, governance: Governance): Promise<void> {
  const { consortium, guardian, delaySeconds } = governance;
  for (const { id, holder } of Object.values(GOVERNANCE_ROLES)) {
    if (holder === "people") await send("ConsortiumAccess", "grantRole", id, consortium, delaySeconds);
    else if (holder === "guardians") await send("ConsortiumAccess", "grantRole", id, guardian, 0);
    else await send("ConsortiumAccess", "grantRole", id, contracts[holder]?.address, 0);
  }
}

/** A signer that is the consortium has ADMIN already; with a delay, from its own grant of it on. */
async function handOver(send: Send, signer: string, { consortium, delaySeconds }: Governance): Promise<void> {
  if (consortium !== signer || delaySeconds > 0) {
    await send("ConsortiumAccess", "grantRole", ADMIN_ROLE, consortium, delaySeconds);
  }
  if (consortium !== signer) await send("ConsortiumAccess", "renounceRole", ADMIN_ROLE, signer);
}
