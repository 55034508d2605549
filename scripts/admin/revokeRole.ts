/** `opaline admin revoke-role`: takes a role of governance away. */
import { consortiumAccess } from "#chain";
import { CodedError } from "#errors";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { type SignerConnection, signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { readAddress } from "../readOption.ts";
import { readGovernanceRole } from "./governanceOptions.ts";
import { ADMIN_ROLE, PERSONAL_ROLES } from "./governanceRoles.ts";
import { type GovernanceErrorDetail, governed } from "./governed.ts";

export const command = defineCommand({
  command: "admin revoke-role",
  describe: "Take a role of governance away; what its holder has scheduled can no longer be done",
  examples: [["admin revoke-role --role steward --account 0x… --keystore k.json --password-file pw", "it left"]],
  options: {
    ...signerOptions,
    role: { type: "string", describe: `One of ${Object.keys(PERSONAL_ROLES).join(", ")}`, required: true },
    account: { type: "string", describe: "Who loses it", required: true },
  },
  handler: (options, context) => {
    const role = readGovernanceRole("role", options.role);
    const account = readAddress("account", options.account);
    return withSigner(options, context, async (connection) => {
      await requireHolder(connection, role, account, options.role);
      const call = consortiumAccess(connection.deployment, connection.signer).revokeRole(role, account);
      return governed(connection, call, (mined) => ({ role: options.role, account, ...gasReport(mined) }));
    });
  },
});

/** The contract says nothing about a role that was not held; and without an admin nobody could ever grant one. */
async function requireHolder(
  { deployment, provider }: SignerConnection,
  role: bigint,
  account: string,
  name: string,
): Promise<void> {
  const holders = (await consortiumAccess(deployment, provider).holders(provider)).filter((each) => each.role === role);
  if (!holders.some((holder) => holder.account === account)) {
    throw new CodedError<GovernanceErrorDetail>(
      { code: "GOVERNANCE_ROLE_NOT_HELD", role: name, account },
      `${account} does not hold the role ${name}; \`opaline admin list-roles\``,
    );
  }
  if (role === ADMIN_ROLE && holders.length === 1) {
    throw new CodedError<GovernanceErrorDetail>(
      { code: "GOVERNANCE_LAST_ADMIN", account },
      `${account} is the last admin: grant the role to another account first`,
    );
  }
}

if (import.meta.main) await runAlone(command);
