/** `opaline data-owner veto`: takes the owner's data out of one query's reach. */
import { datasetRegistry, queryCatalogue } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { readBytes32 } from "../readOption.ts";

export const command = defineCommand({
  command: "data-owner veto",
  describe: "Veto a query for your data; requests made before run to their end",
  examples: [
    ["data-owner veto --query 0x… --reason '…' --keystore k.json --password-file pw", "others' data stay in its reach"],
  ],
  options: {
    ...signerOptions,
    query: { type: "string", describe: "Query hash", required: true },
    reason: { type: "string", describe: "Why; kept in the audit trail", required: true },
  },
  handler: (options, context) => {
    const queryHash = readBytes32("query", options.query);
    return withSigner(options, context, async ({ deployment, signer }) => {
      const { studyId } = await queryCatalogue(deployment, signer).query(queryHash);
      const registry = datasetRegistry(deployment, signer);
      const mined = await registry.veto(studyId, queryHash, options.reason);
      return { queryHash, studyId, vetoed: true, reason: options.reason, ...gasReport(mined) };
    });
  },
});

if (import.meta.main) await runAlone(command);
