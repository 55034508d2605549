import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type DeepResult, readReport, renderReport } from "./report.ts";

const parts = [{ name: "simulator" }, { name: "workers/protocols/maliciousGate, n = 3, t = 1" }, { name: "store" }];
const result: DeepResult = {
  part: "workers/protocols/maliciousGate, n = 3, t = 1",
  date: "2030-01-31",
  commit: "abc1234+",
  seed: 17,
  minutes: "12.3",
  passed: 8,
  failed: 1,
  skipped: 2,
};

describe("the deep report", () => {
  const text = renderReport(parts, new Map([[result.part, result]]), { runs: 7 }, "Node v1 on 2 cores");

  it("is read as it was written", () => {
    assert.deepEqual([...readReport(text).values()], [result]);
  });

  it("says what was not run, and drops what is no part any more", () => {
    assert.match(text, /^Not run yet: simulator; store\.$/m);
    const renamed = renderReport([{ name: "store" }], readReport(text), {}, "Node v1 on 2 cores");
    assert.doesNotMatch(renamed, /maliciousGate/);
    const all = new Map(parts.map(({ name }) => [name, { ...result, part: name }]));
    assert.match(renderReport(parts, all, {}, "Node v1 on 2 cores"), /^Every part has been run\.$/m);
  });

  it("takes nothing from another text", () => {
    assert.deepEqual(readReport("# Deep test report\n\n| size | value |\n| --- | --- |\n| deep | true |\n"), new Map());
    assert.deepEqual(readReport(""), new Map());
  });
});
