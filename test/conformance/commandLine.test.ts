/** `npm run -s conformance` as a calling program sees it: exit codes, stdout and stderr. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

import { runProgram } from "../support/runProgram.ts";
import { temporaryFolder } from "../support/temporaryFolder.ts";
import { ROWS, TABLE, writeDirectory } from "./syntheticDirectory.ts";

const MAIN = "test/conformance/main.ts";
const right = { id: "right", kind: "count", table: TABLE, expected: { count: ROWS.length } };
const wrong = { ...right, id: "wrong", expected: { count: 1 } };

describe("npm run conformance", () => {
  const folder = temporaryFolder();
  const path = (...names: string[]): string => join(folder.path, ...names);

  before(() => {
    mkdirSync(path("mixed"));
    writeDirectory(path("mixed"), [right, wrong]);
  });
  after(() => folder.remove());

  it("is the script of that name", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
    assert.equal(scripts["conformance"], `node ${MAIN}`);
  });

  it("exits 0 when nothing fails, with one JSON object on stdout", async () => {
    const { code, stdout } = await runProgram(MAIN, [path("mixed"), "--only", "right", "--json"]);
    assert.equal(code, 0);
    const report = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual(Object.keys(report), ["queries", "pass", "refused", "unsupported", "fail"]);
    assert.deepEqual(report, {
      queries: [
        {
          id: "right",
          kind: "count",
          verdict: "pass",
          reason: "every cell is shown",
          expected: { count: 160 },
          got: { count: 160 },
        },
      ],
      pass: 1,
      refused: 0,
      unsupported: 0,
      fail: 0,
    });
  });

  it("exits 1 when one fails, and prints which", async () => {
    const json = await runProgram(MAIN, [path("mixed"), "--json", "--no-disclosure-control"]);
    assert.equal(json.code, 1);
    assert.equal((JSON.parse(json.stdout) as { fail: number }).fail, 1);
    const text = await runProgram(MAIN, [path("mixed")]);
    assert.equal(text.code, 1);
    assert.equal(text.stdout, "FAIL wrong: count is 160, expected 1\npass 1, refused 0, unsupported 0, FAIL 1\n");
  });

  it("tells of every query on stderr, also of one that reaches no table, or no study", async () => {
    const queries = [
      right,
      { id: "no table", kind: "logistic_regression", table: TABLE, expected: {} },
      { id: "unread", kind: "count", expected: { count: 1 } },
    ];
    mkdirSync(path("told"));
    writeDirectory(path("told"), queries);
    const { code, stderr, stdout } = await runProgram(MAIN, [path("told"), "--json"]);
    assert.equal(code, 1, stderr);
    const { queries: reports } = JSON.parse(stdout) as { queries: { id: string; verdict: string; reason: string }[] };
    const lines = stderr.split("\n");
    for (const { id, verdict, reason } of reports) {
      const line = `${verdict.padEnd(11)} ${id}: ${reason}`;
      assert.equal(lines.filter((each) => each === line).length, 1, line);
    }
    assert.deepEqual(
      reports.map(({ verdict }) => verdict),
      ["pass", "unsupported", "FAIL"],
    );
  });

  it("takes as it is what is hidden for what a sum of values would tell", async () => {
    const scores = [
      ...Array.from({ length: 200 }, (_, row) => ["A", 5 + (row % 5)] as const),
      ...Array.from({ length: 102 }, (_, row) => ["B", row < 2 ? 6 : 5] as const),
    ];
    const fields = ["patient", "arm", "score"].map((name) => ({
      name,
      type: name === "arm" ? "string" : "integer",
      description: "",
    }));
    const resource = { name: "t", path: "rows.csv", schema: { fields } };
    const groups = ["A", "B"].map((arm) => {
      const values = scores.flatMap(([own, score]) => (own === arm ? [score] : []));
      const sum = values.reduce<number>((total, value) => total + value, 0);
      return { arm, n: values.length, sum, mean: sum / values.length };
    });
    mkdirSync(path("values"));
    const write = (name: string, text: string): void => writeFileSync(path("values", name), text);
    write("rows.csv", ["patient,arm,score", ...scores.map((row, at) => [at, ...row].join())].join("\n"));
    write("datapackage.json", JSON.stringify({ missingValues: [""], resources: [resource] }));
    const query = { id: "means", kind: "stats", table: "t", column: "score", group_by: ["arm"], expected: { groups } };
    write("reference.json", JSON.stringify({ queries: [query] }));
    const { code, stdout, stderr } = await runProgram(MAIN, [path("values"), "--json"]);
    assert.equal(code, 0, stderr);
    const { queries } = JSON.parse(stdout) as { queries: { reason: string; got: { groups: { mean: unknown }[] } }[] };
    const [report] = queries;
    assert.match(report!.reason, /^2 of 2 cells are hidden, .*what sums of values may tell, which is not judged$/);
    // One arm's, and with it the other's, which would tell its number.
    for (const { mean } of report!.got.groups) assert.deepEqual(mean, { suppressed: true });
  });

  it("prints how it is used, and exits 0, whatever stands beside", async () => {
    for (const words of [["--help"], ["-h"], [path("nowhere"), "--help"]]) {
      const { code, stdout, stderr } = await runProgram(MAIN, words);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, /^usage: npm run -s conformance -- DIR .*--json\]\n/);
      for (const option of ["--only ID", "--no-disclosure-control", "--json", "--help"])
        assert.ok(stdout.includes(option));
    }
  });

  it("exits 2 for what it cannot read, and says what that is", async () => {
    const broken: readonly (readonly [words: string[], problem: RegExp])[] = [
      [[], /CONFORMANCE_USAGE: .*one directory is needed.*usage: conformance DIR/],
      [[path("mixed"), "--least-k", "1"], /CONFORMANCE_USAGE: .*--least-k/],
      [[path("nowhere")], /CONFORMANCE_BAD_DIRECTORY: .*nowhere: there is no such directory/],
      [[path("mixed"), "--only", "other"], /CONFORMANCE_UNKNOWN_ID: there is no query "other"/],
    ];
    for (const [words, problem] of broken) {
      const { code, stdout, stderr } = await runProgram(MAIN, words);
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr, problem);
    }
  });

  it("names the file of a directory that is wrong", async () => {
    const spoilt: readonly (readonly [spoil: (of: (name: string) => string) => void, problem: RegExp])[] = [
      [(of) => rmSync(of("datapackage.json")), /datapackage\.json: cannot be read/],
      [(of) => rmSync(of("reference.json")), /has neither reference\.json nor edge_reference\.json/],
      [(of) => writeFileSync(of("reference.json"), "{"), /reference\.json: is not JSON/],
      [(of) => writeFileSync(of("reference.json"), '{"queries":[{"id":"x"}]}'), /query 1 lacks "id" or "kind"/],
      [(of) => rmSync(of("rows.csv")), /rows\.csv: cannot be read as CSV/],
      [(of) => writeFileSync(of("rows.csv"), "a,b\n1\n"), /rows\.csv: cannot be read as CSV/],
      [(of) => writeFileSync(of("rows.csv"), "a\n1\n"), /rows\.csv: has no column "patient no"/],
      [(of) => writeDirectory(of("."), [right, right]), /the query right stands twice/],
      [(of) => writeDirectory(of("."), [{ ...right, table: "other" }]), /describes no table "other"/],
    ];
    for (const [index, [spoil, problem]] of spoilt.entries()) {
      const own = path(`spoilt-${index}`);
      mkdirSync(own);
      writeDirectory(own, [right]);
      spoil((name) => join(own, name));
      const { code, stderr } = await runProgram(MAIN, [own, "--json"]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, problem);
      assert.ok(stderr.includes(own), `${stderr} names the directory`);
    }
  });
});
