/** `opaline admin revoke-query`: no more requests of a query; answers given stay given. */
import { queryCatalogue } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { readBytes32 } from "../readOption.ts";
import { governed } from "./governed.ts";

export const command = defineCommand({
  command: "admin revoke-query",
  describe: "Revoke a query, for good",
  examples: [
    [
      "admin revoke-query --query 0x… --reason 'discloses too much' --keystore k.json --password-file pw",
      "it can be requested no more",
    ],
  ],
  options: {
    ...signerOptions,
    query: { type: "string", describe: "Query hash", required: true },
    reason: { type: "string", describe: "Why; kept in the audit trail", required: true },
  },
  handler: (options, context) => {
    const queryHash = readBytes32("query", options.query);
    return withSigner(options, context, (connection) => {
      const call = queryCatalogue(connection.deployment, connection.signer).revoke(queryHash, options.reason);
      return governed(connection, call, (mined) => ({ queryHash, reason: options.reason, ...gasReport(mined) }));
    });
  },
});

if (import.meta.main) await runAlone(command);
