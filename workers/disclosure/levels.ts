/**
 * Counts that follow from sums. With its count, a sum of a column of two values is a table of two counts; so are a sum and a sum
 * of squares of a column of three; and the products of two columns of two values make a table of four. Such sets of rows
 * are *levels* of the set that is summed over, and obey the same rules.
 *
 * The rule. Sums over a set S are of products of at most two variables. A variable alone counts as told wherever a product
 * with it is, so that the sum over those who have one of two values is one over a level. A set of rows is told when its indicator is a
 * linear combination of 1 and of what is summed; the smallest told sets are the levels. Then:
 *
 *  - A field whose own functions (1, x, x²) combine to no indicator on its possible values in S is in none: with the other
 *    fields fixed, a combination is one of its own. That holds where S allows its values whatever the others are; fields
 *    that a shape of S entangles with others are looked at together.
 *  - Only some of the values in a class are looked at: a polynomial of degree two that is 0 or 1 on five values is constant.
 *  - Of fields that are left, every possible combination of values is a point, and `indicatorsInSpan.ts` finds the smallest
 *    told sets of points. Of n columns of two values these depend on up to four (Nisan and Szegedy, Computational Complexity 4, 1994).
 *
 * A told set that divides a class is none of rows by classes: where digits can divide the class it is asked for, else the query
 * is refused. Fields that unknown parameters decide on are left out.
 */
import { named } from "./atomFunctions.ts";
import type { ClassCatalogue } from "./classCatalogue.ts";
import type { ClassFunction } from "./classFunction.ts";
import { add, fieldsIn, ONE, oneOn, times, withoutField, ZERO } from "./classFunction.ts";
import { unsupported } from "./errors.ts";
import type { Variable } from "./factorReader.ts";
import { smallestIndicators } from "./indicatorsInSpan.ts";
import type { RowSet } from "./rowSet.ts";
import { allOf, classesIn, conditionOf, setWhere } from "./rowSet.ts";

export interface Level {
  readonly set: RowSet;
  /** Tells levels of different cells that are of the same values. */
  readonly kind: string;
}

type Sum = readonly Variable[];

/** Values of a field on which all variables of it agree, or one value of a class in which they do not. */
interface Point {
  readonly classes: bigint;
  /** Of each variable of the field, in their order. */
  readonly values: readonly bigint[];
  /** Undefined: every row of the classes is alike. */
  readonly single: bigint | undefined;
}

interface SummedField {
  readonly field: number;
  readonly variables: readonly Variable[];
  readonly points: readonly Point[];
}

/** By summed field, one of its points. */
type JointPoint = readonly Point[];

/** Two values each for 0 and for 1, and one more. */
const MOST_VALUES = 5;
const MOST_POINTS = 4_096;

export class LevelReader {
  readonly #catalogue: ClassCatalogue;
  readonly #isOpen: (field: number) => boolean;
  /** By text of the functions: cells of a table are often alike. */
  readonly #smallest = new Map<string, number[][]>();

  /** @param isOpen whether unknown parameters decide which values of the field count */
  constructor(catalogue: ClassCatalogue, isOpen: (field: number) => boolean) {
    this.#catalogue = catalogue;
    this.#isOpen = isOpen;
  }

  /**
   * @param summed what is summed over the set, if not rows are counted
   * @throws CodedError DISCLOSURE_UNSUPPORTED
   */
  levelsOf(summed: readonly Sum[], set: RowSet): Level[] {
    const sums = summed.filter((sum) => sum.length > 0 && sum.every(({ field }) => !this.#isOpen(field)));
    const fields = this.#summedFields(sums, set);
    const entangled = entangledFields(set);
    const joint = fields.filter((each) => entangled.has(each.field) || this.#isFew(each, sums));
    if (joint.length === 0) return [];
    const points = possiblePoints(joint, set, entangled);
    const smallest = this.#smallestTold(functionsOn(points, joint, sums));
    if (smallest.length < 2 || this.#asksForClasses(joint, points, smallest)) return [];
    return smallest.flatMap((told): Level[] => {
      const condition = this.#conditionOf(
        told.map((point) => points[point]!),
        joint,
      );
      const level = setWhere(set.parts, times(conditionOf(set), condition));
      return level === undefined ? [] : [{ set: level, kind: condition.key }];
    });
  }

  #summedFields(sums: readonly Sum[], set: RowSet): SummedField[] {
    const fields = new Map<number, Map<string, Variable>>();
    for (const variable of sums.flat()) {
      const variables = fields.get(variable.field) ?? new Map<string, Variable>();
      fields.set(variable.field, variables.set(textOf(variable), variable));
    }
    return [...fields]
      .sort(([a], [b]) => a - b)
      .map(([field, found]) => {
        const variables = [...found.values()];
        return { field, variables, points: this.#pointsOf(field, variables, set) };
      });
  }

  #pointsOf(field: number, variables: readonly Variable[], set: RowSet): Point[] {
    const { count, bounds } = this.#catalogue.classes(field);
    const allowed = classesIn(set, field) ?? allOf(count);
    const points = new Map<string, Point>();
    for (let index = 0; index < count; index++) {
      if (((allowed >> BigInt(index)) & 1n) === 0n) continue;
      const classes = 1n << BigInt(index);
      const isTold = variables.every(({ values }) => values[index] !== undefined);
      const [first, last] = isTold ? [0n, 0n] : bounds(index)!;
      for (let value = first; value <= last && value < first + BigInt(MOST_VALUES); value++) {
        const own = variables.map(({ values }) => values[index] ?? value);
        const key = own.join();
        const before = points.get(key)?.classes ?? 0n;
        points.set(key, { classes: before | classes, values: own, single: isTold ? undefined : value });
      }
    }
    return [...points.values()];
  }

  /** Whether sums of the field's own functions tell anything. */
  #isFew(field: SummedField, sums: readonly Sum[]): boolean {
    const points = field.points.map((point): JointPoint => [point]);
    const own = sums.filter((sum) => sum.every((variable) => variable.field === field.field));
    return this.#smallestTold(functionsOn(points, [field], own)).length > 1;
  }

  #smallestTold(functions: readonly (readonly bigint[])[]): number[][] {
    if (functions[0]!.length === 0) return [];
    const key = functions.map((values) => values.join()).join(";");
    let smallest = this.#smallest.get(key);
    if (smallest === undefined) this.#smallest.set(key, (smallest = smallestIndicators(functions)));
    return smallest;
  }

