/** The participant's slip as an option names it, and what the chain says about its row. */
import type { CommandContext } from "../command.ts";
import { readInputFile } from "../readInputFile.ts";
import { type Slip, parseSlip } from "../slipFile.ts";

export const slipOption = {
  slip: { type: "string", describe: "Your slip, as the hospital gave it to you; keep it to yourself", required: true },
} as const;

/** @throws CodedError FILE_UNREADABLE | FILE_FIELD_INVALID */
export function readSlip(path: string, { resolve }: CommandContext): Slip {
  return parseSlip("slip", readInputFile("slip", resolve(path)));
}
