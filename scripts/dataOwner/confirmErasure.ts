/** `opaline data-owner confirm-erasure`: posts a worker's receipt where the worker cannot. */
import { runAlone } from "../cli.ts";
import { confirmErasureCommand } from "../erasureReceipt.ts";

export const command = confirmErasureCommand("data-owner confirm-erasure");

if (import.meta.main) await runAlone(command);
