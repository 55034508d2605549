/** `opaline querier answer`: reads a request's answer from the chain and finishes it; anyone may. */
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { networkOptions, withNetwork } from "../connection.ts";
import { readBytes32 } from "../readOption.ts";
import { reportAnswer } from "./answerReport.ts";
import { printReport } from "./printReport.ts";

export const command = defineCommand({
  command: "querier answer",
  describe: "Read the answer of a request from the chain, check it and finish its statistics",
  examples: [["querier answer --request 0x… --json", "as JSON: columns, rows, assurance, state"]],
  options: { ...networkOptions, request: { type: "string", describe: "Request id", required: true } },
  handler: (options, context) => {
    const requestId = readBytes32("request", options.request);
    return withNetwork(options, context, (connection) => reportAnswer(connection, requestId));
  },
  print: printReport,
});

if (import.meta.main) await runAlone(command);
