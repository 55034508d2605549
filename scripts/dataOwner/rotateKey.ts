/** `opaline data-owner rotate-key` */
import { runAlone } from "../cli.ts";
import { createRotateKeyCommand } from "../rotateKey.ts";

export const command = createRotateKeyCommand(
  "dataOwner",
  "then contribute with the new --keystore; the TLS certificate stays",
);

if (import.meta.main) await runAlone(command);
