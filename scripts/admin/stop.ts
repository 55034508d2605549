/** `opaline admin stop`: stops all requests and answers. */
import { runAlone } from "../cli.ts";
import { switchCommand } from "./switchCommand.ts";

export const command = switchCommand(
  "stop",
  "Stop all requests and answers at once; refunds go on",
  "a key was stolen: no more answers until it is resumed",
);

if (import.meta.main) await runAlone(command);
