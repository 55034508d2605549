/** Sets that are no product of conditions, against truth tables. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { ClassFunction } from "../../../workers/disclosure/classFunction.ts";
import { add, constantsIn, fieldsIn, isSet, MOST_DECISIONS, ONE, oneOn, requireSmall, scale, times, union, withoutField, ZERO } from "../../../workers/disclosure/classFunction.ts"; // prettier-ignore
import { Fingerprints } from "../../../workers/disclosure/fingerprints.ts";
import type { RowSet } from "../../../workers/disclosure/rowSet.ts";
import {
  allOf,
  conditionOf,
  intersect,
  isSubset,
  keyOf,
  meetsWithin,
  setWhere,
} from "../../../workers/disclosure/rowSet.ts";
import { conditionName } from "../../../workers/disclosure/setNames.ts";
import { differInValidity } from "../../../workers/disclosure/validity.ts";
import { BN254_FR_MODULUS as R } from "../../../workers/field/bn254.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { valueAt } from "./typedStudy.ts";

const property = { numRuns: budget.propertyRuns };
/** Classes of each field; the last of the first two is "missing". */
const COUNTS = [3, 4, 2, 3];
const classes = (field: number) => ({
  count: COUNTS[field]!,
  missing: field < 2 ? COUNTS[field]! - 1 : undefined,
});
const PARTS = 3;

type Point = readonly number[];
const points: Point[] = COUNTS.reduce<number[][]>(
  (all, count) => all.flatMap((point) => Array.from({ length: count }, (_, index) => [...point, index])),
  [[]],
);

const on = (of: ClassFunction): bigint[] => points.map((point) => valueAt(of, (field) => point[field]!));
const isTrue = (set: RowSet | undefined): boolean[] =>
  set === undefined ? points.map(() => false) : on(conditionOf(set)).map((value) => value === 1n);

const leaves = fc
  .nat({ max: COUNTS.length - 1 })
  .chain((field) => fc.bigInt(0n, allOf(COUNTS[field]!)).map((bits) => oneOn(field, bits, allOf(COUNTS[field]!))));

/** Any 0/1 function. */
const conditions: fc.Arbitrary<ClassFunction> = fc.letrec<{ tree: ClassFunction }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    leaves,
    fc.tuple(tie("tree"), tie("tree")).map(([a, b]) => times(a, b)),
    fc.tuple(tie("tree"), tie("tree")).map(([a, b]) => union(a, b)),
    tie("tree").map((a) => add(ONE, scale(a, -1n))),
  ),
})).tree;

const sets: fc.Arbitrary<RowSet> = fc
  .tuple(fc.bigInt(1n, allOf(PARTS)), conditions)
  .map(([parts, condition]) => setWhere(parts, condition) ?? { parts, conditions: [] });

