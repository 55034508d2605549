/** The roles of `contracts/governance/ConsortiumAccess.sol`: their ids, who holds them, and what only they may call. */

import { MEMBER_REGISTRIES } from "#chain";

export interface GovernanceRole {
  readonly id: bigint;
  /** Held by a contract of this name, or by people: see {@link Governance}. */
  readonly holder:
    | "people"
    | "guardians"
    | "QueryCatalogue"
    | "DatasetRegistry"
    | "CommitteeChanges"
    | "EmergencyStop"
    | "ConsentRegistry";
  /** Function names by contract. */
  readonly functions: Readonly<Record<string, readonly string[]>>;
}

function inEachRegistry(...functions: string[]): Record<string, readonly string[]> {
  return Object.fromEntries(Object.values(MEMBER_REGISTRIES).map((name) => [name, functions]));
}

/** Every `restricted` function that is not here is for ADMIN, id 0. What stops something is the guardian's. */
export const GOVERNANCE_ROLES = {
  CATALOGUE: {
    id: 1n,
    holder: "QueryCatalogue",
    functions: { AuditTrail: ["addRecorder"], DatasetRegistry: ["addQueryContract", "serveUntil"] },
  },
  DATASETS: { id: 2n, holder: "DatasetRegistry", functions: { CommitteeRegistry: ["freeze"] } },
  REGISTRAR: { id: 3n, holder: "people", functions: inEachRegistry("admit", "replaceKey") },
  STEWARD: {
    id: 4n,
    holder: "people",
    functions: {
      StudyRegistry: ["register"],
      StudyAgreements: ["publish"],
      CommitteeRegistry: ["appoint", "propose", "withdrawProposal"],
      ConsentRegistry: ["publishForm", "setRules"],
      DatasetRegistry: ["retireFor"],
      QueryCatalogue: ["supersedeForAuthor"],
      ProofVerifierRegistry: ["register"],
      AdaptiveTrial: ["register"],
      EmergencyStop: ["resume"],
    },
  },
  GUARDIAN: {
    id: 5n,
    holder: "guardians",
    functions: {
      ...inEachRegistry("revoke"),
      QueryCatalogue: ["revoke"],
      ProofVerifierRegistry: ["retire"],
      EmergencyStop: ["stop"],
    },
  },
  CHANGES: {
    id: 6n,
    holder: "CommitteeChanges",
    functions: { CommitteeRegistry: ["install"], DatasetRegistry: ["replaceShares", "noteShares"] },
  },
  SWITCH: { id: 7n, holder: "EmergencyStop", functions: { AuditTrail: ["setStopped"] } },
  CONSENTS: { id: 8n, holder: "ConsentRegistry", functions: { DatasetRegistry: ["restrictConsents"] } },
} as const satisfies Readonly<Record<string, GovernanceRole>>;

export const ADMIN_ROLE = 0n;
/** What guardians may cancel while it is scheduled. An admin's own acts only an admin can. */
export const GUARDED_ROLES = [GOVERNANCE_ROLES.REGISTRAR.id, GOVERNANCE_ROLES.STEWARD.id] as const;

/** Roles that people hold, as they are typed. */
export const PERSONAL_ROLES: Readonly<Record<string, bigint>> = {
  admin: ADMIN_ROLE,
  registrar: GOVERNANCE_ROLES.REGISTRAR.id,
  steward: GOVERNANCE_ROLES.STEWARD.id,
  guardian: GOVERNANCE_ROLES.GUARDIAN.id,
};

export function roleName(id: bigint): string {
  if (id === ADMIN_ROLE) return "admin";
  const found = Object.entries(GOVERNANCE_ROLES).find(([, role]) => role.id === id);
  return found === undefined ? `role ${id}` : found[0].toLowerCase();
}
