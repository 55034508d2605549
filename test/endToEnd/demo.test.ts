/** The demonstration as anyone runs it: one JSON object, exit code 0, nothing left running or lying about. */
import { after, describe, it } from "node:test";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { GATE_RUNS } from "../../scripts/demo/expectedDisclosure.ts";
import { runProgram } from "../support/runProgram.ts";
import { temporaryFolder } from "../support/temporaryFolder.ts";
import { until } from "../support/network.ts";

const PACKAGE_ROOT = fileURLToPath(new URL("../../", import.meta.url));

interface Demo {
  readonly answers: readonly {
    readonly sql: string;
    readonly parameters: Readonly<Record<string, unknown>>;
    readonly requestId: string;
    readonly assurance: string;
    readonly columns: readonly string[];
    readonly rows: readonly (readonly unknown[])[];
    readonly clear: readonly (readonly unknown[])[];
    readonly equal: boolean;
    readonly suppression: { readonly cells: number; readonly hidden: number; readonly partlyHidden: number };
    readonly k: number;
  }[];
  readonly refusals: readonly { readonly refused: boolean; readonly outcome: string; readonly reason: string }[];
  readonly committee: { readonly n: number; readonly t: number };
  readonly security: string;
  readonly audit: { readonly events: number; readonly verified: boolean };
  readonly gas: Readonly<Record<string, number>>;
  readonly seconds: Readonly<Record<string, number>>;
}

/** Processes that work in a folder or were told of it: a worker's directory, the chain's environment. Linux only. */
function processesOf(folder: string): string[] {
  if (!existsSync("/proc/self/environ")) return [];
  return readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        if (readlinkSync(`/proc/${pid}/cwd`).startsWith(folder)) return true;
        return readFileSync(`/proc/${pid}/environ`, "utf8").includes(folder);
      } catch {
        return false; // it has ended, or is another user's
      }
    });
}

/** The demonstration's own folders; a tool's cache may stay. */
function leftovers(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith("opaline-"));
}

/** With the gate something is hidden and one request refused; that each had to be is in `equal` and `refused`. */
function assertDisclosure({ answers, refusals }: Demo): void {
  const values = answers.flatMap(({ rows }) => rows.flat());
  assert.ok(values.some((value) => typeof value === "number"));
  assert.equal(JSON.stringify(values).includes('{"hidden":true}'), GATE_RUNS);
  assert.equal(refusals.length, GATE_RUNS ? 1 : 0);
  for (const { refused, outcome, reason } of refusals) {
    assert.deepEqual([refused, outcome], [true, "REFUSED_DISCLOSURE"]);
    assert.equal(reason, "too small or too close to an earlier answer");
  }
}

describe("npm run demo", () => {
  const folder = temporaryFolder();
  after(() => folder.remove());

  it("prints one JSON object, every answer equal to the clear-text answer, and leaves nothing behind", async () => {
    const result = await runProgram("scripts/demo/main.ts", ["--json", "--seed", "end to end"], {
      TMPDIR: folder.path,
    });
    assert.equal(result.code, 0, result.stderr);
    assert.equal(result.stdout.trimEnd().split("\n").length, 1);
    const demo = JSON.parse(result.stdout) as Demo;
    assert.deepEqual(Object.keys(demo), ["answers", "refusals", "committee", "security", "audit", "gas", "seconds"]);
    assert.ok(demo.answers.length >= 2);
    for (const answer of demo.answers) {
      const keys = ["sql", "parameters", "requestId", "assurance", "columns", "rows", "clear", "equal"];
      assert.deepEqual(Object.keys(answer).sort(), [...keys, "suppression", "k"].sort());
      assert.deepEqual([answer.suppression.cells, answer.k], [3, 11]);
      assert.equal(answer.equal, true);
      assert.equal(answer.assurance, "QUORUM");
      assert.ok(answer.rows.length > 0);
      assert.equal(answer.clear.length, answer.rows.length);
      for (const row of answer.rows) assert.equal(row.length, answer.columns.length);
    }
    assert.equal(new Set(demo.answers.map(({ sql }) => sql)).size, 1, "one vetted query, asked more than once");
    assertDisclosure(demo);
    assert.deepEqual(demo.committee, { n: 4, t: 1 });
    assert.match(demo.security, /^Malicious workers, honest majority/);
    assert.equal(demo.audit.verified, true);
    assert.ok(demo.audit.events > 0);
    assert.ok(demo.gas["total"]! > 0 && demo.seconds["total"]! > 0);
    assert.deepEqual(processesOf(folder.path), []);
    assert.deepEqual(leftovers(folder.path), []);
    assert.ok(existsSync(new URL("../../deployments/demo/contracts.json", import.meta.url)));
  });

  it("interrupted with its workers running, ends them all and cleans up", async () => {
    const child = spawn(process.execPath, ["scripts/demo/main.ts", "--json"], {
      cwd: PACKAGE_ROOT,
      env: { ...process.env, TMPDIR: folder.path },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
    await until("a contribution", 90_000, () => (stderr.includes("signed the receipt") ? true : undefined));
    assert.ok(processesOf(folder.path).length >= 5, "the demonstration, four workers");
    child.kill("SIGINT");
    assert.equal(await closed, 75);
    assert.equal(stdout, "");
    assert.match(stderr, /COMMAND_INTERRUPTED/);
    await until("the end of every process", 15_000, () => (processesOf(folder.path).length === 0 ? true : undefined));
    assert.deepEqual(leftovers(folder.path), []);
  });
});
