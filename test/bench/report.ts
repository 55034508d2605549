/** What a benchmark hands to `main.ts`, and how figures are laid out for people. */

export interface Report {
  /** The object printed with `--json`. */
  readonly json: Readonly<Record<string, unknown>>;
  /** The text printed without. */
  readonly text: string;
}

/** Gets one line per step. */
export type Progress = (line: string) => void;

/** Measures and compares; throws when a result is wrong. `quick`: sizes that try everything and measure nothing. */
export type Benchmark = (progress: Progress, quick: boolean) => Promise<Report>;

export type Unit = "ns" | "x" | "M/s";

export interface Row {
  readonly label: string;
  readonly unit: Unit;
  /** Nanoseconds, a ratio, or elements per second; null where it could not be measured. */
  readonly value: number | null;
  readonly median?: number | undefined;
  readonly target?: { readonly atMost: number } | { readonly atLeast: number };
}

const HEADINGS = ["figure", "minimum", "median", "target", "verdict"] as const;

export function renderTable(rows: readonly Row[]): string {
  return alignColumns([HEADINGS, ...rows.map(cellsOf)]);
}

/** Columns padded to their widest cell; the first to the left, the rest to the right. The first line has all columns. */
export function alignColumns(cells: readonly (readonly string[])[]): string {
  const widths = (cells[0] as readonly string[]).map((_, column) =>
    Math.max(...cells.map((line) => (line[column] as string).length)),
  );
  return cells
    .map((line) =>
      line
        .map((cell, column) => pad(cell, column, widths))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function pad(cell: string, column: number, widths: readonly number[]): string {
  const width = widths[column] as number;
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

function cellsOf({ label, unit, value, median, target }: Row): string[] {
  const shown = value === null ? "not measured" : format(value, unit);
  const spread = median === undefined ? "" : format(median, unit);
  if (target === undefined) return [label, shown, spread, "", ""];
  const bound = "atMost" in target ? `<= ${format(target.atMost, unit)}` : `>= ${format(target.atLeast, unit)}`;
  return [label, shown, spread, bound, value === null ? "-" : isMet(value, target) ? "met" : "MISSED"];
}

function isMet(value: number, target: NonNullable<Row["target"]>): boolean {
  return "atMost" in target ? value <= target.atMost : value >= target.atLeast;
}

function format(value: number, unit: Unit): string {
  return unit === "M/s" ? `${(value / 1e6).toFixed(1)} M/s` : `${value.toFixed(2)} ${unit}`;
}
