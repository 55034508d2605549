/** `opaline admin set-consent-rules`: what a study asks of its participants' consent. Rules only become stricter. */
import { consentRegistry } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { invalidOption, readBytes32, readWhole } from "../readOption.ts";
import { requireStudy } from "../study.ts";
import { governed } from "./governed.ts";

const MOST_FORMS = 2n ** 32n - 1n;

export const command = defineCommand({
  command: "admin set-consent-rules",
  describe: "Make a study's consent rules stricter, for every later request and for good; what is left out stays",
  examples: [
    ["admin set-consent-rules --study 0x… --least-form 2 --keystore k.json --password-file pw", "re-consent"],
    ["admin set-consent-rules --study 0x… --explicit-only --keystore k.json --password-file pw", "no consent, no use"],
  ],
  options: {
    ...signerOptions,
    study: { type: "string", describe: "Study id", required: true },
    explicitOnly: { type: "boolean", describe: "A row without a recorded consent may not be used" },
    leastForm: { type: "string", describe: "Consents given under an older version of the form do not count" },
  },
  handler: (options, context) => {
    const studyId = readBytes32("study", options.study);
    const given = options.leastForm;
    const leastForm = given === undefined ? undefined : Number(readWhole("least-form", given, 1n, MOST_FORMS));
    if (!options.explicitOnly && leastForm === undefined) {
      throw invalidOption("least-form", "at least one of --explicit-only and --least-form");
    }
    return withSigner(options, context, async (connection) => {
      await requireStudy(connection, studyId);
      const consents = consentRegistry(connection.deployment, connection.signer);
      const before = await consents.rules(studyId);
      const rules = {
        explicitOnly: before.explicitOnly || options.explicitOnly,
        leastForm: leastForm ?? before.leastForm,
      };
      const call = consents.setRules(studyId, rules);
      return governed(connection, call, (mined) => ({ studyId, ...rules, ...gasReport(mined) }));
    });
  },
});

if (import.meta.main) await runAlone(command);
