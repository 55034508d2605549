/** What is read off a descriptor is what its factors are on rows. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { withClasses } from "../../../workers/disclosure/classCatalogue.ts";
import type { ClassCatalogue } from "../../../workers/disclosure/classCatalogue.ts";
import { FactorReader } from "../../../workers/disclosure/factorReader.ts";
import type { Reading } from "../../../workers/disclosure/factorReader.ts";
import type { Descriptor } from "../../../workers/messages/descriptor.ts";
import { AtomOp, DigitRelation } from "../../../workers/messages/descriptor.ts";
import type { NumericField, StudySchema } from "../../../workers/schema/studySchema.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import type { HandTerm } from "./handMade.ts";
import { factorOn, HandMade, negative } from "./handMade.ts";
import { ARM, classOf, CUT, holds, LONG, rowsOf, schemas, SEX, SHORT, termsOf, treesOf, typedSchema, valueAt, valuesIn } from "./typedStudy.ts"; // prettier-ignore

const property = { numRuns: budget.propertyRuns };
const schema = typedSchema(18n, 72n, 8n, false);
const { EQUAL, GREATER } = DigitRelation;

function read(
  on: StudySchema,
  descriptor: Descriptor,
  factor: number,
  parameters?: readonly bigint[],
): { readonly reading: Reading; readonly catalogue: ClassCatalogue } {
  const { made, catalogue } = withClasses(on, [{ descriptor, parameters }], (classes) => {
    const reader = new FactorReader(descriptor, parameters, classes);
    return reader.whole(reader.factor(factor));
  });
  return { reading: made, catalogue };
}

/** Reads one factor that is made by hand. */
function readTerms(make: (made: HandMade) => readonly HandTerm[], parameters: readonly bigint[] = []): Reading {
  const made = new HandMade(schema);
  const factor = made.factor(...make(made));
  return read(schema, made.finish([made.output(factor)]), factor, parameters).reading;
}

const refuses = (make: (made: HandMade) => readonly HandTerm[], message: RegExp): void => {
  assert.throws(() => readTerms(make, [40n]), { code: "DISCLOSURE_UNSUPPORTED", message });
};

