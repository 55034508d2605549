/**
 * Real heart-disease data of four hospitals, site = hospital: wherever the network's answers show a number it is the
 * reference's, and they hide and refuse what `expectedDisclosure.ts` says, with k = 11.
 */
import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSchema } from "../../workers/schema/parseSchema.ts";
import { isHidden } from "../../workers/statistics/hidden.ts";
import { clearAnswer } from "../../scripts/demo/clearAnswer.ts";
import { clearSets } from "../../scripts/demo/clearSets.ts";
import { alignRows, faultsOf } from "../../scripts/demo/compareAnswers.ts";
import { disclosedSets, expectAnswer } from "../../scripts/demo/expectedDisclosure.ts";
import type { AnswerReport, Cell } from "../../scripts/querier/answerReport.ts";
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
type Id = keyof typeof SQL;
const ids = Object.keys(SQL) as Id[];

/** The group columns, which come first. */
const KEYS: Partial<Record<Id, readonly string[]>> = {
  "heart.by_site": ["site", "disease"],
  "heart.chol_pos": ["site"],
  "heart.oldpeak": ["disease"],
  "heart.cp_x_disease": ["cp", "disease"],
};

/** A hidden value is judged by the twin alone. */
function assertNear(actual: unknown, expected: unknown, relative: number, what: string): void {
  if (isHidden(actual)) return;
  assert.ok(typeof actual === "number" && typeof expected === "number", `${what}: ${String(actual)}`);
  assert.ok(Math.abs(actual - expected) <= relative * Math.abs(expected), `${what}: ${actual}, reference ${expected}`);
}

/** Rows by their first cells, which are texts. */
function byKey(report: AnswerReport, keys: number): Map<string, readonly Cell[]> {
  return new Map(report.rows.map((row) => [row.slice(0, keys).map(String).join("|"), row.slice(keys)]));
}

function assertStats(row: readonly unknown[], expected: Group, what: string): void {
  const [n, sum, mean, variance, sd] = row;
  assertNear(n, expected["n"], 0, `${what}: n`);
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
    const repeated = new Map<string, AnswerReport>();
    const study = heartStudy();
    const schema = parseSchema(study.schemaText);
    const files = study.sites.map(({ csv }) => csv);

    before(async () => {
      test = await startTestNetwork(study);
      const queries: string[] = [];
      for (const [id, sql] of Object.entries(SQL)) {
        const query = await openVettedQuery(test.network, sql);
        reports.set(id, await askQuery(test.network, query));
        queries.push(query);
      }
      // Again, all open at once: the workers must keep them apart, and what was shown is shown again.
      const again: string[] = [];
      for (const query of queries) again.push((await askQuery(test.network, query, { wait: false })).requestId);
      for (const [index, requestId] of again.entries()) {
        repeated.set(ids[index]!, await untilReport(test.network, requestId, ({ state }) => state !== "REQUESTED"));
      }
    });
    after(() => test.close());

    /** Of all queries, for each other's tests: they are answered in no given order. */
    const setsOf = new Map(ids.map((id) => [id, clearSets(study.sites, schema, SQL[id], {})]));
    const keysAtOf = (id: Id): number[] => [...(KEYS[id] ?? []).keys()];

    function assertDisclosure(id: Id, report: AnswerReport): void {
      const perhaps = ids.flatMap((other) => {
        if (other === id || reports.get(other)!.state !== "ANSWERED") return [];
        return disclosedSets(setsOf.get(other)!, reports.get(other)!.rows, keysAtOf(other));
      });
      const expected = expectAnswer(setsOf.get(id)!, report.k, { disclosed: [], perhaps });
      if (report.state === "REFUSED") {
        assert.equal(report.outcome, "REFUSED_DISCLOSURE");
        assert.notEqual(expected.request, "shown", `${id} must be answered`);
        assert.deepEqual(report.rows, []);
        return;
      }
      assert.notEqual(expected.request, "hidden", `${id} must be refused`);
      assert.equal(report.state, "ANSWERED");
      const clear = clearAnswer(files, schema, SQL[id], {});
      assert.deepEqual(faultsOf(report.rows, alignRows(report.rows, clear, keysAtOf(id)), keysAtOf(id), expected), []);
      const values = report.rows.flatMap((row) => row.slice(keysAtOf(id).length));
      assert.ok(values.filter(isHidden).length * 2 <= values.length, `${id}: most of the answer is hidden`);
    }

    /** @returns undefined when the request was refused, as it must be */
    const reportOf = (id: Id): AnswerReport | undefined => {
      const report = reports.get(id)!;
      assert.equal(report.assurance, "QUORUM");
      assert.equal(report.datasets, 4);
      assert.equal(report.k, 11);
      assertDisclosure(id, report);
      return report.state === "ANSWERED" ? report : undefined;
    };
    const answerOf = (id: Id): AnswerReport => {
      const report = reportOf(id);
      assert.ok(report !== undefined, `${id} was refused`);
      return report;
    };

    it("answers the same again, asked all at once", () => {
      for (const id of ids) {
        const [first, second] = [reports.get(id)!, repeated.get(id)!];
        assert.deepEqual([second.state, second.rows], [first.state, first.rows], id);
      }
    });

    it("counts by site and disease", () => {
      const rows = byKey(answerOf("heart.by_site"), 2);
      const { groups } = references.get("heart.by_site")!;
      assert.equal(rows.size, groups!.length);
      for (const { site, disease, count } of groups!)
        assertNear(rows.get(`${site}|${disease}`)![0], count, 0, `${site}`);
    });

    it("cholesterol above zero by site; a site without any vanishes", () => {
      const rows = byKey(answerOf("heart.chol_pos"), 1);
      const { groups } = references.get("heart.chol_pos")!;
      assert.equal(rows.size, groups!.length);
      for (const group of groups!) assertStats(rows.get(String(group["site"]))!, group, String(group["site"]));
    });

    it("negative decimals with missing values by disease", () => {
      const rows = byKey(answerOf("heart.oldpeak"), 1);
      const { groups } = references.get("heart.oldpeak")!;
      assert.equal(rows.size, groups!.length);
      for (const group of groups!)
        assertStats(rows.get(String(group["disease"]))!, group, `disease ${group["disease"]}`);
    });

    it("counts values below zero, unless the twelve patients are too few beside one hospital's own", () => {
      const { count } = references.get("heart.oldpeak_neg")!;
      for (const [value] of reportOf("heart.oldpeak_neg")?.rows ?? []) assertNear(value, count, 0, "below zero");
    });

    it("a table of chest pain by disease", () => {
      const cells = byKey(answerOf("heart.cp_x_disease"), 2);
      const { rows, cols, counts } = references.get("heart.cp_x_disease")!;
      for (const [r, row] of rows!.entries()) {
        for (const [c, column] of cols!.entries()) {
          assertNear(cells.get(`${row}|${column}`)![0], counts![r]![c], 0, `${row}, ${column}`);
        }
      }
    });

    it("a site whose name is not ASCII, and a range, unless a cohort of one hospital is refused over four", () => {
      const expected = references.get("heart.unicode_site")!;
      for (const row of reportOf("heart.unicode_site")?.rows ?? []) assertStats(row, expected, "Zürich/Basel");
    });
  });
}
