/** `opaline admin withdraw-proposal`: nothing comes of the committee that is proposed; the one that serves goes on. */
import { committeeRegistry, eventOf } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { readBytes32 } from "../readOption.ts";
import { governed } from "./governed.ts";

export const command = defineCommand({
  command: "admin withdraw-proposal",
  describe: "Take back the proposal of another committee, and free its workers' deposits",
  examples: [
    [
      "admin withdraw-proposal --study 0x… --reason 'A hospital said no.' --keystore k.json --password-file pw",
      "what owners had signed for it counts for no other proposal",
    ],
  ],
  options: {
    ...signerOptions,
    study: { type: "string", describe: "Study id", required: true },
    reason: { type: "string", describe: "Why; kept in the audit trail", required: true },
  },
  handler: (options, context) => {
    const studyId = readBytes32("study", options.study);
    return withSigner(options, context, (connection) => {
      const registry = committeeRegistry(connection.deployment, connection.signer);
      return governed(connection, registry.withdrawProposal(studyId, options.reason), (mined) => {
        const epoch = eventOf(mined, "CommitteeProposalWithdrawn").args["epoch"] as bigint;
        return { studyId, epoch, reason: options.reason, ...gasReport(mined) };
      });
    });
  },
});

if (import.meta.main) await runAlone(command);
