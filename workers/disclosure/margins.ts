/**
 * What the cells of a table add up to along its axes, where a field is summed over them: the sum over all of a line, or over the
 * whole table, follows from those of its cells, so that it is told though no output is it. Counts by value of a field are such
 * a sum, too: each value so many times. How many patients are in a line follows as well, but is not looked at in its own answer,
 * where cells are tested one by one and with two other sets; later answers are compared with it as with any earlier set.
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
  readonly summed: ReadonlySet<number>;
  readonly sums: readonly Sum[];
}

export interface TableAxis {
  /** Conditions, which are disjoint. */
  readonly lines: readonly ClassFunction[];
  /** A field of which each line is a number, but for those from `values` on, which are missing; undefined: it has none. */
  readonly field: number | undefined;
  readonly values: number;
}

/** A line of each axis, or its lines before one. */
type Choice = readonly { readonly line?: number; readonly before?: number }[];

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
      const isIn = choice.every(({ line, before = 0 }, axis) =>
        line === undefined ? cell[axis]! < before : line === cell[axis],
      );
      return isIn ? [index] : [];
    });
    if (inside.length < 2) return [];
    return kinds.flatMap((summedOver, kind): DisclosedMargin[] => {
      const own = inside.map((cell) => cell * kinds.length + kind).filter((group) => groups[group]!.set !== undefined);
      const first = groups[own[0] ?? kind]!;
      // Counts by value are a sum of the axis' field; sums are what they are.
      const isTold = counted === undefined ? first.summed.size > 0 : first.counts.length > 0;
      if (own.length < 2 || !isTold) return [];
      const condition = choice.reduce<ClassFunction>((product, { line, before }, axis) => {
        const { lines } = axes[axis]!;
        return times(product, line === undefined ? lines.slice(0, before).reduce(add) : lines[line]!);
      }, summedOver);
      const set = setWhere(parts, condition);
      if (set === undefined) return [];
      const told = counted === undefined ? first : { summed: new Set([counted]), sums: [] };
      return [{ set, groups: own, summed: told.summed, sums: told.sums }];
    });
  });
}

/** Each line of an axis by itself, or all lines together, or all that are numbers, of whose field that tells a sum. */
function choicesOf(axes: readonly TableAxis[]): { readonly choice: Choice; readonly counted: number | undefined }[] {
  return cellsOf(axes.map(({ lines }) => lines.length + 1)).flatMap((chosen) => {
    const choice = chosen.map((line, axis) => {
      const { length } = axes[axis]!.lines;
      return line === length ? { before: length } : { line };
    });
    const numbers = axes.flatMap(({ field, values }, axis) =>
      field === undefined || choice[axis]!.before === undefined
        ? []
        : [{ choice: choice.with(axis, { before: values }), counted: field }],
    );
    return [{ choice, counted: undefined }, ...numbers];
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
