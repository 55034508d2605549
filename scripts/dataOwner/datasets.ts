/** `opaline data-owner datasets`: the datasets of a study, as the chain has them. */
import { datasetRegistry, memberRegistry } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { networkOptions, withNetwork } from "../connection.ts";
import { readBytes32 } from "../readOption.ts";
import { readAll, requireStudy } from "../study.ts";

export const command = defineCommand({
  command: "data-owner datasets",
  describe: "List a study's active datasets: owner, version, rows and roots",
  examples: [["data-owner datasets --study 0x…", "one line per hospital"]],
  options: { ...networkOptions, study: { type: "string", describe: "Study id", required: true } },
  handler: (options, context) => {
    const studyId = readBytes32("study", options.study);
    return withNetwork(options, context, async (connection) => {
      await requireStudy(connection, studyId);
      const { deployment, provider } = connection;
      const registry = datasetRegistry(deployment, provider);
      const owners = memberRegistry(deployment, "dataOwner", provider);
      const ids = await readAll(registry.count(studyId), (offset, limit) => registry.datasets(studyId, offset, limit));
      return Promise.all(
        ids.map(async (datasetId) => {
          const owner = await registry.ownerOf(datasetId);
          const { organisationName } = await owners.member(owner);
          const { rowCount, columnsRoot, sharesRoot } = await registry.dataset(datasetId);
          const version = await registry.version(datasetId);
          return { datasetId, owner, organisation: organisationName, version, rowCount, columnsRoot, sharesRoot };
        }),
      );
    });
  },
});

if (import.meta.main) await runAlone(command);
