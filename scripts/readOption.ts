/** Options whose text has a form: addresses, hashes, whole numbers, amounts, dates. */
import { getAddress, isAddress, parseEther } from "ethers";
import { CodedError } from "#errors";

export interface OptionErrorDetail {
  readonly code: "OPTION_INVALID";
  readonly option: string;
}

/** The error every badly formed option gives. */
export function invalidOption(option: string, expected: string): CodedError<OptionErrorDetail> {
  return new CodedError({ code: "OPTION_INVALID", option }, `--${option}: ${expected} expected`);
}

/** Checksummed. @throws CodedError OPTION_INVALID */
export function readAddress(option: string, text: string): string {
  if (!isAddress(text)) throw invalidOption(option, expectedAddress(text));
  return getAddress(text);
}

/** Capital letters are an address's checksum: with wrong ones it is mistyped. */
export function expectedAddress(text: string): string {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) return "an address (0x and 40 hex digits)";
  return "an address whose capital letters are its checksum (these are not: is a character mistyped?)";
}

/** Lower case. @throws CodedError OPTION_INVALID */
export function readBytes32(option: string, text: string): string {
  if (!/^0x[0-9a-fA-F]{64}$/.test(text)) throw invalidOption(option, "0x and 64 hex digits");
  return text.toLowerCase();
}

/** @throws CodedError OPTION_INVALID */
export function readWhole(option: string, text: string, minimum: bigint, maximum: bigint): bigint {
  const value = /^[0-9]{1,78}$/.test(text) ? BigInt(text) : -1n;
  if (value < minimum || value > maximum) throw invalidOption(option, `a whole number from ${minimum} to ${maximum}`);
  return value;
}

/** In wei. @throws CodedError OPTION_INVALID */
export function readEther(option: string, text: string): bigint {
  if (!/^[0-9]{1,8}(\.[0-9]{1,18})?$/.test(text)) {
    throw invalidOption(option, "a decimal number of ether, below 10^8, of at most 18 places");
  }
  return parseEther(text);
}

/** The last second of a day `YYYY-MM-DD` (UTC), in seconds since 1970. @throws CodedError OPTION_INVALID */
export function readLastSecond(option: string, text: string): bigint {
  const start = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  if (Number.isNaN(start) || new Date(start).toISOString().slice(0, 10) !== text) {
    throw invalidOption(option, "a date YYYY-MM-DD");
  }
  return BigInt(start / 1_000 + 86_399);
}
