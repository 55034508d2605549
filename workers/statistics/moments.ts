/**
 * Statistics of one column from its exact sums, without rounding on the way. With scale s = 10^decimals:
 *
 *   AVG      = S1 / (n·s)
 *   VAR_POP  = (n·S2 − S1²) / (n²·s²)          null when n = 0
 *   VAR_SAMP = (n·S2 − S1²) / (n·(n−1)·s²)     null when n < 2
 */
import { Finish } from "../messages/descriptor.ts";
import { ratioToNumber, rootToNumber } from "./exactNumber.ts";

export interface Moments {
  readonly n: bigint;
  /** Σ scaled value. */
  readonly sum: bigint;
  /** Σ scaled value², where the finish reads it. */
  readonly squares: bigint;
  readonly decimals: number;
}

/** An integer as a number, or as text beyond 2^53 where a number would be inexact. */
export function integerAnswer(value: bigint): number | string {
  const exact = value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);
  return exact ? Number(value) : value.toString();
}

export function finishMoments(finish: Finish, { n, sum, squares, decimals }: Moments): number | string | null {
  const scale = 10n ** BigInt(decimals);
  if (finish === Finish.COUNT) return integerAnswer(n);
  if (n === 0n) return null;
  const spread = n * squares - sum * sum;
  const squareScale = scale * scale;
  switch (finish) {
    case Finish.SUM:
      return decimals === 0 ? integerAnswer(sum) : ratioToNumber(sum, scale);
    case Finish.AVG:
      return ratioToNumber(sum, n * scale);
    case Finish.VAR_POP:
      return ratioToNumber(spread, n * n * squareScale);
    case Finish.STDDEV_POP:
      return rootToNumber(spread, n * n * squareScale);
    case Finish.VAR_SAMP:
      return n < 2n ? null : ratioToNumber(spread, n * (n - 1n) * squareScale);
    case Finish.STDDEV_SAMP:
      return n < 2n ? null : rootToNumber(spread, n * (n - 1n) * squareScale);
    default:
      throw new RangeError(`finish ${finish} reads no sums`);
  }
}
