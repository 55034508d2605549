/** `opaline admin list-roles`: who governs, and how long in advance each must announce what it does. */
import { consortiumAccess } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { networkOptions, withNetwork } from "../connection.ts";
import { roleName } from "./governanceRoles.ts";

export interface ListedRole {
  readonly role: string;
  readonly account: string;
  /** The contract that holds the role; absent for people. */
  readonly contract?: string;
  readonly delaySeconds: number;
}

export const command = defineCommand({
  command: "admin list-roles",
  describe: "List who holds which role of governance, with its delay",
  examples: [["admin list-roles", "admin, registrar, steward, guardian, and the contracts' own roles"]],
  options: networkOptions,
  handler: (options, context): Promise<ListedRole[]> =>
    withNetwork(options, context, async ({ deployment, provider }) => {
      const holders = await consortiumAccess(deployment, provider).holders(provider);
      return holders
        .toSorted((a, b) => Number(a.role - b.role))
        .map(({ role, account, delaySeconds }) => {
          const contract = deployment.names.find((name) => deployment.address(name) === account);
          return { role: roleName(role), account, ...(contract === undefined ? {} : { contract }), delaySeconds };
        });
    }),
});

if (import.meta.main) await runAlone(command);
