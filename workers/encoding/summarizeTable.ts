/** What an owner sees, locally and before anything is shared, of the table that was read. */
import type { StudySchema } from "../schema/studySchema.ts";
import type { Table } from "./readTable.ts";

export interface FieldSummary {
  readonly name: string;
  readonly present: number;
  readonly missing: number;
}

export interface TableSummary {
  readonly rowCount: number;
  /** In schema order. */
  readonly fields: readonly FieldSummary[];
}

export function summarizeTable(table: Table, schema: StudySchema): TableSummary {
  const fields = schema.fields.map(({ name }, f) => {
    const missing = (table.values[f] ?? []).filter((value) => value === null).length;
    return { name, present: table.rowCount - missing, missing };
  });
  return { rowCount: table.rowCount, fields };
}
