import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { seededDraw } from "../../../scripts/demo/seededDraws.ts";
import type { SyntheticTrial } from "../../../scripts/demo/syntheticTrial.ts";
import { syntheticTrial } from "../../../scripts/demo/syntheticTrial.ts";
import { readTable } from "../../../workers/encoding/readTable.ts";
import type { Table } from "../../../workers/encoding/readTable.ts";
import { summarizeTable } from "../../../workers/encoding/summarizeTable.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";

function tablesOf({ schemaText, sites }: SyntheticTrial): Table[] {
  const schema = parseSchema(schemaText);
  return sites.map(({ name, csv }) => readTable(new TextEncoder().encode(csv), schema, `${name}.csv`));
}

describe("syntheticTrial", () => {
  const trial = syntheticTrial("test");
  const schema = parseSchema(trial.schemaText);
  const tables = tablesOf(trial);
  const all = schema.fields.map((_, f) => tables.flatMap((table) => table.values[f] ?? []));

  it("is the same for the same seed and another for another", () => {
    assert.deepEqual(syntheticTrial("test"), trial);
    const other = syntheticTrial("other");
    assert.equal(other.schemaText, trial.schemaText);
    other.sites.forEach(({ csv }, site) => assert.notEqual(csv, trial.sites[site]?.csv));
  });

  it("has about 1,000 patients in three hospitals, each once", () => {
    assert.equal(tables.length, 3);
    const subjects = tables.flatMap((table) => table.subjects);
    assert(subjects.length >= 950 && subjects.length <= 1_050, String(subjects.length));
    assert.equal(new Set(subjects).size, subjects.length);
  });

  it("has a few values missing, never the arm or the biomarker", () => {
    const missing = schema.fields.map((_, f) =>
      tables.reduce((sum, table) => sum + (summarizeTable(table, schema).fields[f]?.missing ?? 0), 0),
    );
    const [arm = 0, biomarker = 0, age = 0, response = 0, grade = 0] = missing;
    assert.deepEqual([arm, biomarker], [0, 0]);
    assert(age > 0 && age < 40, `age ${age}`);
    assert(response > 30 && response < 100, `response ${response}`);
    assert(grade > 15 && grade < 80, `worst_grade ${grade}`);
  });

  it("leans towards the arm that works in each biomarker group", () => {
    const count = (marker: bigint, arm: bigint): number =>
      (all[0] ?? []).filter((value, row) => value === arm && all[1]?.[row] === marker).length;
    const [control, erlotinib, sorafenib] = [0n, 1n, 2n];
    const [egfr, kras, vegf] = [0n, 1n, 2n];
    for (const other of [control, sorafenib]) assert(count(egfr, erlotinib) > count(egfr, other));
    for (const other of [control, erlotinib]) {
      assert(count(kras, sorafenib) > count(kras, other));
      assert(count(vegf, sorafenib) > count(vegf, other));
    }
  });

  it("has patients in every arm of every biomarker group", () => {
    for (let arm = 0n; arm < 3n; arm += 1n) {
      for (let marker = 0n; marker < 4n; marker += 1n) {
        const cell = (all[0] ?? []).filter((value, row) => value === arm && all[1]?.[row] === marker);
        assert(cell.length > 0, `arm ${arm}, marker ${marker}`);
      }
    }
  });
});

describe("seededDraw", () => {
  it("is uniform enough to fill ten bins evenly", () => {
    const draw = seededDraw("bins");
    const bins = new Array<number>(10).fill(0);
    for (let index = 0; index < 10_000; index += 1) {
      const value = draw();
      assert(value >= 0 && value < 1);
      const bin = Math.floor(value * 10);
      bins[bin] = (bins[bin] as number) + 1;
    }
    // 9 degrees of freedom: above 27.9 with probability 0.001; the seed is fixed.
    assert(bins.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0) < 27.9, bins.join());
  });
});
