/** `opaline querier rotate-key` */
import { runAlone } from "../cli.ts";
import { createRotateKeyCommand } from "../rotateKey.ts";

export const command = createRotateKeyCommand(
  "querier",
  "then use the new --keystore; keep the old one: answers sealed to it open with it only",
);

if (import.meta.main) await runAlone(command);
