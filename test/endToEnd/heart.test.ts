/** Real heart-disease data of four hospitals, site = hospital: the network's answers equal the reference answers. */
import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AnswerReport } from "../../scripts/querier/answerReport.ts";
import { askQuery, openVettedQuery } from "../../scripts/demo/vettedQuery.ts";
import { type TestNetwork, startTestNetwork, untilReport } from "../support/network.ts";
import { heartStudy, referenceData } from "../support/referenceStudy.ts";

const directory = referenceData();

/** Tolerances of the reference data's README: counts exact, sums and means 1e-9, variances 1e-6 relative. */
const MEAN = 1e-9;
const VARIANCE = 1e-6;

type Group = Readonly<Record<string, string | number | null>>;

interface Reference {
  readonly id: string;
  readonly expected: {
    readonly groups?: readonly Group[];
    readonly count?: number;
    readonly rows?: readonly string[];
    readonly cols?: readonly string[];
    readonly counts?: readonly (readonly number[])[];
  } & Group;
}

function readReferences(): Map<string, Reference["expected"]> {
  const { queries } = JSON.parse(readFileSync(join(directory!, "reference.json"), "utf8")) as { queries: Reference[] };
  return new Map(queries.map(({ id, expected }) => [id, expected]));
}

/** Each query's SQL, by the id of its reference. */
const SQL = {
  "heart.by_site": "SELECT site, disease, COUNT(*) FROM heart GROUP BY site, disease",
  "heart.chol_pos":
    "SELECT site, COUNT(chol), SUM(chol), AVG(chol), VAR_SAMP(chol), STDDEV_SAMP(chol) FROM heart WHERE chol > 0 GROUP BY site",
  "heart.oldpeak":
    "SELECT disease, COUNT(oldpeak), SUM(oldpeak), AVG(oldpeak), VAR_SAMP(oldpeak), STDDEV_SAMP(oldpeak) FROM heart GROUP BY disease",
  "heart.oldpeak_neg": "SELECT COUNT(*) FROM heart WHERE oldpeak < 0",
  "heart.cp_x_disease": "SELECT cp, disease, COUNT(*) FROM heart GROUP BY cp, disease",
  "heart.unicode_site":
    "SELECT COUNT(age), SUM(age), AVG(age), VAR_SAMP(age) FROM heart WHERE site = 'Zürich/Basel' AND age BETWEEN 50 AND 65",
} as const;

function assertNear(actual: unknown, expected: unknown, relative: number, what: string): void {
  assert.ok(typeof actual === "number" && typeof expected === "number", `${what}: ${String(actual)}`);
  assert.ok(Math.abs(actual - expected) <= relative * Math.abs(expected), `${what}: ${actual}, reference ${expected}`);
}

/** Rows by their first cells, which are texts. */
function byKey(report: AnswerReport, keys: number): Map<string, readonly (string | number | null)[]> {
  return new Map(report.rows.map((row) => [row.slice(0, keys).map(String).join("|"), row.slice(keys)]));
}

function assertStats(row: readonly unknown[], expected: Group, what: string): void {
  const [n, sum, mean, variance, sd] = row;
  assert.equal(n, expected["n"], `${what}: n`);
  assertNear(sum, expected["sum"], MEAN, `${what}: sum`);
  assertNear(mean, expected["mean"], MEAN, `${what}: mean`);
  assertNear(variance, expected["var"], VARIANCE, `${what}: variance`);
  if (row.length > 4) assertNear(sd, expected["sd"], VARIANCE, `${what}: standard deviation`);
}

if (directory !== undefined) {
  describe("heart disease in four hospitals", () => {
    let test: TestNetwork;
    const references = readReferences();
    const reports = new Map<string, AnswerReport>();

    before(async () => {
      test = await startTestNetwork(heartStudy());
      const requests: [string, string][] = [];
      for (const [id, sql] of Object.entries(SQL)) {
        const query = await openVettedQuery(test.network, sql);
        requests.push([id, (await askQuery(test.network, query, { wait: false })).requestId]);
      }
      // All are open at once: the workers must keep them apart.
      for (const [id, requestId] of requests) {
        reports.set(id, await untilReport(test.network, requestId, ({ state }) => state !== "REQUESTED"));
      }
    });
    after(() => test.close());

    const reportOf = (id: keyof typeof SQL): AnswerReport => {
      const report = reports.get(id)!;
      assert.equal(report.state, "ANSWERED");
      assert.equal(report.assurance, "QUORUM");
      assert.equal(report.datasets, 4);
      return report;
    };

    it("counts by site and disease", () => {
      const rows = byKey(reportOf("heart.by_site"), 2);
      const { groups } = references.get("heart.by_site")!;
      assert.equal(rows.size, groups!.length);
      for (const { site, disease, count } of groups!) assert.deepEqual(rows.get(`${site}|${disease}`), [count]);
    });

    it("cholesterol above zero by site; a site without any vanishes", () => {
      const rows = byKey(reportOf("heart.chol_pos"), 1);
      const { groups } = references.get("heart.chol_pos")!;
      assert.equal(rows.size, groups!.length);
      for (const group of groups!) assertStats(rows.get(String(group["site"]))!, group, String(group["site"]));
    });

    it("negative decimals with missing values by disease", () => {
      const rows = byKey(reportOf("heart.oldpeak"), 1);
      const { groups } = references.get("heart.oldpeak")!;
      assert.equal(rows.size, groups!.length);
      for (const group of groups!)
        assertStats(rows.get(String(group["disease"]))!, group, `disease ${group["disease"]}`);
    });

    it("counts values below zero", () => {
      assert.deepEqual(reportOf("heart.oldpeak_neg").rows, [[references.get("heart.oldpeak_neg")!.count]]);
    });

    it("a table of chest pain by disease", () => {
      const cells = byKey(reportOf("heart.cp_x_disease"), 2);
      const { rows, cols, counts } = references.get("heart.cp_x_disease")!;
      for (const [r, row] of rows!.entries()) {
        for (const [c, column] of cols!.entries()) assert.deepEqual(cells.get(`${row}|${column}`), [counts![r]![c]]);
      }
    });

    it("a site whose name is not ASCII, and a range", () => {
      assertStats(reportOf("heart.unicode_site").rows[0]!, references.get("heart.unicode_site")!, "Zürich/Basel");
    });
  });
}
