/** `opaline participant relay`: anyone sends what a participant signed, and pays for it. */
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { readInputFile } from "../readInputFile.ts";
import { parseConsentFile, relayConsent } from "./consentFile.ts";

export const command = defineCommand({
  command: "participant relay",
  describe: "Send a participant's signed consent or withdrawal; any account may, and pays for it",
  examples: [
    [
      "participant relay --file withdrawal.json --keystore k.json --password-file pw",
      "enrols the key first if need be",
    ],
  ],
  options: {
    ...signerOptions,
    file: { type: "string", describe: "What `participant consent --out` wrote", required: true },
  },
  handler: (options, context) => {
    const file = parseConsentFile("file", readInputFile("file", context.resolve(options.file)));
    return withSigner(options, context, async (connection) => {
      const { datasetId, version, slot, given, form } = file.consent;
      return { datasetId, version, slot, given, form, ...(await relayConsent(connection, file)) };
    });
  },
});

if (import.meta.main) await runAlone(command);
