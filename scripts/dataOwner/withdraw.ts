/** `opaline data-owner withdraw` */
import { runAlone } from "../cli.ts";
import { withdrawCommand } from "../withdraw.ts";

export const command = withdrawCommand("dataOwner", "its share of prices, by the rows that were used");

if (import.meta.main) await runAlone(command);
