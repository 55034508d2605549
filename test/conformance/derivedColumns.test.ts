import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { withDerivedColumns } from "./derivedColumns.ts";
import { columnTexts } from "./referenceDirectory.ts";
import type { CsvTable, ReferenceDirectory } from "./referenceDirectory.ts";

const table = (name: string, columns: readonly string[], rows: readonly (readonly (string | null)[])[]): CsvTable => {
  const fields = columns.map((column) => ({
    name: column,
    type: column === "grade" ? "integer" : "string",
    description: "",
  }));
  return { name, fields, columns, rows };
};
const patients = table("patients", ["id"], [["a"], ["b"], ["c"]]);
const events = table(
  "events",
  ["id", "grade", "related", "term"],
  [
    ["a", "1", "Y", "rash"],
    ["a", "3", "N", "rash"],
    ["a", "2", "Y", "pain"],
    ["b", "5", null, "pain"],
    ["b", null, "Y", "pain"],
    ["nobody", "4", "Y", "pain"],
  ],
);
const directory: ReferenceDirectory = { path: "somewhere", queries: [], table: () => events };

describe("the worst grade of a subject", () => {
  const worst = (where: string | undefined, term?: string, subject = "id"): (string | null)[] => {
    const equals = term === undefined ? undefined : { column: "term", value: term };
    const derived = { column: "worst", from: "events", subject, where, equals, greatestOf: "grade" };
    return columnTexts(withDerivedColumns(directory, patients, [derived]), "worst");
  };

  it("is the greatest of the events that count, and 0 without one", () => {
    assert.deepEqual(worst(undefined), ["3", "5", "0"]);
    assert.deepEqual(worst("related = 'Y'"), ["2", "0", "0"]);
    assert.deepEqual(worst("related = 'Y'", "rash"), ["1", "0", "0"]);
  });

  it("needs the subject in both tables", () => {
    assert.throws(() => worst(undefined, undefined, "person"), {
      code: "CONFORMANCE_BAD_DIRECTORY",
      message: /^somewhere: its table "patients" has no column "person"$/,
    });
  });
});
