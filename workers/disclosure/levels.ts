/**
 * Counts that follow from the sums of one cell. With its count, a sum of a column of two values is a table of two counts; so are a
 * sum and a sum of squares of a column of three; and the products of two columns of two values make a table of four.
 * Such sets of rows are *levels* of the set that is summed over, and obey the same rules.
 *
 * The rule. Sums over a set S are of products of variables. A variable alone counts as told wherever a product with it is, so that
 * the sum over those who have one of two values is one over a level. A set of rows is told when its indicator is a
 * linear combination of 1 and of what is summed; the smallest told sets are the levels. Then:
 *
 *  - A field whose own functions (1, x, x²) combine to no indicator on its possible values in S is in none: with the other
 *    fields fixed, a combination is one of its own. That holds where S allows its values whatever the others are; fields
 *    that a shape of S entangles with others are looked at together.
 *  - Of fields that are left, every possible combination of values is a point, and `indicatorsInSpan.ts` finds the smallest
 *    told sets of points. Of n columns of two values these depend on up to four (Nisan and Szegedy, Computational Complexity 4, 1994).
 *
 * Sums over another set T of the cell that is in S, as of INDICATOR (arm = 'A'), are sums over S with the indicator of T as a
 * variable; T's rest in S is then told, and what several such T tell together. Where T and S differ in validity only, the
 * rest are missing values, which are shown. Levels that only several groups tell belong to the last of them: that one is
 * hidden for them, and `suppression.ts` sees to it that they do not follow from the others.
 *
 * Each field's own levels count beside those of all fields together, as these may divide them; and so do the rows that a pinned
 * value leaves (`pinnedValues.ts`).
 *
 * Levels that follow from the sums as they are, without the variables that only count as told, are *exact*: later
 * answers take these for known where they were shown. Others are tested, and known to nobody.
 *
 * A told set that divides a class is none of rows by classes: where digits can divide the class it is asked for, else the query
 * is refused. Fields that unknown parameters decide on are left out.
 */
import { rowsButOne } from "./apartValues.ts";
import { named } from "./atomFunctions.ts";
import type { ClassCatalogue } from "./classCatalogue.ts";
import type { ClassFunction } from "./classFunction.ts";
import { add, ONE, oneOn, times, ZERO } from "./classFunction.ts";
import { unsupported } from "./errors.ts";
import type { Variable } from "./factorReader.ts";
import { indicatorsTold, smallestIndicators } from "./indicatorsInSpan.ts";
import { commonSums, type LevelSums, sumsOverLevels } from "./levelSums.ts";
import { leftByPinnedValues } from "./pinnedValues.ts";
import type { Condition, RowSet } from "./rowSet.ts";
import { allOf, apartFrom, classesIn, conditionOf, intersect, isSubset, keyOf, setWhere, without } from "./rowSet.ts";
import type { JointPoint, Sum, SummedField } from "./summedPoints.ts";
import { dividesClass, entangledFields, functionsOn, possiblePoints, summedFields, sumsOn } from "./summedPoints.ts";
import { differInValidity } from "./validity.ts";

export interface Level {
  readonly set: RowSet;
  /** Tells levels of different cells that are of the same values. */
  readonly kind: string;
  /** Whether its number follows from the sums themselves: else it only counts as told, so that it is tested. */
  readonly isExact: boolean;
  /** What is told over it beside its number. */
  readonly told: LevelSums;
}

const NOTHING: LevelSums = { sums: [], summed: new Set() };

export interface CellLevels {
  readonly own: readonly Level[];
  readonly joint: readonly Level[];
}

