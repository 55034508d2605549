/** The kit on the reference data, where they are: nothing fails, with and without disclosure control. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { referenceData } from "../support/referenceStudy.ts";
import { seededBytes } from "../workers/field/seededBytes.ts";
import { runConformance } from "./conformanceRun.ts";
import type { ConformanceReport } from "./conformanceRun.ts";
import { readDirectory } from "./referenceDirectory.ts";

const directory = referenceData();

describe("the reference queries", { skip: directory === undefined && "no reference data" }, () => {
  const run = (disclosureControl: boolean): Promise<ConformanceReport> =>
    runConformance(readDirectory(directory!), {
      disclosureControl,
      randomBytes: seededBytes("reference data"),
      progress: () => undefined,
    });
  const failures = ({ queries }: ConformanceReport): string[] =>
    queries.filter(({ verdict }) => verdict === "FAIL").map(({ id, reason }) => `${id}: ${reason}`);

  it("are answered rightly through the gate, refused by a rule, or not offered by the compiler", async () => {
    const report = await run(true);
    assert.deepEqual(failures(report), []);
    assert.ok(report.pass > 0 && report.refused > 0);
    const others = report.queries.filter(({ verdict }) => verdict === "unsupported");
    assert.deepEqual([...new Set(others.map(({ kind }) => kind))], ["logistic_regression"]);
    for (const { reason } of others) assert.match(reason, /no query of one step/);
    for (const kind of ["count", "stats", "quantile", "km_logrank"]) {
      assert.ok(
        report.queries.some((query) => query.kind === kind && query.verdict === "pass"),
        kind,
      );
    }
  });

  it("have the right answers in every cell without disclosure control", async () => {
    const report = await run(false);
    assert.deepEqual(failures(report), []);
    assert.ok(!JSON.stringify(report.queries).includes("suppressed"));
  });
});
