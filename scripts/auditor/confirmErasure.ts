/** `opaline auditor confirm-erasure`: posts a worker's receipt where the worker cannot. */
import { runAlone } from "../cli.ts";
import { confirmErasureCommand } from "../erasureReceipt.ts";

export const command = confirmErasureCommand("auditor confirm-erasure");

if (import.meta.main) await runAlone(command);
