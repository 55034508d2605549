/** `opaline admin resume`: ends a stop. */
import { emergencyStop } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { governed } from "./governed.ts";

export const command = defineCommand({
  command: "admin resume",
  describe: "Take requests and answers again",
  examples: [["admin resume --reason '…' --keystore k.json --password-file pw", "the key was replaced"]],
  options: {
    ...signerOptions,
    reason: { type: "string", describe: "Why; kept in the audit trail", required: true },
  },
  handler: (options, context) =>
    withSigner(options, context, (connection) => {
      const call = emergencyStop(connection.deployment, connection.signer).resume(options.reason);
      const stopped = false;
      return governed(connection, call, (mined) => ({ stopped, reason: options.reason, ...gasReport(mined) }));
    }),
});

if (import.meta.main) await runAlone(command);
