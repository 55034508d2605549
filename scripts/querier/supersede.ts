/** `opaline querier supersede`: the author's own query, replaced by a newer one of the same study. */
import { runAlone } from "../cli.ts";
import { supersedeCommand } from "../supersession.ts";

export const command = supersedeCommand(
  "querier supersede",
  "supersede",
  "Declare that one of your queries supersedes another, for good",
);

if (import.meta.main) await runAlone(command);
