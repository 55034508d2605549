/** The kit on a directory made for it: what passes, what is hidden, what fails and why. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { seededBytes } from "../workers/field/seededBytes.ts";
import { temporaryFolder } from "../support/temporaryFolder.ts";
import { curveOf, quantilesOf, valueOf } from "./clearOrder.ts";
import { runConformance } from "./conformanceRun.ts";
import type { ConformanceReport, QueryReport } from "./conformanceRun.ts";
import { readDirectory } from "./referenceDirectory.ts";
import type { JsonRecord } from "./referenceQuery.ts";
import { BROKEN, countBy, moments, QUOTED, RARE, ROWS, TABLE, UNSEEN, writeDirectory } from "./syntheticDirectory.ts";
import type { SyntheticRow } from "./syntheticDirectory.ts";

const count = (id: string, rest: JsonRecord, expected: JsonRecord): JsonRecord => {
  return { id, kind: "count", table: TABLE, ...rest, expected };
};
const matching = (is: (row: SyntheticRow) => boolean): JsonRecord => ({ count: ROWS.filter(is).length });
const groupsOf = (expected: unknown): JsonRecord[] => (expected as { groups: JsonRecord[] }).groups;

const GROUPS = countBy("group") as JsonRecord;
const WRONG = {
  groups: groupsOf(GROUPS).map((group) => (group["group"] === BROKEN ? { ...group, count: 1 } : group)),
};
const STRAY = { groups: [...groupsOf(GROUPS), { group: "nobody has it", count: 12 }] };

const PROBABILITIES = [0, 0.1, 0.5, 1];
const quantiles = (id: string, column: "Größe (cm)" | "Größe (kg)" | "when", by?: "Zentrum"): JsonRecord => {
  const of = (rows: readonly SyntheticRow[]): JsonRecord =>
    quantilesOf(
      rows.flatMap((row) => (row[column] === null ? [] : [valueOf(row[column])])),
      PROBABILITIES,
    );
  const groups = ["North", "South", null].map((site) => ({ Zentrum: site, ...of(ROWS.filter(isAt(site))) }));
  const keys = { id, kind: "quantile", table: TABLE, column, probs: PROBABILITIES };
  return by === undefined ? { ...keys, expected: of(ROWS) } : { ...keys, group_by: [by], expected: { groups } };
};
const isAt =
  (site: string | null) =>
  ({ Zentrum }: SyntheticRow): boolean =>
    Zentrum === site;

/** Until nobody is alive: a weight is as good a time as any. */
const survival = (id: string, time: "Größe (kg)" | "when", where?: string): JsonRecord => {
  const known = ROWS.filter(({ alive, grade }) => alive !== null && (where === undefined || grade === "1"));
  const ends = (rows: readonly SyntheticRow[]): { time: number; isEvent: boolean }[] =>
    rows.map((row) => ({ time: valueOf(row[time]), isEvent: row.alive === "false" }));
  const curves = ["North", "South", null].map((site) => ({
    Zentrum: site,
    ...curveOf(ends(known.filter(isAt(site)))),
  }));
  const observed = curves.slice(0, 2).map((curve) => (curve as unknown as { events: number }).events);
  const keys = { id, kind: "km_logrank", table: TABLE, time, status: "alive", event: "false", group_by: "Zentrum" };
  const expected = { curves, logrank: { groups: ["North", "South"], observed } };
  return { ...keys, ...(where === undefined ? {} : { where }), expected };
};
const curvesOf = (query: JsonRecord): JsonRecord => {
  return { ...query, expected: { curves: (query["expected"] as { curves: JsonRecord[] }).curves } };
};
const FALL = survival("survival", "Größe (kg)");
const [NORTH, ...OTHERS] = (FALL["expected"] as { curves: JsonRecord[] }).curves;

