/** `opaline querier create-key` */
import { runAlone } from "../cli.ts";
import { createKeyCommand } from "../memberKey.ts";

export const command = createKeyCommand("querier");

if (import.meta.main) await runAlone(command);
