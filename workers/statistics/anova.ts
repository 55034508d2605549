/** One-way analysis of variance from each group's n, Σx and Σx², as R's `aov`: equal variances assumed. */
import { fUpper } from "./distributions.ts";
import type { GroupMoments } from "./groupMoments.ts";
import { requireMoments, sumOfSquaresAboutMean } from "./groupMoments.ts";
import { isZero, minus, over, plus, rational, toNumber, ZERO } from "./rational.ts";

export interface Anova {
  readonly n: number;
  /** Groups with values; the others take no part. */
  readonly groups: number;
  /** Null without values. */
  readonly sumOfSquaresBetween: number | null;
  readonly sumOfSquaresWithin: number | null;
  readonly dfBetween: number | null;
  readonly dfWithin: number | null;
  /** Null with one group, without degrees of freedom within groups, or where no group varies. */
  readonly f: number | null;
  readonly p: number | null;
}

/**
 * @param decimals a scaled value is the value times 10^decimals
 * @throws CodedError ANSWER_INCONSISTENT
 */
export function anova(groups: readonly GroupMoments[], decimals: number): Anova {
  for (const group of groups) requireMoments(group, "analysis of variance");
  const used = groups.filter(({ n }) => n > 0n);
  const all = used.reduce(pool, { n: 0n, sum: 0n, squares: 0n });
  const counts = { n: Number(all.n), groups: used.length };
  if (all.n === 0n) {
    const nothing = { sumOfSquaresBetween: null, sumOfSquaresWithin: null, dfBetween: null, dfWithin: null };
    return { ...counts, ...nothing, f: null, p: null };
  }
  const within = used.map(sumOfSquaresAboutMean).reduce(plus, ZERO);
  const between = minus(sumOfSquaresAboutMean(all), within);
  const squareScale = rational(10n ** BigInt(2 * decimals));
  const [dfBetween, dfWithin] = [used.length - 1, Number(all.n) - used.length];
  const sums = {
    sumOfSquaresBetween: toNumber(over(between, squareScale)),
    sumOfSquaresWithin: toNumber(over(within, squareScale)),
  };
  // Without degrees of freedom within groups nothing varies there.
  if (dfBetween === 0 || isZero(within)) return { ...counts, ...sums, dfBetween, dfWithin, f: null, p: null };
  const f = toNumber(over(over(between, rational(BigInt(dfBetween))), over(within, rational(BigInt(dfWithin)))));
  return { ...counts, ...sums, dfBetween, dfWithin, f, p: fUpper(f, dfBetween, dfWithin) };
}

function pool(a: GroupMoments, b: GroupMoments): GroupMoments {
  return { n: a.n + b.n, sum: a.sum + b.sum, squares: a.squares + b.squares };
}