describe("functions of classes", () => {
  const numbers = fc.tuple(conditions, conditions, fc.bigInt(-3n, 3n)).map(([a, b, by]) => add(a, scale(b, by)));

  it("add and multiply as on every row, and are equal where their keys are", () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        assert.deepEqual(
          on(add(a, b)),
          on(a).map((value, at) => value + on(b)[at]!),
        );
        assert.deepEqual(
          on(times(a, b)),
          on(a).map((value, at) => value * on(b)[at]!),
        );
        assert.equal(a.key === b.key, on(a).join() === on(b).join());
        assert.equal(add(a, b).key, add(b, a).key);
        assert.equal(
          isSet(a),
          on(a).every((value) => value === 0n || value === 1n),
        );
        assert.deepEqual([...constantsIn(a)].sort(), [...new Set(on(a))].sort());
      }),
      property,
    );
  });

  it("depend on exactly their fields", () => {
    fc.assert(
      fc.property(conditions, (condition) => {
        const depends = COUNTS.map((count, field) =>
          points.some((point) =>
            Array.from({ length: count }, (_, other) => point.with(field, other)).some(
              (moved) => valueAt(condition, (at) => moved[at]!) !== valueAt(condition, (at) => point[at]!),
            ),
          ),
        );
        assert.deepEqual(
          [...fieldsIn(condition).keys()].sort(),
          depends.flatMap((yes, field) => (yes ? [field] : [])),
        );
      }),
      property,
    );
  });

  it("lose the condition on a field exactly where it is a factor", () => {
    fc.assert(
      fc.property(conditions, fc.nat({ max: 3 }), (condition, field) => {
        if (condition.key === ZERO.key || !fieldsIn(condition).has(field)) return;
        const set = setWhere(1n, condition)!;
        const own = set.conditions.find(([at]) => at === field);
        const rest = withoutField(condition, field);
        // What any class of the field allows of the others.
        const exists = points.map((point) =>
          Array.from({ length: COUNTS[field]! }, (_, other) => point.with(field, other)).some(
            (moved) => valueAt(condition, (at) => moved[at]!) === 1n,
          ),
        );
        const isFactor =
          own !== undefined &&
          points.every((point, at) => {
            const allowed = ((own[1] >> BigInt(point[field]!)) & 1n) === 1n;
            return (exists[at]! && allowed) === (on(condition)[at] === 1n);
          });
        assert.equal(rest !== undefined, isFactor);
        if (rest !== undefined)
          assert.deepEqual(
            on(rest).map((value) => value === 1n),
            exists,
          );
      }),
      property,
    );
  });

  it("are refused when they are too large, as a query's sets and in between", () => {
    // Pairs of fields that are far apart in their order: the diagram remembers every first one.
    const pairs = Array.from({ length: 18 }, (_, index) => times(oneOn(index, 1n, 3n), oneOn(18 + index, 1n, 3n)));
    const refused = { code: "DISCLOSURE_UNSUPPORTED", message: /combine too many columns/ };
    const some = (count: number): ClassFunction => pairs.slice(0, count).reduce(union);
    requireSmall(some(7));
    assert.ok(2 ** 8 >= MOST_DECISIONS);
    assert.throws(() => requireSmall(some(8)), refused);
    const [half, other] = [pairs.slice(0, 9).reduce(union), pairs.slice(9).reduce(union)];
    assert.throws(() => times(half, other), refused);
  });
});

describe("sets of any shape", () => {
  const subset = (a: RowSet, b: RowSet): boolean =>
    (a.parts & ~b.parts) === 0n && isTrue(a).every((holds, at) => !holds || isTrue(b)[at]!);

  it("intersect, include and meet exactly as their rows do, and have one key", () => {
    fc.assert(
      fc.property(sets, sets, sets, (a, b, c) => {
        const both = intersect(a, b);
        const common = a.parts & b.parts;
        const expected = isTrue(a).map((holds, at) => common !== 0n && holds && isTrue(b)[at]!);
        assert.deepEqual(isTrue(both), expected);
        assert.equal(both === undefined, !expected.includes(true));
        assert.equal(isSubset(a, b), subset(a, b));
        assert.equal(meetsWithin(a, b, c), both === undefined || subset(both, c));
        assert.equal(keyOf(a) === keyOf(b), subset(a, b) && subset(b, a));
        if (both !== undefined) assert.equal(keyOf(both), keyOf(intersect(b, a)!));
      }),
      property,
    );
  });

  it("have the smallest box around them, and no shape beside it exactly when they are it", () => {
    fc.assert(
      fc.property(sets, (set) => {
        const inside = points.filter((_, at) => isTrue(set)[at]);
        const box = COUNTS.map((count, field) =>
          inside.reduce((bits, point) => bits | (1n << BigInt(point[field]!)), 0n) === allOf(count)
            ? undefined
            : inside.reduce((bits, point) => bits | (1n << BigInt(point[field]!)), 0n),
        );
        const expected = box.flatMap((bits, field) =>
          bits === undefined ? [] : [[field, bits, allOf(COUNTS[field]!)] as const],
        );
        assert.deepEqual(set.conditions, expected);
        const size = box.reduce(
          (product, bits, field) => product * (bits?.toString(2).replaceAll("0", "").length ?? COUNTS[field]!),
          1,
        );
        assert.equal(set.shape === undefined, size === inside.length);
      }),
      property,
    );
  });

  it("have fingerprints that add up over any disjoint parts, and differ where sets do", () => {
    const fingerprints = new Fingerprints((field) => COUNTS[field]!);
    fc.assert(
      fc.property(sets, conditions, sets, fc.nat({ max: 5 }), (set, split, other, index) => {
        const print = (part: RowSet | undefined): bigint => (part === undefined ? 0n : fingerprints.of(part, index));
        const inside = setWhere(set.parts, times(conditionOf(set), split));
        const outside = setWhere(set.parts, times(conditionOf(set), add(ONE, scale(split, -1n))));
        assert.equal((print(inside) + print(outside)) % R, print(set));
        assert.equal(print(set) === print(other), keyOf(set) === keyOf(other));
      }),
      property,
    );
  });

  it("differ in validity only where one is the other without asking for presence", () => {
    const all = (field: number): bigint => allOf(COUNTS[field]!);
    const present = (field: number): ClassFunction => oneOn(field, allOf(COUNTS[field]! - 1), all(field));
    const bits = (field: number) => fc.bigInt({ min: 1n, max: all(field) });
    fc.assert(
      fc.property(bits(2), bits(3), fc.subarray([0, 1]), (second, third, asked) => {
        const condition = union(oneOn(2, second, all(2)), oneOn(3, third, all(3)));
        const set = setWhere(1n, condition)!;
        const part = setWhere(
          1n,
          asked.reduce((rest, field) => times(rest, present(field)), condition),
        )!;
        assert.ok(differInValidity(classes, set, part));
        assert.ok(differInValidity(classes, part, set));
        // Who lacks the column is in the set only with another condition: their number is no number of missing values.
        const chosen = setWhere(1n, union(present(0), condition))!;
        const isAll = keyOf(chosen) === keyOf(setWhere(1n, ONE)!);
        assert.equal(differInValidity(classes, chosen, setWhere(1n, present(0))!), isAll);
      }),
      property,
    );
    const either = union(oneOn(2, 1n, 3n), oneOn(3, 1n, 7n));
    const small = setWhere(1n, oneOn(2, 1n, 3n))!;
    assert.ok(!differInValidity(classes, setWhere(1n, either)!, small));
    const withMissing = setWhere(1n, union(oneOn(2, 1n, 3n), oneOn(0, 4n, 7n)))!;
    assert.ok(!differInValidity(classes, withMissing, small), "who is missing there is chosen by another column");
    assert.ok(!differInValidity(classes, setWhere(1n, either)!, setWhere(2n, either)!));
  });
});

