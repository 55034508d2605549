/** Finds the wanted columns in a CSV header. Others are ignored and never read. */
import type { CsvRecord } from "./csvRecords.ts";
import type { CsvReport } from "./csvReport.ts";
import { addProblem } from "./csvReport.ts";

export interface CsvHeader {
  /** Cells that every row must have. */
  readonly width: number;
  /** Position of the subject id; undefined when missing, which is reported. */
  readonly subject: number | undefined;
  /** Position of each wanted column. */
  readonly columns: readonly (number | undefined)[];
}

/** Names must match exactly; missing and repeated ones are reported. */
export function readHeader(
  { cells, line }: CsvRecord,
  subject: string,
  columns: readonly string[],
  report: CsvReport,
): CsvHeader {
  const find = (name: string): number | undefined => {
    const position = cells.indexOf(name);
    if (position < 0) {
      const message = `the column is missing; ${adviceFor(name, cells)}`;
      addProblem(report, { code: "CSV_MISSING_COLUMN", line, column: name, message });
      return undefined;
    }
    const second = cells.indexOf(name, position + 1);
    if (second >= 0) {
      const message = `the header stands twice, as column ${position + 1} and ${second + 1}; keep one`;
      addProblem(report, { code: "CSV_DUPLICATE_HEADER", line, column: name, message });
    }
    return position;
  };
  return { width: cells.length, subject: find(subject), columns: columns.map(find) };
}

function adviceFor(name: string, cells: readonly string[]): string {
  const plain = (text: string): string => text.trim().toLowerCase();
  const near = cells.findIndex((cell) => plain(cell) === plain(name));
  if (near >= 0) return `rename column ${near + 1}, which differs by case or spaces only`;
  if (cells.length === 1 && /[;\t]/.test(cells[0] as string)) return "separate the columns with commas";
  return "the first line must hold the column names";
}
