/** `opaline admin cancel`: a guardian, or who scheduled it, takes a scheduled act back. */
import { consortiumAccess } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { readBytes32 } from "../readOption.ts";
import { describeOperation, findScheduled } from "./scheduledOperations.ts";

export const command = defineCommand({
  command: "admin cancel",
  describe: "Cancel a scheduled act of governance: a guardian, an admin, or who scheduled it",
  examples: [["admin cancel --operation 0x… --keystore k.json --password-file pw", "it will not happen"]],
  options: {
    ...signerOptions,
    operation: { type: "string", describe: "As list-scheduled shows it", required: true },
  },
  handler: (options, context) => {
    const operation = readBytes32("operation", options.operation);
    return withSigner(options, context, async (connection) => {
      const found = await findScheduled(connection, operation);
      const { act, arguments: args, caller } = describeOperation(connection, found);
      const mined = await consortiumAccess(connection.deployment, connection.signer).cancel(found);
      return { cancelled: act, operation, arguments: args, caller, ...gasReport(mined) };
    });
  },
});

if (import.meta.main) await runAlone(command);
