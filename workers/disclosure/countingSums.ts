/**
 * Sums that are combinations of counts: of a column whose values the classes tell apart, Σx over a set is Σ_v v·|set ∧ x = v|. So a
 * mean tells of counts what a count of the same combination would, and what is hidden must not follow from it either.
 */
import type { ClassCatalogue } from "./classCatalogue.ts";
import type { RowSet } from "./rowSet.ts";
import { allOf, classesIn, intersect } from "./rowSet.ts";
import type { Sum } from "./summedPoints.ts";

/** Σ weight × number of rows, over sets. */
export type WeightedSets = readonly (readonly [set: RowSet, weight: bigint])[];

/** Combinations of values of one product. Nobody is told anything by a sum over so many. */
const MOST_CELLS = 256;

/** @param sums over the set; those of values that no class tells are left out */
export function countingSums(set: RowSet, sums: readonly Sum[], catalogue: ClassCatalogue): WeightedSets[] {
  return sums.flatMap((sum) => {
    const weighted = weightedSets(set, sum, catalogue);
    return weighted === undefined || weighted.length === 0 ? [] : [weighted];
  });
}

function weightedSets(set: RowSet, sum: Sum, catalogue: ClassCatalogue): WeightedSets | undefined {
  let cells: [RowSet, bigint][] = [[set, 1n]];
  for (const field of new Set(sum.map((variable) => variable.field))) {
    const values = valuesOn(set, field, sum, catalogue);
    if (values === undefined || cells.length * values.length > MOST_CELLS) return undefined;
    cells = cells.flatMap(([cell, weight]) =>
      values.flatMap(([classes, value]): [RowSet, bigint][] => {
        const part = within(cell, field, classes, catalogue);
        return part === undefined || value === 0n ? [] : [[part, weight * value]];
      }),
    );
  }
  return sum.length === 0 ? [] : cells;
}

/** By class that the set allows, the product of the field's variables; undefined where rows of a class differ. */
function valuesOn(
  set: RowSet,
  field: number,
  sum: Sum,
  catalogue: ClassCatalogue,
): (readonly [classes: bigint, value: bigint])[] | undefined {
  const { count } = catalogue.classes(field);
  const allowed = classesIn(set, field) ?? allOf(count);
  const own = sum.filter((variable) => variable.field === field);
  const found: (readonly [bigint, bigint])[] = [];
  for (let index = 0; index < count; index++) {
    if (((allowed >> BigInt(index)) & 1n) === 0n) continue;
    let value = 1n;
    for (const { values } of own) {
      const factor = values[index];
      if (factor === undefined) return undefined;
      value *= factor;
    }
    found.push([1n << BigInt(index), value]);
  }
  return found;
}

function within(set: RowSet, field: number, classes: bigint, catalogue: ClassCatalogue): RowSet | undefined {
  return intersect(set, { parts: set.parts, conditions: [[field, classes, allOf(catalogue.classes(field).count)]] });
}
