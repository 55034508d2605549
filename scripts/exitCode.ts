/**
 * What a failed command exits with, so that a calling program knows what to do (numbers of sysexits.h):
 * 1 the request or the data is wrong, do not repeat it unchanged; 75 repeat it later; 78 the set-up is wrong.
 */
import { isCoded } from "#errors";

export const EXIT_FAILED = 1;
export const EXIT_RETRYABLE = 75;
export const EXIT_CONFIGURATION = 78;

const RETRYABLE = [/_UNREACHABLE$/, /_UNAVAILABLE$/, /_TIMEOUT$/, /_PENDING$/, /_BUSY$/, /^COMMAND_INTERRUPTED$/];
const CONFIGURATION = [/^CHAIN_DEPLOYMENT$/, /^CHAIN_WRONG_ID$/, /^KEYSTORE_/, /^KEY_REPLACED$/, /^CONFIGURATION_/];

export function exitCodeOf(error: unknown): number {
  if (!isCoded(error)) return EXIT_FAILED;
  if ((error.detail as { readonly retryable?: boolean }).retryable === true) return EXIT_RETRYABLE;
  if (RETRYABLE.some((pattern) => pattern.test(error.code))) return EXIT_RETRYABLE;
  if (CONFIGURATION.some((pattern) => pattern.test(error.code))) return EXIT_CONFIGURATION;
  return EXIT_FAILED;
}
