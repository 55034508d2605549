/** `opaline querier show`: one query, its parameters, its agreement, its price and where it stands. */
import { formatEther } from "ethers";
import { chainTime } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { networkOptions, withNetwork } from "../connection.ts";
import { quoteGate } from "../gateQuote.ts";
import { purposeText } from "../purposes.ts";
import { describeParameters, instantText, newestSuccessor, openQuery, standingOf } from "../query.ts";
import { readBytes32 } from "../readOption.ts";
import { describeRemarks } from "../remarks.ts";
import { quoteRun } from "../runQuote.ts";

export const command = defineCommand({
  command: "querier show",
  describe: "Show a query: until when it can be asked, SQL, parameters, manifest, agreement, price, disclosure tests",
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
        state: standingOf(query, await chainTime(connection.provider)),
        activeUntil: instantText(query.activeUntil),
        successor: (await newestSuccessor(connection, query)) ?? null,
        queryContract: query.queryContract,
        sql: publication.sql,
        parameters: describeParameters(bounds, study.schema),
        manifest: publication.manifest,
        agreement: publication.agreement,
        priceEther: formatEther(study.policy.price),
        purposes: study.policy.purposes.map(purposeText),
        deadlineBlocks: study.policy.deadlineBlocks,
        ...(await quoteRun(connection, open)),
        ...(await quoteGate(connection, open)),
        remarks: await describeRemarks(connection, queryHash),
      };
    });
  },
});

if (import.meta.main) await runAlone(command);
