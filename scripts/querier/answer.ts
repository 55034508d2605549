/** `opaline querier answer`: reads a request's answer from the chain and finishes it; anyone may. */
import { CodedError } from "#errors";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { networkOptions, withNetwork } from "../connection.ts";
import { readBytes32 } from "../readOption.ts";
import type { QuerierErrorDetail } from "./activeQuery.ts";
import { reportAnswer } from "./answerReport.ts";
import { printReport } from "./printReport.ts";

export const command = defineCommand({
  command: "querier answer",
  describe: "Read the answer of a request from the chain, check it and finish its statistics",
  examples: [["querier answer --request 0x… --json", "as JSON: columns, rows, assurance, state"]],
  options: { ...networkOptions, request: { type: "string", describe: "Request id", required: true } },
  handler: (options, context) => {
    const requestId = readBytes32("request", options.request);
    return withNetwork(options, context, async (connection) => {
      const report = await reportAnswer(connection, requestId);
      if (report.state === "REQUESTED") throw notAnsweredYet(requestId, report.deadlineBlock);
      return report;
    });
  },
  print: printReport,
  succeeded: ({ state }) => state === "ANSWERED",
});

/** Exit code 75: ask again. */
function notAnsweredYet(requestId: string, deadlineBlock: bigint): CodedError<QuerierErrorDetail> {
  return new CodedError(
    { code: "REQUEST_PENDING", requestId, deadlineBlock: deadlineBlock.toString() },
    `request ${requestId} is not answered yet; deadline block ${deadlineBlock}`,
  );
}

if (import.meta.main) await runAlone(command);
