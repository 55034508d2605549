/** `opaline admin list-deployments`: every deployment that was announced, and which one a folder holds. */
import { contractsHashOf, deploymentRegistry, namedContracts } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { networkOptions, withNetwork } from "../connection.ts";
import { timeOf } from "./governed.ts";

export interface ListedDeployment {
  readonly number: bigint;
  readonly version: string;
  readonly announcedAt: string;
  readonly current: boolean;
  /** The contracts are those of the folder that was read. */
  readonly thisFolder: boolean;
  readonly contractsHash: string;
  readonly access: string;
}

export const command = defineCommand({
  command: "admin list-deployments",
  describe: "List the announced deployments, and say which one is current",
  examples: [["admin list-deployments --deployment deployments/v1", "is what I use still the one to use?"]],
  options: networkOptions,
  handler: (options, context): Promise<ListedDeployment[]> =>
    withNetwork(options, context, async ({ deployment, provider }) => {
      const registry = deploymentRegistry(deployment, provider);
      const count = await registry.count();
      const own = contractsHashOf(namedContracts(deployment));
      const numbers = Array.from({ length: Number(count) }, (_, i) => BigInt(i + 1));
      const found = await Promise.all(numbers.map((number) => registry.deployment(number)));
      return found.map(({ number, version, announcedAt, contractsHash, access }) => ({
        number,
        version,
        announcedAt: timeOf(announcedAt),
        current: number === count,
        thisFolder: contractsHash === own,
        contractsHash,
        access,
      }));
    }),
});

if (import.meta.main) await runAlone(command);
