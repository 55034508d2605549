/** Sets of rows: what is decided on bits agrees with what holds on rows. */
import { describe, it } from "node:test";
import assert from "node:assert/strict";

import type { ClassFunction } from "../../../workers/disclosure/classFunction.ts";
import { ONE, oneOn, times } from "../../../workers/disclosure/classFunction.ts";
import { classesOf } from "../../../workers/disclosure/fieldClasses.ts";
import { Fingerprints } from "../../../workers/disclosure/fingerprints.ts";
import type { RowSet } from "../../../workers/disclosure/rowSet.ts";
import { allOf, intersect, isSubset, keyOf, meetsWithin, setWhere } from "../../../workers/disclosure/rowSet.ts";
import { SetVectors } from "../../../workers/disclosure/setVectors.ts";
import { bn254Fr } from "../../../workers/field/bn254Fr.ts";
import { isZero, rowOf, Span } from "../../../workers/disclosure/span.ts";
import type { FieldVector } from "../../../workers/field/field.ts";
import { BN254_FR_MODULUS as R } from "../../../workers/field/bn254.ts";
import { columnId } from "../../../workers/messages/columnId.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { clearColumns, evaluateClear } from "../query/clearCircuit.ts";
import { trialSchema as schema } from "../query/trialSchema.ts";

const property = { numRuns: budget.propertyRuns };
const fields = schema.fields.map((_, index) => index);
const count = (field: number): number => classesOf(schema, field).count;
const SEGMENTS = 3;

/** A point: a segment, and a class of every field. */
const points = fc.tuple(fc.nat(SEGMENTS - 1), ...fields.map((field) => fc.nat(count(field) - 1)));
type Point = readonly number[];

const sets: fc.Arbitrary<RowSet> = fc
  .tuple(
    fc.bigInt(1n, allOf(SEGMENTS)),
    fc.array(fc.tuple(fc.nat(fields.length - 1), fc.bigInt(1n, allOf(12))), { maxLength: 3 }),
  )
  .map(([segments, conditions]) => {
    const masks = new Map(conditions.map(([field, bits]) => [field, bits & allOf(count(field)) || 1n]));
    return boxOf(segments, masks) as RowSet;
  });

/** Of these classes of each field. Undefined when no row can be in it. */
function boxOf(parts: bigint, classes: ReadonlyMap<number, bigint>): RowSet | undefined {
  const conditions = [...classes].map(([field, bits]) => oneOn(field, bits, allOf(count(field))));
  return setWhere(
    parts,
    conditions.reduce<ClassFunction>((all, each) => times(all, each), ONE),
  );
}

function contains(set: RowSet | undefined, [segment, ...classes]: Point): boolean {
  if (set === undefined) return false;
  const bit = (mask: bigint, index: number): boolean => ((mask >> BigInt(index)) & 1n) === 1n;
  return bit(set.parts, segment!) && set.conditions.every(([field, mask]) => bit(mask, classes[field]!));
}

/** A value of each class of each field; undefined = missing. */
function valueIn(field: number, index: number): bigint | null {
  const classes = classesOf(schema, field);
  if (index === classes.missing) return null;
  return schema.fields[field]!.type === "category" ? BigInt(index) : classes.bounds(index)![0];
}

describe("classes of a field", () => {
  it("are told apart by their indicators: one of them is 1 on every active row", () => {
    for (const field of fields) {
      const classes = classesOf(schema, field);
      for (let index = 0; index < classes.count; index++) {
        const values = fields.map((each) => [each === field ? valueIn(field, index) : valueIn(each, 0)]);
        const columns = clearColumns(schema, values, 1, 0);
        const indicators = Array.from({ length: classes.count }, (_, other) =>
          classes.indicator(other).reduce((sum, term) => {
            assert.ok(!("threshold" in term), "no field is searched by digits");
            const column = columns.get(columnId(schema.hash, term.field, term.kind, term.argument));
            return sum + term.coefficient * column![0]!;
          }, 0n),
        );
        assert.deepEqual(
          indicators,
          indicators.map((_, other) => (other === index ? 1n : 0n)),
          `field ${field}, class ${index}`,
        );
      }
    }
  });
});

describe("sets of rows", () => {
  it("intersect, include and meet as their rows do", () => {
    fc.assert(
      fc.property(sets, sets, sets, fc.array(points, { minLength: 1, maxLength: 20 }), (a, b, c, tried) => {
        const both = intersect(a, b);
        for (const point of tried) {
          assert.equal(contains(both, point), contains(a, point) && contains(b, point));
          if (isSubset(a, b)) assert.ok(!contains(a, point) || contains(b, point));
          if (meetsWithin(a, b, c)) assert.ok(!contains(both, point) || contains(c, point));
        }
      }),
      property,
    );
  });

  it("have one key: equal exactly when each includes the other", () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        assert.equal(keyOf(a) === keyOf(b), isSubset(a, b) && isSubset(b, a));
      }),
      property,
    );
  });

  it("without a class, or without segments, are no sets; a condition that always holds is none", () => {
    assert.equal(boxOf(1n, new Map([[0, 0n]])), undefined);
    assert.equal(boxOf(0n, new Map()), undefined);
    assert.deepEqual(boxOf(1n, new Map([[0, allOf(count(0))]])), { parts: 1n, conditions: [] });
  });
});

