/**
 * A directory of reference data in the form that the kit reads, about nothing that exists: a table whose names SQL cannot write, cells
 * with quotes, line ends and characters of many scripts, rows of no site, missing values, and queries with right answers.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import type { JsonRecord, JsonValue } from "./referenceQuery.ts";

export type Cell = string | null;

export interface SyntheticRow {
  readonly "patient no": string;
  readonly Zentrum: Cell;
  readonly group: Cell;
  readonly "Größe (cm)": Cell;
  readonly "Größe (kg)": string;
  readonly when: string;
  readonly alive: Cell;
  readonly grade: string;
  readonly never: null;
}

export const QUOTED = 'said "hi", twice';
export const BROKEN = "two\nlines";
export const RARE = "東京 ";
/** Differs from another by a character that is not seen, which no query can hold. */
export const UNSEEN = "na\u200Bïve";

const COLUMNS: readonly (readonly [name: keyof SyntheticRow, type: string, description?: string])[] = [
  ["patient no", "integer"],
  ["Zentrum", "string", "study site"],
  ["group", "string"],
  ["Größe (cm)", "number"],
  ["Größe (kg)", "integer"],
  ["when", "date"],
  ["alive", "boolean"],
  ["grade", "integer"],
  ["never", "string"],
];

/** North 70, South 60, 30 of no site; of the rare group 4, all in the north. */
export const ROWS: readonly SyntheticRow[] = Array.from({ length: 160 }, (_, index) => {
  const group = index < 4 ? RARE : [QUOTED, BROKEN, "naïve", UNSEEN][index % 4]!;
  return {
    "patient no": String(index + 1),
    Zentrum: index < 70 ? "North" : index < 130 ? "South" : null,
    group: index % 8 === 7 ? null : group,
    "Größe (cm)": index % 10 === 9 ? null : `${150 + (index % 37)}.${index % 4 === 0 ? "50" : "25"}`,
    "Größe (kg)": String(((index * 7) % 61) - 20),
    when: index % 2 === 0 ? "1969-12-31" : "2024-02-29",
    alive: index % 5 === 0 ? null : String(index % 3 !== 0),
    grade: String(index % 3),
    never: null,
  };
});

export const TABLE = "follow up 2";

/** Writes the directory. @param queries of `reference.json` */
export function writeDirectory(path: string, queries: readonly JsonRecord[], edge: readonly JsonRecord[] = []): void {
  const fields = COLUMNS.map(([name, type, description]) => ({ name, type, description }));
  const resource = { name: TABLE, path: "rows.csv", schema: { fields } };
  const write = (name: string, value: unknown): void => writeFileSync(join(path, name), JSON.stringify(value));
  write("datapackage.json", { missingValues: [""], resources: [resource] });
  write("reference.json", { queries });
  if (edge.length > 0) write("edge_reference.json", { queries: edge });
  writeFileSync(join(path, "rows.csv"), csvText());
}

function csvText(): string {
  const names = COLUMNS.map(([name]) => name);
  const lines = [names, ...ROWS.map((row) => names.map((name) => row[name]))];
  return lines.map((cells) => `${cells.map((cell) => quoted(cell)).join(",")}\n`).join("");
}

function quoted(cell: Cell): string {
  if (cell === null) return "";
  return /[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

export function countBy(column: keyof SyntheticRow, rows: readonly SyntheticRow[] = ROWS): JsonValue {
  const groups = new Map<Cell, number>();
  for (const row of rows) groups.set(row[column], (groups.get(row[column]) ?? 0) + 1);
  return { groups: [...groups].map(([key, count]) => ({ [column]: key, count })) };
}

/** By exact integers of hundredths. */
export function moments(column: keyof SyntheticRow, rows: readonly SyntheticRow[] = ROWS): JsonRecord {
  const present = rows.flatMap((row) => (row[column] === null ? [] : [Math.round(Number(row[column]) * 100)]));
  const sum = present.reduce((total, value) => total + value, 0);
  const squares = present.reduce((total, value) => total + value * value, 0);
  const n = present.length;
  const variance = (squares - (sum * sum) / n) / (n - 1) / 10_000;
  const shown = { n, n_missing: rows.length - n, sum: sum / 100, mean: sum / n / 100 };
  return { ...shown, var: variance, sd: Math.sqrt(variance), min: -1, max: -1 };
}
