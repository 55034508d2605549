/**
 * fast-check: small tables of a few hospitals whose rows end at times, and queries about the order of these: few rows and many, ties,
 * nobody with the event and everybody, values that are negative, decimals or dates; with right reference answers.
 */

import { fc } from "../support/fastCheck.ts";
import { curveOf, quantilesOf, valueOf } from "./clearOrder.ts";
import { matchingRows } from "./judge/clearTable.ts";
import type { TableCase } from "./randomTable.ts";
import { ReferenceQuery } from "./referenceQuery.ts";
import type { JsonRecord } from "./referenceQuery.ts";
import type { CsvTable } from "./referenceDirectory.ts";
import { dateText } from "./studyField.ts";

const NAME = "trial";
const COLUMNS = ["site", "arm", "sex", "status", "ends"] as const;

type Column = (typeof COLUMNS)[number];
type Row = readonly (string | null)[];

/** How texts of times are written, from a whole number. */
const WRITERS: readonly { readonly type: string; readonly write: (value: number) => string }[] = [
  { type: "integer", write: (value) => String(value - 40) },
  { type: "number", write: (value) => (value / 4).toFixed(2) },
  { type: "date", write: (value) => dateText(BigInt(value + 10_950)) },
];

const count = fc.oneof(
  { arbitrary: fc.integer({ min: 1, max: 10 }), weight: 2 },
  { arbitrary: fc.constantFrom(11, 12, 22), weight: 1 },
  { arbitrary: fc.integer({ min: 13, max: 160 }), weight: 2 },
);

/** Rows alike, but that their times may go on by a step. */
const bundle = fc.record({
  count,
  site: fc.constantFrom("A", "A", "B", "C"),
  arm: fc.constantFrom("x", "x", "y", "z"),
  sex: fc.constantFrom("f", "m"),
  status: fc.constantFrom("0", "1", "1", "2"),
  start: fc.integer({ min: 0, max: 160 }),
  step: fc.constantFrom(0, 1, 3),
  lacks: fc.option(fc.constantFrom<Column>(...COLUMNS), { freq: 8 }),
});

interface TableChoice {
  readonly writer: number;
  readonly statuses: "all" | "events" | "none";
  readonly isOneSite: boolean;
  readonly mayLack: boolean;
}

const choice: fc.Arbitrary<TableChoice> = fc.record({
  writer: fc.nat(WRITERS.length - 1),
  statuses: fc.constantFrom("all", "all", "all", "events", "none"),
  isOneSite: fc.constantFrom(false, false, false, true),
  mayLack: fc.boolean(),
});

const table: fc.Arbitrary<CsvTable> = fc
  .tuple(choice, fc.array(bundle, { minLength: 3, maxLength: 14 }))
  .map(([{ writer, statuses, isOneSite, mayLack }, bundles]) => {
    const { type, write } = WRITERS[writer]!;
    const rows = bundles.flatMap(({ count: length, site, arm, sex, status, start, step, lacks }) =>
      Array.from({ length }, (_, at): Row => {
        const own = statuses === "all" ? status : statuses === "events" ? "1" : "0";
        const texts = [isOneSite ? "A" : site, arm, sex, own, write((start + at * step) % 200)];
        return texts.map((text, column) => (mayLack && COLUMNS[column] === lacks ? null : text));
      }),
    );
    const typeOf = (name: Column): string => (name === "ends" ? type : name === "status" ? "integer" : "string");
    const fields = COLUMNS.map((name) => ({ name, type: typeOf(name), description: "" }));
    return { name: NAME, fields, columns: COLUMNS, rows };
  });

const CONDITIONS = [
  ...["arm IN ('x', 'y')", "sex = 'f'", "site <> 'C'", "arm <> 'z' OR sex = 'm'"],
  // A status without which, or with which alone, nobody can be censored, or have the event.
  ...["status <> 2", "status = 1", "status <> 1"],
];
/** Makes 0 a status that could be, though all may have the event. */
const BOTH = "status IN (0, 1, 2)";
const PROBABILITIES = [0, 0.05, 0.25, 0.5, 0.9, 1];

const asked = fc.record({
  isQuantile: fc.boolean(),
  conditions: fc.subarray(CONDITIONS, { maxLength: 1 }),
  isKnown: fc.boolean(),
  group: fc.constantFrom<Column | undefined>(undefined, "arm", "arm", "site"),
  strata: fc.constantFrom<Column | undefined>(undefined, "sex"),
});

export const orderCase: fc.Arbitrary<TableCase> = fc
  .tuple(table, asked)
  .map(([made, { isQuantile, conditions, isKnown, group, strata }]) => {
    const isAlways = made.rows.every((row) => textOf(row, "status") !== "0");
    const terms = [...conditions.map((each) => `(${each})`), ...(isAlways || isKnown ? [BOTH] : [])];
    const where = terms.length === 0 ? undefined : terms.join(" AND ");
    const columns = made.columns.map((name, at) => ({ name, type: made.fields[at]!.type }));
    const matches = matchingRows(columns, made.rows, { where, equals: undefined });
    const rows = made.rows.filter((_, row) => matches[row] === 1);
    const shared = { table: NAME, where, ...(group === undefined ? {} : { group_by: [group] }) };
    const keys: JsonRecord = isQuantile
      ? { ...shared, column: "ends", probs: PROBABILITIES, expected: expectedQuantiles(rows, group) }
      : {
          ...{ ...shared, time: "ends", status: "status", event: 1 },
          ...(strata === undefined ? {} : { strata }),
          expected: expectedSurvival(rows, group, strata),
        };
    return { table: made, keys, query: new ReferenceQuery("random", isQuantile ? "quantile" : "km_logrank", keys) };
  });

function textOf(row: Row, column: Column): string | null {
  return row[COLUMNS.indexOf(column)]!;
}

function byGroup(rows: readonly Row[], group: Column | undefined): (readonly [key: JsonRecord, rows: Row[]])[] {
  if (group === undefined) return [[{}, [...rows]]];
  const keys = [...new Set(rows.map((row) => textOf(row, group)))];
  return keys.map((key) => [{ [group]: key }, rows.filter((row) => textOf(row, group) === key)]);
}

function expectedQuantiles(rows: readonly Row[], group: Column | undefined): JsonRecord {
  const groups = byGroup(rows, group).map(([key, own]) => {
    const values = own.map((row) => textOf(row, "ends")).filter((text) => text !== null);
    return { ...key, ...quantilesOf(values.map(valueOf), PROBABILITIES) };
  });
  return group === undefined ? groups[0]! : { groups };
}

function expectedSurvival(rows: readonly Row[], group: Column | undefined, strata: Column | undefined): JsonRecord {
  const used = rows.filter((row) => [textOf(row, "ends"), textOf(row, "status")].every((text) => text !== null));
  const curves = byGroup(used, group).map(([key, own]) => ({ ...key, ...curveOf(own.map(endOf)) }));
  if (group === undefined) return { curves };
  const compared = used.filter((row) => [group, strata].every((column) => column === undefined || textOf(row, column)));
  const observed = byGroup(compared, group).map(([key, own]) => {
    return { group: key[group]!, events: own.filter((row) => endOf(row).isEvent).length };
  });
  return {
    curves,
    logrank: { groups: observed.map((each) => each.group), observed: observed.map(({ events }) => events) },
  };
}

function endOf(row: Row): { time: number; isEvent: boolean } {
  return { time: valueOf(textOf(row, "ends")!), isEvent: textOf(row, "status") === "1" };
}