describe("a factor read on classes", () => {
  it("is what it is on every row, whatever AND, OR and NOT of comparisons it is", () => {
    fc.assert(
      fc.property(
        schemas.chain((on) =>
          fc.tuple(fc.constant(on), treesOf(on), fc.array(rowsOf(on), { minLength: 1, maxLength: 12 })),
        ),
        ([on, tree, rows]) => {
          const made = new HandMade(on);
          const factor = made.factor(...termsOf(made, tree));
          const descriptor = made.finish([made.output(factor)]);
          const { reading, catalogue } = read(on, descriptor, factor, []);
          assert.deepEqual([reading.variables, reading.digits, reading.isOpen], [[], undefined, false]);
          for (const row of rows) {
            const expected = factorOn(descriptor, on, [], row, factor);
            assert.equal(expected, holds(tree, row) ? 1n : 0n, "made as meant");
            const found = valueAt(reading.condition, (field) => classOf(on, field, catalogue.classes(field), row));
            assert.equal(found, expected);
          }
        },
      ),
      property,
    );
  });

  it("is the comparison by digits at any bounds and any threshold, a parameter or a constant", () => {
    const drawn = schemas.chain((on) =>
      fc.constantFrom(LONG, SHORT).chain((field) =>
        valuesIn(on, field).chain((at) => {
          const near = [at - 1n, at, at + 1n, at + 16n, at - 16n];
          return fc.tuple(
            fc.constant(on),
            fc.constant(field),
            fc.constant(at),
            fc.constantFrom(">" as const, ">=" as const, "=" as const),
            fc.boolean(),
            fc.array(rowsOf(on, near), { minLength: 4, maxLength: 20 }),
          );
        }),
      ),
    );
    fc.assert(
      fc.property(drawn, ([on, field, at, relation, isParameter, rows]) => {
        const made = new HandMade(on);
        const end = isParameter ? { parameter: 0 } : at;
        const terms = relation === "=" ? made.equal(field, end) : made.chain(field, end, relation);
        const [factor, rest] = [made.factor(...terms), made.factor(made.atom(AtomOp.VALID, field), ...negative(terms))];
        const descriptor = made.finish([made.output(factor)]);
        for (const [index, isInside] of [[factor, true] as const, [rest, false] as const]) {
          const { reading, catalogue } = read(on, descriptor, index, [at]);
          for (const row of rows) {
            const isTrue = holds({ kind: "threshold", field, relation, at }, row);
            const expected = row[field] !== undefined && isTrue === isInside ? 1n : 0n;
            const found = valueAt(reading.condition, (on_) => classOf(on, on_, catalogue.classes(on_), row));
            assert.equal(found, expected);
            assert.equal(factorOn(descriptor, on, [at], row, index), expected, "made as meant");
          }
        }
      }),
      property,
    );
  });

  it("counts an EQ that is there twice once, as the circuit does", () => {
    const made = new HandMade(schema);
    const factor = made.factor(made.atom(AtomOp.EQ, ARM, 1n), made.atom(AtomOp.EQ, ARM, 0n, 0n, 1));
    const descriptor = made.finish([made.output(factor)]);
    for (const [parameter, values] of [
      [1n, [0n, 1n, 0n]],
      [2n, [0n, 1n, 1n]],
    ] as const) {
      const { reading } = read(schema, descriptor, factor, [parameter]);
      assert.deepEqual(
        [0, 1, 2].map((index) => valueAt(reading.condition, () => index)),
        values,
      );
    }
  });

  it("is what is summed where it is a value, a product of two, or other numbers of one field", () => {
    const value = (field: number) => (made: HandMade) => [made.atom(AtomOp.VALUE, field)];
    assert.deepEqual(readTerms(value(ARM)).variables, [{ field: ARM, isValue: true, values: [0n, 1n, 2n] }]);
    assert.deepEqual(readTerms(value(CUT)).variables, [
      { field: CUT, isValue: true, values: [undefined, undefined, undefined, 0n] },
    ]);
    const times = (a: number, b: number) =>
      readTerms((made) => [made.product(made.factor(...value(a)(made)), made.factor(...value(b)(made)))]);
    assert.deepEqual(
      times(CUT, CUT).variables.map(({ field }) => field),
      [CUT, CUT],
    );
    assert.deepEqual(
      times(CUT, ARM).variables.map(({ field }) => field),
      [CUT, ARM],
    );
    const squares = readTerms((made) => [made.atom(AtomOp.EQ, ARM, 1n), [4n, made.atom(AtomOp.EQ, ARM, 2n)[1]]]);
    assert.deepEqual(squares.variables, [{ field: ARM, isValue: false, values: [0n, 1n, 4n] }]);
  });

  it("is refused on a field that the schema does not have, whatever it asks", () => {
    for (const op of [AtomOp.VALUE, AtomOp.VALID, AtomOp.EQ, AtomOp.RANGE, AtomOp.DIGIT]) {
      for (const bind of [0, 1]) refuses((made) => [made.atom(op, 77, 0n, 0n, bind)], /no field|no such digit columns/);
    }
  });

  it("is no more than a product of two values", () => {
    refuses((made) => {
      const [a, b, c] = [CUT, ARM, LONG].map((field) => made.factor(made.atom(AtomOp.VALUE, field)));
      return [made.product(made.factor(made.product(a!, b!)), c!)];
    }, /products of more than 2 values/);
    refuses((made) => {
      const value = made.factor(made.atom(AtomOp.VALUE, CUT));
      return [made.product(made.factor(made.product(value, value)), value)];
    }, /products of more than 2 values/);
  });

  it("is refused where it is a value and something else, a number of two fields, or of all rows", () => {
    refuses((made) => [made.atom(AtomOp.VALUE, CUT), made.active()], /`cut`: a value is combined/);
    refuses((made) => [[2n, made.atom(AtomOp.VALUE, CUT)[1]]], /`cut`: a value is combined/);
    refuses((made) => {
      const value = made.factor(made.atom(AtomOp.VALUE, CUT));
      return [made.product(value, made.factor(made.atom(AtomOp.EQ, ARM, 1n))), made.active()];
    }, /`cut`: a value is combined/);
    refuses((made) => [made.atom(AtomOp.EQ, ARM, 1n), made.atom(AtomOp.EQ, SEX, 1n)], /depends on two fields/);
    refuses((made) => [[2n, made.active()[1]]], /multiple of the number of rows/);
    refuses((made) => [made.atom(AtomOp.VALUE, SEX)], /`sex`: a sum of categories that are not numbers/);
    refuses((made) => [made.atom(AtomOp.EQ, ARM, 3n)], /`arm`: it is compared with no category/);
    refuses((made) => [made.atom(AtomOp.EQ, CUT, 3n)], /`cut`: it is compared with no category/);
    refuses((made) => [made.atom(AtomOp.RANGE, ARM, 0n, 1n)], /`arm`: a range of categories/);
    refuses((made) => [made.atom(AtomOp.RANGE, CUT, 4n, 9n)], /`cut`: a threshold at which it has no cut-point/);
    refuses((made) => [made.atom(AtomOp.VALID, 9)], /no field of the schema/);
  });
});

