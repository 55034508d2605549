/** `opaline data-owner create-key`: `init` makes the first one. */
import { runAlone } from "../cli.ts";
import { createKeyCommand } from "../memberKey.ts";

export const command = createKeyCommand("data-owner", "a key to replace the one of init: then `data-owner rotate-key`");

if (import.meta.main) await runAlone(command);
