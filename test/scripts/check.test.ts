import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { keccak256 } from "ethers";
import { command as check } from "../../scripts/dataOwner/check.ts";
import { type OwnFiles, ownFilesHash } from "../../scripts/dataOwner/ownFiles.ts";
import { jsonOf } from "../../scripts/printValue.ts";
import { testContext } from "../support/commandContext.ts";
import { temporaryFolder } from "../support/temporaryFolder.ts";
import { trialStudy } from "../support/trialStudy.ts";

const OFFLINE = { deployment: "none", rpc: "http://127.0.0.1:9" };

const DERIVED_SCHEMA = JSON.stringify({
  name: "derived",
  table: "t",
  subject: "id",
  eventTables: [
    { name: "adverse_events", subject: "id", columns: [{ name: "grade", type: "integer" }] },
    { name: "labs", subject: "id", columns: [{ name: "value", type: "number", decimals: 1 }] },
  ],
  fields: [
    { name: "arm", type: "category", categories: ["A", "B"] },
    {
      name: "worst",
      type: "integer",
      minimum: 1,
      maximum: 5,
      derived: { from: "adverse_events", aggregate: "max", of: "grade" },
    },
    {
      name: "total",
      type: "number",
      decimals: 1,
      minimum: 0,
      maximum: 9,
      derived: { from: "labs", aggregate: "sum", of: "value" },
    },
  ],
});

describe("data-owner check", () => {
  const { path, remove } = temporaryFolder();
  after(remove);

  it("counts the columns that are ignored, and does not name them", async () => {
    const { schemaText, sites } = trialStudy();
    const lines = sites[0]!.csv.trimEnd().split("\n");
    const wider = lines.map((line, index) => (index === 0 ? `${line},"HIV, status",note` : `${line},4711,x`));
    writeFileSync(join(path, "schema.json"), schemaText);
    const options = { ...OFFLINE, schema: "schema.json", csv: "patients.csv", events: [] };
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

  it("computes derived fields from files of events", async () => {
    writeFileSync(join(path, "derived.json"), DERIVED_SCHEMA);
    writeFileSync(join(path, "subjects.csv"), "id,arm\np1,A\np2,B\n");
    writeFileSync(join(path, "ae.csv"), "id,grade\np1,3\np1,4\n");
    writeFileSync(join(path, "labs=1.csv"), "id,value\np2,1.5\n");
    const options = { ...OFFLINE, schema: "derived.json", csv: "subjects.csv" };
    const run = (...events: string[]) => check.handler({ ...options, events }, testContext(path));
    const report = await run("labs=labs=1.csv", "adverse_events=ae.csv");
    assert.equal(report.rowCount, 2);
    assert.deepEqual(report.fields, [
      { name: "arm", present: 2, missing: 0 },
      { name: "worst", present: 1, missing: 1 },
      { name: "total", present: 1, missing: 1 },
    ]);
    assert.deepEqual(report.events, [
      { table: "adverse_events", rows: 2, ignored: 0, subjects: 1 },
      { table: "labs", rows: 1, ignored: 0, subjects: 1 },
    ]);
    await assert.rejects(run("labs=labs=1.csv"), {
      detail: { code: "EVENT_FILE_MISSING", table: "adverse_events" },
    });
    await assert.rejects(run("labs=labs=1.csv", "adverse_events=ae.csv", "labs=labs=1.csv"), {
      detail: { code: "EVENT_FILE_REPEATED", table: "labs" },
    });
    await assert.rejects(run("visits=ae.csv"), {
      detail: { code: "EVENT_FILE_UNKNOWN", table: "visits" },
      message: /the schema has adverse_events, labs/,
    });
    for (const bad of ["ae.csv", "=ae.csv", "labs="]) {
      await assert.rejects(run(bad), { detail: { code: "OPTION_INVALID", option: "events" } });
    }
    await assert.rejects(run("labs=absent.csv"), {
      detail: { code: "CSV_UNREADABLE", path: join(path, "absent.csv") },
    });
  });
});

describe("data-owner check of files of events", () => {
  const { path, remove } = temporaryFolder();
  after(remove);

  const schema = JSON.parse(DERIVED_SCHEMA) as { eventTables: Record<string, unknown>[] };
  const eventTables = schema.eventTables.map((table) => ({ ...table, unknownSubjects: "ignore" }));

  async function read(adverseEvents: readonly string[], labs: readonly string[]) {
    writeFileSync(join(path, "ignoring.json"), JSON.stringify({ ...schema, eventTables }));
    writeFileSync(join(path, "subjects.csv"), "id,arm\np1,A\np2,B\np3,B\n");
    writeFileSync(join(path, "ae.csv"), ["id,grade", ...adverseEvents].join("\n"));
    writeFileSync(join(path, "labs.csv"), ["id,value", ...labs].join("\n"));
    const context = testContext(path);
    const options = { ...OFFLINE, schema: "ignoring.json", csv: "subjects.csv" };
    const events = ["adverse_events=ae.csv", "labs=labs.csv"];
    return { report: await check.handler({ ...options, events }, context), lines: context.lines };
  }

  it("says how many rows were read and ignored, and how many subjects have any", async () => {
    const { report, lines } = await read(["p1,3", "P1,4", "p1,1", "p3,2", "x,1"], ["p2,1.5"]);
    assert.deepEqual(report.events, [
      { table: "adverse_events", rows: 5, ignored: 2, subjects: 2 },
      { table: "labs", rows: 1, ignored: 0, subjects: 1 },
    ]);
    assert.deepEqual(lines, []);
  });

  it("warns where no subject has any event, without naming one", async () => {
    const { report, lines } = await read(["P1,3", "P1,4", "P2,4"], []);
    assert.deepEqual(report.events, [
      { table: "adverse_events", rows: 3, ignored: 3, subjects: 0 },
      { table: "labs", rows: 0, ignored: 0, subjects: 0 },
    ]);
    assert.equal(lines.length, 2);
    assert.match(
      lines[0]!,
      /^warning: no subject of subjects\.csv has any event of adverse_events: all 3 rows .* other/,
    );
    assert.match(lines[1]!, /^warning: no subject of subjects\.csv has any event of labs: its file has no rows$/);
    assert.doesNotMatch(lines.join(), /[Pp][123]\b/);
  });
});

describe("ownFilesHash", () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const files = (csv: string, ...events: readonly (readonly [table: string, csv: string])[]): OwnFiles => ({
    csv: bytes(csv),
    fileName: "patients.csv",
    eventFiles: events.map(([table, text]) => ({ table, csv: bytes(text), fileName: `${table}.csv` })),
  });

  it("is the CSV's alone without events, and tells every other change apart", () => {
    const hash = ownFilesHash(files("a"));
    assert.equal(hash, keccak256(bytes("a")));
    const others = [
      files("b"),
      files("a", ["ae", "x"]),
      files("a", ["ae", "y"]),
      files("a", ["labs", "x"]),
      files("a", ["ae", "x"], ["labs", "y"]),
      files("a", ["ae", "y"], ["labs", "x"]),
    ].map(ownFilesHash);
    assert.equal(new Set([hash, ...others]).size, others.length + 1);
    assert.equal(ownFilesHash(files("a", ["labs", "y"], ["ae", "x"])), others[4], "in any order");
  });
});
