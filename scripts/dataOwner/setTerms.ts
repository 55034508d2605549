/** `opaline data-owner set-terms`: an owner's own, stricter terms for its data in a study. */
import { datasetRegistry } from "#chain";
import { LEAST_K } from "#disclosure";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { textOf } from "../printValue.ts";
import { purposeCode, purposeText } from "../purposes.ts";
import { readK } from "../readK.ts";
import { readBytes32, readWhole } from "../readOption.ts";
import { requireStudy } from "../study.ts";

/** What an owner leaves out. */
const STUDYS = "the study's";

export const command = defineCommand({
  command: "data-owner set-terms",
  describe: "Set your own terms for your data, all at once; what you leave out is the study's",
  examples: [
    [
      "data-owner set-terms --study 0x… --k 20 --openings-budget 100 --purpose DUO:0000042 --keystore k.json " +
        "--password-file pw",
      "of each, the stricter counts: the study's or yours",
    ],
    [
      "data-owner set-terms --study 0x… --closed --keystore k.json --password-file pw",
      "no more requests over your data",
    ],
  ],
  options: {
    ...signerOptions,
    study: { type: "string", describe: "Study id", required: true },
    k: { type: "string", describe: `Smallest set that an answer over your data may disclose, at least ${LEAST_K}` },
    openingsBudget: {
      type: "string",
      describe: "Requests that may be made over your data, those made before included",
    },
    purpose: { type: "strings", describe: "A purpose queriers must hold besides the study's (DUO code); repeat" },
    closed: { type: "boolean", describe: "No requests over your data at all" },
  },
  handler: (options, context) => {
    const studyId = readBytes32("study", options.study);
    const terms = {
      k: options.k === undefined ? 0 : readK(options.k),
      openingsBudget: readBudget(options.openingsBudget),
      closed: options.closed,
      purposes: options.purpose.map(purposeCode),
    };
    return withSigner(options, context, async (connection) => {
      await requireStudy(connection, studyId);
      const mined = await datasetRegistry(connection.deployment, connection.signer).setTerms(studyId, terms);
      return { studyId, ...terms, ...gasReport(mined) };
    });
  },
  print: ({ k, openingsBudget, purposes, ...rest }) =>
    textOf({
      ...rest,
      k: k === 0 ? STUDYS : k,
      openingsBudget: openingsBudget === 0 ? STUDYS : openingsBudget,
      purposes: purposes.length === 0 ? STUDYS : purposes.map(purposeText).join(", "),
    }),
});

function readBudget(text: string | undefined): number {
  return text === undefined ? 0 : Number(readWhole("openings-budget", text, 1n, 4_294_967_295n));
}

if (import.meta.main) await runAlone(command);
