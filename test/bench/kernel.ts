/**
 * The field kernel against what else computes in BN254 Fr: the bigint field, noble-curves and a C twin. Everything is
 * compared with the bigint field before it is timed. One thread, except where two are compared with one.
 */
import assert from "node:assert/strict";
import { availableParallelism } from "node:os";

import { bn254_Fr as nobleFr } from "@noble/curves/bn254.js";

import { createBigintField } from "../../workers/field/bigintField.ts";
import { BN254_FR_MODULUS } from "../../workers/field/bn254.ts";
import type { Field } from "../../workers/field/field.ts";
import { createWasmField } from "../../workers/field/wasmField.ts";
import { assertSameResults, drawInputs, drawPair, loadInputs, OPERATIONS } from "./kernelOperations.ts";
import { plainResults, repeatable } from "./kernelOperations.ts";
import type { Inputs, OperationName, PlainInputs, PlainResults } from "./kernelOperations.ts";
import { reportKernel } from "./kernelReport.ts";
import type { TwinResult } from "./kernelReport.ts";
import { measure } from "./measure.ts";
import type { Competitor, Plan, Timings } from "./measure.ts";
import { bestOf, openTwinWorkshop } from "./nativeTwin.ts";
import type { NativeTwin, TwinTimings, TwinWorkshop } from "./nativeTwin.ts";
import type { Progress, Report } from "./report.ts";

/** Lengths in elements. */
export interface KernelPlan extends Plan {
  readonly length: number;
  /** For two threads against one. */
  readonly threadedLength: number;
  readonly nobleLength: number;
  readonly twinRepeatsPerRound: number;
}

/** 25 turns and 50 runs of the twin. Vectors of 10^5 are larger than a core's own caches, as those of a query are. */
export const FULL_KERNEL_PLAN: KernelPlan = {
  length: 100_000,
  threadedLength: 2 ** 20,
  nobleLength: 10_000,
  warmUpMs: 250,
  rounds: 5,
  turnsPerRound: 5,
  turnMs: 5,
  twinRepeatsPerRound: 10,
};

export const QUICK_KERNEL_PLAN: KernelPlan = {
  length: 1_000,
  threadedLength: 2 ** 14,
  nobleLength: 100,
  warmUpMs: 1,
  rounds: 1,
  turnsPerRound: 1,
  turnMs: 1,
  twinRepeatsPerRound: 1,
};

export async function benchmarkKernel(progress: Progress, plan: KernelPlan): Promise<Report> {
  const reference = createBigintField(BN254_FR_MODULUS);
  const plain = drawInputs(reference, plan.length);
  const referenceInputs = loadInputs(reference, plain);
  const expected = plainResults(reference, referenceInputs);
  const fast = createWasmField(BN254_FR_MODULUS);
  const integer = createWasmField(BN254_FR_MODULUS, { arithmetic: "integer" });
  const workshop = await openTwinWorkshop(process.arch, progress);
  try {
    progress("comparing results");
    const fastInputs = loadChecked(`the ${fast.arithmetic} kernel`, fast, plain, expected);
    const integerInputs = loadChecked("the integer kernel", integer, plain, expected);
    const competitors = {
      ...competitorsOf(fast, fastInputs),
      ...integerCompetitors(integer, integerInputs),
      ...bigintCompetitors(reference, referenceInputs),
      ...nobleCompetitors(reference, referenceInputs, plan.nobleLength),
    };
    const twins = await compileTwins(workshop, plan, progress);
    const timings = await measure(competitors, plan, twins.runOnce);
    const threads = availableParallelism() < 2 ? null : await measureThreads(plain, expected, plan, progress);
    const { length } = plan;
    return reportKernel({ kernel: fast.arithmetic, length, timings, threads, ...twins.results() });
  } finally {
    await Promise.all([fast.stop(), integer.stop(), workshop.remove()]);
  }
}

function loadChecked(who: string, field: Field, plain: PlainInputs, expected: PlainResults): Inputs {
  const inputs = loadInputs(field, plain);
  assertSameResults(who, plainResults(field, inputs), expected);
  return inputs;
}

function competitor(field: Field, inputs: Inputs, name: OperationName): Competitor {
  const operation = OPERATIONS[name];
  return { elements: operation.outputs * inputs.x.length, run: repeatable(field, inputs, operation) };
}

function competitorsOf(field: Field, inputs: Inputs): Record<OperationName, Competitor> {
  const names = Object.keys(OPERATIONS) as OperationName[];
  const competitors = names.map((name) => [name, competitor(field, inputs, name)] as const);
  return Object.fromEntries(competitors) as Record<OperationName, Competitor>;
}

