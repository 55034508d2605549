/** `opaline board prove-key` */
import { runAlone } from "../cli.ts";
import { createProveKeyCommand } from "../rotateKey.ts";

export const command = createProveKeyCommand("board");

if (import.meta.main) await runAlone(command);
