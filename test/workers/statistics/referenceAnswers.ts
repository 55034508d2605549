/** The reference queries, their rows read in clear, and R's answers to them, when the reference data are there. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { referenceData } from "../../support/referenceStudy.ts";

/** A cell is text, "" where missing. */
export type Row = Readonly<Record<string, string>>;

export interface ReferenceQuery<Query, Expected> {
  readonly id: string;
  readonly query: Query;
  /** After `where`. */
  readonly rows: readonly Row[];
  readonly expected: Expected;
}

interface StoredQuery {
  readonly id: string;
  readonly kind: string;
  readonly table: string;
  readonly where?: string | null;
  readonly n_rows_matched?: number;
  readonly expected: unknown;
}

/** The predicates of the reference queries used here, by their text. */
const PREDICATES: Readonly<Record<string, (row: Row) => boolean>> = {
  "rx IN ('Obs','Lev+5FU')": ({ rx }) => rx === "Obs" || rx === "Lev+5FU",
  "age >= 40.5": ({ age }) => age !== "" && Number(age) >= 40.5,
  "ph_ecog IN (0,1,2)": ({ ph_ecog }) => ["0", "1", "2"].includes(ph_ecog!),
  "SAFFL = 'Y'": ({ SAFFL }) => SAFFL === "Y",
  "TRTEMFL = 'Y'": ({ TRTEMFL }) => TRTEMFL === "Y",
  "TRTEMFL = 'Y' AND AEREL IN ('PROBABLE','POSSIBLE')": ({ TRTEMFL, AEREL }) =>
    TRTEMFL === "Y" && ["PROBABLE", "POSSIBLE"].includes(AEREL!),
  "TRTEMFL = 'Y' AND AEBODSYS IN ('CARDIAC DISORDERS','NERVOUS SYSTEM DISORDERS','SKIN AND SUBCUTANEOUS TISSUE DISORDERS')":
    ({ TRTEMFL, AEBODSYS }) =>
      TRTEMFL === "Y" &&
      ["CARDIAC DISORDERS", "NERVOUS SYSTEM DISORDERS", "SKIN AND SUBCUTANEOUS TISSUE DISORDERS"].includes(AEBODSYS!),
  "TRTEMFL = 'Y' AND ASTDT BETWEEN '2013-06-01' AND '2013-12-31'": ({ TRTEMFL, ASTDT }) =>
    TRTEMFL === "Y" && ASTDT! >= "2013-06-01" && ASTDT! <= "2013-12-31",
  "patient_no <= 80": ({ patient_no }) => patient_no !== "" && Number(patient_no) <= 80,
  "biomarker = 'KRAS/BRAF'": ({ biomarker }) => biomarker === "KRAS/BRAF",
  "arm IN ('erlotinib','sorafenib')": ({ arm }) => arm === "erlotinib" || arm === "sorafenib",
};

/** All rows of a table for which a predicate of the reference holds; undefined selects all. */
export function referenceRows(directory: string, table: string, where?: string | null): readonly Row[] {
  const rows = parse(readFileSync(join(directory, `${table}.csv`), "utf8"), { columns: true }) as Row[];
  if (where === undefined || where === null) return rows;
  const holds = PREDICATES[where];
  if (holds === undefined) throw new Error(`a predicate this test does not know: ${where}`);
  return rows.filter(holds);
}

/** Every reference query of a kind; none without the reference data, and then a line says so. */
export function referenceQueries<Query, Expected>(
  kind: string,
  file: "reference.json" | "edge_reference.json" = "reference.json",
): ReferenceQuery<Query, Expected>[] {
  const directory = referenceData();
  if (directory === undefined) return [];
  const { queries } = JSON.parse(readFileSync(join(directory, file), "utf8")) as { queries: StoredQuery[] };
  return queries
    .filter((query) => query.kind === kind)
    .map((query) => {
      // Toxicity joins two tables: its rows are the population's.
      const joined = query as StoredQuery & { population?: string; population_where?: string };
      const [table, where] = [joined.population ?? query.table, joined.population_where ?? query.where];
      const rows = referenceRows(directory, table, where);
      if (query.n_rows_matched !== undefined && rows.length !== query.n_rows_matched) {
        throw new Error(`${query.id}: ${rows.length} rows instead of ${query.n_rows_matched}`);
      }
      return { id: query.id, query: query as unknown as Query, rows, expected: query.expected as Expected };
    });
}

/** A column's decimals, the most that any row has. */
export function decimalsOf(rows: readonly Row[], column: string): number {
  return Math.max(0, ...rows.map((row) => row[column]!.split(".")[1]?.length ?? 0));
}

/** Exact: the text's digits, padded to the decimals. */
export function scaled(text: string, decimals: number): bigint {
  const [whole = "", fraction = ""] = text.split(".");
  return BigInt(whole + fraction.padEnd(decimals, "0"));
}

/** Rows by a column's value, in ascending order of the text; "" is a group of its own, last. */
export function groupRows(rows: readonly Row[], column: string | undefined): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  const key = (row: Row): string => (column === undefined ? "" : row[column]!);
  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  const ordered = [...groups].sort(([a], [b]) => (a === "" ? 1 : b === "" ? -1 : a < b ? -1 : 1));
  return new Map(ordered);
}
