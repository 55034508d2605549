/**
 * Sets of rows as the gate reasons about them: the rows of some parts that satisfy a condition on classes of fields.
 * Intersections and inclusions "by construction" are decided on these, from public bytes alone.
 *
 * Most sets are *boxes*: one condition per field, as bits. What OR, or NOT of AND, makes of several fields is not; it has a
 * *shape*, a canonical decision diagram, beside the smallest box around it. Two boxes are compared on bits; a box around is
 * enough to see that sets do not meet, or that one is in a box.
 */
import type { ClassFunction, Decision } from "./classFunction.ts";
import { add, decide, isConstant, meetWithin, ONE, scale, times, ZERO } from "./classFunction.ts";

/** Classes as bits, some but not all of the field's. */
export type Condition = readonly [field: number, classes: bigint, all: bigint];

export interface RowSet {
  /** Bit i: part i of the universe: rows of one segment. */
  readonly parts: bigint;
  /** Of each field, the classes that rows of the set can have; ascending fields, those that can have all left out. */
  readonly conditions: readonly Condition[];
  /** Present exactly when not all rows that satisfy `conditions` are in the set: which are. */
  readonly shape?: Decision;
}

/** All bits of `count` classes or parts. */
export function allOf(count: number): bigint {
  return (1n << BigInt(count)) - 1n;
}

/** @param condition 0 or 1 everywhere. Undefined when no row can be in it. */
export function setWhere(parts: bigint, condition: ClassFunction): RowSet | undefined {
  if (parts === 0n || condition.key === ZERO.key) return undefined;
  const { conditions, shape } = formOf(condition);
  return shape === undefined ? { parts, conditions } : { parts, conditions, shape };
}

/** The condition that is 1 on exactly the set's rows, of its parts. */
export function conditionOf(set: RowSet): ClassFunction {
  if (set.shape !== undefined) return set.shape;
  let condition = boxes.get(set);
  if (condition === undefined) {
    condition = set.conditions.reduceRight<ClassFunction>(
      (rest, [field, classes, all]) =>
        decide(field, all, [
          [classes, rest],
          [all & ~classes, ZERO],
        ]),
      ONE,
    );
    boxes.set(set, condition);
  }
  return condition;
}

const boxes = new WeakMap<RowSet, ClassFunction>();
const forms = new WeakMap<ClassFunction, Omit<RowSet, "parts">>();

function formOf(condition: ClassFunction): Omit<RowSet, "parts"> {
  let form = forms.get(condition);
  if (form === undefined) {
    const conditions = [...projections(condition, new Map()).values()].sort(([a], [b]) => a - b);
    form = isConstant(condition) || isBox(condition) ? { conditions } : { conditions, shape: condition };
    forms.set(condition, form);
  }
  return form;
}

/** Whether one path only leads to 1. */
function isBox(condition: ClassFunction): boolean {
  if (isConstant(condition)) return true;
  const [inside, other] = condition.edges.filter(([, child]) => child.key !== ZERO.key);
  return other === undefined && isBox(inside![1]);
}

/** Of each field that not every class allows, the classes from which 1 can be reached. */
function projections(
  condition: ClassFunction,
  known: Map<string, ReadonlyMap<number, Condition>>,
): ReadonlyMap<number, Condition> {
  const done = known.get(condition.key);
  if (done !== undefined) return done;
  const found = new Map<number, Condition>();
  if (!isConstant(condition)) {
    const { field, all, edges } = condition;
    const inside = edges.filter(([, child]) => child.key !== ZERO.key);
    const own = inside.reduce((union, [classes]) => union | classes, 0n);
    if (own !== all) found.set(field, [field, own, all]);
    const children = inside.map(([, child]) => projections(child, known));
    for (const [other, [, , whole]] of children[0]!) {
      const each = children.map((child) => child.get(other)?.[1] ?? whole);
      const union = each.reduce((a, b) => a | b);
      if (union !== whole) found.set(other, [other, union, whole]);
    }
  }
  known.set(condition.key, found);
  return found;
}

