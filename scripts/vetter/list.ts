/** `opaline vetter list`: published queries and how far their vetting is. */
import { ZeroAddress } from "ethers";
import { queryCatalogue } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { networkOptions, withNetwork } from "../connection.ts";
import { stateName } from "../query.ts";
import { readBytes32 } from "../readOption.ts";
import { readAll } from "../study.ts";

export const command = defineCommand({
  command: "vetter list",
  describe: "List published queries: state, approvals so far, SQL",
  examples: [
    ["vetter list", "all queries"],
    ["vetter list --study 0x… --pending", "those of one study that still need approvals"],
  ],
  options: {
    ...networkOptions,
    study: { type: "string", describe: "Only queries of this study" },
    pending: { type: "boolean", describe: "Only queries that are published and not yet active" },
  },
  handler: (options, context) => {
    const studyId = options.study === undefined ? undefined : readBytes32("study", options.study);
    return withNetwork(options, context, async ({ deployment, provider }) => {
      const catalogue = queryCatalogue(deployment, provider);
      const hashes = await readAll(catalogue.count(), (offset, limit) => catalogue.queries(offset, limit));
      const queries = await Promise.all(
        hashes.map(async (queryHash) => {
          const query = await catalogue.query(queryHash);
          const { sql } = await catalogue.publication(provider, queryHash);
          const { approvals, organisations } = query;
          const queryContract = query.queryContract === ZeroAddress ? null : query.queryContract;
          const state = stateName(query.state);
          return { queryHash, studyId: query.studyId, state, approvals, organisations, queryContract, sql };
        }),
      );
      return queries.filter(
        (query) =>
          (studyId === undefined || query.studyId === studyId) && (!options.pending || query.state === "PUBLISHED"),
      );
    });
  },
});

if (import.meta.main) await runAlone(command);