function integerCompetitors(field: Field, inputs: Inputs): Record<"integerMul" | "integerDot", Competitor> {
  return { integerMul: competitor(field, inputs, "mul"), integerDot: competitor(field, inputs, "dot") };
}

function bigintCompetitors(field: Field, inputs: Inputs): Record<`bigint${"Mul" | "Dot" | "Add"}`, Competitor> {
  return {
    bigintMul: competitor(field, inputs, "mul"),
    bigintDot: competitor(field, inputs, "dot"),
    bigintAdd: competitor(field, inputs, "add"),
  };
}

/** noble-curves has no vectors: its scalar functions over arrays of bigints. */
function nobleCompetitors(
  reference: Field,
  { x, y }: Inputs,
  length: number,
): Record<"nobleMul" | "nobleAdd", Competitor> {
  const elements = Math.min(length, x.length);
  const left = reference.toResidues(x).slice(0, elements);
  const right = reference.toResidues(y).slice(0, elements);
  const mul = (): bigint[] => left.map((value, index) => nobleFr.mul(value, right[index] as bigint));
  const add = (): bigint[] => left.map((value, index) => nobleFr.add(value, right[index] as bigint));
  const products = reference.toResidues(reference.mul(x, y)).slice(0, elements);
  const sums = reference.toResidues(reference.add(x, y)).slice(0, elements);
  assert.deepEqual(mul(), products, "wrong result: mul of noble-curves differs from the bigint field's");
  assert.deepEqual(add(), sums, "wrong result: add of noble-curves differs from the bigint field's");
  return { nobleMul: { elements, run: mul }, nobleAdd: { elements, run: add } };
}

interface Twins {
  readonly runOnce: () => Promise<void>;
  readonly results: () => { readonly gcc: TwinResult | null; readonly clang: TwinResult | null };
}

/** The machine's C compiler (`cc`, else `gcc`) is the yardstick; clang is reported besides when it is there. */
async function compileTwins(workshop: TwinWorkshop, plan: KernelPlan, progress: Progress): Promise<Twins> {
  progress("compiling the C twin");
  const gcc = await compileTwin(workshop, ["cc", "gcc"], plan);
  const clang = await compileTwin(workshop, ["clang"], plan);
  if (gcc === undefined) progress("no C compiler: nothing is compared with native code");
  let round = 0;
  const runOnce = async (): Promise<void> => {
    progress(`round ${++round} of ${plan.rounds}`);
    await gcc?.run();
    await clang?.run();
  };
  return { runOnce, results: () => ({ gcc: gcc?.result() ?? null, clang: clang?.result() ?? null }) };
}

async function compileTwin(
  workshop: TwinWorkshop,
  compilers: readonly string[],
  plan: KernelPlan,
): Promise<{ readonly run: () => Promise<void>; readonly result: () => TwinResult | null } | undefined> {
  const twin: NativeTwin | undefined = await workshop.compile(compilers);
  if (twin === undefined) return undefined;
  let best: TwinTimings | undefined;
  return {
    run: async () => void (best = bestOf(best, await twin.run(plan.length, plan.twinRepeatsPerRound))),
    result: () => (best === undefined ? null : { compiler: twin.compiler, flags: twin.flags, ...best }),
  };
}

/** Both fields live only here, so that helper threads cannot disturb anything else that is timed. */
async function measureThreads(
  plain: PlainInputs,
  expected: PlainResults,
  plan: KernelPlan,
  progress: Progress,
): Promise<Timings<"oneThread" | "twoThreads">> {
  progress("one thread and two");
  const one = createWasmField(BN254_FR_MODULUS);
  const two = createWasmField(BN254_FR_MODULUS, { threads: 2 });
  try {
    loadChecked("the kernel on two threads", two, plain, expected);
    const [x, y] = drawPair(one, plan.threadedLength);
    const [left, right] = drawPair(two, plan.threadedLength);
    const same = Buffer.compare(one.toWords(one.mul(x, y)), two.toWords(two.mul(left, right))) === 0;
    assert(same, "wrong result: mul on two threads differs from that on one");
    const elements = plan.threadedLength;
    const competitors = {
      oneThread: { elements, run: () => one.release(one.mul(x, y)) },
      twoThreads: { elements, run: () => two.release(two.mul(left, right)) },
    };
    return await measure(competitors, plan);
  } finally {
    await Promise.all([one.stop(), two.stop()]);
  }
}
