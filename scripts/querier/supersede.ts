/** `opaline querier supersede`: the author's own query, replaced by a newer one of the same study. */
import { runAlone } from "../cli.ts";
import { gasReport } from "../gasReport.ts";
import { supersedeCommand } from "../supersession.ts";

export const command = supersedeCommand(
  "querier supersede",
  "Declare that one of your queries supersedes another, for good",
  async (_, catalogue, queryHash, successor) => ({
    queryHash,
    successor,
    ...gasReport(await catalogue.supersede(queryHash, successor)),
  }),
);

if (import.meta.main) await runAlone(command);
