/** `opaline querier answer`: reads a request's answer from the chain and finishes it; anyone may. */
import { CodedError } from "#errors";
import { runAlone } from "../cli.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { networkOptions, withNetwork } from "../connection.ts";
import { invalidOption, readBytes32 } from "../readOption.ts";
import type { QuerierErrorDetail } from "./activeQuery.ts";
import { reportAnswer } from "./answerReport.ts";
import { printReport } from "./printReport.ts";

export const command = defineCommand({
  command: "querier answer",
  describe: "Read the answer of a request from the chain, check it and finish its statistics",
  examples: [
    ["querier answer --request 0x… --json", "as JSON: columns, rows, assurance, state"],
    ["querier answer --request 0x… --keystore k.json --password-file pw", "a sealed one, as one of its recipients"],
  ],
  options: {
    ...networkOptions,
    request: { type: "string", describe: "Request id", required: true },
    keystore: { type: "string", describe: "V3 keystore of a recipient, to read a sealed answer" },
    passwordFile: { type: "string", describe: "File with the keystore's password, mode 0600" },
  },
  handler: (options, context) => {
    const requestId = readBytes32("request", options.request);
    return withNetwork(options, context, async (connection) => {
      const report = await reportAnswer(connection, requestId, { reader: await unlockReader(options, context) });
      if (report.state === "REQUESTED") throw notAnsweredYet(requestId, report.deadlineBlock);
      return report;
    });
  },
  print: printReport,
  succeeded: ({ state }) => state === "ANSWERED",
});

interface KeyOptions {
  readonly keystore?: string | undefined;
  readonly passwordFile?: string | undefined;
}

/** @throws CodedError OPTION_INVALID when one of both is given, KEYSTORE_* */
async function unlockReader({ keystore, passwordFile }: KeyOptions, context: CommandContext) {
  if (keystore === undefined && passwordFile === undefined) return undefined;
  if (keystore === undefined) throw invalidOption("keystore", "the keystore that --password-file opens");
  if (passwordFile === undefined) throw invalidOption("password-file", "the file with the password of --keystore");
  return context.unlock(context.resolve(keystore), context.resolve(passwordFile));
}

/** Exit code 75: ask again. */
function notAnsweredYet(requestId: string, deadlineBlock: bigint): CodedError<QuerierErrorDetail> {
  return new CodedError(
    { code: "REQUEST_PENDING", requestId, deadlineBlock: deadlineBlock.toString() },
    `request ${requestId} is not answered yet; deadline block ${deadlineBlock}`,
  );
}

if (import.meta.main) await runAlone(command);
