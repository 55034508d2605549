/** Real data: heart.csv of four hospitals, against sums taken directly from the text. */
import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import { encodeTable } from "../../../workers/encoding/encodeTable.ts";
import type { EncodedSegment } from "../../../workers/encoding/encodeTable.ts";
import { readTable } from "../../../workers/encoding/readTable.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { formatFieldValue } from "../../../workers/schema/values.ts";
import type { ColumnSpec, StudySchema } from "../../../workers/schema/studySchema.ts";
import { ColumnKind } from "../../../workers/schema/studySchema.ts";
import { heartStudy, referenceData } from "../../support/referenceStudy.ts";
import { seededBytes } from "./seededBytes.ts";

/** The sum of a column, from the CSV's texts and ordinary numbers: tenths are the finest unit, so rounding is safe. */
function directSum(records: readonly Record<string, string>[], spec: ColumnSpec, schema: StudySchema): bigint {
  const field = schema.fields[spec.field];
  if (field === undefined) return BigInt(records.length);
  const texts = records.map((record) => record[field.name] as string);
  const present = texts.filter((text) => text !== "");
  const count = (texts_: readonly string[]): bigint => BigInt(texts_.length);
  if (field.type === "category") {
    const isMissing = spec.argument === BigInt(field.categories.length);
    const wanted = isMissing ? "" : formatFieldValue(field, spec.argument);
    return count(texts.filter((text) => text === wanted));
  }
  if (spec.kind === ColumnKind.VALIDITY) return count(present);
  if (spec.kind === ColumnKind.THERMOMETER) {
    const cut = Number(formatFieldValue(field, spec.argument));
    return count(present.filter((text) => Number(text) >= cut));
  }
  const scale = 10 ** field.decimals;
  return BigInt(present.reduce((sum, text) => sum + Math.round(Number(text) * scale), 0));
}

function columnSums({ columns }: EncodedSegment): bigint[] {
  return columns.map((column) => column.reduce((sum, entry) => sum + entry, 0n));
}

describe("heart.csv", () => {
  it("encodes at every hospital to columns with the sums of its file", () => {
    if (referenceData() === undefined) return;
    const { schemaText, sites } = heartStudy();
    const schema = parseSchema(schemaText);
    assert.equal(sites.length, 4);
    let rows = 0;
    for (const { name, csv } of sites) {
      const table = readTable(new TextEncoder().encode(csv), schema, `${name}.csv`);
      const segment = encodeTable(table, schema, seededBytes(name));
      const records = parse(csv, { columns: true }) as Record<string, string>[];
      assert.deepEqual(
        columnSums(segment),
        segment.specs.map((spec) => directSum(records, spec, schema)),
        name,
      );
      rows += segment.rowCount;
    }
    assert.equal(rows, 920);
  });

  it("has the cut-points of the reference queries", () => {
    if (referenceData() === undefined) return;
    const schema = parseSchema(heartStudy().schemaText);
    const cuts = (name: string): readonly bigint[] => {
      const field = schema.fields.find((candidate) => candidate.name === name);
      return field === undefined || field.type === "category" ? assert.fail(name) : field.cutPoints;
    };
    assert(cuts("age").includes(50n) && cuts("age").includes(66n), "age BETWEEN 50 AND 65");
    assert(cuts("chol").includes(1n), "chol > 0");
    assert(cuts("oldpeak").includes(0n), "oldpeak < 0");
  });
});
