/** Which deployment is current (`contracts/governance/IDeploymentRegistry.sol`). */
import { AbiCoder, type ContractRunner, keccak256 } from "ethers";
import type { IDeploymentRegistry } from "../../types/governance/IDeploymentRegistry.ts";
import { type Deployment, openContract } from "./deployment.ts";
import { type GovernedCall, governedCall } from "./governedCall.ts";
import { read } from "./transactions.ts";

export interface NamedContract {
  readonly name: string;
  readonly account: string;
}

export interface AnnouncedDeployment {
  readonly number: bigint;
  /** Seconds since 1970. */
  readonly announcedAt: bigint;
  readonly access: string;
  readonly trail: string;
  readonly contractsHash: string;
  readonly version: string;
}

export interface DeploymentRegistry {
  readonly address: string;
  /** @param contracts ascending by name */
  announce(version: string, contracts: readonly NamedContract[]): GovernedCall;
  /** 0 before the first. */
  count(): Promise<bigint>;
  deployment(number: bigint): Promise<AnnouncedDeployment>;
}

const NAME = "DeploymentRegistry";

/** keccak256(abi.encode(NamedContract[])): what an announcement is about. */
export function contractsHashOf(contracts: readonly NamedContract[]): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode(["tuple(string name,address account)[]"], [contracts]));
}

/** As {@link DeploymentRegistry.announce} takes them. */
export function namedContracts(deployment: Deployment): NamedContract[] {
  return deployment.names.map((name) => ({ name, account: deployment.address(name) }));
}

export function deploymentRegistry(deployment: Deployment, runner: ContractRunner): DeploymentRegistry {
  const contract = openContract<IDeploymentRegistry>(deployment, NAME, runner);
  return {
    address: deployment.address(NAME),
    announce: (version, contracts) =>
      governedCall(
        deployment,
        NAME,
        "announce",
        contract.interface.encodeFunctionData("announce", [version, [...contracts]]),
      ),
    count: () => read(deployment, `${NAME}.count`, contract.count()),
    async deployment(number) {
      const call = contract.getFunction("deployment")(number);
      const { announcedAt, access, trail, contractsHash, version } = await read(deployment, `${NAME}.deployment`, call);
      return { number, announcedAt, access, trail, contractsHash, version };
    },
  };
}
