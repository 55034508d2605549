/** `opaline auditor create-key` */
import { runAlone } from "../cli.ts";
import { createKeyCommand } from "../memberKey.ts";

export const command = createKeyCommand("auditor");

if (import.meta.main) await runAlone(command);
