import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { derivationJson, eventFile, eventTableJson } from "./derivedFields.ts";
import type { CsvTable, ReferenceDirectory } from "./referenceDirectory.ts";
import type { DerivedColumn } from "./translations/translation.ts";

const events: CsvTable = {
  name: "events",
  fields: [
    { name: "id", type: "string", description: "" },
    { name: "grade", type: "integer", description: "" },
    { name: "related", type: "string", description: "" },
    { name: "day", type: "date", description: "" },
  ],
  columns: ["id", "grade", "related", "day"],
  rows: [
    ["a", "3", 'said "Y"', null],
    ["b", "1", null, "2020-02-29"],
  ],
};
const directory: ReferenceDirectory = { path: "somewhere", queries: [], table: () => events };

const derived = (where: string | undefined, equals?: DerivedColumn["equals"]): DerivedColumn => {
  return { column: "worst", from: "events", subject: "id", where, equals, greatestOf: "grade" };
};

describe("fields derived from events", () => {
  it("are declared with the conditions of the reference, one by one", () => {
    const where =
      "related IN ('Y', 'it''s') AND day BETWEEN '2020-01-01' AND '2020-12-31' AND grade <> 2 AND RELATED IS NOT NULL";
    assert.deepEqual(derivationJson(directory, derived(where, { column: "related", value: "Y" })), {
      from: "events",
      where: [
        { column: "related", relation: "in", values: ["Y", "it's"] },
        { column: "day", relation: "between", values: ["2020-01-01", "2020-12-31"] },
        { column: "grade", relation: "<>", value: "2" },
        { column: "related", relation: "isNotNull" },
        { column: "related", relation: "=", value: "Y" },
      ],
      aggregate: "max",
      of: "grade",
      default: "0",
    });
    assert.deepEqual(derivationJson(directory, derived(undefined)).where, []);
  });

  it("are not derived by other conditions than comparisons joined by AND", () => {
    for (const where of [
      "grade = 1 OR grade = 2",
      "NOT (grade = 1)",
      "grade NOT IN (1)",
      "grade = day",
      "grade IN (1",
      "= 1",
    ]) {
      assert.throws(() => derivationJson(directory, derived(where)), { code: "CONFORMANCE_BAD_QUERY" }, where);
    }
  });

  it("are of event tables with the columns they need, and of files with the hospital's own subjects", () => {
    assert.deepEqual(eventTableJson(directory, "events", [derived("day > '2020-01-01'")]), {
      name: "events",
      subject: "id",
      missingValues: [""],
      unknownSubjects: "ignore",
      columns: [
        { name: "grade", type: "integer" },
        { name: "day", type: "date" },
      ],
    });
    const file = new TextDecoder().decode(eventFile(events, ["id", "related", "day"], ["a"]));
    assert.equal(file, '"id","related","day"\n"a","said ""Y""",""\n');
  });
});
