/** Reference queries of any kind over a small table, translated: for tests of what they become and how answers are compared. */
import assert from "node:assert/strict";

import { conditionOf, usesOf } from "./columnUses.ts";
import { deriveStudy } from "./derivedStudy.ts";
import type { DerivedStudy } from "./derivedStudy.ts";
import type { CsvTable } from "./referenceDirectory.ts";
import { ReferenceQuery } from "./referenceQuery.ts";
import type { JsonRecord } from "./referenceQuery.ts";
import { statementSql } from "./statementSql.ts";
import { translate } from "./translations/translate.ts";
import type { Translation } from "./translations/translation.ts";

const FIELDS = { arm: "string", sex: "string", status: "integer", time: "integer", age: "number", dose: "integer" };
const table: CsvTable = {
  name: "trial",
  fields: Object.entries(FIELDS).map(([name, type]) => ({ name, type, description: "" })),
  columns: Object.keys(FIELDS),
  rows: [
    ["new", "f", "1", "10", "50.5", "3"],
    ["old", "m", "2", "700", "71", "90"],
    ["old", null, "2", "365", null, "14"],
  ],
};

export interface TranslatedQuery {
  readonly translation: Translation;
  readonly study: DerivedStudy;
  readonly sql: readonly string[];
}

export function translated(kind: string, keys: JsonRecord): TranslatedQuery {
  const translation = translate(new ReferenceQuery("q", kind, { table: "trial", expected: {}, ...keys }));
  assert("statements" in translation);
  const derived = translation.derived.map(({ column }) => column);
  const own = {
    ...table,
    columns: [...table.columns, ...derived],
    rows: table.rows.map((row) => [...row, ...derived.map(() => "0")]),
  };
  const study = deriveStudy("trial", usesOf(own, [translation], "grid"));
  const tokens = conditionOf(translation, own.columns);
  return { translation, study, sql: translation.statements.map((each) => statementSql(study, each, tokens)) };
}
