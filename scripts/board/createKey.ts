/** `opaline board create-key` */
import { runAlone } from "../cli.ts";
import { createKeyCommand } from "../memberKey.ts";

export const command = createKeyCommand("board");

if (import.meta.main) await runAlone(command);
