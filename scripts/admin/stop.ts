/** `opaline admin stop`: stops all requests and answers. */
import { emergencyStop } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { governed } from "./governed.ts";

export const command = defineCommand({
  command: "admin stop",
  describe: "Stop all requests and answers at once; refunds go on",
  examples: [
    [
      "admin stop --reason '…' --keystore k.json --password-file pw",
      "a key was stolen: no more answers until it is resolved",
    ],
  ],
  options: {
    ...signerOptions,
    reason: { type: "string", describe: "Why; kept in the audit trail", required: true },
  },
  handler: (options, context) =>
    withSigner(options, context, (connection) => {
      const call = emergencyStop(connection.deployment, connection.signer).stop(options.reason);
      const stopped = true;
      return governed(connection, call, (mined) => ({ stopped, reason: options.reason, ...gasReport(mined) }));
    }),
});

if (import.meta.main) await runAlone(command);
