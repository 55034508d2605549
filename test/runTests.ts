/**
 * Runs every test of Node's runner. The contracts' tests share a process, and with it the chain and the fixtures that were made
 * in it: two processes, one for each core. Every other file has a process of its own.
 */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const CORES = 2;

export interface TestRun {
  /** 0 when all passed. */
  readonly code: number;
  /** As printed, of one process after the other. */
  readonly output: string;
  /** What the runner says last of each process in which a test failed. */
  readonly failures: string;
}

/** @param timeoutMs of one test, or of one file that has a process of its own */
export async function runTests(timeoutMs: number): Promise<TestRun> {
  const files = globSync("test/**/*.test.ts", { cwd: root }).sort();
  const isContract = (file: string): boolean => /^test[\\/]contracts[\\/]/.test(file);
  const contracts = files.filter(isContract);
  const lanes = Array.from({ length: CORES }, (_, lane) => contracts.filter((_file, i) => i % CORES === lane));
  const timeout = `--test-timeout=${timeoutMs}`;
  const first = await Promise.all(lanes.map((lane) => runNode([timeout, "--test-isolation=none", ...lane])));
  const others = files.filter((file) => !isContract(file));
  const last = await runNode([timeout, `--test-concurrency=${CORES}`, ...others], true);
  const runs = [...first, last];
  const failed = runs.filter(({ code }) => code !== 0);
  return {
    code: failed[0]?.code ?? 0,
    output: runs.map(({ output }) => output).join(""),
    failures: failed.map(({ output }) => output.slice(output.indexOf("✖ failing tests:"))).join(""),
  };
}

/** The sum over all processes of one of the runner's totals. */
export function total({ output }: TestRun, name: "tests" | "pass" | "fail" | "skipped"): number {
  const counts = [...output.matchAll(new RegExp(`^ℹ ${name} (\\d+)$`, "gm"))];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Prints as it comes where `live`, else when the process has ended: two at once would be mixed up. */
async function runNode(args: readonly string[], live = false): Promise<Omit<TestRun, "failures">> {
  const options = ["--test", "--test-reporter=spec", ...args];
  const child = spawn(process.execPath, options, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (live) process.stdout.write(text);
  });
  const code = await new Promise<number>((resolve) => child.once("close", (value) => resolve(value ?? 1)));
  if (!live) process.stdout.write(output);
  return { code, output };
}