describe("names of conditions", () => {
  /** Values 0 … 9 and missing, cut at some of them. */
  const cutAt = (cuts: readonly number[]) => {
    const starts = [0, ...cuts];
    const bounds = (index: number): readonly [bigint, bigint] | undefined =>
      index < starts.length ? [BigInt(starts[index]!), BigInt(starts[index + 1] ?? 10) - 1n] : undefined;
    return { count: starts.length + 1, missing: starts.length, bounds };
  };
  const facts = (cuts: readonly number[]) => ({ schemaHash: "0x", classes: () => cutAt(cuts) });
  const values = (
    cuts: readonly number[],
    field: number,
    inside: readonly number[],
    missing: boolean,
  ): ClassFunction => {
    const own = cutAt(cuts);
    let bits = missing ? 1n << BigInt(own.missing) : 0n;
    for (let index = 0; index < own.missing; index++)
      if (inside.includes(Number(own.bounds(index)![0]))) bits |= 1n << BigInt(index);
    return oneOn(field, bits, allOf(own.count));
  };

  it("depend on the values, not on what else a plan tells apart", () => {
    const inside = (cut: number): number[] => Array.from({ length: 10 }, (_, value) => value).filter((v) => v >= cut);
    const drawn = fc.tuple(
      fc.subarray([1, 2, 3, 4, 5, 6, 7, 8, 9]),
      fc.subarray([1, 2, 3, 4, 5, 6, 7, 8, 9]),
      fc.constantFrom(2, 5, 7),
      fc.constantFrom(2, 5, 7),
      fc.boolean(),
      fc.boolean(),
    );
    fc.assert(
      fc.property(drawn, ([some, others, a, b, missing, isEither]) => {
        const names = [some, others].map((cuts) => {
          const all = [...new Set([...cuts, a, b])].sort((x, y) => x - y);
          const [first, second] = [values(all, 0, inside(a), missing), values(all, 1, inside(b), !missing)];
          const set = setWhere(1n, isEither ? union(first, second) : times(first, second))!;
          assert.equal(set.shape !== undefined, isEither);
          return conditionName(set, facts(all));
        });
        assert.equal(names[0], names[1]);
      }),
      property,
    );
  });

  it("are not alike where values differ", () => {
    const cuts = [1, 2, 3];
    const named = (inside: readonly number[], missing: boolean): string =>
      conditionName(setWhere(1n, values(cuts, 0, inside, missing))!, facts(cuts));
    const all = [named([0], false), named([0, 1], false), named([0], true), named([0, 2], false), named([3], false)];
    assert.equal(new Set(all).size, all.length);
  });
});
