/** `opaline admin create-key` */
import { runAlone } from "../cli.ts";
import { createKeyCommand } from "../memberKey.ts";

export const command = createKeyCommand("admin", "then fund the account it prints, and `admin deploy`");

if (import.meta.main) await runAlone(command);
