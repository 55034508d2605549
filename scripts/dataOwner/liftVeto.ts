/** `opaline data-owner lift-veto`: takes a veto back. */
import { datasetRegistry, queryCatalogue } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { readBytes32 } from "../readOption.ts";

export const command = defineCommand({
  command: "data-owner lift-veto",
  describe: "Lift your veto of a query",
  examples: [
    ["data-owner lift-veto --query 0x… --keystore k.json --password-file pw", "your data are in its reach again"],
  ],
  options: {
    ...signerOptions,
    query: { type: "string", describe: "Query hash", required: true },
  },
  handler: (options, context) => {
    const queryHash = readBytes32("query", options.query);
    return withSigner(options, context, async ({ deployment, signer }) => {
      const { studyId } = await queryCatalogue(deployment, signer).query(queryHash);
      const registry = datasetRegistry(deployment, signer);
      const mined = await registry.liftVeto(studyId, queryHash);
      return { queryHash, studyId, vetoed: false, ...gasReport(mined) };
    });
  },
});

if (import.meta.main) await runAlone(command);
