/** What tests of answers by interval have in common: cells that a judge may give, and what a statement says of rows beside them. */
import type { AnswerTable } from "../../workers/statistics/finishAnswer.ts";
import type { JudgedCell } from "./judge/judgedAnswer.ts";
import { namingOf } from "./statementSql.ts";
import type { TranslatedQuery } from "./translatedQuery.ts";

export type Ends = readonly (string | null)[];

/** Of one slice and output: between each end and the next. */
export function cells(keys: JudgedCell["keys"], output: number, ends: Ends, counts: readonly number[]): JudgedCell[] {
  return counts.map((rows, at) => {
    const interval = { output, from: ends[at]!, to: ends[at + 1] ?? null };
    return { keys, rows, interval, hidden: new Set(), rules: [] };
  });
}

export function hiddenOf(cell: JudgedCell): JudgedCell {
  return { ...cell, hidden: new Set(["count"] as const), rules: ["a cell below k"] };
}

export function compare(
  { translation, study }: TranslatedQuery,
  at: number,
  rows: readonly (readonly unknown[])[],
  judged: readonly JudgedCell[],
): readonly string[] {
  const answer = { columns: [], rows, suppression: {} } as unknown as AnswerTable;
  return translation.statements[at]!.compare(answer, judged, namingOf(study));
}
