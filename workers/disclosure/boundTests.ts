/** Tests of sums of values against the ends of their range. */
import type { SizeTest } from "../messages/gatePlan.ts";
import type { DisclosedGroup } from "./disclosedSets.ts";
import type { FieldClasses } from "./fieldClasses.ts";
import type { RequestTests } from "./requestTests.ts";
import type { RowSet } from "./rowSet.ts";
import { allOf, classesIn } from "./rowSet.ts";

/**
 * That sums of values are not just above the least, or below the most, that the set allows: Σ(x − least) = 3 is about three patients
 * at most; the same with every owner's rows taken away. Of two values their numbers are levels.
 */
export function boundTests(
  { tests, facts, owners }: Pick<RequestTests, "tests" | "facts" | "owners">,
  { set, sums, outputs, counts }: DisclosedGroup,
  k: number,
): SizeTest[] {
  if (set === undefined) return [];
  const summing = outputs.filter((output) => !counts.includes(output));
  return sums.flatMap(([variable, ...others], at) => {
    if (variable?.isValue !== true || others.length > 0) return [];
    const range = valuesIn(set, variable.field, facts.classes(variable.field));
    if (range === undefined || range[1] - range[0] < 2n) return [];
    return range.flatMap((end, which) => {
      // An end that no test can name is one that nobody's values are near.
      if (!Number.isSafeInteger(Number(end))) return [];
      const from = [end, which === 0 ? 1 : -1] as const;
      return [undefined, ...owners].map((owner) => tests.distance(set, summing[at]!, from, k - 1, owner));
    });
  });
}

/** The least and the most of a field on a set; undefined where its values are no numbers. */
function valuesIn(set: RowSet, field: number, classes: FieldClasses): readonly [bigint, bigint] | undefined {
  const allowed = classesIn(set, field) ?? allOf(classes.count);
  const bounds = Array.from({ length: classes.count }, (_, index) => index)
    .filter((index) => ((allowed >> BigInt(index)) & 1n) === 1n)
    .flatMap((index) => classes.bounds(index) ?? []);
  if (bounds.length === 0) return undefined;
  return [
    bounds.reduce((least, each) => (each < least ? each : least)),
    bounds.reduce((most, each) => (each > most ? each : most)),
  ];
}
