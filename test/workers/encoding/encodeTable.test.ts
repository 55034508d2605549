import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { encodeTable } from "../../../workers/encoding/encodeTable.ts";
import type { EncodedSegment } from "../../../workers/encoding/encodeTable.ts";
import { randomPermutation } from "../../../workers/encoding/permutation.ts";
import { columnsOf } from "../../../workers/schema/columns.ts";
import type { ColumnKind as Kind } from "../../../workers/schema/studySchema.ts";
import { ColumnKind } from "../../../workers/schema/studySchema.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import type { RandomStudy } from "./randomStudy.ts";
import { randomStudy } from "./randomStudy.ts";
import { seededBytes } from "./seededBytes.ts";

const numRuns = budget.propertyRuns;

function encode(study: RandomStudy, seed: number): EncodedSegment {
  const { schema, subjects, values } = study;
  return encodeTable({ rowCount: subjects.length, subjects, values }, schema, seededBytes(seed));
}

/** Runs `check` on random studies with their encoding. */
function forAll(check: (study: RandomStudy, segment: EncodedSegment) => void): void {
  fc.assert(
    fc.property(randomStudy, fc.nat(), (study, seed) => check(study, encode(study, seed))),
    { numRuns },
  );
}

/** The columns of one field and kind, in order, with their arguments. */
function columnsOfKind(
  segment: EncodedSegment,
  field: number,
  kind: Kind,
): { argument: bigint; column: BigInt64Array }[] {
  return segment.specs.flatMap((spec, index) =>
    spec.field === field && spec.kind === kind
      ? [{ argument: spec.argument, column: segment.columns[index] as BigInt64Array }]
      : [],
  );
}

/** The value in each slot of a field. */
function bySlot({ values }: RandomStudy, { slotOfRow }: EncodedSegment, field: number): (bigint | null)[] {
  const slots: (bigint | null)[] = [];
  (values[field] ?? []).forEach((value, row) => (slots[slotOfRow[row] as number] = value));
  return slots;
}

