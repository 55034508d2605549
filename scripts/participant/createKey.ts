/** `opaline participant create-key` */
import { runAlone } from "../cli.ts";
import { createKeyCommand } from "../memberKey.ts";

export const command = createKeyCommand(
  "participant",
  "then give the account it prints to your hospital, which gives you a slip",
);

if (import.meta.main) await runAlone(command);
