/** `opaline admin list-scheduled`: what was announced and can still be done or cancelled. */
import { consortiumAccess } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { networkOptions, withNetwork } from "../connection.ts";
import { textOf } from "../printValue.ts";
import { type DescribedOperation, describeOperation } from "./scheduledOperations.ts";

export const command = defineCommand({
  command: "admin list-scheduled",
  describe: "List the acts of governance that are scheduled, and from when on each can be done",
  examples: [["admin list-scheduled", "what will change, unless a guardian cancels it"]],
  options: networkOptions,
  handler: (options, context): Promise<DescribedOperation[]> =>
    withNetwork(options, context, async (connection) => {
      const { deployment, provider } = connection;
      const operations = await consortiumAccess(deployment, provider).scheduled(provider);
      return operations.map((operation) => describeOperation(connection, operation));
    }),
  // Arguments may be a whole schema: beside others in a table they would push these out of sight.
  print: (operations) => (operations.length === 0 ? "(none)" : operations.map(textOf).join("\n\n")),
});

if (import.meta.main) await runAlone(command);