/** Undefined when no row can be in both. @throws CodedError DISCLOSURE_UNSUPPORTED: of shapes that are too large together */
export function intersect(a: RowSet, b: RowSet): RowSet | undefined {
  const parts = a.parts & b.parts;
  if (parts === 0n) return undefined;
  const conditions = commonConditions(a.conditions, b.conditions);
  if (conditions === undefined) return undefined;
  if (a.shape === undefined && b.shape === undefined) return { parts, conditions };
  return setWhere(parts, times(conditionOf(a), conditionOf(b)));
}

/** The rows of a set that are not in a part of it; undefined when there can be none. */
export function without(whole: RowSet, part: RowSet): RowSet | undefined {
  return setWhere(whole.parts, add(conditionOf(whole), scale(conditionOf(part), -1n)));
}

/** The rows of a set that are not in another. */
export function apartFrom(set: RowSet, other: RowSet): RowSet | undefined {
  const both = intersect(set, other);
  return both === undefined ? set : without(set, both);
}

/** Undefined when no row can satisfy both. */
function commonConditions(a: readonly Condition[], b: readonly Condition[]): Condition[] | undefined {
  const conditions: Condition[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]];
    if (right === undefined || (left !== undefined && left[0] < right[0])) {
      conditions.push(left as Condition);
      i++;
    } else if (left === undefined || right[0] < left[0]) {
      conditions.push(right);
      j++;
    } else {
      const classes = left[1] & right[1];
      if (classes === 0n) return undefined;
      conditions.push([left[0], classes, left[2]]);
      i++;
      j++;
    }
  }
  return conditions;
}

/** Of each field, the classes that rows of either of two boxes can have. */
export function boxAround(a: readonly Condition[], b: readonly Condition[]): Condition[] {
  return a.flatMap(([field, classes, all]): Condition[] => {
    const union = classes | (classesIn({ conditions: b }, field) ?? all);
    return union === all ? [] : [[field, union, all]];
  });
}

/** Whether every row of a is in b by construction. */
export function isSubset(a: RowSet, b: RowSet): boolean {
  if ((a.parts & ~b.parts) !== 0n || !isInBox(a.conditions, b)) return false;
  return b.shape === undefined || meetWithin(conditionOf(a), ONE, b.shape);
}

/** Exact where b is a box, since conditions are all that rows can have. */
function isInBox(conditions: readonly Condition[], b: RowSet): boolean {
  return b.conditions.every(([field, classes]) => {
    const own = classesIn({ conditions }, field);
    return own !== undefined && (own & ~classes) === 0n;
  });
}

/** Whether every row of both a and b is in c by construction. */
export function meetsWithin(a: RowSet, b: RowSet, c: RowSet): boolean {
  const parts = a.parts & b.parts;
  if (parts === 0n) return true;
  const conditions = commonConditions(a.conditions, b.conditions);
  if (conditions === undefined) return true;
  const isBox = a.shape === undefined && b.shape === undefined;
  if (isBox && c.shape === undefined) return (parts & ~c.parts) === 0n && isInBox(conditions, c);
  // Where c lacks one of their parts, they must not meet at all.
  return meetWithin(conditionOf(a), conditionOf(b), (parts & ~c.parts) === 0n ? conditionOf(c) : ZERO);
}

/** Undefined: no condition. */
export function classesIn({ conditions }: Pick<RowSet, "conditions">, field: number): bigint | undefined {
  return conditions.find(([on]) => on === field)?.[1];
}

/** Two sets are equal by construction exactly when their keys are. */
export function keyOf(set: RowSet): string {
  return `${set.parts.toString(16)}|${filterKeyOf(set)}`;
}

/** The same whatever the parts. */
export function filterKeyOf({ conditions, shape }: RowSet): string {
  const box = conditions.map(([field, classes]) => `${field}:${classes.toString(16)}`).join(",");
  return shape === undefined ? box : `${box}|${shape.key}`;
}
