/** `histogram`: counts of one column between breaks, the last bin closed, by group. */
import { groupAxes } from "../judge/judgedAnswer.ts";
import type { JudgedCell } from "../judge/judgedAnswer.ts";
import type { JsonRecord, JsonValue } from "../referenceQuery.ts";
import { EXACT, isSameKey, show } from "./compareValues.ts";
import { conditionKeys, groupItems, usesOf } from "./selection.ts";
import { compareShown, expectedList, expectedRecords, read } from "./structuredValue.ts";
import type { TranslateKind } from "./translation.ts";

export const translateHistogram: TranslateKind = (query) => {
  const column = query.text("column");
  const groupBy = query.texts("group_by");
  const breaks = query.numbers("breaks");
  const groups = groupBy.length === 0 ? [query.expected] : expectedRecords(query, "groups");
  return {
    table: query.text("table"),
    uses: usesOf(groupBy, [], [column]),
    named: breaks.map((value) => ({ column, value: String(value) })),
    ...conditionKeys(query),
    derived: [],
    statements: [
      {
        select: (naming) => [
          ...groupItems(naming, groupBy),
          `HISTOGRAM(${[naming.column(column), ...breaks].join(", ")}) AS bins`,
        ],
        groupBy,
        columns: [...groupBy, "histogram"],
        judged: { axes: [...groupAxes(groupBy), { column, missing: false, breaks }], present: [column] },
        compare: ({ rows }, cells) =>
          byGroup(cells).flatMap(({ keys, lines }) => {
            const row = rows.find((each) => keys.every((key, axis) => each[axis] === key));
            const group = groups.find((each) => groupBy.every((name, axis) => isSameKey(keys[axis], each[name])));
            const isNobody = lines.every((line) => line.rows === 0 && line.hidden.size === 0);
            if (row === undefined) return isNobody && groupBy.length > 0 ? [] : [`the group ${show(keys)} is missing`];
            return compareBins(row[groupBy.length], group ?? {}, lines, show(keys));
          }),
      },
    ],
  };
};

interface Group {
  readonly keys: JudgedCell["keys"];
  /** Below, the bins, above: those that a value can lie in, by their place. */
  readonly lines: readonly JudgedCell[];
}

function byGroup(cells: readonly JudgedCell[]): Group[] {
  const groups = new Map<string, JudgedCell[]>();
  for (const cell of cells) {
    const key = JSON.stringify(cell.keys.slice(0, -1));
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  return [...groups.values()].map((lines) => ({ keys: lines[0]!.keys.slice(0, -1), lines }));
}

function compareBins(bins: unknown, expected: JsonRecord, lines: readonly JudgedCell[], where: string): string[] {
  const counts = expectedList(expected, "counts");
  const isHidden = (place: number): boolean =>
    lines.some(({ keys, hidden }) => keys.at(-1) === String(place) && hidden.has("count"));
  const compare = (what: string, got: unknown, count: JsonValue | undefined, place: number): string[] =>
    compareShown(`${what} of ${where}`, got, count, EXACT, isHidden(place));
  return [
    ...compareShown(
      `n of ${where}`,
      read(bins, "n"),
      expected["n"],
      EXACT,
      lines.some(({ hidden }) => hidden.has("count")),
    ),
    ...compare("below", read(bins, "below"), expected["below"], 0),
    ...counts.flatMap((count, bin) => compare(`bin ${bin + 1}`, read(bins, "bins", bin, "count"), count, bin + 1)),
    ...compare("above", read(bins, "above"), expected["above"], counts.length + 1),
  ];
}