describe("fingerprints", () => {
  const fingerprints = new Fingerprints(count);

  it("add up over the parts of a set, for every functional", () => {
    fc.assert(
      fc.property(sets, fc.nat(fields.length - 1), fc.bigInt(0n, allOf(12)), fc.nat(5), (set, field, split, index) => {
        const own = set.conditions.find(([on]) => on === field)?.[1] ?? allOf(count(field));
        const others = new Map(set.conditions.flatMap(([on, bits]) => (on === field ? [] : [[on, bits] as const])));
        const part = (classes: bigint): bigint => {
          const made = boxOf(set.parts, new Map([...others, [field, classes]]));
          return made === undefined ? 0n : fingerprints.of(made, index);
        };
        assert.equal((part(own & split) + part(own & ~split)) % R, fingerprints.of(set, index));
      }),
      property,
    );
  });

  it("differ where sets do", () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        assert.equal(fingerprints.of(a) === fingerprints.of(b), keyOf(a) === keyOf(b));
      }),
      property,
    );
  });
});

describe("the span of vectors", () => {
  it("holds exactly what can be combined", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.bigInt(-3n, 3n), { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
        fc.array(fc.bigInt(-3n, 3n), { minLength: 3, maxLength: 3 }),
        fc.nat({ max: 3 }),
        (vectors, weights, shared) => {
          const residue = (value: bigint): bigint => ((value % R) + R) % R;
          const wide = vectors.map((vector) => [...vector.map(residue), 0n]);
          const base = new Span(bn254Fr);
          for (const vector of wide.slice(0, shared)) base.add(bn254Fr.fromIntegers(vector));
          const span = new Span(bn254Fr, base);
          const added = wide.slice(shared).flatMap((vector) => {
            const row = rowOf(bn254Fr, span.residual(bn254Fr.fromIntegers(vector)));
            if (row !== undefined) span.insert(row);
            return row ?? [];
          });
          const rank = rankOf(wide);
          assert.equal(added.length, rank - rankOf(wide.slice(0, shared)));
          const combined = [0, 1, 2, 3, 4].map((position) =>
            residue(wide.reduce((sum, vector, index) => sum + weights[index]! * vector[position]!, 0n)),
          );
          assert.ok(holds(span, bn254Fr.fromIntegers(combined)));
          const other = combined.map((value, position) => (position === 4 ? 1n : value));
          assert.ok(!holds(span, bn254Fr.fromIntegers(other)));
          for (const vector of wide)
            assert.equal(
              holds(base, bn254Fr.fromIntegers(vector)),
              rankOf([...wide.slice(0, shared), vector]) === rankOf(wide.slice(0, shared)),
            );
          for (const { values } of added) assert.ok(holds(span, values));
        },
      ),
      property,
    );
  });
});

function holds(span: Span, vector: FieldVector): boolean {
  return isZero(bn254Fr, span.residual(vector));
}

/** By fractions of whole numbers. */
function rankOf(vectors: readonly (readonly bigint[])[]): number {
  let rows = vectors.map((vector) => vector.map((value) => bn254Fr.toSigned(value)));
  for (let rank = 0; ; rank++) {
    const row = rows.find((each) => each.some((value) => value !== 0n));
    if (row === undefined) return rank;
    const pivot = row.findIndex((value) => value !== 0n);
    rows = rows.map((each) => each.map((value, index) => value * row[pivot]! - row[index]! * each[pivot]!));
  }
}

describe("the circuit of sizes", () => {
  const rowsOf = (tried: readonly Point[]) => {
    const values = fields.map((field) => tried.map(([, ...classes]) => valueIn(field, classes[field]!)));
    return clearColumns(schema, values, tried.length, 0);
  };

  it("counts the rows in any two sets, whatever was built before", () => {
    fc.assert(
      fc.property(
        fc.array(sets, { minLength: 1, maxLength: 5 }),
        fc.array(points, { minLength: 1, maxLength: 15 }),
        (chosen, tried) => {
          const vectors = new SetVectors({
            schema,
            classes: (field) => classesOf(schema, field),
            circuit: { columns: [], products: [], outputs: [] },
            parts: allOf(SEGMENTS),
            known: [],
          });
          const pairs = chosen.flatMap((a, i) => chosen.slice(i).map((b) => [a, b] as const));
          const sizes = pairs.map(([a, b]) => vectors.size(a, b));
          const { circuit, columns } = vectors.finish();
          const whole = rowsOf(tried);
          const loaded = new Map(
            columns.map(({ columnId: id, parts }, index) => [
              circuit.columns[index]!,
              whole.get(id)!.map((value, row) => ((parts >> BigInt(tried[row]![0]!)) & 1n) * value),
            ]),
          );
          const results = circuit.columns.length === 0 ? [] : evaluateClear(circuit, loaded);
          pairs.forEach(([a, b], index) => {
            const expected = tried.filter((point) => contains(a, point) && contains(b, point)).length;
            const size = sizes[index];
            assert.equal(size === undefined ? 0n : results[size], BigInt(expected), `${keyOf(a)} and ${keyOf(b)}`);
          });
        },
      ),
      property,
    );
  });
});
