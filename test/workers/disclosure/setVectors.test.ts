/** The circuit of sizes for sets of any shape, thresholds by digits among them, in the clear. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { ClassCatalogue } from "../../../workers/disclosure/classCatalogue.ts";
import { withClasses } from "../../../workers/disclosure/classCatalogue.ts";
import { FactorReader } from "../../../workers/disclosure/factorReader.ts";
import { setsOfQuery } from "../../../workers/disclosure/querySets.ts";
import type { RowSet } from "../../../workers/disclosure/rowSet.ts";
import { allOf, conditionOf, intersect, keyOf, setWhere } from "../../../workers/disclosure/rowSet.ts";
import { SetVectors } from "../../../workers/disclosure/setVectors.ts";
import type { Descriptor } from "../../../workers/messages/descriptor.ts";
import { buildCircuit } from "../../../workers/query/buildCircuit.ts";
import type { NumericField, StudySchema } from "../../../workers/schema/studySchema.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { clearColumns, evaluateClear } from "../query/clearCircuit.ts";
import type { TypedRow } from "./handMade.ts";
import { HandMade } from "./handMade.ts";
import type { Tree } from "./typedStudy.ts";
import { classOf, LONG, rowsOf, schemas, termsOf, treesOf, typedSchema, valueAt } from "./typedStudy.ts";

const property = { numRuns: budget.propertyRuns };
const PARTS = 3;

interface Drawn {
  readonly schema: StudySchema;
  readonly trees: readonly Tree[];
  readonly parts: readonly bigint[];
  readonly rows: readonly (readonly [row: TypedRow, part: number])[];
}

const studies: fc.Arbitrary<Drawn> = schemas.chain((schema) =>
  fc.record({
    schema: fc.constant(schema),
    trees: fc.array(treesOf(schema), { minLength: 1, maxLength: 4 }),
    parts: fc.array(fc.bigInt(1n, allOf(PARTS)), { minLength: 4, maxLength: 4 }),
    rows: fc.array(fc.tuple(rowsOf(schema), fc.nat({ max: PARTS - 1 })), { minLength: 1, maxLength: 12 }),
  }),
);

/** A query that counts the first tree, and the sets of all. */
function made({ schema, trees, parts }: Drawn): {
  readonly descriptor: Descriptor;
  readonly catalogue: ClassCatalogue;
  readonly sets: readonly RowSet[];
} {
  const hand = new HandMade(schema);
  const factors = trees.map((tree) => hand.factor(...termsOf(hand, tree)));
  const descriptor = hand.finish([hand.output(factors[0]!)]);
  const { made: sets, catalogue } = withClasses(schema, [{ descriptor, parameters: [] }], (classes) => {
    const reader = new FactorReader(descriptor, [], classes);
    return factors.flatMap((factor, index) => setWhere(parts[index]!, reader.factor(factor).condition) ?? []);
  });
  return { descriptor, catalogue, sets };
}

function sizesOf(drawn: Drawn): void {
  const { schema, rows } = drawn;
  const { descriptor, catalogue, sets } = made(drawn);
  const built = buildCircuit(descriptor, [], schema);
  const circuit = built.empty ? { columns: [], products: [], outputs: [] } : built.circuit;
  const whole = allOf(PARTS);
  const known = built.empty ? [] : setsOfQuery({ descriptor, parameters: [], schema, circuit }, catalogue, whole);
  const vectors = new SetVectors({
    schema,
    classes: (field) => catalogue.classes(field),
    circuit,
    parts: whole,
    known,
  });
  const pairs = sets.flatMap((a, at) => sets.slice(at).map((b) => [a, b] as const));
  const sizes = pairs.map(([a, b]) => vectors.size(a, b));
  const extended = vectors.finish();
  const values = schema.fields.map((_, field) => rows.map(([row]) => row[field] ?? null));
  const columns = clearColumns(schema, values, rows.length, 0);
  const loaded = new Map(
    extended.columns.map(({ columnId, parts }, index) => [
      extended.circuit.columns[index]!,
      columns.get(columnId)!.map((value, row) => ((parts >> BigInt(rows[row]![1])) & 1n) * value),
    ]),
  );
  const results = extended.circuit.columns.length === 0 ? [] : evaluateClear(extended.circuit, loaded);
  const isIn = (set: RowSet, [row, part]: Drawn["rows"][number]): boolean =>
    ((set.parts >> BigInt(part)) & 1n) === 1n &&
    valueAt(conditionOf(set), (field) => classOf(schema, field, catalogue.classes(field), row)) === 1n;
  pairs.forEach(([a, b], index) => {
    const expected = rows.filter((row) => isIn(a, row) && isIn(b, row)).length;
    const size = sizes[index];
    assert.equal(size === undefined, intersect(a, b) === undefined);
    if (size !== undefined)
      assert.equal(results[circuit.outputs.length + size], BigInt(expected), `${keyOf(a)} and ${keyOf(b)}`);
  });
  const indicators = [...extended.indicators];
  const outputs = indicators.map(([product]) => ({
    left: { columns: [], products: [[product, 1n] as const] },
    right: undefined,
  }));
  const counts = indicators.length === 0 ? [] : evaluateClear({ ...extended.circuit, outputs }, loaded);
  indicators.forEach(([, set], index) => {
    assert.equal(counts[index], BigInt(rows.filter((row) => isIn(set, row)).length), `kept as ${keyOf(set)}`);
  });
}

