/**
 * Numbers of missing values that answers show: the rows of a set without those that have some column, where both are disclosed
 * (`validity.ts`). Combinations of other sets that come to the same rows by construction tell nothing more.
 */
import { BN254_FR_MODULUS as R } from "../field/bn254.ts";
import type { RowSet } from "./rowSet.ts";
import { isSubset, keyOf } from "./rowSet.ts";
import { differInValidity } from "./validity.ts";

/**
 * Fingerprints of such rows, up to sign. O(sets²) comparisons.
 *
 * @param sets disclosed, or to be
 * @param print a set's fingerprint
 */
export function missingPrints(
  sets: readonly RowSet[],
  print: (set: RowSet) => bigint,
  classes: Parameters<typeof differInValidity>[0],
): ReadonlySet<bigint> {
  const distinct = [...new Map(sets.map((set) => [keyOf(set), set])).values()];
  const prints = new Set<bigint>();
  for (const whole of distinct) {
    for (const part of distinct) {
      const isPart = part !== whole && part.parts === whole.parts && isSubset(part, whole);
      if (!isPart || !differInValidity(classes, whole, part)) continue;
      const missing = (((print(whole) - print(part)) % R) + R) % R;
      prints.add(missing).add((R - missing) % R);
    }
  }
  return prints;
}
