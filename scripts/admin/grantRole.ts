/** `opaline admin grant-role`: gives an account a role of governance, and the delay it must wait. */
import { consortiumAccess } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { readAddress } from "../readOption.ts";
import { readDelay, readGovernanceRole } from "./governanceOptions.ts";
import { PERSONAL_ROLES } from "./governanceRoles.ts";
import { governed } from "./governed.ts";

export const command = defineCommand({
  command: "admin grant-role",
  describe: "Grant a role of governance; granting it again changes its delay",
  examples: [
    [
      "admin grant-role --role steward --account 0x… --delay 48h --keystore k.json --password-file pw",
      "what it does is public two days before it happens, and guardians can cancel it",
    ],
    ["admin grant-role --role guardian --account 0x… --keystore k.json --password-file pw", "can stop, at once"],
  ],
  options: {
    ...signerOptions,
    role: { type: "string", describe: `One of ${Object.keys(PERSONAL_ROLES).join(", ")}`, required: true },
    account: { type: "string", describe: "Who gets it", required: true },
    delay: {
      type: "string",
      describe: "How long its acts are public before they can be done: 30m, 48h, 2d",
      default: "0",
    },
  },
  handler: (options, context) => {
    const role = readGovernanceRole("role", options.role);
    const account = readAddress("account", options.account);
    const delaySeconds = readDelay("delay", options.delay);
    return withSigner(options, context, (connection) => {
      const call = consortiumAccess(connection.deployment, connection.signer).grantRole(role, account, delaySeconds);
      const granted = { role: options.role, account, delaySeconds };
      return governed(connection, call, (mined) => ({ ...granted, ...gasReport(mined) }));
    });
  },
});

if (import.meta.main) await runAlone(command);
