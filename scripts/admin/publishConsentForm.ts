/** `opaline admin publish-consent-form`: the form that a study's participants give consent under, by its hash. */
import { keccak256 } from "ethers";
import { consentRegistry, eventOf } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { readInputBytes } from "../readInputFile.ts";
import { readBytes32 } from "../readOption.ts";
import { requireStudy } from "../study.ts";
import { governed } from "./governed.ts";

export const command = defineCommand({
  command: "admin publish-consent-form",
  describe: "Publish the next version of a study's consent form; earlier consents stay, unless the rules ask for it",
  examples: [
    [
      "admin publish-consent-form --study 0x… --document consent.pdf --keystore k.json --password-file pw",
      "only its hash goes on chain: give the file itself to hospitals and participants",
    ],
  ],
  options: {
    ...signerOptions,
    study: { type: "string", describe: "Study id", required: true },
    document: { type: "string", describe: "The form, any file; its exact bytes are hashed", required: true },
  },
  handler: (options, context) => {
    const studyId = readBytes32("study", options.study);
    const formHash = keccak256(readInputBytes("document", context.resolve(options.document)));
    return withSigner(options, context, async (connection) => {
      await requireStudy(connection, studyId);
      const call = consentRegistry(connection.deployment, connection.signer).publishForm(studyId, formHash);
      return governed(connection, call, (mined) => {
        const { form } = eventOf(mined, "ConsentFormPublished").args;
        return { studyId, form, formHash, ...gasReport(mined) };
      });
    });
  },
});

if (import.meta.main) await runAlone(command);