  /** Whether a told set divides a class. @throws CodedError DISCLOSURE_UNSUPPORTED where nothing divides it */
  #asksForClasses(
    joint: readonly SummedField[],
    points: readonly JointPoint[],
    smallest: readonly (readonly number[])[],
  ): boolean {
    const divided = joint.filter((_, at) => smallest.some((told) => dividesClass(points, new Set(told), at)));
    for (const { field, points: own } of divided) {
      const on = this.#catalogue.schema.fields[field]!;
      if (on.type === "category" || on.digits === 0) {
        const problem = "a sum over so few values counts them; the schema needs a cut-point at each";
        throw unsupported(problem, named(this.#catalogue.schema, field));
      }
      this.#catalogue.ask(
        field,
        own.flatMap(({ single }) => single ?? []),
      );
    }
    return divided.length > 0;
  }

  #conditionOf(points: readonly JointPoint[], joint: readonly SummedField[]): ClassFunction {
    const boxes = new Map(points.map((point) => [point.map(({ classes }) => classes).join(), point]));
    return [...boxes.values()].reduce<ClassFunction>((sum, point) => {
      const box = point.reduce<ClassFunction>((product, { classes }, at) => {
        const { field } = joint[at]!;
        return times(product, oneOn(field, classes, allOf(this.#catalogue.classes(field).count)));
      }, ONE);
      return add(sum, box);
    }, ZERO);
  }
}

/** Fields on which the set's condition depends on others. */
function entangledFields({ shape }: RowSet): ReadonlySet<number> {
  if (shape === undefined) return new Set();
  return new Set([...fieldsIn(shape).keys()].filter((field) => withoutField(shape, field) === undefined));
}

/** @throws CodedError DISCLOSURE_UNSUPPORTED: too many */
function possiblePoints(
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

/** 1, every variable, and every product of two that is summed, on these points. */
function functionsOn(points: readonly JointPoint[], joint: readonly SummedField[], sums: readonly Sum[]): bigint[][] {
  const placeOf = (variable: Variable): readonly [number, number] | undefined => {
    const at = joint.findIndex(({ field }) => field === variable.field);
    if (at < 0) return undefined;
    return [at, joint[at]!.variables.findIndex((each) => textOf(each) === textOf(variable))];
  };
  const ones = points.map(() => 1n);
  const single = joint.flatMap(({ variables }, at) =>
    variables.map((_, variable) => points.map((point) => point[at]!.values[variable]!)),
  );
  const products = sums.flatMap(([first, second]) => {
    const places = [first, second].map((variable) => variable && placeOf(variable));
    const [a, b] = places;
    if (a === undefined || b === undefined) return [];
    return [points.map((point) => point[a[0]]!.values[a[1]]! * point[b[0]]!.values[b[1]]!)];
  });
  return [ones, ...single, ...products];
}

/** Whether points that differ only in the value within one class of a field are not all in it, or out of it. */
function dividesClass(points: readonly JointPoint[], told: ReadonlySet<number>, at: number): boolean {
  const inside = new Map<string, boolean>();
  return points.some((point, index) => {
    if (point[at]!.single === undefined) return false;
    const key = point.map(({ classes, single }, place) => `${classes}|${place === at ? "" : (single ?? "")}`).join();
    const before = inside.get(key) ?? told.has(index);
    inside.set(key, before);
    return before !== told.has(index);
  });
}

function textOf({ field, values }: Variable): string {
  return `${field}|${values.join()}`;
}
