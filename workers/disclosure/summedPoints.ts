/**
 * The values that summed columns can have on the rows of a set, as points, and what is summed as functions on them. Of classes that are
 * alike but for the value only some values are looked at: a polynomial of degree two that is 0 or 1 on five values is
 * constant. So points do not depend on what else a plan tells apart, and an answer has the same levels in all plans.
 */
import type { ClassCatalogue } from "./classCatalogue.ts";
import type { ClassFunction } from "./classFunction.ts";
import { classTexts, fieldsIn, oneOn, times, withoutField, ZERO } from "./classFunction.ts";
import { unsupported } from "./errors.ts";
import type { Variable } from "./factorReader.ts";
import type { RowSet } from "./rowSet.ts";
import { allOf, classesIn, conditionOf } from "./rowSet.ts";

/** Variables whose product is summed; none: rows are counted. */
export type Sum = readonly Variable[];

/** A value of a field, or classes on which what is summed is the same. */
export interface Point {
  /** Those that it stands for, alone or with other points. */
  readonly classes: bigint;
  /** Of each variable of the field, in their order. */
  readonly values: readonly bigint[];
  /** The value, where other points have the same classes. */
  readonly single: bigint | undefined;
}

export interface SummedField {
  readonly field: number;
  readonly variables: readonly Variable[];
  readonly points: readonly Point[];
}

/** By summed field, one of its points. */
export type JointPoint = readonly Point[];

/** Two values each for 0 and for 1, and one more. */
const MOST_VALUES = 5;
const MOST_POINTS = 4_096;

export function summedFields(catalogue: ClassCatalogue, sums: readonly Sum[], set: RowSet): SummedField[] {
  const fields = new Map<number, Map<string, Variable>>();
  for (const variable of sums.flat()) {
    const variables = fields.get(variable.field) ?? new Map<string, Variable>();
    fields.set(variable.field, variables.set(textOf(variable), variable));
  }
  return [...fields]
    .sort(([a], [b]) => a - b)
    .map(([field, found]) => {
      const variables = [...found.values()];
      return { field, variables, points: pointsOf(catalogue, field, variables, set) };
    });
}

function pointsOf(catalogue: ClassCatalogue, field: number, variables: readonly Variable[], set: RowSet): Point[] {
  const { count } = catalogue.classes(field);
  const allowed = classesIn(set, field) ?? allOf(count);
  const alike = classTexts(conditionOf(set), field, count);
  const groups = new Map<string, number[]>();
  for (let index = 0; index < count; index++) {
    if (((allowed >> BigInt(index)) & 1n) === 0n) continue;
    const functions = variables.flatMap(({ isValue, values }) => (isValue ? [] : [values[index]!]));
    const key = [alike[index]!, ...functions].join("|");
    groups.set(key, [...(groups.get(key) ?? []), index]);
  }
  return [...groups.values()].flatMap((group) => pointsIn(catalogue, variables, field, group));
}

/** Of classes on which only the value differs: each of few values, or some of many, which stand for all. */
function pointsIn(
  catalogue: ClassCatalogue,
  variables: readonly Variable[],
  field: number,
  group: readonly number[],
): Point[] {
  const pointAt = (index: number, value: bigint, classes: bigint, single: bigint | undefined): Point => {
    const values = variables.map((variable) => (variable.isValue ? value : variable.values[index]!));
    return { classes, values, single };
  };
  const all = group.reduce((bits, index) => bits | (1n << BigInt(index)), 0n);
  const value = variables.find(({ isValue }) => isValue);
  if (value === undefined) return [pointAt(group[0]!, 0n, all, undefined)];
  const found: { readonly index: number; readonly value: bigint; readonly isWhole: boolean }[] = [];
  for (const index of group) {
    const whole = value.values[index];
    const [first, last] = whole === undefined ? catalogue.classes(field).bounds(index)! : [whole, whole];
    for (let each = first; each <= last && found.length < MOST_VALUES; each++)
      found.push({ index, value: each, isWhole: whole !== undefined });
  }
  if (found.length === MOST_VALUES) return found.map(({ index, value: own }) => pointAt(index, own, all, own));
  return found.map(({ index, value: own, isWhole }) =>
    pointAt(index, own, 1n << BigInt(index), isWhole ? undefined : own),
  );
}

