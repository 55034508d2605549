/** `opaline querier show`: one query, its parameters, its agreement, its price and where it stands. */
import { formatEther } from "ethers";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { networkOptions, withNetwork } from "../connection.ts";
import { quoteGate } from "../gateQuote.ts";
import { purposeText } from "../purposes.ts";
import { describeParameters, openQuery, stateName } from "../query.ts";
import { readBytes32 } from "../readOption.ts";

export const command = defineCommand({
  command: "querier show",
  describe: "Show a query: SQL, parameters and bounds, manifest, agreement, price, disclosure tests",
  examples: [["querier show --query 0x…", "what you would be asking, and agreeing to"]],
  options: { ...networkOptions, query: { type: "string", describe: "Query hash", required: true } },
  handler: (options, context) => {
    const queryHash = readBytes32("query", options.query);
    return withNetwork(options, context, async (connection) => {
      const open = await openQuery(connection, queryHash);
      const { query, publication, bounds, study } = open;
      return {
        queryHash,
        study: study.study.name,
        studyId: query.studyId,
        state: stateName(query.state),
        queryContract: query.queryContract,
        sql: publication.sql,
        parameters: describeParameters(bounds, study.schema),
        manifest: publication.manifest,
        agreement: publication.agreement,
        priceEther: formatEther(study.policy.price),
        purposes: study.policy.purposes.map(purposeText),
        deadlineBlocks: study.policy.deadlineBlocks,
        ...(await quoteGate(connection, open)),
      };
    });
  },
});

if (import.meta.main) await runAlone(command);
