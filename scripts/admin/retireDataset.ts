/** `opaline admin retire-dataset`: retires a dataset whose owner cannot: it is gone, or a court orders it. */
import { datasetRegistry } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { readBytes32 } from "../readOption.ts";
import { governed } from "./governed.ts";

export const command = defineCommand({
  command: "admin retire-dataset",
  describe: "Retire an owner's dataset in its place, for good: every worker erases its shares",
  examples: [
    [
      "admin retire-dataset --dataset 0x… --reason 'The hospital has closed.' --keystore k.json --password-file pw",
      "an owner that can still sign does it itself: `data-owner retire`",
    ],
  ],
  options: {
    ...signerOptions,
    dataset: { type: "string", describe: "Dataset id (`data-owner datasets` lists them)", required: true },
    reason: { type: "string", describe: "Why; kept in the audit trail", required: true },
  },
  handler: (options, context) => {
    const datasetId = readBytes32("dataset", options.dataset);
    return withSigner(options, context, (connection) => {
      const call = datasetRegistry(connection.deployment, connection.signer).retireFor(datasetId, options.reason);
      return governed(connection, call, (mined) => ({ datasetId, reason: options.reason, ...gasReport(mined) }));
    });
  },
});

if (import.meta.main) await runAlone(command);
