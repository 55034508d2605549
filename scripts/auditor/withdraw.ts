/** `opaline auditor withdraw` */
import { runAlone } from "../cli.ts";
import { withdrawCommand } from "../withdraw.ts";

export const command = withdrawCommand("auditor", "rewards for reported equivocations");

if (import.meta.main) await runAlone(command);
