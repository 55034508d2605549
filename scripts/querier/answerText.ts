/** The answer's rows as a person reads them: numbers in a table, what a test or a regression tells below it, group by group. */
import { isHidden } from "#statistics";
import { legibleLine } from "../legibleText.ts";
import { tableOf, textOf } from "../printValue.ts";
import type { Cell } from "./answerReport.ts";

export function answerText(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const structured = columns.flatMap((_, column) => (rows.some((row) => isStatistic(row[column])) ? [column] : []));
  if (structured.length === 0) return tableOf(columns, rows);
  const plain = columns.flatMap((_, column) => (structured.includes(column) ? [] : [column]));
  const pick = <T>(list: readonly T[]): T[] => plain.map((column) => list[column] as T);
  const table = plain.length === 0 ? [] : [tableOf(pick(columns), rows.map(pick)), ""];
  const below = rows.flatMap((row) =>
    structured.map((column) => {
      const group = plain.map((other) => `${columns[other]} ${String(row[other] ?? "missing")}`);
      const title = legibleLine([columns[column], ...group].join(", "));
      const value = row[column];
      const text = textOf(isStatistic(value) ? Object.fromEntries(partsOf(value)) : value);
      return `${title}\n${text.replace(/^/gm, "  ")}`;
    }),
  );
  return [...table, below.join("\n\n")].join("\n");
}

/** What is nested, under its path: `twoByTwo.oddsRatio.estimate`. */
function partsOf(value: object): [name: string, part: unknown][] {
  return Object.entries(value).flatMap(([name, part]: [string, unknown]): [string, unknown][] => {
    if (typeof part !== "object" || part === null || Array.isArray(part) || isHidden(part)) return [[name, part]];
    return partsOf(part).map(([inner, each]) => [`${name}.${inner}`, each]);
  });
}

function isStatistic(cell: Cell | undefined): cell is Exclude<Cell, string | number | null> {
  return typeof cell === "object" && cell !== null && !isHidden(cell);
}
