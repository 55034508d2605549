/**
 * Integer-valued functions of rows that depend on the classes of some fields only, and sets of rows as those that are 0 or 1:
 * reduced ordered decision diagrams, with as many edges as a field's classes need and integers at the leaves (Bryant, IEEE
 * Trans. Computers 35(8), 1986; Bahar et al., ICCAD 1993). Fields ascend along every path. The form is canonical: functions
 * are equal exactly when their keys are, but for a collision of SHA-256.
 */
import { createHash } from "node:crypto";

import { unsupported } from "./errors.ts";

export interface Constant {
  readonly value: bigint;
  readonly key: string;
}

export interface Decision {
  readonly field: number;
  /** All classes of the field, as bits. */
  readonly all: bigint;
  /** Disjoint sets of classes, together all, each with another function of later fields; ascending by their least class. */
  readonly edges: readonly Edge[];
  readonly key: string;
}

export type Edge = readonly [classes: bigint, child: ClassFunction];
export type ClassFunction = Constant | Decision;

/**
 * Decisions in one set that a query discloses: conditions of a dozen columns have some hundred. More would take a product per row
 * and edge, and the gate reasons on pairs and triples of such sets.
 */
export const MOST_DECISIONS = 256;
/** In any function: enough for what two such sets have in common, so that no earlier answer stops a later one. */
const MOST_MADE = MOST_DECISIONS ** 2;
/** To combine two. */
const MOST_STEPS = 4 * MOST_MADE;

export const ZERO = constant(0n);
export const ONE = constant(1n);

export function constant(value: bigint): Constant {
  return { value, key: `${value}` };
}

export function isConstant(of: ClassFunction): of is Constant {
  return "value" in of;
}

/** 1 on these classes of a field, else 0. */
export function oneOn(field: number, classes: bigint, all: bigint): ClassFunction {
  return decide(field, all, [
    [classes, ONE],
    [all & ~classes, ZERO],
  ]);
}

/** The function that has `children` by class; no classes, or the same child twice, are allowed. */
export function decide(field: number, all: bigint, edges: readonly Edge[]): ClassFunction {
  const children = new Map<string, Edge>();
  for (const [classes, child] of edges) {
    if (classes === 0n) continue;
    const before = children.get(child.key)?.[0] ?? 0n;
    children.set(child.key, [before | classes, child]);
  }
  const [only, second] = [...children.values()];
  if (only !== undefined && second === undefined) return only[1];
  const sorted = [...children.values()].sort(([a], [b]) => (least(a) < least(b) ? -1 : 1));
  const text = sorted.map(([classes, { key }]) => `${classes.toString(16)}>${key}`).join(",");
  return { field, all, edges: sorted, key: createHash("sha256").update(`${field}:${text}`).digest("base64") };
}

function least(classes: bigint): bigint {
  return classes & -classes;
}

/** @throws CodedError DISCLOSURE_UNSUPPORTED: too large */
export function add(a: ClassFunction, b: ClassFunction): ClassFunction {
  return combine(a, b, (x, y) => {
    if (isConstant(x) && isConstant(y)) return constant(x.value + y.value);
    return x.key === ZERO.key ? y : y.key === ZERO.key ? x : undefined;
  });
}

/** Of sets, the intersection. @throws CodedError DISCLOSURE_UNSUPPORTED: too large */
export function times(a: ClassFunction, b: ClassFunction): ClassFunction {
  let known = products.get(a);
  if (known === undefined) products.set(a, (known = new WeakMap()));
  let product = known.get(b);
  if (product === undefined) known.set(b, (product = combine(a, b, productOf)));
  return product;
}

/** The same pairs are asked again and again. */
const products = new WeakMap<ClassFunction, WeakMap<ClassFunction, ClassFunction>>();

function productOf(x: ClassFunction, y: ClassFunction): ClassFunction | undefined {
  if (isConstant(x) && isConstant(y)) return constant(x.value * y.value);
  if (x.key === ZERO.key || y.key === ZERO.key) return ZERO;
  return x.key === ONE.key ? y : y.key === ONE.key ? x : undefined;
}

export function scale(a: ClassFunction, by: bigint): ClassFunction {
  return times(a, constant(by));
}

/** Of sets. */
export function union(a: ClassFunction, b: ClassFunction): ClassFunction {
  return add(add(a, b), scale(times(a, b), -1n));
}

/** @param known of two functions, where it does not depend on their children */
function combine(
  a: ClassFunction,
  b: ClassFunction,
  known: (x: ClassFunction, y: ClassFunction) => ClassFunction | undefined,
): ClassFunction {
  const done = new Map<string, ClassFunction>();
  const made = new Map<string, ClassFunction>();
  const visit = (x: ClassFunction, y: ClassFunction): ClassFunction => {
    const simple = known(x, y);
    if (simple !== undefined) return simple;
    const pair = `${x.key}|${y.key}`;
    let result = done.get(pair);
    if (result !== undefined) return result;
    const first = isConstant(x) || (!isConstant(y) && y.field < x.field) ? (y as Decision) : x;
    const edges = edgesAt(x, first).flatMap(([classes, left]) =>
      edgesAt(y, first).flatMap(([others, right]): Edge[] =>
        (classes & others) === 0n ? [] : [[classes & others, visit(left, right)]],
      ),
    );
    result = decide(first.field, first.all, edges);
    const same = made.get(result.key);
    if (same === undefined) made.set(result.key, result);
    done.set(pair, same ?? result);
    if (made.size > MOST_MADE || done.size > MOST_STEPS) throw tooLarge();
    return same ?? result;
  };
  return visit(a, b);
}

