/** `opaline admin execute`: does a scheduled act, when its delay is over. */
import { type Mined, chainTime, sendCall } from "#chain";
import { CodedError } from "#errors";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { type SignerConnection, signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { jsonOf } from "../printValue.ts";
import { readBytes32 } from "../readOption.ts";
import { type GovernanceErrorDetail, timeOf } from "./governed.ts";
import { describeOperation, findScheduled } from "./scheduledOperations.ts";

export const command = defineCommand({
  command: "admin execute",
  describe: "Do a scheduled act of governance; only who scheduled it can",
  examples: [["admin execute --operation 0x… --keystore k.json --password-file pw", "after its delay, within a week"]],
  options: {
    ...signerOptions,
    operation: { type: "string", describe: "What scheduling it printed, or list-scheduled shows", required: true },
  },
  handler: (options, context) => {
    const operation = readBytes32("operation", options.operation);
    return withSigner(options, context, async (connection) => {
      const found = await findScheduled(connection, operation);
      const described = describeOperation(connection, found);
      await requireReady(connection, operation, found.readyAt, found.caller);
      const { target, data } = found;
      const mined = await sendCall(connection.deployment, connection.signer, { what: described.act, target, data });
      return { act: described.act, operation, arguments: described.arguments, ...eventsOf(mined), ...gasReport(mined) };
    });
  },
});

async function requireReady(
  { provider, signer }: SignerConnection,
  operation: string,
  readyAt: bigint,
  caller: string,
): Promise<void> {
  if (caller.toLowerCase() !== signer.address.toLowerCase()) {
    throw new CodedError<GovernanceErrorDetail>(
      { code: "GOVERNANCE_NOT_CALLER", operation, caller },
      `only ${caller}, who scheduled it, can do it`,
    );
  }
  if ((await chainTime(provider)) >= readyAt) return;
  throw new CodedError<GovernanceErrorDetail>(
    { code: "GOVERNANCE_NOT_READY", operation, readyAt: timeOf(readyAt) },
    `it can be done from ${timeOf(readyAt)} on, by the chain's clock`,
  );
}

/** What the act says it did: its ids are needed for what comes next. The audit trail's copy is left out. */
function eventsOf({ events }: Mined): Record<string, string> {
  const own = events.filter(({ name }) => name !== "Recorded" && name !== "OperationExecuted");
  return Object.fromEntries(own.map(({ name, args }) => [name, jsonOf(args)]));
}

if (import.meta.main) await runAlone(command);
