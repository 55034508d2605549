/** Quantiles and survival: compiled, evaluated in clear with lines merged at random, and finished, against counting rows. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeDescriptor } from "../../../workers/messages/decodeDescriptor.ts";
import { encodeDescriptor } from "../../../workers/messages/descriptor.ts";
import type { Descriptor } from "../../../workers/messages/descriptor.ts";
import type { Merges } from "../../../workers/messages/merges.ts";
import { compileForGate } from "../../../workers/disclosure/checkQuery.ts";
import { buildCircuit } from "../../../workers/query/buildCircuit.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import {
  mergedCells,
  mergeOutputs,
  outputCount,
  shownMerges,
  singleLines,
} from "../../../workers/query/mergedLines.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { finishAnswer } from "../../../workers/statistics/finishAnswer.ts";
import { HIDDEN } from "../../../workers/statistics/hidden.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { clearColumns, evaluateClear } from "./clearCircuit.ts";

const CUTS = [3, 5, 8, 9];
const fields = [
  { name: "arm", type: "category", categories: ["a", "b"] },
  { name: "site", type: "category", categories: ["x", "y"], required: true },
  { name: "time", type: "integer", minimum: 0, maximum: 12, cutPoints: CUTS },
  { name: "status", type: "category", categories: ["0", "1", "2"] },
  { name: "days", type: "number", decimals: 1, minimum: "-3", maximum: "40.5", search: "digits" },
  { name: "born", type: "date", minimum: "1950-01-01", maximum: "1999-12-31", cutPoints: ["1960-01-01", "1975-06-01"] },
  { name: "fine", type: "integer", minimum: 0, maximum: 100, cutPoints: Array.from({ length: 70 }, (_, at) => at + 1) },
];
const schema = parseSchema(JSON.stringify({ name: "order", table: "t", subject: "id", fields }));
const [ARM, SITE, TIME, STATUS] = [0, 1, 2, 3];

type Row = readonly (number | null)[];

const row = fc.tuple(
  fc.option(fc.integer({ min: 0, max: 1 })),
  fc.integer({ min: 0, max: 1 }),
  fc.option(fc.integer({ min: 0, max: 12 })),
  fc.option(fc.integer({ min: 0, max: 2 })),
);
const tables = fc.array(row, { minLength: 0, maxLength: 30 });
const starts = fc.subarray([1, 2, 3, 4]).map((chosen) => [0, ...chosen]);

const runs = { numRuns: Math.ceil(budget.propertyRuns / 2) };

/** What is opened when the lines were merged so, and what is hidden. */
function opened(descriptor: Descriptor, merges: Merges, rows: readonly Row[]) {
  const built = buildCircuit(descriptor, [], schema);
  assert.ok(!built.empty);
  const values = schema.fields.map((_, field) =>
    rows.map((each) => (each[field] === null || each[field] === undefined ? null : BigInt(each[field]))),
  );
  const outputs = mergeOutputs(built.circuit.outputs, descriptor, schema, merges);
  const sums = evaluateClear({ ...built.circuit, outputs }, clearColumns(schema, values, rows.length));
  const shown = new Set(mergedCells(descriptor, schema, merges).map(({ positions }) => positions[0]!));
  return { sums, hidden: new Set([...sums.keys()].filter((position) => !shown.has(position))) };
}

async function ask(sql: string, merges: Merges, rows: readonly Row[]): Promise<readonly (readonly unknown[])[]> {
  const { descriptor } = await compileQuery(sql, schema);
  const { sums, hidden } = opened(descriptor, merges, rows);
  return finishAnswer(descriptor, schema, sums, hidden).rows;
}

function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inside, key) => (inside as Record<string | number, unknown>)[key], value);
}

/** The limits of intervals of lines: [from, to) in months. */
function limits(chosen: readonly number[]): (readonly [number, number])[] {
  const edges = [0, ...CUTS, 13];
  return chosen.map((start, index) => [edges[start]!, edges[chosen[index + 1] ?? CUTS.length + 1]!]);
}

