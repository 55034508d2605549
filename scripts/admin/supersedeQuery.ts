/** `opaline admin supersede-query`: the same for an author who cannot, whoever published the two. */
import { runAlone } from "../cli.ts";
import { supersedeCommand } from "../supersession.ts";

export const command = supersedeCommand(
  "admin supersede-query",
  "supersedeForAuthor",
  "Declare that one query supersedes another of its study, for good",
);

if (import.meta.main) await runAlone(command);