/** Fields on which the set's condition depends on others. */
export function entangledFields({ shape }: RowSet): ReadonlySet<number> {
  if (shape === undefined) return new Set();
  return new Set([...fieldsIn(shape).keys()].filter((field) => withoutField(shape, field) === undefined));
}

/** @throws CodedError DISCLOSURE_UNSUPPORTED: too many */
export function possiblePoints(
  joint: readonly SummedField[],
  set: RowSet,
  entangled: ReadonlySet<number>,
): readonly JointPoint[] {
  const count = joint.reduce((product, { points }) => product * points.length, 1);
  if (count > MOST_POINTS) throw unsupported("sums of too many columns of few values");
  const points = joint.reduce<JointPoint[]>(
    (all, { points: own }) => all.flatMap((before) => own.map((point) => [...before, point])),
    [[]],
  );
  if (!joint.some(({ field }) => entangled.has(field))) return points;
  const all = fieldsIn(conditionOf(set));
  return points.filter((point) => {
    const within = point.reduce<ClassFunction>((rest, { classes }, at) => {
      const whole = all.get(joint[at]!.field);
      return whole === undefined ? rest : times(rest, oneOn(joint[at]!.field, classes, whole));
    }, conditionOf(set));
    return within.key !== ZERO.key;
  });
}

/** 1, and every product of some variables of a sum, on these points: those of these fields. */
export function functionsOn(
  points: readonly JointPoint[],
  joint: readonly SummedField[],
  sums: readonly Sum[],
): bigint[][] {
  const own = sums.map((sum) => sum.filter((variable) => joint.some(({ field }) => field === variable.field)));
  const functions = own.flatMap((sum) =>
    sum.reduce<bigint[][]>(
      (made, variable) => {
        const values = valuesOn(points, joint, variable);
        return [...made, ...made.map((each) => each.map((value, point) => value * values[point]!))];
      },
      [points.map(() => 1n)],
    ),
  );
  const ones = points.map(() => 1n);
  return [...new Map([ones, ...functions].map((values) => [values.join(), values])).values()];
}

/** 1, and the sums on these points that are of these fields alone. */
export function sumsOn(points: readonly JointPoint[], joint: readonly SummedField[], sums: readonly Sum[]): bigint[][] {
  const own = sums.filter((sum) => sum.every((variable) => joint.some(({ field }) => field === variable.field)));
  const ones = points.map(() => 1n);
  const products = own.map((sum) =>
    sum.reduce<bigint[]>((product, variable) => {
      const values = valuesOn(points, joint, variable);
      return product.map((value, point) => value * values[point]!);
    }, ones),
  );
  return [ones, ...products];
}

/** @param variable of one of the fields */
export function valuesOn(points: readonly JointPoint[], joint: readonly SummedField[], variable: Variable): bigint[] {
  const at = joint.findIndex(({ field }) => field === variable.field);
  const place = joint[at]!.variables.findIndex((each) => textOf(each) === textOf(variable));
  return points.map((point) => point[at]!.values[place]!);
}

/** Whether points that differ only in the value within one class of a field are not all in it, or out of it. */
export function dividesClass(points: readonly JointPoint[], told: ReadonlySet<number>, at: number): boolean {
  const inside = new Map<string, boolean>();
  return points.some((point, index) => {
    if (point[at]!.single === undefined) return false;
    const key = point.map(({ classes, single }, place) => `${classes}|${place === at ? "" : (single ?? "")}`).join();
    const before = inside.get(key) ?? told.has(index);
    inside.set(key, before);
    return before !== told.has(index);
  });
}

/** Whether both are products of the same variables. */
export function isSameSum(a: Sum, b: Sum): boolean {
  return a.map(textOf).sort().join("*") === b.map(textOf).sort().join("*");
}

/** The same of variables that are the same. */
function textOf(variable: Variable): string {
  let text = texts.get(variable);
  if (text === undefined) {
    const { field, isValue, values } = variable;
    texts.set(variable, (text = `${field}|${isValue}|${values.join()}`));
  }
  return text;
}

/** The same variables are compared again and again. */
const texts = new WeakMap<Variable, string>();
