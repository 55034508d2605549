/** `opaline admin revoke`: ends a member's credential, for good. */
import { memberRegistry } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { readAddress } from "../readOption.ts";
import { governed } from "./governed.ts";
import { ROLE_NAMES, parseRole } from "./roles.ts";

export const command = defineCommand({
  command: "admin revoke",
  describe: "End a member's credential, effective with the next block and for good",
  examples: [
    [
      "admin revoke --role querier --account 0x… --reason 'left the institute' --keystore k.json --password-file pw",
      "the account may ask nothing more",
    ],
  ],
  options: {
    ...signerOptions,
    role: { type: "string", describe: `One of ${ROLE_NAMES.join(", ")}`, required: true },
    account: { type: "string", describe: "The member's address", required: true },
    reason: { type: "string", describe: "Why; kept in the audit trail", required: true },
  },
  handler: (options, context) => {
    const role = parseRole(options.role);
    const account = readAddress("account", options.account);
    return withSigner(options, context, (connection) => {
      const call = memberRegistry(connection.deployment, role, connection.signer).revoke(account, options.reason);
      const revoked = { role: options.role, account, reason: options.reason };
      return governed(connection, call, (mined) => ({ ...revoked, ...gasReport(mined) }));
    });
  },
});

if (import.meta.main) await runAlone(command);
