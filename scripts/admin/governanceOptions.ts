/** Options that name a role of governance or a delay. */
import { invalidOption } from "../readOption.ts";
import { PERSONAL_ROLES } from "./governanceRoles.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
/** AccessManager keeps delays in 32 bits; a year is more than anyone means. */
const MAX_SECONDS = 366 * 86_400;

/** @throws CodedError OPTION_INVALID */
export function readGovernanceRole(option: string, text: string): bigint {
  if (Object.hasOwn(PERSONAL_ROLES, text)) return PERSONAL_ROLES[text]!;
  throw invalidOption(option, `one of ${Object.keys(PERSONAL_ROLES).join(", ")}`);
}

/** `0`, `90s`, `30m`, `48h`, `2d`, in seconds. @throws CodedError OPTION_INVALID */
export function readDelay(option: string, text: string): number {
  if (text === "0") return 0;
  const [, digits = "", unit = ""] = /^([0-9]{1,8})([smhd])$/.exec(text) ?? [];
  const seconds = Number(digits) * (UNITS[unit] ?? NaN);
  if (!(seconds <= MAX_SECONDS)) throw invalidOption(option, "a time such as 30m, 48h or 2d, at most 366d,");
  return seconds;
}
