/** `opaline data-owner datasets`: the datasets of a study, as the chain has them. */
import { datasetRegistry, memberRegistry, studyRegistry } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { networkOptions, withNetwork } from "../connection.ts";
import { openingsBudgetOf } from "../openingsBudget.ts";
import { readBytes32 } from "../readOption.ts";
import { readAll, requireStudy } from "../study.ts";

export const command = defineCommand({
  command: "data-owner datasets",
  describe: "List a study's datasets: owner, version, rows, roots, how often opened, on which terms, whether retired",
  examples: [["data-owner datasets --study 0x…", "one line per hospital"]],
  options: { ...networkOptions, study: { type: "string", describe: "Study id", required: true } },
  handler: (options, context) => {
    const studyId = readBytes32("study", options.study);
    return withNetwork(options, context, async (connection) => {
      await requireStudy(connection, studyId);
      const { deployment, provider } = connection;
      const registry = datasetRegistry(deployment, provider);
      const policy = await studyRegistry(deployment, provider).policy(studyId);
      const owners = memberRegistry(deployment, "dataOwner", provider);
      const ids = await readAll(registry.count(studyId), (offset, limit) => registry.datasets(studyId, offset, limit));
      return Promise.all(
        ids.map(async (datasetId) => {
          const owner = await registry.ownerOf(datasetId);
          const { organisationName } = await owners.member(owner);
          const { rowCount, columnsRoot, sharesRoot, openingsUsed } = await registry.dataset(datasetId);
          const { k, openingsBudget, closed } = await registry.termsOf(datasetId);
          const version = await registry.version(datasetId);
          const retired = await registry.isRetired(datasetId);
          const terms = {
            openingsUsed,
            openingsBudget: openingsBudgetOf(openingsBudget, policy.openingsBudget),
            k: Math.max(k, policy.k),
          };
          const data = { version, rowCount, columnsRoot, sharesRoot };
          return { datasetId, owner, organisation: organisationName, ...data, ...terms, closed, retired };
        }),
      );
    });
  },
});

if (import.meta.main) await runAlone(command);
