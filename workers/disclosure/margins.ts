/**
 * What the cells of a table add up to along its axes, where a field is summed over them: the sum over all of a line, or over the
 * whole table, follows from those of its cells, so that it is told though no output is it. Counts by value of a field are such
 * a sum, too: each value so many times. How many patients are in a line follows as well: that is compared with earlier sets where
 * shown cells are added up (`shownSums.ts`), not combined with two others, and sums of earlier sets may tell counts with it
 * (`levelsWithEarlier.ts`); later answers are compared with it as with any earlier set.
 */
import { cellsOf } from "../query/axisSizes.ts";
import type { ClassFunction } from "./classFunction.ts";
import { add, isSmall, times } from "./classFunction.ts";
import type { DisclosedGroup } from "./disclosedSets.ts";
import type { RowSet } from "./rowSet.ts";
import { conditionOf, setWhere } from "./rowSet.ts";
import type { Sum } from "./summedPoints.ts";

export interface DisclosedMargin {
  readonly set: RowSet;
  /** Indices of those that add up to it, ascending; at least two. */
  readonly groups: readonly number[];
  /** Empty where the cells only count. */
  readonly summed: ReadonlySet<number>;
  readonly sums: readonly Sum[];
}

export interface TableAxis {
  /** Conditions, which are disjoint. */
  readonly lines: readonly ClassFunction[];
  readonly field: number;
  /** Indices of lines that are one number of the field, ascending. */
  readonly numbers: readonly number[];
}

/** Of each axis, the lines that are added up, ascending. */
type Choice = readonly number[][];

/**
 * @param kinds of each kind of group, what it sums over but for the cell
 * @param groups by cell in row-major order, then kind
 */
export function marginsOf(
  axes: readonly TableAxis[],
  kinds: readonly ClassFunction[],
  groups: readonly DisclosedGroup[],
  parts: bigint,
): DisclosedMargin[] {
  const cells = cellsOf(axes.map(({ lines }) => lines.length));
  return choicesOf(axes).flatMap(({ choice, counted }) => {
    const inside = cells.flatMap((cell, index) => {
      return choice.every((chosen, axis) => chosen.includes(cell[axis]!)) ? [index] : [];
    });
    if (inside.length < 2) return [];
    const found = kinds.flatMap((summedOver, kind): DisclosedMargin[] => {
      const own = inside.map((cell) => cell * kinds.length + kind).filter((group) => groups[group]!.set !== undefined);
      const first = groups[own[0] ?? kind]!;
      // Counts by value are a sum of the axis' field; sums are what they are.
      if (own.length < 2 || (counted !== undefined && first.counts.length === 0)) return [];
      const condition = choice.reduce<ClassFunction>(
        (product, chosen, axis) => times(product, chosen.map((line) => axes[axis]!.lines[line]!).reduce(add)),
        summedOver,
      );
      const set = setWhere(parts, condition);
      if (set === undefined) return [];
      const told = counted === undefined ? first : { summed: new Set([counted]), sums: [] };
      return [{ set, groups: own, summed: told.summed, sums: told.sums }];
    });
    return found;
  });
}

/** Each line of an axis by itself, or all lines together, or two or more that are numbers, of whose field their counts tell a sum. */
function choicesOf(axes: readonly TableAxis[]): { readonly choice: Choice; readonly counted: number | undefined }[] {
  return cellsOf(axes.map(({ lines }) => lines.length + 1)).flatMap((chosen) => {
    const choice = chosen.map((line, axis) => {
      const { lines } = axes[axis]!;
      return line === lines.length ? [...lines.keys()] : [line];
    });
    const counted = axes.flatMap(({ field, lines, numbers }, axis) => {
      const isAll = chosen[axis] === lines.length && numbers.length > 1;
      return isAll ? [{ choice: choice.with(axis, [...numbers]), counted: field }] : [];
    });
    return [{ choice, counted: undefined }, ...counted];
  });
}

/**
 * Of a margin, what is told: all of it, or what those of its cells add up to that are shown, at least two. Undefined: nothing, or
 * what combines too many columns to be compared with.
 */
export function toldPart(
  { set, groups: own }: DisclosedMargin,
  groups: readonly DisclosedGroup[],
  isShown: (group: number) => boolean,
): RowSet | undefined {
  const shown = own.filter(isShown);
  if (shown.length === own.length) return set;
  if (shown.length < 2) return undefined;
  const told = setWhere(set.parts, shown.map((group) => conditionOf(groups[group]!.set!)).reduce(add));
  return told?.shape === undefined || isSmall(told.shape) ? told : undefined;
}
