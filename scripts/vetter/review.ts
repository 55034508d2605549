/** `opaline vetter review`: everything a vetter signs, recompiled from the SQL on this machine. */
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { networkOptions, withNetwork } from "../connection.ts";
import { describeParameters, openQuery, recompiles, stateName } from "../query.ts";
import { readBytes32 } from "../readOption.ts";

export const command = defineCommand({
  command: "vetter review",
  describe: "Show a query's SQL, parameters and disclosure manifest, and recompile it to compare the hash",
  examples: [["vetter review --query 0x…", "read this before you sign"]],
  options: { ...networkOptions, query: { type: "string", describe: "Query hash", required: true } },
  handler: (options, context) => {
    const queryHash = readBytes32("query", options.query);
    return withNetwork(options, context, async (connection) => {
      const open = await openQuery(connection, queryHash);
      const { query, publication, bounds, study } = open;
      return {
        queryHash,
        study: study.study.name,
        author: query.author,
        state: stateName(query.state),
        approvals: `${query.approvals} of ${study.policy.vettings}`,
        recompiled: await recompiles(open),
        sql: publication.sql,
        parameters: describeParameters(bounds, study.schema),
        manifest: publication.manifest,
        agreement: publication.agreement,
      };
    });
  },
  succeeded: ({ recompiled }) => recompiled,
});

if (import.meta.main) await runAlone(command);
