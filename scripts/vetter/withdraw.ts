/** `opaline vetter withdraw` */
import { runAlone } from "../cli.ts";
import { withdrawCommand } from "../withdraw.ts";

export const command = withdrawCommand("vetter", "shares as the author of queries");

if (import.meta.main) await runAlone(command);
