/** `opaline worker rotate-key` */
import { runAlone } from "../cli.ts";
import { createRotateKeyCommand } from "../rotateKey.ts";

export const command = createRotateKeyCommand(
  "worker",
  "then let OPALINE_KEYSTORE and OPALINE_PASSWORD_FILE name the new keystore, and start the worker again; fund the new account",
);

if (import.meta.main) await runAlone(command);
