/**
 * The language on a real network: fields searched by digits, worst grades that hospitals compute from their event files, and
 * statistics of tables, each answer against counting the rows in clear.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { askQuery, openVettedQuery } from "../../scripts/demo/vettedQuery.ts";
import type { AnswerReport } from "../../scripts/querier/answerReport.ts";
import { printReport } from "../../scripts/querier/printReport.ts";
import { type TestNetwork, type TestSite, startTestNetwork } from "../support/network.ts";

const SCHEMA_TEXT = JSON.stringify({
  name: "statistics",
  table: "trial",
  subject: "patient",
  eventTables: [
    {
      name: "adverse_events",
      subject: "patient",
      columns: [
        { name: "grade", type: "integer" },
        { name: "related", type: "text" },
      ],
    },
  ],
  fields: [
    { name: "arm", type: "category", categories: ["a", "b"], required: true },
    { name: "marker", type: "category", categories: ["x", "y"] },
    { name: "age", type: "integer", minimum: 18, maximum: 90, search: "digits", required: true },
    { name: "dose", type: "category", categories: ["0.5", "1", "2.5"], required: true },
    { name: "months", type: "integer", minimum: 0, maximum: 36, search: "digits", required: true },
    { name: "status", type: "category", categories: ["alive", "dead"], required: true },
    {
      name: "worst",
      type: "category",
      categories: ["0", "1", "2", "3"],
      derived: {
        from: "adverse_events",
        where: [{ column: "related", relation: "=", value: "yes" }],
        aggregate: "max",
        of: "grade",
        default: "0",
      },
    },
  ],
  timeToEvent: [{ name: "os", time: "months", status: "status", event: ["dead"], grid: [3, 6, 12, 18, 24, 33] }],
});

interface Patient {
  readonly id: string;
  readonly arm: string;
  readonly marker: string;
  readonly age: number;
  readonly dose: string;
  readonly months: number;
  readonly status: string;
  readonly events: readonly (readonly [grade: number, related: string])[];
}

/** Made up, without chance: every cell that is asked for has more than k patients of each hospital, or none. */
function patientsOf(hospital: string): Patient[] {
  return Array.from({ length: 180 }, (_, index): Patient => ({
    id: `${hospital}${index}`,
    arm: index % 2 === 0 ? "a" : "b",
    marker: ["x", "y", ""][Math.floor(index / 2) % 3]!,
    age: 18 + ((index * 37) % 73),
    dose: ["0.5", "1", "2.5"][Math.floor(index / 6) % 3]!,
    months: (index * 11) % 31,
    status: index % 5 < 2 ? "dead" : "alive",
    events: index % 4 < 2 ? [[1 + (Math.floor(index / 4) % 2), "yes"], [3, "no"]] : [], // prettier-ignore
  }));
}

function siteOf(name: string, patients: readonly Patient[]): TestSite {
  const lines = patients.map(({ id, arm, marker, age, dose, months, status }) =>
    [id, arm, marker, age, dose, months, status].join(","),
  );
  const events = patients.flatMap(({ id, events }) => events.map((event) => [id, ...event].join(",")));
  return {
    name,
    csv: ["patient,arm,marker,age,dose,months,status", ...lines, ""].join("\n"),
    events: { adverse_events: ["patient,grade,related", ...events, ""].join("\n") },
  };
}

function worstOf({ events }: Patient): number {
  return Math.max(0, ...events.map(([grade, related]) => (related === "yes" ? grade : 0)));
}

