/** `opaline data-owner retire`: ends the use of the owner's data in a study, for good, and has every worker erase its shares. */
import { datasetRegistry } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { memberOfKey } from "../memberOfKey.ts";
import { readBytes32 } from "../readOption.ts";
import { requireStudy } from "../study.ts";

export const command = defineCommand({
  command: "data-owner retire",
  describe: "Retire your dataset in a study, for good: no request opens it again, every worker erases its shares",
  examples: [
    [
      "data-owner retire --study 0x… --reason 'The study has ended.' --keystore k.json --password-file pw",
      "answers given stay given; `auditor erasures` shows which workers have confirmed",
    ],
  ],
  options: {
    ...signerOptions,
    study: { type: "string", describe: "Study id", required: true },
    reason: { type: "string", describe: "Why; kept in the audit trail", required: true },
  },
  handler: (options, context) => {
    const studyId = readBytes32("study", options.study);
    return withSigner(options, context, async (connection) => {
      await requireStudy(connection, studyId);
      const { deployment, signer } = connection;
      const registry = datasetRegistry(deployment, signer);
      const mined = await registry.retire(studyId, options.reason);
      const owner = await memberOfKey(connection, "dataOwner", signer.address);
      const datasetId = await registry.datasetIdOf(studyId, owner);
      return { datasetId, studyId, retired: true, reason: options.reason, ...gasReport(mined) };
    });
  },
});

if (import.meta.main) await runAlone(command);