const QUERIES: readonly JsonRecord[] = [
  count("all", {}, { count: ROWS.length }),
  count("by group", { group_by: ["group"] }, GROUPS),
  count("by site, one name alone", { group_by: "Zentrum" }, countBy("Zentrum") as JsonRecord),
  count("wrong count", { group_by: ["group"] }, WRONG),
  count("stray group", { group_by: ["group"] }, STRAY),
  count(
    "dates",
    { where: "\"when\" > '1969-12-31'" },
    matching(({ when }) => when === "2024-02-29"),
  ),
  count(
    "decimals",
    { where: '"Größe (cm)" >= 160.5' },
    matching((row) => Number(row["Größe (cm)"] ?? 0) >= 160.5),
  ),
  count(
    "reversed",
    { where: '0 > "Größe (kg)"' },
    matching((row) => Number(row["Größe (kg)"]) < 0),
  ),
  count(
    "constants of categories",
    { where: "GRADE >= 1 AND alive = 'true'" },
    {
      count: ROWS.filter(({ grade, alive }) => grade !== "0" && alive === "true").length,
    },
  ),
  count("nobody", { where: '"Größe (kg)" > 1000' }, { count: 0 }),
  count("few", { where_equals: { column: "patient no", value: 17 } }, { count: 1 }),
  count("unknown text", { where_equals: { column: "group", value: "it's not there" } }, { count: 0 }),
  { id: "moments", kind: "stats", table: TABLE, column: "Größe (cm)", expected: moments("Größe (cm)") },
  { id: "no values", kind: "stats", table: TABLE, column: "never", expected: { n: 0, n_missing: ROWS.length } },
  {
    id: "wrong mean",
    kind: "stats",
    table: TABLE,
    column: "Größe (kg)",
    expected: { ...moments("Größe (kg)"), mean: 10.000001 },
  },
  { id: "wrong rows", kind: "stats", table: TABLE, column: "Größe (kg)", n_rows_matched: 7, expected: { n: 160 } },
  quantiles("quantiles", "Größe (cm)"),
  quantiles("quantiles by site", "Größe (kg)", "Zentrum"),
  quantiles("quantiles of dates", "when"),
  { ...quantiles("wrong quantiles", "Größe (cm)"), expected: { n: 144, type7: [90, 160, 170, 190], type1: [] } },
  FALL,
  survival("survival by date", "when"),
  curvesOf(survival("curves of few", "Größe (kg)", "grade = 1")),
  { ...FALL, id: "wrong curve", expected: { curves: [{ ...NORTH!, events: 1 }, ...OTHERS] } },
  { ...FALL, id: "stray curve", expected: { curves: [NORTH!, { ...NORTH!, Zentrum: "West" }] } },
  { id: "unknown kind", kind: "horoscope", table: TABLE, expected: {} },
  { id: "logit", kind: "logistic_regression", table: TABLE, formula: "alive ~ grade", expected: {} },
  count("no such column", { group_by: ["shoe size"] }, { groups: [] }),
  { id: "no table", kind: "count", expected: { count: 1 } },
];

const TEXTS = { quoted: QUOTED, broken: BROKEN, composed: "naïve", rare: RARE, unseen: UNSEEN };

const EDGE: readonly JsonRecord[] = Object.entries(TEXTS).map(([name, value]) =>
  count(
    `equal to the ${name}`,
    { where: null, where_equals: { column: "group", value } },
    matching(({ group }) => group === value),
  ),
);

