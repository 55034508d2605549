/** `opaline board rotate-key` */
import { runAlone } from "../cli.ts";
import { createRotateKeyCommand } from "../rotateKey.ts";

export const command = createRotateKeyCommand(
  "board",
  "then give queriers the new public key; keep the old keystore: answers sealed to it open with it only",
);

if (import.meta.main) await runAlone(command);
