/**
 * `npm run test:deep`: the same tests at the sizes of test/budget.ts and on a seed of its own (test/seed.ts), part by part; after
 * each it writes docs/deep-report.md. `-- PART...` runs the parts of these names, or whose names begin so; `-- --list` says what
 * there is.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { budget } from "../budget.ts";
import { CORES, HARDHAT, runProcess, total } from "../runTests.ts";
import { seed, seedLine } from "../seed.ts";
import { type DeepPart, deepParts } from "./parts.ts";
import { type DeepResult, readReport, renderReport } from "./report.ts";

/** Of one test, and of one file: a matrix of all lies at seven workers is one test. */
const TIMEOUT_MS = 6 * 3_600_000;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const REPORT = fileURLToPath(new URL("../../docs/deep-report.md", import.meta.url));

if (!budget.deep) throw new Error("run this as `npm run test:deep`");
const named = process.argv.slice(2).filter((argument) => argument !== "--list");
const parts = deepParts();
const isMeant = (part: DeepPart, word: string): boolean =>
  parts.some(({ name }) => name === word) ? part.name === word : part.name.startsWith(word);
const unknown = named.filter((name) => !parts.some((part) => isMeant(part, name)));
if (unknown.length > 0) throw new Error(`no part's name begins with ${unknown.join(" or ")}: see \`-- --list\``);
const chosen = parts.filter((part) => named.length === 0 || named.some((name) => isMeant(part, name)));
if (process.argv.includes("--list")) for (const { name } of chosen) console.log(name);
else process.exitCode = await runParts(chosen);

/** @returns 1 unless in every part tests passed and none failed */
async function runParts(chosen: readonly DeepPart[]): Promise<number> {
  console.log(`${seedLine}\n`);
  const failing: string[] = [];
  for (const part of chosen) {
    const [started, of] = [performance.now(), commit()];
    const run = await runProcess(argumentsOf(part), true);
    const [passed, failed] = [total(run, "pass"), total(run, "fail")];
    if (run.code !== 0 || passed === 0) failing.push(part.name);
    record({
      part: part.name,
      date: new Date().toISOString().slice(0, 10),
      commit: of,
      seed,
      minutes: ((performance.now() - started) / 60_000).toFixed(1),
      passed,
      // A process that died counts as a failure, whatever it had said until then.
      failed: run.code === 0 ? failed : Math.max(failed, 1),
      skipped: total(run, "skipped"),
    });
  }
  console.log(failing.length === 0 ? `${chosen.length} parts passed` : `failed: ${failing.join("; ")}`);
  console.log(seedLine);
  return failing.length === 0 ? 0 : 1;
}

function argumentsOf({ runner, files, options }: DeepPart): string[] {
  if (runner === "hardhat") return [HARDHAT, "test", "solidity"];
  const common = ["--test", "--test-reporter=spec", `--test-timeout=${TIMEOUT_MS}`, `--test-concurrency=${CORES}`];
  return [...common, ...options, ...files];
}

/** Read anew each time: other parts may be running beside this one. */
function record(result: DeepResult): void {
  const results = readReport(existsSync(REPORT) ? readFileSync(REPORT, "utf8") : "");
  results.set(result.part, result);
  const machine = `Node ${process.version} on ${cpus().length} cores`;
  writeFileSync(REPORT, renderReport(parts, results, budget, machine));
}

function commit(): string {
  const git = (...words: string[]): string => spawnSync("git", words, { cwd: ROOT, encoding: "utf8" }).stdout ?? "";
  const [head, changes] = [git("rev-parse", "--short", "HEAD").trim(), git("status", "--porcelain")];
  const isChanged = changes.split("\n").some((line) => line !== "" && !line.endsWith("docs/deep-report.md"));
  return head === "" ? "-" : `${head}${isChanged ? "+" : ""}`;
}