describe("the circuit of sizes of any sets", () => {
  it("counts the rows in any two, whatever was built before", () => {
    fc.assert(fc.property(studies, sizesOf), property);
  });

  it("takes what the query's own circuit has: a shape, a chain of digits, a product", () => {
    const schema = typedSchema(18n, 72n, 8n, false);
    const threshold = (at: bigint): Tree => ({ kind: "threshold", field: LONG, relation: ">", at });
    const arm: Tree = { kind: "category", field: 0, category: 1n };
    const sex: Tree = { kind: "category", field: 1, category: 1n };
    const both: Tree = { kind: "and", left: arm, right: sex };
    const either: Tree = { kind: "or", left: both, right: threshold(40n) };
    for (const tree of [threshold(40n), both, either, { kind: "and", left: sex, right: either } as const]) {
      const parts = allOf(PARTS);
      const { descriptor, catalogue, sets } = made({ schema, trees: [tree], parts: [parts], rows: [] });
      const built = buildCircuit(descriptor, [], schema);
      assert.ok(!built.empty);
      const { circuit } = built;
      const vectors = new SetVectors({
        schema,
        classes: (field) => catalogue.classes(field),
        circuit,
        parts,
        known: setsOfQuery({ descriptor, parameters: [], schema, circuit }, catalogue, parts),
      });
      vectors.size(sets[0]!);
      assert.equal(vectors.finish().circuit.products.length, circuit.products.length, tree.kind);
    }
  });

  it("takes a product per edge and per digit but one, and none twice", () => {
    const schema = typedSchema(0n, 4_095n, 8n, true);
    assert.equal((schema.fields[LONG] as NumericField).digits, 3);
    const threshold: Tree = { kind: "threshold", field: LONG, relation: ">=", at: 0x123n };
    const round: Tree = { kind: "threshold", field: LONG, relation: ">=", at: 0x120n };
    const either: Tree = {
      kind: "or",
      left: { kind: "category", field: 0, category: 1n },
      right: { kind: "category", field: 1, category: 1n },
    };
    const productsOf = (...trees: Tree[]): number => {
      const drawn = { schema, trees, parts: trees.map(() => 1n), rows: [] };
      const { catalogue, sets } = made(drawn);
      const circuit = { columns: [], products: [], outputs: [] };
      const facts = { schema, classes: (field: number) => catalogue.classes(field), circuit, parts: 1n, known: [] };
      const vectors = new SetVectors(facts);
      for (const set of sets) vectors.size(set);
      return vectors.finish().circuit.products.length;
    };
    assert.equal(productsOf(threshold), 2);
    assert.equal(productsOf(round), 1, "its lowest digit is 0");
    assert.equal(productsOf(threshold, { kind: "not", part: threshold }), 2);
    assert.equal(productsOf(either), 1);
    const [a, b] = [0, 1].map((field) => [0n, 1n].map((category): Tree => ({ kind: "category", field, category })));
    const cells = a!.flatMap((left) => b!.map((right): Tree => ({ kind: "and", left, right })));
    const wide = cells.map((left): Tree => ({ kind: "and", left, right: threshold }));
    assert.equal(productsOf(...cells), 0, "of two conditions, an inner product");
    assert.equal(productsOf(...wide), 2 + 2, "of three, one of two of them, which cells share, beside the digits'");
    assert.equal(
      productsOf(either, either, { kind: "not", part: either }),
      1,
      "the rest of a product is one factor of it",
    );
  });
});