describe("quantiles and survival over merged lines", () => {
  it("count the rows of each interval, by group", async () => {
    const sql = "SELECT arm, QUANTILE(time, 0, 0.5, 1) FROM t WHERE site = 'x' GROUP BY arm";
    await fc.assert(
      fc.asyncProperty(tables, starts, async (rows, chosen) => {
        const own = rows.filter((r) => r[SITE] === 0 && r[TIME] !== null);
        const answer = await ask(sql, [chosen], rows);
        const groups = [0, 1, null].filter((arm) => own.some((r) => r[ARM] === arm));
        assert.deepEqual(
          answer.map(([arm]) => arm),
          groups.map((arm) => (arm === null ? null : ["a", "b"][arm])),
        );
        groups.forEach((arm, index) => {
          const times = own.filter((r) => r[ARM] === arm).map((r) => r[TIME]!);
          const expected = limits(chosen).map(([from, to]) => times.filter((t) => t >= from && t < to).length);
          const intervals = at(answer[index]![1], "intervals") as { from: string; to: string | null; count: number }[];
          assert.deepEqual(
            intervals.map(({ count }) => count),
            expected,
          );
          const sorted = times.toSorted((a, b) => a - b);
          [sorted[0]!, sorted.at(-1)!].forEach((value, end) => {
            const { from, to } = at(answer[index]![1], "quantiles", 2 * end, "interval") as (typeof intervals)[0];
            assert.ok(Number(from) <= value && (to === null || value < Number(to)));
          });
        });
      }),
      runs,
    );
  });

  it("count censored times and events over intervals of their own", async () => {
    const sql = "SELECT KAPLAN_MEIER(time, status IN (1, 2)) AS curve FROM t";
    await fc.assert(
      fc.asyncProperty(tables, starts, starts, async (rows, censored, events) => {
        const own = rows.filter((r) => r[TIME] !== null && r[STATUS] !== null);
        const [[curve]] = (await ask(sql, [censored, events], rows)) as [[unknown]];
        assert.equal(at(curve, "n"), own.length);
        const counted = (chosen: readonly number[], isEvent: boolean): number[] =>
          limits(chosen).map(
            ([from, to]) => own.filter((r) => r[TIME]! >= from && r[TIME]! < to && r[STATUS]! > 0 === isEvent).length,
          );
        const told = (list: string, key: string) => (at(curve, list) as object[]).map((each) => at(each, key));
        assert.deepEqual(told("censored", "count"), counted(censored, false));
        assert.deepEqual(told("intervals", "events"), counted(events, true));
      }),
      runs,
    );
  });

  it("know nobody who is censored where every status is the event", async () => {
    for (const sql of [
      "SELECT KAPLAN_MEIER(time, status IN (0, 1, 2)) FROM t",
      "SELECT KAPLAN_MEIER(time, site IN ('x', 'y')) FROM t",
    ]) {
      const rows: Row[] = Array.from({ length: 24 }, (_, index) => [0, index % 2, index % 12, index % 3]);
      const [[curve]] = (await ask(sql, [[0], [0, 2]], rows)) as [[unknown]];
      assert.deepEqual(at(curve, "censored"), [{ from: "0", to: null, count: 0 }]);
      assert.equal(at(curve, "events"), 24);
      const { descriptor } = await compileForGate(sql, schema);
      assert.equal(descriptor.steps[0]!.outputs.length, 2);
    }
  });

  it("compare groups within strata over all lines as R does over the times", async () => {
    const times = { sql: "SELECT LOGRANK(time, status = 1, STRATA site) FROM t GROUP BY arm" };
    const { descriptor } = await compileQuery(times.sql, schema);
    await fc.assert(
      fc.asyncProperty(tables, async (rows) => {
        // Of times that are rounded to the lines, the lines are the times.
        const starting = [0, ...CUTS];
        const rounded = rows.map((r) =>
          r.with(TIME, r[TIME] === null ? null : starting.findLast((cut) => cut <= r[TIME]!)!),
        );
        const { sums, hidden } = opened(descriptor, singleLines(descriptor), rounded);
        const [[test]] = finishAnswer(descriptor, schema, sums, hidden).rows as [[unknown]];
        const exact = finishAnswer(descriptor, schema, sums, hidden, { linesAreValues: true }).rows[0]![0];
        assert.deepEqual(at(test, "test"), at(exact, "test"));
        assert.deepEqual(at(test, "groups"), ["a", "b"]);
      }),
      runs,
    );
  });

  it("are hidden, of a group, where any of its intervals is", async () => {
    const { descriptor } = await compileQuery("SELECT arm, QUANTILE(time, 0.5) FROM t GROUP BY arm", schema);
    const rows: Row[] = Array.from({ length: 12 }, (_, index) => [index % 2, 0, index, 0]);
    const merges = [[0, 2]];
    const { sums, hidden } = opened(descriptor, merges, rows);
    const second = mergedCells(descriptor, schema, merges).find(
      ({ slice, interval }) => slice[0] === 1 && interval === 1,
    )!;
    const answer = finishAnswer(descriptor, schema, sums, new Set([...hidden, second.positions[0]!]));
    assert.notEqual(answer.rows[0]![1], HIDDEN);
    assert.equal(answer.rows[1]![1], HIDDEN);
    assert.deepEqual(answer.suppression, { cells: 6, hidden: 1, partlyHidden: 0 });
    const all = finishAnswer(descriptor, schema, sums, new Set(sums.keys()));
    assert.deepEqual(
      all.rows.map(([, value]) => value),
      [HIDDEN, HIDDEN, HIDDEN],
    );
  });
});

