/** `opaline admin publish-agreement`: the document that a study's data owners must sign, by its hash. */
import { keccak256 } from "ethers";
import { eventOf, studyAgreements } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { readInputBytes } from "../readInputFile.ts";
import { invalidOption, readBytes32 } from "../readOption.ts";
import { governed } from "./governed.ts";

export const command = defineCommand({
  command: "admin publish-agreement",
  describe: "Publish the next version of a study's agreement; owners add data only when they have signed the newest",
  examples: [
    [
      "admin publish-agreement --study 0x… --document agreement.pdf --jurisdiction EU --party 'Hospital North' " +
        "--party 'Trial Consortium' --keystore k.json --password-file pw",
      "only its hash goes on chain: give the file itself to every owner",
    ],
  ],
  options: {
    ...signerOptions,
    study: { type: "string", describe: "Study id", required: true },
    document: { type: "string", describe: "The agreement, any file; its exact bytes are hashed", required: true },
    jurisdiction: { type: "string", describe: "Under whose law", required: true },
    party: { type: "strings", describe: "Whom it binds; repeat for more" },
  },
  handler: (options, context) => {
    const studyId = readBytes32("study", options.study);
    const documentHash = keccak256(readInputBytes("document", context.resolve(options.document)));
    if (options.jurisdiction === "") throw invalidOption("jurisdiction", "whose law it is under");
    if (options.party.length === 0) throw invalidOption("party", "at least one party");
    return withSigner(options, context, (connection) => {
      const { deployment, signer } = connection;
      const call = studyAgreements(deployment, signer).publish(
        studyId,
        documentHash,
        options.jurisdiction,
        options.party,
      );
      return governed(connection, call, (mined) => {
        const { version } = eventOf(mined, "StudyAgreementPublished").args;
        return { studyId, version, documentHash, ...gasReport(mined) };
      });
    });
  },
});

if (import.meta.main) await runAlone(command);
