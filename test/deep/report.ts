/** docs/deep-report.md: of each part the last run. What a run does not concern keeps its row. */
import type { DeepPart } from "./parts.ts";

export interface DeepResult {
  readonly part: string;
  /** ISO 8601. */
  readonly date: string;
  /** Short, with + where files differed from it; "-" outside a checkout. */
  readonly commit: string;
  readonly seed: number;
  readonly minutes: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const COLUMNS = ["part", "date", "commit", "seed", "minutes", "passed", "failed", "skipped"] as const;

/** @returns results by part, of a report that {@link renderReport} wrote; what it did not write is passed over */
export function readReport(text: string): Map<string, DeepResult> {
  const found = new Map<string, DeepResult>();
  for (const line of text.split("\n")) {
    const cells = line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
    const [part, date, commit, seed, minutes, ...counts] = cells;
    const numbers = [seed, ...counts].map(Number);
    if (cells.length !== COLUMNS.length || numbers.some((each) => !Number.isSafeInteger(each))) continue;
    const [seedNumber, passed, failed, skipped] = numbers as [number, number, number, number];
    const result = { part: part!, date: date!, commit: commit!, minutes: minutes!, seed: seedNumber };
    found.set(result.part, { ...result, passed, failed, skipped });
  }
  return found;
}

/** @param parts all there are, in order; those without a result are said not to have been run */
export function renderReport(
  parts: readonly Pick<DeepPart, "name">[],
  results: ReadonlyMap<string, DeepResult>,
  sizes: Readonly<Record<string, unknown>>,
  machine: string,
): string {
  const row = (cells: readonly unknown[]): string => `| ${cells.join(" | ")} |`;
  const run = parts.flatMap(({ name }) => results.get(name) ?? []);
  const notRun = parts.filter(({ name }) => !results.has(name)).map(({ name }) => name);
  return [
    "# Deep test report",
    "",
    `Written by \`npm run test:deep\`, last with ${machine}. The same cases of a part again: \`OPALINE_SEED=SEED npm run test:deep -- "PART"\`.`,
    "A commit with + had changes that were not committed.",
    "",
    row(COLUMNS),
    row(COLUMNS.map(() => "---")),
    ...run.map((result) => row(COLUMNS.map((column) => result[column]))),
    "",
    notRun.length === 0 ? "Every part has been run." : `Not run yet: ${notRun.join("; ")}.`,
    "",
    "| size | value |",
    "| --- | --- |",
    ...Object.entries(sizes).map(([name, value]) => row([name, value])),
    "",
  ].join("\n");
}