describe("how lines were merged", () => {
  it("is what the hidden places say", async () => {
    const { descriptor } = await compileQuery("SELECT arm, KAPLAN_MEIER(time, status = 1) FROM t GROUP BY arm", schema);
    fc.assert(
      fc.property(starts, starts, (censored, events) => {
        const merges = [censored, events];
        const shown = new Set(mergedCells(descriptor, schema, merges).map(({ positions }) => positions[0]!));
        const all = Array.from({ length: outputCount(descriptor, schema) }, (_, position) => position);
        const hidden = new Set(all.filter((position) => !shown.has(position)));
        assert.deepEqual(shownMerges(descriptor, schema, hidden), merges);
        const places = mergedCells(descriptor, schema, merges).flatMap(({ positions }) => positions);
        assert.deepEqual(
          places.toSorted((a, b) => a - b),
          all,
        );
      }),
      runs,
    );
    assert.deepEqual(shownMerges(descriptor, schema, new Set(Array.from({ length: 30 }, (_, at_) => at_))), [[0], [0]]);
  });

  it("is lines of the axis, ascending from the first", async () => {
    const { descriptor } = await compileQuery("SELECT QUANTILE(time, 0.5) FROM t", schema);
    for (const merges of [[[1]], [[0, 0]], [[0, 3, 2]], [[0, 5]], [[0], [0]], []]) {
      assert.throws(() => mergedCells(descriptor, schema, merges), { name: "AssertionError" });
    }
  });
});

