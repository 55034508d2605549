/** `opaline vetter rotate-key` */
import { runAlone } from "../cli.ts";
import { createRotateKeyCommand } from "../rotateKey.ts";

export const command = createRotateKeyCommand("vetter", "then use the new --keystore");

if (import.meta.main) await runAlone(command);
