/** The kernel's figures, their targets, and both forms in which they are shown. */
import type { OperationName } from "./kernelOperations.ts";
import { SEED } from "./kernelOperations.ts";
import type { Timings } from "./measure.ts";
import type { TwinTimings } from "./nativeTwin.ts";
import type { Report, Row } from "./report.ts";
import { renderTable } from "./report.ts";

export interface TwinResult extends TwinTimings {
  readonly compiler: string;
  readonly flags: readonly string[];
}

/** The kernel's own operations, and who else takes turns with them. */
export type Entrant =
  OperationName | `integer${"Mul" | "Dot"}` | `bigint${"Mul" | "Dot" | "Add"}` | `noble${"Mul" | "Add"}`;

export interface KernelMeasurements {
  readonly kernel: string;
  readonly length: number;
  readonly timings: Timings<Entrant>;
  /** Null on a machine with one core. */
  readonly threads: Timings<"oneThread" | "twoThreads"> | null;
  /** Null without a C compiler. */
  readonly gcc: TwinResult | null;
  readonly clang: TwinResult | null;
}

/** `…VsGcc` is ours / theirs (below 1 is faster); the other `…Vs…` are theirs / ours (above 1 is faster). */
type Figures = ReturnType<typeof figuresOf>;

export function reportKernel(measurements: KernelMeasurements): Report {
  const figures = figuresOf(measurements);
  const { kernel, length, timings, gcc, clang } = measurements;
  const medians = Object.entries(timings).map(([name, { medianNs }]) => [`${name}Ns`, rounded(medianNs)] as const);
  const json = {
    ...figures,
    gcc,
    clang,
    medians: Object.fromEntries(medians),
    kernel,
    length,
    seed: SEED,
    node: process.version,
  };
  return { json, text: `${heading(measurements)}\n\n${renderTable(rowsOf(figures, measurements))}` };
}

function figuresOf({ timings, threads, gcc }: KernelMeasurements) {
  const ns = (name: Entrant): number => timings[name].minNs;
  const vsGcc = (name: "mul" | "dot" | "axpy" | "add"): number | null =>
    gcc === null ? null : rounded(ns(name) / gcc[`${name}Ns`]);
  return {
    mulNs: rounded(ns("mul")),
    mulVsGcc: vsGcc("mul"),
    dotNs: rounded(ns("dot")),
    dotVsGcc: vsGcc("dot"),
    axpyNs: rounded(ns("axpy")),
    axpyVsGcc: vsGcc("axpy"),
    addNs: rounded(ns("add")),
    addVsGcc: vsGcc("add"),
    sharesPerSecond: perSecond(ns("share")),
    reconstructPerSecond: perSecond(ns("reconstruct")),
    combinePerSecond: perSecond(ns("combine")),
    randomPerSecond: perSecond(ns("random")),
    twoThreads: threads === null ? null : rounded(threads.oneThread.minNs / threads.twoThreads.minNs),
    mulVsBigint: rounded(ns("bigintMul") / ns("mul")),
    dotVsBigint: rounded(ns("bigintDot") / ns("dot")),
    addVsBigint: rounded(ns("bigintAdd") / ns("add")),
    mulVsNoble: rounded(ns("nobleMul") / ns("mul")),
    addVsNoble: rounded(ns("nobleAdd") / ns("add")),
    toWordsNs: rounded(ns("toWords")),
    fromWordsNs: rounded(ns("fromWords")),
    fromIntegersNs: rounded(ns("fromIntegers")),
    integerMulNs: rounded(ns("integerMul")),
    integerDotNs: rounded(ns("integerDot")),
  };
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}

function perSecond(nsPerElement: number): number {
  return Math.round(1e9 / nsPerElement);
}

function heading({ kernel, length, gcc, clang }: KernelMeasurements): string {
  const twins = [gcc, clang].filter((twin) => twin !== null);
  const native = twins.map(({ compiler, flags }) => `Native: ${compiler}, ${flags.join(" ")}`);
  return [
    `Field kernel "${kernel}" over BN254 Fr, vectors of ${length} elements, Node ${process.version}, seed ${SEED}`,
    ...native,
    ...(gcc === null
      ? ["Native: no C compiler, or none that makes the twin run, so nothing is compared with native code"]
      : []),
  ].join("\n");
}

function rowsOf(figures: Figures, { timings, threads, gcc, clang }: KernelMeasurements): Row[] {
  const time = (label: string, value: number, name: Entrant): Row => {
    return { label, unit: "ns", value, median: timings[name].medianNs };
  };
  const rate = (label: string, value: number, name: Entrant): Row => {
    return { label, unit: "M/s", value, median: 1e9 / timings[name].medianNs };
  };
  const ratio = (label: string, value: number | null): Row => ({ label, unit: "x", value });
  const threadsMedian = threads === null ? undefined : threads.oneThread.medianNs / threads.twoThreads.medianNs;
  return [
    { ...time("product", figures.mulNs, "mul"), target: { atMost: 15 } },
    { ...ratio("product / gcc", figures.mulVsGcc), target: { atMost: 0.55 } },
    { ...time("inner product", figures.dotNs, "dot"), target: { atMost: 5.5 } },
    { ...ratio("inner product / gcc", figures.dotVsGcc), target: { atMost: 0.4 } },
    time("k·x + y", figures.axpyNs, "axpy"),
    { ...ratio("k·x + y / gcc", figures.axpyVsGcc), target: { atMost: 0.45 } },
    time("sum", figures.addNs, "add"),
    { ...ratio("sum / gcc", figures.addVsGcc), target: { atMost: 0.45 } },
    { ...rate("shares, t = 1, n = 3", figures.sharesPerSecond, "share"), target: { atLeast: 80e6 } },
    { ...rate("reconstruction, degree 2", figures.reconstructPerSecond, "reconstruct"), target: { atLeast: 25e6 } },
    rate("three vectors, any weights", figures.combinePerSecond, "combine"),
    { ...rate("random elements", figures.randomPerSecond, "random"), target: { atLeast: 50e6 } },
    { ...ratio("product, 2 threads / 1", figures.twoThreads), median: threadsMedian, target: { atLeast: 1.7 } },
    { ...ratio("product, bigint / ours", figures.mulVsBigint), target: { atLeast: 9 } },
    ratio("inner product, bigint / ours", figures.dotVsBigint),
    ratio("sum, bigint / ours", figures.addVsBigint),
    ratio("product, noble / ours", figures.mulVsNoble),
    ratio("sum, noble / ours", figures.addVsNoble),
    time("words out", figures.toWordsNs, "toWords"),
    time("words in", figures.fromWordsNs, "fromWords"),
    time("64-bit integers in", figures.fromIntegersNs, "fromIntegers"),
    time("product, integer kernel", figures.integerMulNs, "integerMul"),
    time("inner product, integer kernel", figures.integerDotNs, "integerDot"),
    ...twinRows("gcc", gcc),
    ...twinRows("clang", clang),
  ];
}

function twinRows(name: string, twin: TwinResult | null): Row[] {
  if (twin === null) return [];
  return [
    { label: `product, ${name}`, unit: "ns", value: twin.mulNs },
    { label: `inner product, ${name}`, unit: "ns", value: twin.dotNs },
    { label: `k·x + y, ${name}`, unit: "ns", value: twin.axpyNs },
    { label: `sum, ${name}`, unit: "ns", value: twin.addNs },
  ];
}