describe("encodeTable", () => {
  it("gives the schema's columns, each as long as the table, active all ones", () => {
    forAll(({ schema, subjects }, segment) => {
      assert.deepEqual(segment.specs, columnsOf(schema));
      assert.equal(segment.columns.length, segment.specs.length);
      assert(segment.columns.every((column) => column.length === subjects.length));
      assert(segment.columns[0]?.every((entry) => entry === 1n));
    });
  });

  it("puts every row in one slot of its own", () => {
    forAll(({ subjects }, { slotOfRow, subjectsBySlot }) => {
      assert.deepEqual(
        [...slotOfRow].sort((a, b) => a - b),
        [...subjects.keys()],
      );
      subjects.forEach((subject, row) => assert.equal(subjectsBySlot[slotOfRow[row] as number], subject));
    });
  });

  it("one-hot columns are the comparison with each category and sum to active", () => {
    forAll((study, segment) => {
      study.schema.fields.forEach((field, f) => {
        if (field.type !== "category") return;
        const oneHot = columnsOfKind(segment, f, ColumnKind.ONE_HOT);
        bySlot(study, segment, f).forEach((value, slot) => {
          assert.equal(
            oneHot.reduce((sum, { column }) => sum + (column[slot] as bigint), 0n),
            1n,
          );
          const present = value ?? BigInt(field.categories.length);
          for (const { argument, column } of oneHot) assert.equal(column[slot], argument === present ? 1n : 0n);
        });
      });
    });
  });

  it("value is the scaled integer or 0, validity tells which, thermometers are the comparisons", () => {
    forAll((study, segment) => {
      study.schema.fields.forEach((field, f) => {
        if (field.type === "category") return;
        const [value] = columnsOfKind(segment, f, ColumnKind.VALUE);
        const [validity] = columnsOfKind(segment, f, ColumnKind.VALIDITY);
        const thermometers = columnsOfKind(segment, f, ColumnKind.THERMOMETER);
        assert.deepEqual(
          thermometers.map(({ argument }) => argument),
          field.cutPoints,
        );
        bySlot(study, segment, f).forEach((expected, slot) => {
          assert.equal(value?.column[slot], expected ?? 0n);
          if (field.required) assert.equal(validity, undefined);
          else assert.equal(validity?.column[slot], expected === null ? 0n : 1n);
          for (const { argument, column } of thermometers) {
            assert.equal(column[slot], expected !== null && expected >= argument ? 1n : 0n);
          }
        });
      });
    });
  });

  it("digit columns spell value - minimum in base 16, and are 0 where the value is missing", () => {
    let searched = 0;
    forAll((study, segment) => {
      study.schema.fields.forEach((field, f) => {
        if (field.type === "category" || field.digits === 0) return;
        searched += 1;
        const digits = columnsOfKind(segment, f, ColumnKind.DIGIT);
        bySlot(study, segment, f).forEach((expected, slot) => {
          const set = digits.filter(({ column }) => column[slot] === 1n).map(({ argument }) => Number(argument));
          const text = set.reverse().map((argument, index) => {
            assert.equal(Math.floor(argument / 16), field.digits - 1 - index);
            return (argument % 16).toString(16);
          });
          const spelled = expected === null ? "" : (expected - field.minimum).toString(16).padStart(field.digits, "0");
          assert.equal(text.join(""), spelled);
          assert(digits.every(({ column }) => column[slot] === 1n || column[slot] === 0n));
        });
      });
    });
    assert(searched > 0);
  });

  it("slots differ from one encoding to the next, column sums do not", () => {
    fc.assert(
      fc.property(randomStudy, fc.nat(), fc.nat(), (study, one, two) => {
        const sums = (segment: EncodedSegment): bigint[] =>
          segment.columns.map((column) => column.reduce((sum, entry) => sum + entry, 0n));
        assert.deepEqual(sums(encode(study, one)), sums(encode(study, two)));
      }),
      { numRuns },
    );
    const orders = [1, 2].map((seed) => randomPermutation(50, seededBytes(seed)).join());
    assert.notEqual(orders[0], orders[1]);
  });
});

describe("randomPermutation", () => {
  it("gives all orders of three equally often", () => {
    const counts = new Map<string, number>();
    const randomBytes = seededBytes("permutation");
    const draws = 6_000;
    for (let draw = 0; draw < draws; draw += 1) {
      const order = randomPermutation(3, randomBytes).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    assert.equal(counts.size, 6);
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - draws / 6) ** 2 / (draws / 6), 0);
    // 5 degrees of freedom: above 20.5 with probability 0.001; the seed is fixed, so this cannot flicker.
    assert(chiSquare < 20.5, String(chiSquare));
  });

  it("refuses draws that would favour low slots", () => {
    // 2^32 - 1 lies above the largest multiple of 3 below 2^32 and must be drawn again.
    const script = [Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 2), Uint8Array.of(0, 0, 0, 1)];
    const asked: number[] = [];
    const slots = randomPermutation(3, (length) => script[asked.push(length) - 1] as Uint8Array);
    assert.deepEqual(asked, [8, 4]);
    assert.deepEqual([...slots], [0, 1, 2]);
  });

  it("is a permutation of any length, drawn in bulk", () => {
    for (const length of [0, 1, 2, 16_384, 16_385, 16_386, 40_000]) {
      const randomBytes = seededBytes(length);
      let calls = 0;
      const slots = randomPermutation(length, (bytes) => (calls++, randomBytes(bytes)));
      assert.deepEqual(
        [...slots].sort((a, b) => a - b),
        Array.from({ length }, (_, slot) => slot),
      );
      assert(calls <= Math.ceil(length / 16_384) + 5, `${calls} calls for ${length} draws`);
    }
  });
});