describe("statistics of order", () => {
  it("compile to descriptors that can be decoded", async () => {
    for (const sql of [
      "SELECT QUANTILE(time, 0, 0.25, 1, TYPE 1) FROM t",
      "SELECT arm, KAPLAN_MEIER(time, status = 1) FROM t GROUP BY arm",
      "SELECT KAPLAN_MEIER(days, status IN (2, 0), GRID 0, 10.5, 30) FROM t",
      "SELECT LOGRANK(time, status IN (1, 2), STRATA site, GRID 5, 9) FROM t GROUP BY arm",
      "SELECT QUANTILE(born, 0.5, GRID '1975-06-01') FROM t",
    ]) {
      const { descriptor, descriptorBytes } = await compileQuery(sql, schema);
      assert.deepEqual(decodeDescriptor(descriptorBytes), descriptor);
    }
  });

  it("tell dates as dates", async () => {
    const { descriptor } = await compileQuery("SELECT QUANTILE(born, 0.5) FROM t", schema);
    const answer = finishAnswer(descriptor, schema, [20n, 0n, 30n], new Set([1]));
    assert.deepEqual(at(answer.rows[0]![0], "intervals"), [
      { from: "1950-01-01", to: "1975-06-01", count: 20 },
      { from: "1975-06-01", to: null, count: 30 },
    ]);
  });

  it("count values by lines that are intervals, or are no descriptors", async () => {
    const { descriptor } = await compileQuery("SELECT QUANTILE(time, 0.5) FROM t", schema);
    const [step] = descriptor.steps;
    const axes = [{ ...step!.axes[0]!, missing: true, lines: [...step!.axes[0]!.lines, 0] }];
    const changed = { ...descriptor, steps: [{ ...step!, axes }] };
    assert.throws(() => decodeDescriptor(encodeDescriptor(changed)), { code: "DESCRIPTOR_MALFORMED" });
  });

  it("take types and probabilities that there are, or are no descriptors", async () => {
    const { descriptor } = await compileQuery("SELECT QUANTILE(time, 0, 1) FROM t", schema);
    const [column] = descriptor.columns;
    for (const words of [
      [2n, 0n],
      [-7n, 0n],
      [7n, -1n],
      [7n, 0n, 1_000_001n],
    ]) {
      const changed = { ...descriptor, columns: [{ ...column!, arguments: words }] };
      assert.throws(() => decodeDescriptor(encodeDescriptor(changed)), { code: "DESCRIPTOR_MALFORMED" });
    }
  });

  const REFUSED: readonly (readonly [sql: string, code: string, reason: RegExp])[] = [
    ["SELECT QUANTILE(arm, 0.5) FROM t", "SQL_TYPE", /category/],
    ["SELECT QUANTILE(time, 1.5) FROM t", "SQL_TYPE", /from 0 to 1/],
    ["SELECT QUANTILE(time, 0.12345678) FROM t", "SQL_TYPE", /6 decimals/],
    ["SELECT QUANTILE(days, 0.5) FROM t", "SQL_NO_CUT_POINT", /days has no cut-points; .*GRID/],
    ["SELECT QUANTILE(fine, 0.5) FROM t", "SQL_NO_CUT_POINT", /70 cut-points, .*64/],
    ["SELECT QUANTILE(time, 0.5, GRID 4) FROM t", "SQL_NO_CUT_POINT", /cut-point/],
    ["SELECT QUANTILE(time, 0.5, GRID 5, 3) FROM t", "SQL_TYPE", /ascend/],
    ["SELECT QUANTILE(time, 0.5, GRID 0, 3) FROM t", "SQL_TYPE", /above time's minimum/],
    ["SELECT QUANTILE(days, 0.5, GRID 1.25) FROM t", "SQL_TYPE", /1 decimals/],
    ["SELECT QUANTILE(born, 0.5, GRID 5) FROM t", "SQL_TYPE", /is a date/],
    ["SELECT KAPLAN_MEIER(time, days = 1) FROM t", "SQL_TYPE", /categorical column/],
    ["SELECT KAPLAN_MEIER(time, status = 3) FROM t", "SQL_UNKNOWN_CATEGORY", /status/],
    ["SELECT KAPLAN_MEIER(time, status = :event) FROM t", "SQL_TYPE", /constant/],
    ["SELECT KAPLAN_MEIER(time, status = 1), COUNT(*) FROM t", "SQL_UNSUPPORTED", /stands alone/],
    ["SELECT LOGRANK(time, status = 1, STRATA days) FROM t GROUP BY arm", "SQL_TYPE", /not a category/],
    ["SELECT LOGRANK(time, status = 1) FROM t", "SQL_TYPE", /compares the groups/],
  ];
  for (const [sql, code, reason] of REFUSED) {
    it(`refuse ${sql}`, () =>
      assert.rejects(compileQuery(sql, schema), (error: Error & { code?: string }) => {
        assert.equal(error.code, code, error.message);
        assert.match(error.message, reason);
        return true;
      }));
  }
});
