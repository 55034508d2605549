/** `opaline data-owner cancel-committee-approval`: what was signed for another committee, and is not on chain yet, counts no more. */
import { committeeChanges, eventOf } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";

export const command = defineCommand({
  command: "data-owner cancel-committee-approval",
  describe: "Take back your signature for another committee, as long as it is not on chain",
  examples: [
    [
      "data-owner cancel-committee-approval --keystore k.json --password-file pw",
      "of whichever study; what is recorded stays, but no data move that you do not share anew yourself",
    ],
  ],
  options: signerOptions,
  handler: (options, context) =>
    withSigner(options, context, async ({ deployment, signer }) => {
      const mined = await committeeChanges(deployment, signer).cancelNonce();
      const { args } = eventOf(mined, "NonceCancelled");
      return { owner: String(args["account"]), nonce: args["nonce"] as bigint, cancelled: true, ...gasReport(mined) };
    }),
});

if (import.meta.main) await runAlone(command);
