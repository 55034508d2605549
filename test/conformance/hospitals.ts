/** Deals a table's rows out to hospitals: whose each is, and the file that each hospital would read. */
import type { DerivedStudy } from "./derivedStudy.ts";
import { SUBJECT } from "./derivedStudy.ts";
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

/** One CSV per hospital, with the study's columns and the row numbers as subjects. */
export function hospitalFiles(table: CsvTable, study: DerivedStudy): Uint8Array[] {
  const header = [SUBJECT, ...study.schema.fields.map(({ name }) => name)];
  const positions = study.fields.map(({ column }) => table.columns.indexOf(column));
  const owners = hospitalOfRows(table);
  const files = Array.from({ length: Math.max(...owners) + 1 }, () => [csvLine(header)]);
  table.rows.forEach((row, index) => {
    const cells = study.fields.map((field, at) => {
      const text = row[positions[at]!] ?? null;
      return text === null ? "" : cellText(field, text);
    });
    const padded = header.slice(1).map((_, at) => cells[at] ?? "");
    files[owners[index]!]!.push(csvLine([String(index + 1), ...padded]));
  });
  return files.map((lines) => new TextEncoder().encode(lines.join("")));
}

function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")}\n`;
}
