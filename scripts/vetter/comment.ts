/** `opaline vetter comment`: a remark of a vetter. */
import { runAlone } from "../cli.ts";
import { commentCommand } from "../remarks.ts";

export const command = commentCommand("vetter");

if (import.meta.main) await runAlone(command);
