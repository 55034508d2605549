import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkQuery } from "../../../workers/disclosure/checkQuery.ts";
import { decodeDescriptor } from "../../../workers/messages/decodeDescriptor.ts";
import { buildCircuit } from "../../../workers/query/buildCircuit.ts";
import { bindParameters } from "../../../workers/query/bindParameters.ts";
import { chooseCellLayout } from "../../../workers/query/cellLayout.ts";
import type { CompiledQuery } from "../../../workers/query/compileQuery.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import type { Atom } from "../../../workers/messages/descriptor.ts";
import { AtomOp, encodeDescriptor } from "../../../workers/messages/descriptor.ts";
import { MAX_OPENED_VALUES } from "../../../workers/query/openedValues.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { finishAnswer } from "../../../workers/statistics/finishAnswer.ts";
import type { Values } from "./clearCircuit.ts";
import { clearColumns, evaluateClear } from "./clearCircuit.ts";
import { DEMO_SQL, trialSchema } from "./trialSchema.ts";

const demo = await compileQuery(DEMO_SQL, trialSchema);

function withAtom(query: CompiledQuery, index: number, change: Partial<Atom>): CompiledQuery["descriptor"] {
  return {
    ...query.descriptor,
    atoms: query.descriptor.atoms.map((atom, at) => (at === index ? { ...atom, ...change } : atom)),
  };
}

/** Ages 18, 20, …, 90 in arm 0, everything else missing but `Mixed` = 0. */
function agesOnly(): Values {
  const ages = Array.from({ length: 37 }, (_, index) => BigInt(18 + 2 * index));
  return trialSchema.fields.map(({ name }) =>
    ages.map((age) => (name === "age" ? age : name === "arm" || name === "Mixed" ? 0n : null)),
  );
}

async function countWhere(where: string, given: Record<string, string | number>): Promise<number | "empty"> {
  const query = await compileQuery(`SELECT COUNT(*) FROM trial WHERE ${where}`, trialSchema);
  const built = buildCircuit(query.descriptor, bindParameters(query.bounds, trialSchema, given), trialSchema);
  if (built.empty) return "empty";
  const outputs = evaluateClear(built.circuit, clearColumns(trialSchema, agesOnly(), 37));
  return finishAnswer(query.descriptor, trialSchema, outputs, new Set()).rows[0]![0] as number;
}

