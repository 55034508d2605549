/**
 * What the cells of a table add up to along its axes, where a field is summed over them: the sum over all of a line, or over the
 * whole table, follows from those of its cells, so that it is told though no output is it. How many patients are in a line
 * follows, too, but is not looked at in its own answer, where cells are tested one by one and with two other sets; later answers are
 * compared with it as with any earlier set.
 */
import { cellsOf } from "../query/axisSizes.ts";
import type { ClassFunction } from "./classFunction.ts";
import { add, times } from "./classFunction.ts";
import type { DisclosedGroup } from "./disclosedSets.ts";
import type { RowSet } from "./rowSet.ts";
import { setWhere } from "./rowSet.ts";
import type { Sum } from "./summedPoints.ts";

export interface DisclosedMargin {
  readonly set: RowSet;
  /** Indices of those that add up to it, ascending; at least two. */
  readonly groups: readonly number[];
  readonly summed: ReadonlySet<number>;
  readonly sums: readonly Sum[];
}

/**
 * @param axes conditions of each axis' lines, which are disjoint
 * @param kinds of each kind of group, what it sums over but for the cell
 * @param groups by cell in row-major order, then kind
 */
export function marginsOf(
  axes: readonly (readonly ClassFunction[])[],
  kinds: readonly ClassFunction[],
  groups: readonly DisclosedGroup[],
  parts: bigint,
): DisclosedMargin[] {
  const cells = cellsOf(axes.map(({ length }) => length));
  // Each line by itself, or all lines of the axis together.
  const choices = cellsOf(axes.map(({ length }) => length + 1));
  return choices.flatMap((choice) => {
    const inside = cells.flatMap((cell, index) =>
      choice.every((line, axis) => line === axes[axis]!.length || line === cell[axis]) ? [index] : [],
    );
    if (inside.length < 2) return [];
    return kinds.flatMap((summedOver, kind): DisclosedMargin[] => {
      const own = inside.map((cell) => cell * kinds.length + kind).filter((group) => groups[group]!.set !== undefined);
      const { summed, sums } = groups[own[0] ?? kind]!;
      if (own.length < 2 || summed.size === 0) return [];
      const condition = choice.reduce<ClassFunction>((product, line, axis) => {
        const lines = axes[axis]!;
        return times(product, lines[line] ?? lines.reduce(add));
      }, summedOver);
      const set = setWhere(parts, condition);
      return set === undefined ? [] : [{ set, groups: own, summed, sums }];
    });
  });
}
