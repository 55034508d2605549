/**
 * Runs every test: Solidity's under Hardhat, then those of Node's runner, all on this run's seed. The contracts' tests share a
 * process, and with it the chain and the fixtures that were made in it: two processes, one for each core. Every other file has a
 * process of its own.
 */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { SEED_ENVIRONMENT } from "./seed.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
export const HARDHAT = fileURLToPath(new URL("../node_modules/hardhat/dist/src/cli.js", import.meta.url));
export const CORES = 2;
/** One more than cores: a network of workers waits for blocks half of the time. */
const FILES_AT_ONCE = CORES + 1;

export interface TestRun {
  /** 0 when all passed. */
  readonly code: number;
  /** As printed, of one process after the other. */
  readonly output: string;
  /** What each process in which a test failed says of it last. */
  readonly failures: string;
}

/** @param timeoutMs of one test, or of one file that has a process of its own; Solidity's take as long as they take */
export async function runTests(timeoutMs: number): Promise<TestRun> {
  const files = globSync("test/**/*.test.ts", { cwd: root }).sort();
  const isContract = (file: string): boolean => /^test[\\/]contracts[\\/]/.test(file);
  const contracts = files.filter(isContract);
  const lanes = Array.from({ length: CORES }, (_, lane) => contracts.filter((_file, i) => i % CORES === lane));
  const options = ["--test", "--test-reporter=spec", `--test-timeout=${timeoutMs}`];
  const solidity = await runProcess([HARDHAT, "test", "solidity"], true);
  const first = await Promise.all(lanes.map((lane) => runProcess([...options, "--test-isolation=none", ...lane])));
  const others = files.filter((file) => !isContract(file));
  const last = await runProcess([...options, `--test-concurrency=${FILES_AT_ONCE}`, ...others], true);
  const runs = [solidity, ...first, last];
  const failed = runs.filter(({ code }) => code !== 0);
  return {
    code: failed[0]?.code ?? 0,
    output: runs.map(({ output }) => output).join(""),
    failures: failed.map(({ output }) => failuresOf(output)).join(""),
  };
}

/** What Node's runner and Hardhat call each total, at the start of its line. */
const TOTALS = {
  tests: /^ℹ tests (\d+)$|^ {2}(\d+) (?:passing|failing|skipped)$/gm,
  pass: /^ℹ pass (\d+)$|^ {2}(\d+) passing$/gm,
  fail: /^ℹ (?:fail|cancelled) (\d+)$|^ {2}(\d+) failing$/gm,
  skipped: /^ℹ skipped (\d+)$|^ {2}(\d+) skipped$/gm,
} as const;

/** The sum over all processes of one of the runners' totals. */
export function total({ output }: Pick<TestRun, "output">, name: keyof typeof TOTALS): number {
  return [...output.matchAll(TOTALS[name])].reduce((sum, [, node, solidity]) => sum + Number(node ?? solidity), 0);
}

/** All of it when it ended before either runner could say what failed. */
function failuresOf(output: string): string {
  const at = output.search(/✖ failing tests:|^ {2}\d+ failing$/m);
  return at < 0 ? output : output.slice(at);
}

/** Prints as it comes where `live`, else when the process has ended: two at once would be mixed up. */
export async function runProcess(args: readonly string[], live = false): Promise<Omit<TestRun, "failures">> {
  const env = { ...process.env, ...SEED_ENVIRONMENT };
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (live) process.stdout.write(text);
  });
  const code = await new Promise<number>((resolve) => child.once("close", (value) => resolve(value ?? 1)));
  if (!live) process.stdout.write(output);
  return { code, output };
}