describe("buildCircuit", () => {
  it("keeps the descriptor's products under their own numbers and opens cells row-major", () => {
    const built = buildCircuit(demo.descriptor, [20n, 64n, 1n], trialSchema);
    assert.ok(!built.empty);
    assert.equal(built.cells, 3);
    assert.equal(built.circuit.products.length, 5);
    assert.equal(built.circuit.outputs.length, 15);
    assert.deepEqual(built.circuit.outputs[0]!.right, built.circuit.products[1]!.left);
  });

  it("loads each column once", () => {
    const built = buildCircuit(demo.descriptor, [20n, 64n, 1n], trialSchema);
    assert.ok(!built.empty);
    assert.equal(new Set(built.circuit.columns).size, built.circuit.columns.length);
  });

  it("merges constants and parameters on one field without losing any", async () => {
    assert.equal(await countWhere("age >= 30 AND age >= :a AND age <= :b AND age <= 59", { a: 18, b: 90 }), 15);
    assert.equal(await countWhere("age >= 30 AND age >= :a AND age <= :b AND age <= 59", { a: 40, b: 49 }), 5);
    assert.equal(
      await countWhere("age >= :a AND age >= :c AND age <= :b AND age <= :d", { a: 20, b: 64, c: 30, d: 39 }),
      5,
    );
    assert.equal(await countWhere("age >= 30 AND age <= :b", { b: 39 }), 5);
    assert.equal(await countWhere("age <= 39 AND age >= :a", { a: 30 }), 5);
    assert.equal(await countWhere("age IN (:a)", { a: 90 }), 1);
  });

  it("sees an empty selection without MPC", async () => {
    assert.equal(await countWhere("age BETWEEN :lo AND :hi", { lo: 60, hi: 59 }), "empty");
    assert.equal(await countWhere("age NOT BETWEEN :lo AND :hi", { lo: 60, hi: 59 }), 37);
    const empty = buildCircuit(demo.descriptor, [65n, 64n, 1n], trialSchema);
    assert.ok(empty.empty && /range of age is empty/.test(empty.reason));
  });

  it("counts equal members of an IN once", async () => {
    const query = await compileQuery("SELECT COUNT(*) FROM trial WHERE arm IN (:a, :b, 'control')", trialSchema);
    const built = buildCircuit(query.descriptor, [0n, 0n], trialSchema);
    assert.ok(!built.empty);
    assert.deepEqual(
      built.circuit.outputs[0]!.left.columns.map(([, weight]) => weight),
      [1n],
    );
  });

  it("refuses another schema, parameters that are not given, and atoms without columns", () => {
    const other = { ...demo.descriptor, schemaHash: `0x${"ab".repeat(32)}` };
    assert.throws(() => buildCircuit(other, [20n, 64n, 1n], trialSchema), { code: "CIRCUIT_SCHEMA_MISMATCH" });
    assert.throws(() => buildCircuit(demo.descriptor, [20n, 64n], trialSchema), { code: "CIRCUIT_NO_PARAMETER" });
    for (const parameters of [
      [21n, 64n, 1n],
      [20n, 65n, 1n],
      [17n, 64n, 1n],
      [20n, 91n, 1n],
      [20n, 64n, 3n],
      [20n, 64n, -1n],
    ]) {
      assert.throws(
        () => buildCircuit(demo.descriptor, parameters, trialSchema),
        { code: "CIRCUIT_NO_COLUMN" },
        String(parameters),
      );
    }
    const changes: readonly Partial<Atom>[] = [
      { field: 99 },
      { field: 2 },
      { op: AtomOp.DIGIT },
      { op: AtomOp.RANGE, field: 1 },
      { op: AtomOp.VALUE, field: 1, bind: 0 },
    ];
    for (const change of changes) {
      assert.throws(() => buildCircuit(withAtom(demo, 0, change), [20n, 64n, 1n], trialSchema), {
        code: "CIRCUIT_NO_COLUMN",
      });
    }
    const axes = {
      ...demo.descriptor,
      steps: [{ ...demo.descriptor.steps[0]!, axes: [{ field: 2, missing: false, cuts: [], lines: [] }] }],
    };
    assert.throws(() => buildCircuit(axes, [20n, 64n, 1n], trialSchema), { code: "CIRCUIT_NO_COLUMN" });
  });

  it("refuses more numbers than an answer may open, before it makes any cell", async () => {
    const categories = Array.from({ length: 32 }, (_, index) => `c${index}`);
    const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const fields = names.map((name) => ({ name, type: "category", categories, required: true }));
    const schema = parseSchema(JSON.stringify({ name: "wide", table: "t", subject: "id", fields }));
    const tableOf = async (count: number) => {
      const { descriptor } = await compileQuery("SELECT a, COUNT(*) FROM t GROUP BY a", schema);
      const axes = Array.from({ length: count }, (_, field) => ({ field, missing: false, cuts: [], lines: [] }));
      return decodeDescriptor(encodeDescriptor({ ...descriptor, steps: [{ ...descriptor.steps[0]!, axes }] }));
    };
    const [few, more, most] = await Promise.all([tableOf(2), tableOf(3), tableOf(8)]);
    const built = buildCircuit(few, [], schema);
    assert.equal(!built.empty && built.circuit.outputs.length, MAX_OPENED_VALUES);
    const tooLarge = (count: number) => ({ code: "CIRCUIT_TOO_LARGE", message: new RegExp(`open ${32 ** count} num`) });
    assert.throws(() => buildCircuit(more, [], schema), tooLarge(3));
    assert.throws(() => buildCircuit(most, [], schema), tooLarge(8));
    assert.throws(() => checkQuery(most, schema), tooLarge(8));
    const unbound = buildCircuit(more, [], schema, { maxOpenedValues: Number.POSITIVE_INFINITY });
    assert.equal(!unbound.empty && unbound.cells, 32 ** 3);
  });
});

describe("chooseCellLayout", () => {
  const cost = (sizes: number[], measures: number): number => chooseCellLayout(sizes, measures).products;
  it("spends no product on one axis", () => assert.equal(cost([7], 20), 0));
  it("multiplies the smaller axis into few measures", () => {
    assert.deepEqual(chooseCellLayout([3, 10], 2), { outer: [1], inner: [0], products: 6 });
  });
  it("multiplies the cells themselves when there are many measures", () => {
    assert.deepEqual(chooseCellLayout([3, 4], 9), { outer: [0, 1], inner: [], products: 12 });
  });
  it("is never dearer than all cells at once", () => {
    for (const sizes of [
      [2, 2, 2],
      [3, 4, 5],
      [2, 3, 4, 5],
    ]) {
      const all = sizes.slice(1).reduce(([n, sum], size) => [n! * size, sum! + n! * size], [sizes[0]!, 0])[1]!;
      for (const measures of [1, 2, 5, 50]) assert.ok(cost(sizes, measures) <= all);
    }
  });
});
