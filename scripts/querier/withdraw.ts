/** `opaline querier withdraw` */
import { runAlone } from "../cli.ts";
import { withdrawCommand } from "../withdraw.ts";

export const command = withdrawCommand("querier", "refunds, and shares as the author of queries");

if (import.meta.main) await runAlone(command);