describe("digits that are no comparison", () => {
  const no = /`long`: digit columns are no comparison/;
  const digit = (made: HandMade, position: number, relation: DigitRelation, at = 40n): HandTerm =>
    made.digit(LONG, at, position, relation);
  const step = (made: HandMade, equal: readonly HandTerm[], below: readonly HandTerm[]): HandTerm =>
    made.product(made.factor(...equal), made.factor(...below));

  it("are refused: a digit alone, or missing", () => {
    assert.equal((schema.fields[LONG] as NumericField).digits, 2);
    refuses((made) => [digit(made, 0, GREATER)], no);
    refuses((made) => [digit(made, 1, GREATER)], no);
    refuses((made) => [digit(made, 1, EQUAL)], no);
    refuses((made) => [step(made, [digit(made, 1, EQUAL)], [digit(made, 0, GREATER)])], no);
    refuses((made) => [digit(made, 0, GREATER), digit(made, 0, EQUAL)], no);
  });

  it("are refused: a lower one of another threshold, or field, or bound otherwise", () => {
    const chain = (made: HandMade, below: HandTerm): readonly HandTerm[] => [
      digit(made, 1, GREATER),
      step(made, [digit(made, 1, EQUAL)], [below]),
    ];
    assert.deepEqual(readTerms((made) => chain(made, digit(made, 0, GREATER))).variables, []);
    refuses((made) => chain(made, digit(made, 0, GREATER, 41n)), no);
    refuses(
      (made) => chain(made, made.digit(SHORT, 40n, 0, GREATER)),
      /digit columns are no comparison|outside its bounds/,
    );
    refuses((made) => chain(made, made.digit(LONG, { parameter: 0 }, 0, GREATER)), no);
    refuses((made) => chain(made, digit(made, 0, EQUAL)), no);
  });

  it("are refused: relations swapped, coefficients that are not 1, one term twice", () => {
    refuses((made) => [digit(made, 1, EQUAL), step(made, [digit(made, 1, GREATER)], [digit(made, 0, GREATER)])], no);
    refuses((made) => made.chain(LONG, 40n, ">").map(([, signal]) => [2n, signal]), no);
    refuses((made) => {
      const [greater, below] = made.chain(LONG, 40n, ">") as [HandTerm, HandTerm];
      return [[2n, greater[1]], below];
    }, no);
    refuses((made) => {
      const [greater, below] = made.chain(LONG, 40n, ">") as [HandTerm, HandTerm];
      return [greater, [2n, below[1]]];
    }, no);
    refuses(
      (made) => [digit(made, 1, GREATER), step(made, [digit(made, 1, EQUAL)], [[2n, digit(made, 0, GREATER)[1]]])],
      no,
    );
    refuses(
      (made) => made.chain(SHORT, 7n, ">=").map(([, signal]) => [2n, signal]),
      /`short`: digit columns are no comparison/,
    );
    refuses((made) => [step(made, [digit(made, 1, EQUAL)], [digit(made, 1, EQUAL)])], no);
  });

  it("are refused: digits that the field has not, thresholds out of its bounds, and both ends bound", () => {
    refuses((made) => [digit(made, 2, EQUAL)], /`long`: it has no such digit columns/);
    refuses((made) => [made.atom(AtomOp.DIGIT, LONG, 40n, -1n)], /`long`: it has no such digit columns/);
    refuses((made) => [made.atom(AtomOp.DIGIT, LONG, 0n, 0n, 3)], /`long`: it has no such digit columns/);
    refuses((made) => [made.digit(CUT, 4n, 0, EQUAL)], /`cut`: it has no such digit columns/);
    refuses((made) => made.chain(LONG, 17n, ">"), /`long`: a threshold outside its bounds/);
    refuses((made) => made.chain(LONG, 91n, ">="), /`long`: a threshold outside its bounds/);
  });

  it("are refused: multiplied by a condition before they are whole", () => {
    refuses((made) => {
      const condition = made.factor(made.atom(AtomOp.EQ, ARM, 1n));
      const equal = made.factor(digit(made, 1, EQUAL));
      return [made.product(made.factor(made.product(equal, condition)), made.factor(digit(made, 0, EQUAL)))];
    }, no);
  });

  it("are recognised before parameters are known, and only if they are a comparison", () => {
    const made = new HandMade(schema);
    const chain = made.factor(...made.chain(LONG, { parameter: 0 }, ">="));
    const broken = made.factor(made.digit(LONG, { parameter: 0 }, 1, GREATER), made.atom(AtomOp.VALID, LONG));
    const descriptor = made.finish([made.output(chain)]);
    assert.equal(read(schema, descriptor, chain).reading.isOpen, true);
    assert.throws(() => read(schema, descriptor, broken), { code: "DISCLOSURE_UNSUPPORTED", message: no });
  });

  it("of two thresholds, also of one, in one factor are the values between them", () => {
    const ends = valuesIn(schema, LONG).chain((lo) =>
      fc.tuple(fc.constant(lo), fc.bigInt(lo, 90n), fc.array(rowsOf(schema, [lo]), { minLength: 3, maxLength: 10 })),
    );
    fc.assert(
      fc.property(ends, ([lo, hi, rows]) => {
        const made = new HandMade(schema);
        const factor = made.factor(...made.chain(LONG, lo, ">="), ...negative(made.chain(LONG, hi, ">")));
        const { reading, catalogue } = read(schema, made.finish([made.output(factor)]), factor, []);
        for (const row of rows) {
          const value = row[LONG];
          const found = valueAt(reading.condition, (on) => classOf(schema, on, catalogue.classes(on), row));
          assert.equal(found, value !== undefined && value >= lo && value <= hi ? 1n : 0n);
        }
      }),
      property,
    );
  });
});
