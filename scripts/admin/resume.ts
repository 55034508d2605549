/** `opaline admin resume`: ends a stop. */
import { runAlone } from "../cli.ts";
import { switchCommand } from "./switchCommand.ts";

export const command = switchCommand("resume", "Take requests and answers again", "the key was replaced");

if (import.meta.main) await runAlone(command);
