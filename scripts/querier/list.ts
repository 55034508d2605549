/** `opaline querier list`: the queries that may be asked now. */
import { queryCatalogue, studyRegistry } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { networkOptions, withNetwork } from "../connection.ts";
import { stateName } from "../query.ts";
import { readBytes32 } from "../readOption.ts";
import { readAll } from "../study.ts";

export const command = defineCommand({
  command: "querier list",
  describe: "List vetted queries that can be requested (--all: the others too)",
  examples: [
    ["querier list", "what can be asked"],
    ["querier list --study 0x… --all", "everything published for one study"],
  ],
  options: {
    ...networkOptions,
    study: { type: "string", describe: "Only queries of this study" },
    all: { type: "boolean", describe: "Also queries that are not active" },
  },
  handler: (options, context) => {
    const studyId = options.study === undefined ? undefined : readBytes32("study", options.study);
    return withNetwork(options, context, async ({ deployment, provider }) => {
      const catalogue = queryCatalogue(deployment, provider);
      const studies = studyRegistry(deployment, provider);
      const hashes = await readAll(catalogue.count(), (offset, limit) => catalogue.queries(offset, limit));
      const queries = await Promise.all(
        hashes.map(async (queryHash) => {
          const { state, ...query } = await catalogue.query(queryHash);
          const { sql } = await catalogue.publication(provider, queryHash);
          const study = (await studies.study(query.studyId)).name;
          return { queryHash, study, studyId: query.studyId, state: stateName(state), sql };
        }),
      );
      return queries.filter(
        (query) => (studyId === undefined || query.studyId === studyId) && (options.all || query.state === "ACTIVE"),
      );
    });
  },
});

if (import.meta.main) await runAlone(command);
