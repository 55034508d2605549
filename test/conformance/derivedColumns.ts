/**
 * What owners compute from their event tables, computed for the judge: for each subject the largest value among the events that
 * count. The hospitals compute it by the schema (`derivedFields.ts`).
 */
import { badDirectory } from "./conformanceError.ts";
import { readDecimal } from "./decimalText.ts";
import { matchingRows } from "./judge/clearTable.ts";
import { columnTexts } from "./referenceDirectory.ts";
import type { CsvTable, ReferenceDirectory } from "./referenceDirectory.ts";
import type { DerivedColumn } from "./translations/translation.ts";

/** The table with the columns, each once. @throws CodedError CONFORMANCE_BAD_DIRECTORY */
export function withDerivedColumns(
  directory: ReferenceDirectory,
  table: CsvTable,
  derived: readonly DerivedColumn[],
): CsvTable {
  const values = derived.map((column) => derivedTexts(directory, table, column));
  return {
    ...table,
    fields: [...table.fields, ...derived.map(({ column }) => ({ name: column, type: "integer", description: "" }))],
    columns: [...table.columns, ...derived.map(({ column }) => column)],
    rows: table.rows.map((row, index) => [...row, ...values.map((texts) => texts[index]!)]),
  };
}

function derivedTexts(directory: ReferenceDirectory, table: CsvTable, derived: DerivedColumn): string[] {
  const events = directory.table(derived.from);
  const { subject, greatestOf, where, equals } = derived;
  for (const [each, column] of [[table, subject] as const, [events, subject] as const, [events, greatestOf] as const]) {
    if (!each.columns.includes(column))
      throw badDirectory(directory.path, `its table "${each.name}" has no column "${column}"`);
  }
  const columns = events.columns.map((name) => ({
    name,
    type: events.fields.find((field) => field.name === name)?.type ?? "string",
  }));
  const counts = matchingRows(columns, events.rows, { where, equals });
  const greatest = new Map<string | null, number>();
  const [subjects, values] = [columnTexts(events, subject), columnTexts(events, greatestOf)];
  values.forEach((text, event) => {
    if (counts[event] === 0 || text === null || readDecimal(text) === undefined) return;
    greatest.set(subjects[event]!, Math.max(greatest.get(subjects[event]!) ?? 0, Number(text)));
  });
  return columnTexts(table, subject).map((each) => String(greatest.get(each) ?? 0));
}
