/** Bytes of a CSV file to records with their line numbers: strict UTF-8 (BOM allowed), LF or CRLF, quoted fields. */
import { parse } from "csv-parse/sync";
import type { CsvReport } from "./csvReport.ts";
import { addProblem } from "./csvReport.ts";

export interface CsvRecord {
  readonly cells: readonly string[];
  /** First line of the record, from 1. */
  readonly line: number;
}

/**
 * Calls `take` for every record that is not a blank line. Encoding and quoting mistakes are reported; records before a
 * quoting mistake are still taken, those after it cannot be told apart.
 */
export function readRecords(csv: Uint8Array, report: CsvReport, take: (record: CsvRecord) => void): void {
  const text = decodeUtf8(csv, report);
  if (text === undefined) return;
  let nextLine = 1;
  try {
    parse(text, {
      columns: false,
      record_delimiter: ["\r\n", "\n"],
      // Uneven records are ours to report: the parser would stop at the first.
      relax_column_count: true,
      on_record: (cells: string[]) => {
        const line = nextLine;
        // The parser's own count takes a CRLF inside quotes for two lines.
        nextLine += 1 + cells.reduce((sum, cell) => sum + lineFeeds(cell), 0);
        if (cells.length !== 1 || cells[0] !== "") take({ cells, line });
        return null;
      },
    });
  } catch (error) {
    // Only the parser's own errors have a text code; their messages quote the row, so they are not passed on.
    if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") throw error;
    addProblem(report, {
      code: "CSV_BAD_QUOTES",
      line: nextLine,
      column: undefined,
      message: 'a double quote is misplaced or not closed in this row; write "" for a quote inside a quoted cell',
    });
  }
}

function lineFeeds(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}

function decodeUtf8(csv: Uint8Array, report: CsvReport): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(csv);
  } catch {
    addProblem(report, {
      code: "CSV_NOT_UTF8",
      line: firstUndecodableLine(csv),
      column: undefined,
      message: "this line is not UTF-8; export the file again with the encoding UTF-8",
    });
    return undefined;
  }
}

/** In UTF-8 a line feed byte is never part of another character, so each line can be tried alone. */
function firstUndecodableLine(csv: Uint8Array): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 1;
  for (let start = 0; start < csv.length; line += 1) {
    const feed = csv.indexOf(0x0a, start);
    const end = feed < 0 ? csv.length : feed + 1;
    try {
      decoder.decode(csv.subarray(start, end));
    } catch {
      return line;
    }
    start = end;
  }
  return line;
}
