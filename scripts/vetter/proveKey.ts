/** `opaline vetter prove-key` */
import { runAlone } from "../cli.ts";
import { createProveKeyCommand } from "../rotateKey.ts";

export const command = createProveKeyCommand("vetter");

if (import.meta.main) await runAlone(command);
