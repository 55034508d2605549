/** What is told over a level beside its number: sums of values that follow from the sums of its cell. */
import { areInSpan } from "./indicatorsInSpan.ts";
import type { Variable } from "./factorReader.ts";
import type { JointPoint, Sum, SummedField } from "./summedPoints.ts";
import { isSameSum, sumsOn, valuesOn } from "./summedPoints.ts";

export interface LevelSums {
  /** Sums of one value each that tell more than the level's number: the value is not the same on all of it. */
  readonly sums: readonly Sum[];
  /** Fields whose sum is told, by its number too. */
  readonly summed: ReadonlySet<number>;
}

/**
 * Of a field that makes levels, with the functions of such fields that are summed; of another, with those that are summed multiplied
 * by its value.
 *
 * @param sums over the cell
 * @param levels positions of points
 * @returns by level
 */
export function sumsOverLevels(
  points: readonly JointPoint[],
  joint: readonly SummedField[],
  sums: readonly Sum[],
  levels: readonly (readonly number[])[],
): LevelSums[] {
  const isJoint = ({ field }: Variable): boolean => joint.some((each) => each.field === field);
  const inside = levels.map((level) => new Set(level));
  const told = valuesIn(sums).map((value) => {
    const own = isJoint(value)
      ? sumsOn(points, joint, sums)
      : sumsOn(
          points,
          joint,
          factorsOf(value, sums).filter((rest) => rest.every(isJoint)),
        ).slice(1);
    const values = isJoint(value) ? valuesOn(points, joint, value) : points.map(() => 1n);
    const wanted = inside.map((level) => values.map((each, point) => (level.has(point) ? each : 0n)));
    const isOne = levels.map((level) => isJoint(value) && level.every((point) => values[point] === values[level[0]!]));
    return { value, isOne, isTold: areInSpan(own, wanted) };
  });
  return levels.map((_, index) => {
    const here = told.filter(({ isTold }) => isTold[index]);
    return {
      sums: here.flatMap(({ value, isOne }): Sum[] => (isOne[index] ? [] : [[value]])),
      summed: new Set(here.map(({ value }) => value.field)),
    };
  });
}

/** Of values that two sets have the sum of: over what one has more than the other. */
export function commonSums(a: readonly Sum[], b: readonly Sum[]): LevelSums {
  const sums = a.filter((sum) => sum.length === 1 && sum[0]!.isValue && b.some((other) => isSameSum(sum, other)));
  return { sums, summed: new Set(sums.flat().map(({ field }) => field)) };
}

function valuesIn(sums: readonly Sum[]): Variable[] {
  const values = sums.flat().filter(({ isValue }) => isValue);
  return [...new Map(values.map((value) => [value.field, value])).values()];
}

/** What the value is multiplied by, once. */
function factorsOf(value: Variable, sums: readonly Sum[]): Sum[] {
  return sums.flatMap((sum): Sum[] => {
    const rest = sum.filter((each) => !(each.isValue && each.field === value.field));
    return rest.length === sum.length - 1 ? [rest] : [];
  });
}