describe("the kit on a synthetic directory", () => {
  const folder = temporaryFolder();
  let report: ConformanceReport;

  const run = (options: { only?: readonly string[]; disclosureControl?: boolean } = {}): Promise<ConformanceReport> =>
    runConformance(readDirectory(folder.path), {
      disclosureControl: true,
      randomBytes: seededBytes("synthetic"),
      progress: () => undefined,
      ...options,
    });
  const of = (id: string, from = report): QueryReport => from.queries.find((query) => query.id === id)!;

  before(async () => {
    writeDirectory(folder.path, QUERIES, EDGE);
    report = await run();
  });
  after(() => folder.remove());

  it("reports every query in order, with its kind, and counts verdicts", () => {
    const ids = [...QUERIES, ...EDGE].map(({ id }) => id);
    assert.deepEqual(
      report.queries.map(({ id }) => id),
      ids,
    );
    for (const query of report.queries) {
      assert.deepEqual(Object.keys(query), ["id", "kind", "verdict", "reason", "expected", "got"]);
    }
    const { pass, refused, unsupported, fail } = report;
    assert.equal(pass + refused + unsupported + fail, ids.length);
    assert.deepEqual(JSON.parse(JSON.stringify(of("all"))), {
      id: "all",
      kind: "count",
      verdict: "pass",
      reason: "every cell is shown",
      expected: { count: 160 },
      got: { count: 160 },
    });
  });

  it("passes right answers whatever names, texts, dates and decimals they are about", () => {
    const right = ["all", "dates", "decimals", "reversed", "constants of categories", "moments", "no values"];
    const texts = ["quoted", "broken", "composed", "unseen"].map((name) => `equal to the ${name}`);
    for (const id of [...right, ...texts]) assert.equal(of(id).verdict, "pass", `${id}: ${of(id).reason}`);
  });

  it("passes right quantiles and survival, by intervals that hide what is few", () => {
    for (const id of ["quantiles", "quantiles by site", "quantiles of dates", "survival", "survival by date"]) {
      assert.equal(of(id).verdict, "pass", `${id}: ${of(id).reason}`);
    }
    const [told] = of("quantiles").got as { type7: { n: number; intervals: { count: number }[] } }[];
    assert.equal(told!.type7.n, 144);
    assert.ok(told!.type7.intervals.every(({ count: rows }) => rows >= 11));
    const { verdict, reason, got } = of("curves of few");
    assert.equal(verdict, "pass", reason);
    assert.match(reason, /cells are hidden/);
    assert.ok(JSON.stringify(got).includes('"suppressed":true'));
  });

  it("expects a small cell to be hidden, and shows it as suppressed", () => {
    const { verdict, reason, got } = of("by group");
    assert.equal(verdict, "pass", reason);
    assert.match(reason, /a cell below k/);
    const small = groupsOf(got).find(({ group }) => group === RARE);
    assert.deepEqual(small, { group: RARE, count: { suppressed: true } });
    assert.ok(groupsOf(got).some(({ group, count: shown }) => group === QUOTED && typeof shown === "number"));
  });

  it("contributes rows without a site as a hospital of their own", () => {
    const { verdict, reason, got } = of("by site, one name alone");
    assert.equal(verdict, "pass", reason);
    assert.deepEqual(
      groupsOf(got).map(({ Zentrum }) => Zentrum),
      ["North", "South", null],
    );
  });

  it("names the rule of a refusal that is due", () => {
    for (const [id, rule] of [
      ["few", /the cohort is below k/],
      ["unknown text", /the cohort is below k/],
      ["nobody", /SQL_NEVER_TRUE/],
      ["equal to the rare", /the cohort is below k/],
    ] as const) {
      assert.equal(of(id).verdict, "refused", `${id}: ${of(id).reason}`);
      assert.match(of(id).reason, rule);
    }
  });

  it("fails wrong expectations, saying which", () => {
    for (const [id, problem] of [
      ["wrong count", /^count of \["two\\nlines"\] is \d+, expected 1$/],
      ["stray group", /nobody has it/],
      ["wrong mean", /^mean is [-\d.]+, expected 10\.000001$/],
      ["wrong rows", /^count is 160, expected 7$/],
      ["wrong quantiles", /^quantile 1, 90, lies outside/],
      ["wrong curve", /^events is \d+, expected 1$/],
      ["stray curve", /^no row can be the expected \["West"\]$/],
      ["no such column", /has no column "shoe size"/],
      ["no table", /"table" is missing/],
    ] as const) {
      assert.equal(of(id).verdict, "FAIL", id);
      assert.match(of(id).reason, problem);
    }
  });

  it("says which kinds it does not support", () => {
    assert.deepEqual([of("unknown kind").verdict, of("logit").verdict], ["unsupported", "unsupported"]);
    assert.match(of("unknown kind").reason, /horoscope/);
  });

  it("asks one query alone, and refuses an id that is not there", async () => {
    const one = await run({ only: ["dates"] });
    assert.deepEqual(
      one.queries.map(({ id, verdict }) => [id, verdict]),
      [["dates", "pass"]],
    );
    await assert.rejects(run({ only: ["dates", "no such id"] }), { code: "CONFORMANCE_UNKNOWN_ID" });
  });

  it("shows every cell without disclosure control, and still fails what is wrong", async () => {
    const only = ["by group", "few", "wrong count", "equal to the rare"];
    const open = await run({ only, disclosureControl: false });
    assert.deepEqual(
      open.queries.map(({ verdict }) => verdict),
      ["pass", "FAIL", "pass", "pass"],
    );
    const order = ["quantiles", "quantiles by site", "quantiles of dates", "curves of few"];
    for (const { id, verdict, reason, got } of (await run({ only: order, disclosureControl: false })).queries) {
      assert.equal(verdict, "pass", `${id}: ${reason}`);
      assert.ok(!JSON.stringify(got).includes("intervals"));
    }
    const small = groupsOf(of("by group", open).got).find(({ group }) => group === RARE);
    assert.deepEqual(small, { group: RARE, count: 4 });
  });
});
