/** `opaline worker create-key`: `init` makes the first one. */
import { runAlone } from "../cli.ts";
import { createKeyCommand } from "../memberKey.ts";

export const command = createKeyCommand("worker", "a key to replace the one of init: then `worker rotate-key`");

if (import.meta.main) await runAlone(command);
