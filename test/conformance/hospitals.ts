/** Deals a table's rows out to hospitals: whose each is, and the file that each hospital would read. */
import type { DerivedStudy } from "./derivedStudy.ts";
import { SUBJECT } from "./derivedStudy.ts";
import { columnTexts } from "./referenceDirectory.ts";
import type { CsvTable } from "./referenceDirectory.ts";
import { siteColumn } from "./siteColumn.ts";
import { cellText } from "./studyField.ts";

/** Position of each row's hospital among them, in the order of their first rows. */
export function hospitalOfRows({ fields, columns, rows }: CsvTable): number[] {
  const column = siteColumn(fields);
  const position = column === undefined ? -1 : columns.indexOf(column);
  const known = new Map<string | null, number>();
  return rows.map((row) => {
    const site = row[position] ?? null;
    const hospital = known.get(site) ?? known.size;
    known.set(site, hospital);
    return hospital;
  });
}

/** One CSV per hospital, with the study's columns that are not derived. @param subject a column that names each row's; else its number does */
export function hospitalFiles(table: CsvTable, study: DerivedStudy, subject?: string): Uint8Array[] {
  const fields = study.schema.fields.filter(({ derived }) => derived === undefined);
  const header = [SUBJECT, ...fields.map(({ name }) => name)];
  const subjects = subject === undefined ? undefined : columnTexts(table, subject);
  const own = study.fields.filter(({ name }) => header.includes(name));
  const positions = own.map(({ column }) => table.columns.indexOf(column));
  const owners = hospitalOfRows(table);
  const files = Array.from({ length: Math.max(...owners) + 1 }, () => [csvLine(header)]);
  table.rows.forEach((row, index) => {
    const cells = own.map((field, at) => {
      const text = row[positions[at]!] ?? null;
      return text === null ? "" : cellText(field, text);
    });
    const padded = header.slice(1).map((_, at) => cells[at] ?? "");
    files[owners[index]!]!.push(csvLine([subjects?.[index] ?? String(index + 1), ...padded]));
  });
  return files.map((lines) => new TextEncoder().encode(lines.join("")));
}

function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")}\n`;
}
