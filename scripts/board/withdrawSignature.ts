/** `opaline board withdraw-signature`: a member takes back what it signed and nobody has recorded yet. */
import { adaptiveTrial } from "#chain";
import { trialVerdictHash } from "#messages";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { memberOfKey } from "../memberOfKey.ts";
import { readInputFile } from "../readInputFile.ts";
import { openTrial } from "./openTrial.ts";
import { requireMember } from "./signVerdict.ts";
import { parseSignatureFile } from "./signatureFile.ts";

export const command = defineCommand({
  command: "board withdraw-signature",
  describe: "Take back your signature of a verdict that is not recorded yet; for good",
  examples: [
    [
      "board withdraw-signature --signature me.json --keystore k.json --password-file pw",
      "the verdict can then be recorded without your signature only",
    ],
  ],
  options: {
    ...signerOptions,
    signature: { type: "string", describe: "File that your sign-verdict wrote", required: true },
  },
  handler: (options, context) => {
    const file = parseSignatureFile("signature", readInputFile("signature", context.resolve(options.signature)));
    return withSigner(options, context, async (connection) => {
      const { verdict } = file;
      const { rules } = await openTrial(connection, verdict.trialId);
      const account = await memberOfKey(connection, "board", connection.signer.address);
      const member = requireMember(rules, account);
      const mined = await adaptiveTrial(connection.deployment, connection.signer).withdrawSignature(verdict, member);
      const { trialId, look } = verdict;
      return {
        trialId,
        look,
        verdictHash: trialVerdictHash(verdict),
        member: rules.board[member]!,
        ...gasReport(mined),
      };
    });
  },
});

if (import.meta.main) await runAlone(command);
