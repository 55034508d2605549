/** Runs tests in a copy of the project until the first one fails. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Report } from "./failureReporter.ts";

/** Of one process; longer than all of the contracts' tests take. */
const TIMEOUT_MS = 900_000;

/** That tests could not be run says nothing of the mutant: it is no kill. */
export class BrokenRunError extends Error {}

/** The test that failed, in words; undefined when all passed. */
export type Killer = string | undefined;

/**
 * @param files of test/contracts, ending in .test.ts; they share one process
 * @throws BrokenRunError when the run ended otherwise than by a failed test or by passed ones only
 */
export async function runNodeTests(folder: string, files: readonly string[]): Promise<Killer> {
  const reporter = join(folder, "test/mutation/failureReporter.ts");
  const options = ["--test", "--test-isolation=none", `--test-reporter=${reporter}`];
  const paths = files.map((file) => `test/contracts/${file}`);
  const child = spawn(process.execPath, [...options, ...paths], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: TIMEOUT_MS,
  });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  let killer: Killer;
  let passed = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const report = reportOn(line);
    if (report === undefined) continue;
    if ("passed" in report) passed = report.passed;
    else if (killer === undefined) {
      killer = `${report.file}: ${report.failed} (${report.why})`;
      child.kill();
    }
  }
  const code = await ended;
  if (killer !== undefined) return killer;
  if (code !== 0 || passed === 0) {
    throw new BrokenRunError(`the tests ended with ${code}, ${passed} passed: ${complaints}`);
  }
  return undefined;
}

/** @param files of test/contracts, ending in .t.sol; Hardhat builds what they need */
export async function runSolidityTests(folder: string, files: readonly string[]): Promise<Killer> {
  const hardhat = join(folder, "node_modules/hardhat/dist/src/cli.js");
  const paths = files.map((file) => `test/contracts/${file}`);
  const child = spawn(process.execPath, [hardhat, "test", "solidity", ...paths], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: TIMEOUT_MS,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  const failed = Number(/(\d+) failing/.exec(output)?.[1] ?? 0);
  const passed = Number(/(\d+) passing/.exec(output)?.[1] ?? 0);
  if (failed !== 0) return /^ {2}\d+\) (.+)$/m.exec(output)?.[1] ?? `${failed} Solidity tests`;
  if (code !== 0 || passed === 0) {
    throw new BrokenRunError(`the Solidity tests ended with ${code}: ${output.slice(-2_000)}`);
  }
  return undefined;
}

/** What tests print themselves is on the same stream. */
function reportOn(line: string): Report | undefined {
  if (!/^\{"(failed|passed)":/.test(line)) return undefined;
  return JSON.parse(line) as Report;
}
