/** `opaline data-owner prove-key` */
import { runAlone } from "../cli.ts";
import { createProveKeyCommand } from "../rotateKey.ts";

export const command = createProveKeyCommand("dataOwner");

if (import.meta.main) await runAlone(command);
