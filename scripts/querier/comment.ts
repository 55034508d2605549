/** `opaline querier comment`: a remark of the query's author. */
import { runAlone } from "../cli.ts";
import { commentCommand } from "../remarks.ts";

export const command = commentCommand("querier");

if (import.meta.main) await runAlone(command);
