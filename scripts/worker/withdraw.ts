/** `opaline worker withdraw` */
import { runAlone } from "../cli.ts";
import { withdrawCommand } from "../withdraw.ts";

export const command = withdrawCommand("worker", "its share of prices, and storage fees");

if (import.meta.main) await runAlone(command);