/**
 * Of sets: whether all that is in both a and b is in c. Makes no function, since plans ask it of all triples of their sets; of
 * triples for which it would take too long it says no, and such sets are tested. Of pairs it is exact.
 */
export function meetWithin(a: ClassFunction, b: ClassFunction, c: ClassFunction): boolean {
  const done = new Map<ClassFunction, Map<ClassFunction, Set<ClassFunction>>>();
  let steps = 0;
  const visit = (x: ClassFunction, y: ClassFunction, z: ClassFunction): boolean => {
    if (x.key === ZERO.key || y.key === ZERO.key || z.key === ONE.key) return true;
    const [first, ...others] = [x, y, z].filter((each) => !isConstant(each)) as Decision[];
    if (first === undefined) return false;
    const known = done.get(x)?.get(y)?.has(z) === true;
    if (known) return true;
    if (++steps > MOST_STEPS) return false;
    const top = others.reduce((least, each) => (each.field < least.field ? each : least), first);
    for (const [inX, left] of edgesAt(x, top))
      for (const [inY, right] of edgesAt(y, top)) {
        const both = inX & inY;
        if (both === 0n) continue;
        for (const [inZ, within] of edgesAt(z, top))
          if ((both & inZ) !== 0n && !visit(left, right, within)) return false;
      }
    const ofX = done.get(x) ?? new Map<ClassFunction, Set<ClassFunction>>();
    const ofY = ofX.get(y) ?? new Set();
    done.set(x, ofX.set(y, ofY.add(z)));
    return true;
  };
  return visit(a, b, c);
}

/** @throws CodedError DISCLOSURE_UNSUPPORTED: more than MOST_DECISIONS */
export function requireSmall(of: ClassFunction): void {
  if (!isSmall(of)) throw tooLarge();
}

export function isSmall(of: ClassFunction): boolean {
  let decisions = 0;
  visitAll(of, (each) => (isConstant(each) ? 0 : decisions++));
  return decisions <= MOST_DECISIONS;
}

function tooLarge(): Error {
  return unsupported(`its conditions combine too many columns: more than ${MOST_DECISIONS} cases`);
}

function edgesAt(of: ClassFunction, { field, all }: Decision): readonly Edge[] {
  return !isConstant(of) && of.field === field ? of.edges : [[all, of]];
}

/** Whether it is 0 or 1 everywhere. */
export function isSet(of: ClassFunction): boolean {
  return [...constantsIn(of)].every((value) => value === 0n || value === 1n);
}

export function constantsIn(of: ClassFunction): ReadonlySet<bigint> {
  const values = new Set<bigint>();
  visitAll(of, (each) => isConstant(each) && values.add(each.value));
  return values;
}

/** Those it depends on, each with all its classes. */
export function fieldsIn(of: ClassFunction): ReadonlyMap<number, bigint> {
  const fields = new Map<number, bigint>();
  visitAll(of, (each) => isConstant(each) || fields.set(each.field, each.all));
  return fields;
}

/** Of each class of a field: the same text for classes that are alike to the function, whatever the other fields are. */
export function classTexts(of: ClassFunction, field: number, count: number): string[] {
  const texts = Array.from({ length: count }, () => "");
  visitAll(of, (each) => {
    if (isConstant(each) || each.field !== field) return;
    each.edges.forEach(([classes], edge) => {
      for (let index = 0; index < count; index++) if ((classes >> BigInt(index)) & 1n) texts[index] += `${edge},`;
    });
  });
  return texts;
}

function visitAll(of: ClassFunction, see: (each: ClassFunction) => void): void {
  const seen = new Set<string>();
  const visit = (each: ClassFunction): void => {
    if (seen.has(each.key)) return;
    seen.add(each.key);
    see(each);
    if (!isConstant(each)) for (const [, child] of each.edges) visit(child);
  };
  visit(of);
}

/**
 * A set without its condition on one field, where it is that condition and another on other fields; undefined where it is
 * not.
 */
export function withoutField(of: ClassFunction, field: number): ClassFunction | undefined {
  const done = new Map<string, ClassFunction | undefined>();
  let allowed: bigint | undefined;
  const visit = (each: ClassFunction): ClassFunction | undefined => {
    if (isConstant(each) || each.field > field) return each.key === ZERO.key ? each : undefined;
    if (done.has(each.key)) return done.get(each.key);
    let result: ClassFunction | undefined;
    if (each.field === field) {
      const [inside, other] = each.edges.filter(([, child]) => child.key !== ZERO.key) as [Edge, Edge?];
      allowed ??= inside[0];
      if (other === undefined && inside[0] === allowed) result = inside[1];
    } else {
      const edges = each.edges.map(([classes, child]) => [classes, visit(child)] as const);
      if (edges.every((edge): edge is Edge => edge[1] !== undefined)) result = decide(each.field, each.all, edges);
    }
    done.set(each.key, result);
    return result;
  };
  return visit(of);
}

/** Of a function of one field: its value on each class. */
export function valuesOf(of: Decision): bigint[] {
  return Array.from({ length: of.all.toString(2).length }, (_, index) => {
    const edge = of.edges.find(([classes]) => ((classes >> BigInt(index)) & 1n) === 1n) as Edge;
    return (edge[1] as Constant).value;
  });
}
