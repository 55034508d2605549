/** `opaline worker prove-key` */
import { runAlone } from "../cli.ts";
import { createProveKeyCommand } from "../rotateKey.ts";

export const command = createProveKeyCommand("worker");

if (import.meta.main) await runAlone(command);
