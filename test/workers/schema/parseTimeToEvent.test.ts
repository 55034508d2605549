import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isCoded } from "../../../workers/errors.ts";
import { columnsOf } from "../../../workers/schema/columns.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import type { TimeToEvent } from "../../../workers/schema/studySchema.ts";

type Json = Readonly<Record<string, unknown>>;

const FIELDS: readonly Json[] = [
  { name: "os_status", type: "category", categories: ["0", "1", "2"] },
  { name: "os_time", type: "number", decimals: 1, minimum: 0, maximum: 60, cutPoints: [6, "12.5", 24] },
  { name: "pfs_time", type: "integer", minimum: 0, maximum: 700, search: "digits" },
  { name: "enrolled", type: "date", minimum: "2020-01-01", maximum: "2021-01-01" },
];
const PAIR: Json = { name: "os", time: "os_time", status: "os_status", event: ["1"] };

function textOf(...timeToEvent: readonly Json[]): string {
  return JSON.stringify({ name: "s", table: "t", subject: "id", fields: FIELDS, timeToEvent });
}

function pairOf(change: Json): TimeToEvent {
  return parseSchema(textOf({ ...PAIR, ...change })).timeToEvent[0] ?? assert.fail("no pair");
}

function refuses(text: string, code: string, path: string): void {
  assert.throws(
    () => parseSchema(text),
    (error) => {
      assert(isCoded(error), String(error));
      assert.deepEqual([error.code, (error.detail as unknown as { path: string }).path], [code, path], error.message);
      return true;
    },
  );
}

describe("time-to-event pairs", () => {
  it("are none where the schema has none", () => {
    const text = JSON.stringify({ name: "s", table: "t", subject: "id", fields: FIELDS });
    assert.deepEqual(parseSchema(text).timeToEvent, []);
  });

  it("name their fields and categories by index", () => {
    const plain = { name: "os", title: undefined, time: 1, status: 0, event: [1], grid: undefined };
    assert.deepEqual(pairOf({}), plain);
    assert.deepEqual(pairOf({ title: "Survival", event: [2, "1"] }), { ...plain, title: "Survival", event: [1, 2] });
  });

  it("have a grid among the cut-points of the time, or anywhere if it has digits", () => {
    assert.deepEqual(pairOf({ grid: [6, 24] }).grid, [60n, 240n]);
    const byDigits = { name: "pfs", time: "pfs_time" };
    assert.deepEqual(pairOf({ ...byDigits, grid: [1, 30, 700] }).grid, [1n, 30n, 700n]);
    assert.deepEqual(pairOf({ ...byDigits, grid: { from: 90, to: 360, step: 90 } }).grid, [90n, 180n, 270n, 360n]);
  });

  it("may share fields, and add no column", () => {
    const schema = parseSchema(textOf(PAIR, { ...PAIR, name: "os2", event: ["1", "2"] }));
    assert.deepEqual(
      schema.timeToEvent.map(({ name, event }) => [name, event]),
      [
        ["os", [1]],
        ["os2", [1, 2]],
      ],
    );
    assert.equal(columnsOf(schema).length, columnsOf(parseSchema(textOf())).length);
  });

  const at = "$.timeToEvent[0]";
  for (const [name, change, code, path] of [
    ["no time", { time: undefined }, "SCHEMA_MISSING_KEY", at],
    ["no event", { event: undefined }, "SCHEMA_MISSING_KEY", at],
    ["another key", { censored: ["0"] }, "SCHEMA_UNKNOWN_KEY", `${at}.censored`],
    ["a name SQL cannot write", { name: "o s" }, "SCHEMA_BAD_NAME", `${at}.name`],
    ["the name of a field", { name: "OS_TIME" }, "SCHEMA_DUPLICATE_NAME", "$.timeToEvent"],
    ["a time that is no field", { time: "OS_TIME" }, "SCHEMA_BAD_TIME_TO_EVENT", `${at}.time`],
    ["a time that is a date", { time: "enrolled" }, "SCHEMA_BAD_TIME_TO_EVENT", `${at}.time`],
    ["a time that is a category", { time: "os_status" }, "SCHEMA_BAD_TIME_TO_EVENT", `${at}.time`],
    ["a status that is a number", { status: "pfs_time" }, "SCHEMA_BAD_TIME_TO_EVENT", `${at}.status`],
    ["no event category", { event: [] }, "SCHEMA_BAD_TIME_TO_EVENT", `${at}.event`],
    ["an unknown category", { event: ["1", "3"] }, "SCHEMA_BAD_TIME_TO_EVENT", `${at}.event[1]`],
    ["a category twice", { event: ["1", 1] }, "SCHEMA_BAD_TIME_TO_EVENT", `${at}.event`],
    ["one text for a list", { event: "1" }, "SCHEMA_WRONG_TYPE", `${at}.event`],
    ["an empty grid", { grid: [] }, "SCHEMA_BAD_TIME_TO_EVENT", `${at}.grid`],
    ["a grid off the cut-points", { grid: [6, 7] }, "SCHEMA_BAD_TIME_TO_EVENT", `${at}.grid`],
    ["a grid that falls", { grid: [24, 6] }, "SCHEMA_BAD_CUT_POINTS", `${at}.grid`],
    ["a grid beyond the time", { time: "pfs_time", grid: [701] }, "SCHEMA_BAD_CUT_POINTS", `${at}.grid`],
    ["a grid with more decimals", { grid: ["6.05"] }, "SCHEMA_BAD_NUMBER", `${at}.grid[0]`],
  ] as const) {
    it(`are refused with ${name}`, () => refuses(textOf({ ...PAIR, ...change }), code, path));
  }

  it("are refused with one name twice", () => {
    refuses(textOf(PAIR, { ...PAIR, name: "OS" }), "SCHEMA_DUPLICATE_NAME", "$.timeToEvent");
    refuses(textOf(PAIR, { ...PAIR, name: "b", time: "x" }), "SCHEMA_BAD_TIME_TO_EVENT", "$.timeToEvent[1].time");
  });
});
