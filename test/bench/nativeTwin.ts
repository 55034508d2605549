/**
 * Compiles and runs `native/fieldTwin.c`, and recomputes what it shows of its results: a yardstick that computes
 * something else would be worthless.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { BN254_FR_MODULUS } from "../../workers/field/bn254.ts";

const execute = promisify(execFile);
const SOURCE = fileURLToPath(new URL("native/fieldTwin.c", import.meta.url));

/** CHECKED in the C source. */
const CHECKED_ELEMENTS = 256;

/** Nanoseconds per element, minima over all runs so far. */
export interface TwinTimings {
  readonly mulNs: number;
  readonly addNs: number;
  readonly axpyNs: number;
  readonly dotNs: number;
}

/** Hexadecimal; element i of each list belongs to x[i] and y[i]. */
interface TwinChecks {
  readonly k: string;
  readonly x: readonly string[];
  readonly y: readonly string[];
  readonly mul: readonly string[];
  readonly add: readonly string[];
  readonly axpy: readonly string[];
  readonly dot: string;
}

export interface NativeTwin {
  /** First line of the compiler's own version text. */
  readonly compiler: string;
  readonly flags: readonly string[];
  /** One more run. Throws when the twin computes something else than it says. */
  readonly run: (length: number, repeats: number) => Promise<TwinTimings>;
}

export interface TwinWorkshop {
  /** Undefined when none of these compilers exists or makes a program that runs. */
  readonly compile: (compilers: readonly string[]) => Promise<NativeTwin | undefined>;
  /** Deletes the compiled programs. */
  readonly remove: () => Promise<void>;
}

/** @param architecture as in `process.arch` */
export async function openTwinWorkshop(architecture: string, progress: (line: string) => void): Promise<TwinWorkshop> {
  const folder = await mkdtemp(join(tmpdir(), "opaline-bench-"));
  const flagSets = [...(architecture === "x64" ? [["-O3", "-mbmi2", "-madx"]] : []), ["-O3"]];
  const compile = async (compilers: readonly string[]): Promise<NativeTwin | undefined> => {
    for (const command of compilers) {
      const compiler = await versionOf(command);
      if (compiler === undefined) continue;
      for (const flags of flagSets) {
        const program = join(folder, command);
        try {
          await execute(command, [...flags, "-o", program, SOURCE]);
          await execute(program, ["1", "1"]); // a processor may lack what the compiler knows
          return { compiler, flags, run: (length, repeats) => runTwin(program, length, repeats) };
        } catch (error) {
          progress(`${command} ${flags.join(" ")} does not give a C twin: ${(error as Error).message}`);
        }
      }
    }
    return undefined;
  };
  return { compile, remove: () => rm(folder, { recursive: true, force: true }) };
}

async function versionOf(command: string): Promise<string | undefined> {
  try {
    const { stdout } = await execute(command, ["--version"]);
    return stdout.split("\n")[0];
  } catch {
    return undefined; // not there
  }
}

async function runTwin(program: string, length: number, repeats: number): Promise<TwinTimings> {
  const { stdout } = await execute(program, [String(length), String(repeats)]);
  const { checks, ...timings } = JSON.parse(stdout) as TwinTimings & { readonly checks: TwinChecks };
  assertRight(checks, Math.min(length, CHECKED_ELEMENTS));
  return timings;
}

function assertRight(checks: TwinChecks, count: number): void {
  const k = residue(checks.k);
  const x = checks.x.map(residue);
  const y = checks.y.map(residue);
  assert(x.length === count && y.length === count, `the C twin shows ${x.length} of ${count} elements`);
  const pairs = x.map((left, index) => [left, y[index] as bigint] as const);
  const expected = {
    mul: pairs.map(([left, right]) => hexadecimal(left * right)),
    add: pairs.map(([left, right]) => hexadecimal(left + right)),
    axpy: pairs.map(([left, right]) => hexadecimal(k * left + right)),
    dot: [hexadecimal(pairs.reduce((sum, [left, right]) => sum + left * right, 0n))],
  };
  const actual = { ...checks, dot: [checks.dot] };
  for (const name of ["mul", "add", "axpy", "dot"] as const) {
    assert.equal(actual[name].join(" "), expected[name].join(" "), `wrong result: ${name} of the C twin`);
  }
}

function residue(digits: string): bigint {
  const value = BigInt(`0x${digits}`);
  assert(value < BN254_FR_MODULUS, "wrong result: the C twin shows an operand that is not canonical");
  return value;
}

function hexadecimal(value: bigint): string {
  return (value % BN254_FR_MODULUS).toString(16).padStart(64, "0");
}

/** The smaller of each. */
export function bestOf(left: TwinTimings | undefined, right: TwinTimings): TwinTimings {
  if (left === undefined) return right;
  return {
    mulNs: Math.min(left.mulNs, right.mulNs),
    addNs: Math.min(left.addNs, right.addNs),
    axpyNs: Math.min(left.axpyNs, right.axpyNs),
    dotNs: Math.min(left.dotNs, right.dotNs),
  };
}