describe("statistics on a real network", () => {
  const patients = [patientsOf("n"), patientsOf("s")];
  const all = patients.flat();
  let test: TestNetwork;

  before(async () => {
    const sites = [siteOf("North", patients[0]!), siteOf("South", patients[1]!)];
    test = await startTestNetwork({ schemaText: SCHEMA_TEXT, sites, workers: 3 });
  });
  after(() => test.close());

  async function ask(sql: string, parameters: Readonly<Record<string, number>> = {}): Promise<AnswerReport> {
    const query = await openVettedQuery(test.network, sql);
    const report = await askQuery(test.network, query, { parameters });
    assert.equal(report.state, "ANSWERED", report.reason);
    assert.deepEqual(report.suppression?.hidden, 0);
    return report;
  }

  it("compares any value by digits, joins conditions by OR and NOT, and reads categories of decimals as numbers", async () => {
    const sql =
      "SELECT arm, COUNT(*), AVG(dose) FROM trial " +
      "WHERE (age > :over OR marker = 'x') AND NOT (dose >= 1 AND age < :under) GROUP BY arm";
    const { rows } = await ask(sql, { over: 61, under: 43 });
    const cohort = all.filter(
      ({ age, marker, dose }) => (age > 61 || marker === "x") && !(Number(dose) >= 1 && age < 43),
    );
    for (const arm of ["a", "b"]) {
      const own = cohort.filter((patient) => patient.arm === arm);
      const mean = own.reduce((sum, { dose }) => sum + Number(dose), 0) / own.length;
      assert.deepEqual(rows.find(([name]) => name === arm), [arm, own.length, mean]); // prettier-ignore
    }
  });

  it("counts subjects at their worst grade, which the hospitals compute from event files", async () => {
    const report = await ask("SELECT arm, TOXICITY(worst) AS rates FROM trial GROUP BY arm");
    for (const [arm, value] of report.rows) {
      const own = all.filter((patient) => patient.arm === arm);
      const { nAtRisk, rates } = value as unknown as { nAtRisk: number; rates: { minGrade: number; nWith: number }[] };
      assert.equal(nAtRisk, own.length);
      const counts = rates.map(({ minGrade, nWith }) => [minGrade, nWith]);
      assert.deepEqual(counts, [1, 2, 3].map((grade) => [grade, own.filter((each) => worstOf(each) >= grade).length])); // prettier-ignore
    }
    assert.match(printReport(report), /^rates, arm a$/m);
  });

  it("tabulates two columns where both are present, with the test", async () => {
    const report = await ask("SELECT CROSSTAB(arm, marker) AS t FROM trial");
    const table = report.rows[0]![0] as unknown as { counts: number[][]; test: { n: number; p: number } };
    const count = (arm: string, marker: string): number =>
      all.filter((patient) => patient.arm === arm && patient.marker === marker).length;
    assert.deepEqual(table.counts, [
      [count("a", "x"), count("a", "y")],
      [count("b", "x"), count("b", "y")],
    ]);
    assert.equal(table.test.n, table.counts.flat().reduce((sum, each) => sum + each, 0)); // prettier-ignore
  });

  it("tells quantiles and survival over intervals that nobody is singled out by", async () => {
    interface Interval {
      readonly from: string;
      readonly to: string | null;
    }
    const inside = (value: number, { from, to }: Interval): boolean =>
      value >= Number(from) && (to === null || value < Number(to));
    const curves = await ask("SELECT arm, KAPLAN_MEIER(months, status = 'dead') AS curve FROM trial GROUP BY arm");
    for (const [arm, value] of curves.rows) {
      const own = all.filter((patient) => patient.arm === arm);
      const { n, intervals, censored } = value as unknown as {
        n: number;
        intervals: (Interval & { events: number; survival: number })[];
        censored: (Interval & { count: number })[];
      };
      assert.equal(n, own.length);
      // Of each hospital's 36 who died, fewer than 11 did so within six months, and too few after two years.
      assert.deepEqual(intervals.map(({ from }) => from), ["0", "12"]); // prettier-ignore
      for (const each of intervals) {
        assert.equal(each.events, own.filter(({ months, status }) => status === "dead" && inside(months, each)).length);
      }
      for (const each of censored) {
        assert.equal(each.count, own.filter(({ months, status }) => status !== "dead" && inside(months, each)).length);
      }
    }
    const test = await ask("SELECT LOGRANK(months, status = 'dead') AS test FROM trial GROUP BY arm");
    const { groups, test: ranks } = test.rows[0]![0] as unknown as { groups: string[]; test: { observed: number[] } };
    assert.deepEqual(groups, ["a", "b"]);
    const dead = (arm: string): number => all.filter((each) => each.arm === arm && each.status === "dead").length;
    assert.deepEqual(ranks.observed, [dead("a"), dead("b")]);
    const ages = await ask("SELECT QUANTILE(age, 0.5, GRID 30, 40, 50, 60, 70) AS q FROM trial WHERE marker = 'x'");
    const { quantiles } = ages.rows[0]![0] as unknown as { quantiles: { interval: Interval }[] };
    const sorted = all.filter(({ marker }) => marker === "x").map(({ age }) => age).sort((a, b) => a - b); // prettier-ignore
    assert.ok(inside(sorted[sorted.length >> 1]!, quantiles[0]!.interval));
    assert.match(printReport(curves), /^curve, arm a$/m);
  });
});
