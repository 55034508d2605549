/** `opaline admin supersede-query`: declares a query's successor where its author cannot, whoever published the two. */
import { runAlone } from "../cli.ts";
import { gasReport } from "../gasReport.ts";
import { supersedeCommand } from "../supersession.ts";
import { governed } from "./governed.ts";

export const command = supersedeCommand(
  "admin supersede-query",
  "Declare that one query supersedes another of its study, for good",
  (connection, catalogue, queryHash, successor) =>
    governed(connection, catalogue.supersedeForAuthor(queryHash, successor), (mined) => ({
      queryHash,
      successor,
      ...gasReport(mined),
    })),
);

if (import.meta.main) await runAlone(command);
