/**
 * Sums that are combinations of counts: of a column whose values the classes tell apart, Σx over a set is Σ_v v·|set ∧ x = v|. So a
 * mean tells of counts what a count of the same combination would, and what is hidden must not follow from it either.
 * Which powers and products were summed is not kept: squares and products of two such columns count as summed, too.
 */
import { valueOfClasses } from "./atomFunctions.ts";
import type { ClassCatalogue } from "./classCatalogue.ts";
import type { RowSet } from "./rowSet.ts";
import { allOf, classesIn, intersect } from "./rowSet.ts";

/** Σ weight × number of rows, over sets. */
export type WeightedSets = readonly (readonly [set: RowSet, weight: bigint])[];

/** Cells of one product of two columns. Larger tables of values are no tables of counts that anyone solves by hand. */
const MOST_CELLS = 64;

interface ValuedClass {
  readonly classes: bigint;
  readonly value: bigint;
}

/** @param summed fields summed over the set */
export function countingSums(set: RowSet, summed: ReadonlySet<number>, catalogue: ClassCatalogue): WeightedSets[] {
  const fields = [...summed]
    .sort((a, b) => a - b)
    .flatMap((field) => {
      const values = valuedClasses(set, field, catalogue);
      return values === undefined || values.length > MOST_CELLS ? [] : [{ field, values }];
    });
  return fields.flatMap(({ field, values }, index) => {
    const powers = [1n, 2n].map((power) =>
      values.flatMap(({ classes, value }) => weighted(within(set, field, classes, catalogue), value ** power)),
    );
    const products = fields.slice(index + 1).flatMap((other) => {
      if (values.length * other.values.length > MOST_CELLS) return [];
      const cells = values.flatMap((own) => {
        const part = within(set, field, own.classes, catalogue);
        return other.values.flatMap(({ classes, value }) => {
          return weighted(part && within(part, other.field, classes, catalogue), own.value * value);
        });
      });
      return [cells];
    });
    return [...powers, ...products].filter((sum) => sum.length > 0);
  });
}

function weighted(set: RowSet | undefined, weight: bigint): [RowSet, bigint][] {
  return set === undefined || weight === 0n ? [] : [[set, weight]];
}

function within(set: RowSet, field: number, classes: bigint, catalogue: ClassCatalogue): RowSet | undefined {
  return intersect(set, { parts: set.parts, conditions: [[field, classes, allOf(catalogue.classes(field).count)]] });
}

/** Of the set's rows, one class a value; undefined where rows of a class differ. */
function valuedClasses(set: RowSet, field: number, catalogue: ClassCatalogue): ValuedClass[] | undefined {
  const { count } = catalogue.classes(field);
  const allowed = classesIn(set, field) ?? allOf(count);
  const values = valueOfClasses(catalogue, field);
  const found: ValuedClass[] = [];
  for (let index = 0; index < count; index++) {
    if (((allowed >> BigInt(index)) & 1n) === 0n) continue;
    const value = values[index];
    if (value === undefined) return undefined;
    found.push({ classes: 1n << BigInt(index), value });
  }
  return found;
}
