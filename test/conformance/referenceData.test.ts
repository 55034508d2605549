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
    for (const { kind, verdict, reason } of report.queries) {
      if (verdict !== "unsupported") continue;
      if (kind === "logistic_regression") assert.match(reason, /no query of one step/);
      else assert.match(reason, /^SQL_UNSUPPORTED: /);
    }
    for (const kind of ["count", "stats"]) {
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