/** One set of the cell, and what is summed over it. */
export interface SummedSet {
  readonly set: RowSet;
  readonly sums: readonly Sum[];
}

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
   * @param cell what is opened of one cell, in the order in which it is shown
   * @returns of each set its levels: its own, then those that it tells with sets before it
   * @throws CodedError DISCLOSURE_UNSUPPORTED
   */
  levelsOfCell(cell: readonly SummedSet[]): CellLevels[] {
    const own = cell.map(({ set, sums }) => this.#ownLevels(set, sums));
    const seen = new Set([...cell, ...own.flat().filter(({ isExact }) => isExact)].map(({ set }) => keyOf(set)));
    const counted = new Set(own.flat().map(({ set }) => keyOf(set)));
    return cell.map((last, index) => {
      const first = cell.slice(0, index + 1);
      const joint = first
        .filter((whole) => whole === last || isSubset(last.set, whole.set))
        .flatMap((whole) => this.#jointLevels(whole, first, last))
        .filter(({ set, isExact }) => {
          const key = keyOf(set);
          // What only counted as told may be told after all.
          if (seen.has(key) || (!isExact && counted.has(key))) return false;
          (isExact ? seen : counted).add(key);
          return true;
        });
      return { own: own[index]!, joint };
    });
  }

  /**
   * Of rows that only one of two sets has, as sums over both tell what one has more than the other.
   *
   * @param field the sets differ by it alone
   * @param sums over both, of that field
   * @throws CodedError DISCLOSURE_UNSUPPORTED
   */
  levelsApart(a: RowSet, b: RowSet, field: number, sums: readonly Sum[]): RowSet[] {
    const [more, less] = [apartFrom(a, b), apartFrom(b, a)];
    if (more === undefined || less === undefined || this.#isOpen(field)) return [];
    const set = setWhere(a.parts, add(conditionOf(more), conditionOf(less)))!;
    const { count } = this.#catalogue.classes(field);
    const isIn = (of: RowSet, index: number): boolean => (((classesIn(of, field) ?? 0n) >> BigInt(index)) & 1n) === 1n;
    const values = Array.from({ length: count }, (_, index) => (isIn(more, index) ? 1n : isIn(less, index) ? -1n : 0n));
    const sign: Variable = { field, isValue: false, values };
    const signed = [[sign], ...sums.map((sum) => [sign, ...sum])];
    const joint = summedFields(this.#catalogue, signed, set);
    const points = possiblePoints(joint, set, entangledFields(set));
    const functions = sumsOn(points, joint, signed).slice(1); // how many have either is not told
    const smallest = this.#smallestTold(functions);
    if (this.#asksForClasses(joint, points, smallest)) return [];
    const levels = smallest.flatMap((inside) => this.#levelAt(set, inside, points, joint)?.set ?? []);
    return [...levels, ...this.#leftBy(set, sums).map((left) => left.set), ...rowsButOne(set, sums, this.#catalogue)];
  }

  /**
   * Of a set by itself, as of the rest that two answers leave: its own levels, and by value that is apart from all others the rows
   * that have another, as of the sets of an answer `apartValues.ts` finds. Of known parameters.
   *
   * @throws CodedError DISCLOSURE_UNSUPPORTED
   */
  levelsAlone(set: RowSet, sums: readonly Sum[]): RowSet[] {
    const own = this.#ownLevels(set, sums).map((level) => level.set);
    return [...own, ...rowsButOne(set, sums, this.#catalogue)];
  }

  /** Of a set with those in it, the last one among them. */
  #jointLevels(whole: SummedSet, cell: readonly SummedSet[], last: SummedSet): Level[] {
    const inside = cell.filter((part) => this.#isPart(part.set, whole.set, cell));
    if (inside.length === 0 || (whole !== last && !inside.includes(last))) return [];
    const read = inside.map((part) => ({ part, variables: this.#variablesOf(part.set, whole.set) }));
    const sums = read.flatMap(({ part, variables }) =>
      variables === undefined ? [] : [variables, ...part.sums.map((sum) => [...variables, ...sum])],
    );
    const rests = read.flatMap(({ part, variables }) => (variables === undefined ? restOf(part, whole) : []));
    return [...this.#levelsOf(whole.set, [...whole.sums, ...sums]), ...rests];
  }

  /** In it, not only by validity, and in none between that is the whole but for validity. */
  #isPart(part: RowSet, whole: RowSet, cell: readonly SummedSet[]): boolean {
    const isProper = (a: RowSet, b: RowSet): boolean => keyOf(a) !== keyOf(b) && isSubset(a, b);
    const isOfAnother = (a: RowSet, b: RowSet): boolean => isProper(a, b) && !this.#differInValidity(a, b);
    if (!isOfAnother(part, whole)) return false;
    return !cell.some(
      ({ set }) => isOfAnother(part, set) && isProper(set, whole) && this.#differInValidity(set, whole),
    );
  }

  #differInValidity(a: RowSet, b: RowSet): boolean {
    return differInValidity((field) => this.#catalogue.classes(field), a, b);
  }

  /** Variables whose product is 1 on a part of a set and 0 on its rest; undefined where it is no condition on single fields. */
  #variablesOf(part: RowSet, whole: RowSet): Variable[] | undefined {
    const conditions = part.conditions.filter(([field, classes]) => classesIn(whole, field) !== classes);
    const both = intersect(whole, { parts: part.parts, conditions });
    if (both === undefined || keyOf(both) !== keyOf(part)) return undefined;
    return conditions.map(([field, classes]: Condition) => {
      const { count } = this.#catalogue.classes(field);
      return {
        field,
        isValue: false,
        values: Array.from({ length: count }, (_, index) => (classes >> BigInt(index)) & 1n),
      };
    });
  }

  /** Of all sums together; of those of each field alone, which several fields may divide further; and what pinned values leave. */
  #ownLevels(set: RowSet, sums: readonly Sum[]): Level[] {
    const fields = [...new Set(sums.flat().map(({ field }) => field))];
    const single = fields.map((field) => sums.filter((sum) => sum.every((each) => each.field === field)));
    const apart = fields.length < 2 ? [] : single.flatMap((own) => this.#levelsOf(set, own));
    const levels = [...this.#levelsOf(set, sums), ...apart];
    const found = [
      ...levels,
      ...this.#leftBy(set, sums),
      ...levels.flatMap((each) => this.#leftBy(each.set, each.told.sums)),
    ];
    const seen = new Set<string>();
    return found.filter(({ set: each }) => !seen.has(keyOf(each)) && seen.add(keyOf(each)));
  }

  /** What values that are pinned in a set leave of it. */
  #leftBy(set: RowSet, sums: readonly Sum[]): Level[] {
    const facts = { classes: (field: number) => this.#catalogue.classes(field), isOpen: this.#isOpen };
    return leftByPinnedValues(set, sums, facts).map((left) => ({ ...left, isExact: false, told: NOTHING }));
  }

  #levelsOf(set: RowSet, summed: readonly Sum[]): Level[] {
    const sums = summed.filter((sum) => sum.length > 0 && sum.every(({ field }) => !this.#isOpen(field)));
    const fields = summedFields(this.#catalogue, sums, set);
    const entangled = entangledFields(set);
    const joint = fields.filter((each) => entangled.has(each.field) || this.#isFew(each, sums));
    if (joint.length === 0) return [];
    const points = possiblePoints(joint, set, entangled);
    const smallest = this.#smallestTold(functionsOn(points, joint, sums));
    if (smallest.length < 2 || this.#asksForClasses(joint, points, smallest)) return [];
    const exact = indicatorsTold(sumsOn(points, joint, sums), smallest);
    const told = sumsOverLevels(points, joint, sums, smallest);
    return smallest.flatMap((inside, index): Level[] => {
      const level = this.#levelAt(set, inside, points, joint);
      return level === undefined ? [] : [{ ...level, isExact: exact[index]!, told: told[index]! }];
    });
  }

  /** @param inside positions of points */
  #levelAt(
    set: RowSet,
    inside: readonly number[],
    points: readonly JointPoint[],
    joint: readonly SummedField[],
  ): Pick<Level, "set" | "kind"> | undefined {
    const condition = this.#conditionOf(
      inside.map((point) => points[point]!),
      joint,
    );
    const level = setWhere(set.parts, times(conditionOf(set), condition));
    return level && { set: level, kind: condition.key };
  }

  /** Whether the field's own functions tell anything. */
  #isFew(field: SummedField, sums: readonly Sum[]): boolean {
    const points = field.points.map((point): JointPoint => [point]);
    return this.#smallestTold(functionsOn(points, [field], sums)).length > 1;
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

/** What is in the whole and not in the part. */
function restOf(part: SummedSet, whole: SummedSet): Level[] {
  const set = without(whole.set, part.set);
  const told = commonSums(whole.sums, part.sums);
  return set === undefined ? [] : [{ set, kind: `rest ${conditionOf(set).key}`, isExact: true, told }];
}
