/** What the arguments of an ALLOCATION may be (`contracts/types/Descriptor.sol`): what its posterior can be computed for. */
import { ARGUMENT_DECIMALS } from "./descriptor.ts";

const ONE = 10n ** BigInt(ARGUMENT_DECIMALS);

/** Shapes of a beta prior, in millionths: 0.05 to 10^6, as `statistics/betaBinomial.ts` says why. */
export function isShape(word: bigint): boolean {
  return word >= ONE / 20n && word <= ONE * ONE;
}

/** In millionths, 0 to 100: beyond, the best arm gets all to the last digit of a double. */
export function isPower(word: bigint): boolean {
  return word >= 0n && word <= 100n * ONE;
}

/** In millionths, 0 to 1. */
export function isWeight(word: bigint): boolean {
  return word >= 0n && word <= ONE;
}

/** Subjects and successes of each arm of an earlier study. At most nine digits: no study has more. */
export function areExternalCounts(words: readonly bigint[]): boolean {
  const isCount = (word: bigint): boolean => word >= 0n && word < 10n ** 9n;
  return words.length % 2 === 0 && words.every((word, at) => isCount(word) && (at % 2 === 0 || word <= words[at - 1]!));
}

/** Lines of a table's axis that are arms, as bits; each has a line of the axis. */
export function armLines(bits: bigint): number[] {
  return [...bits.toString(2)].reverse().flatMap((bit, line) => (bit === "1" ? [line] : []));
}

/** Prior a and b, power, arms; with an earlier study its weight, then subjects and successes of each arm. */
export function isAllocation(words: readonly bigint[]): boolean {
  const [a = 0n, b = 0n, power = -1n, arms = 0n, weight = 0n, ...external] = words;
  if (!isShape(a) || !isShape(b) || !isPower(power) || arms <= 0n || !isWeight(weight)) return false;
  return words.length === 4 || (areExternalCounts(external) && external.length === 2 * armLines(arms).length);
}
