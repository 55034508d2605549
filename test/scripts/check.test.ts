import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { command as check } from "../../scripts/dataOwner/check.ts";
import { jsonOf } from "../../scripts/printValue.ts";
import { testContext } from "../support/commandContext.ts";
import { temporaryFolder } from "../support/temporaryFolder.ts";
import { trialStudy } from "../support/trialStudy.ts";

describe("data-owner check", () => {
  const { path, remove } = temporaryFolder();
  after(remove);

  it("counts the columns that are ignored, and does not name them", async () => {
    const { schemaText, sites } = trialStudy();
    const lines = sites[0]!.csv.trimEnd().split("\n");
    const wider = lines.map((line, index) => (index === 0 ? `${line},"HIV, status",note` : `${line},4711,x`));
    writeFileSync(join(path, "schema.json"), schemaText);
    const options = { deployment: "none", rpc: "http://127.0.0.1:9", schema: "schema.json", csv: "patients.csv" };
    for (const [text, ignored] of [
      [lines.join("\n"), 0],
      [`\uFEFF${wider.join("\r\n")}\r\n`, 2],
    ] as const) {
      writeFileSync(join(path, "patients.csv"), text);
      const report = await check.handler(options, testContext(path));
      assert.deepEqual([report.ignoredColumns, report.rowCount], [ignored, lines.length - 1]);
      assert.doesNotMatch(jsonOf(report), /HIV|note|4711/);
    }
  });
});
