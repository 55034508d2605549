/** `opaline admin stop` and `opaline admin resume`: two directions of one switch. */
import { emergencyStop } from "#chain";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { governed } from "./governed.ts";

export function switchCommand(verb: "stop" | "resume", describe: string, example: string) {
  return defineCommand({
    command: `admin ${verb}`,
    describe,
    examples: [[`admin ${verb} --reason '…' --keystore k.json --password-file pw`, example]],
    options: {
      ...signerOptions,
      reason: { type: "string", describe: "Why; kept in the audit trail", required: true },
    },
    handler: (options, context) =>
      withSigner(options, context, (connection) => {
        const call = emergencyStop(connection.deployment, connection.signer)[verb](options.reason);
        const value = { stopped: verb === "stop", reason: options.reason };
        return governed(connection, call, (mined) => ({ ...value, ...gasReport(mined) }));
      }),
  });
}
