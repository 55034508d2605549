/** The MPC figures, their targets, what bounds them, and both forms in which they are shown. */
import type { MpcPlan } from "../mpc.ts";
import { alignColumns } from "../report.ts";
import type { Report } from "../report.ts";
import type { Limits } from "./limits.ts";
import { SEED } from "./study.ts";
import type { Measured } from "./timing.ts";

/** One size of the sweep. Bytes of all workers together; memory of the largest. */
export interface SweepRow {
  readonly rows: number;
  readonly seconds: number;
  readonly coldSeconds: number;
  readonly rounds: number;
  readonly sentBytes: number;
  readonly peakMemoryBytes: number;
}

export interface MpcMeasurements {
  readonly plan: MpcPlan;
  readonly limits: Limits;
  readonly w1: Measured;
  readonly w2: Measured;
  readonly w3: Measured;
  readonly w3Cold: Measured;
  readonly w3EncodeSeconds: number;
  readonly w4: Measured;
  readonly w5: Measured;
  readonly sweep: readonly SweepRow[];
}

/** For the sizes of the full plan. */
const TARGETS = { w1: 1 / 1.5, w2: 0.03, w3: 0.1, w4: 0.05, w5: 0.03 } as const;
/** A worker's memory over 10^6 rows. */
const MEMORY_TARGET = 2 * 2 ** 30;

/**
 * A workload's time if it did nothing but one thing: the bare products, masking them, verifying them (its arithmetic alone),
 * sending its bytes, or waiting for its rounds.
 */
interface Bounds {
  readonly kernel: number;
  readonly masks: number;
  readonly verification: number;
  readonly wire: number;
  readonly rounds: number;
}

export function reportMpc(measurements: MpcMeasurements): Report {
  const { plan, w1, w2, w3, w3Cold, w3EncodeSeconds, w4, w5, sweep } = measurements;
  const json = {
    w1PerSecond: Math.round(plan.products / w1.seconds),
    w2Seconds: rounded(w2.seconds),
    w3Seconds: rounded(w3.seconds),
    w3ColdSeconds: rounded(w3Cold.seconds),
    w3EncodeSeconds: rounded(w3EncodeSeconds),
    w4Seconds: rounded(w4.seconds),
    w5Seconds: rounded(w5.seconds),
    sweep: sweep.map((row) => ({ ...row, seconds: rounded(row.seconds), coldSeconds: rounded(row.coldSeconds) })),
  };
  const parts = [heading(measurements), workloadTable(measurements), sweepTable(sweep), boundsOf(measurements)];
  return { json, text: parts.join("\n\n") };
}

function rounded(seconds: number): number {
  return Number(seconds.toFixed(6));
}

function heading({ plan, limits }: MpcMeasurements): string {
  const { bytesPerSecond, tripSeconds, productSeconds, innerProductSeconds, crowding } = limits;
  return [
    `MPC among 3 workers, t = 1, malicious security, one machine, Node ${process.version}, seed ${SEED}`,
    `${plan.earlierQueries} earlier queries; best of ${plan.repeats} runs; ${crowding.toFixed(2)} workers a core`,
    `Alone: product ${ns(productSeconds)}, inner product ${ns(innerProductSeconds)}, ` +
      `TLS ${(bytesPerSecond / 1e9).toFixed(2)} GB/s, round trip ${(tripSeconds * 1e6).toFixed(0)} µs`,
  ].join("\n");
}

function workloadTable(measurements: MpcMeasurements): string {
  const { plan, w1, w2, w3, w3Cold, w3EncodeSeconds, w4, w5 } = measurements;
  const bounds = boundsByWorkload(measurements);
  const row = (label: string, measured: Measured, target?: number, limit?: Bounds): string[] => [
    label,
    ms(measured.seconds),
    ms(measured.medianSeconds),
    ms(measured.cpuSeconds),
    target === undefined ? "" : `<= ${ms(target)}`,
    target === undefined ? "" : times(measured.seconds / target),
    limit === undefined ? "" : times(measured.seconds / Math.max(limit.kernel, limit.wire, limit.rounds)),
    String(measured.rounds),
    mb(measured.sentBytes),
  ];
  return alignColumns([
    ["workload", "best", "median", "all CPU", "target", "of target", "of limit", "rounds", "sent"],
    row(`W1 ${plan.products} products`, w1, TARGETS.w1, bounds.w1),
    row(`W2 inner product of ${plan.products}`, w2, TARGETS.w2, bounds.w2),
    row(`W3 COUNT, SUM over ${plan.rows} rows`, w3, TARGETS.w3, bounds.w3),
    row("   columns from the store", w3Cold),
    ["   owner encodes and shares", ms(w3EncodeSeconds), "", "", "", "", "", "", ""],
    row(`W4 ${plan.secrets} secrets`, w4, TARGETS.w4, bounds.w4),
    row(`W5 COUNT over ${plan.fewRows} rows`, w5, TARGETS.w5, bounds.w5),
  ]);
}

function sweepTable(sweep: readonly SweepRow[]): string {
  const cells = sweep.map(({ rows, seconds, coldSeconds, sentBytes, peakMemoryBytes }) => [
    `${rows} rows`,
    ms(seconds),
    ms(coldSeconds),
    ns(seconds / rows),
    mb(sentBytes),
    `${(sentBytes / rows).toFixed(0)}`,
    mb(peakMemoryBytes),
    times(peakMemoryBytes / MEMORY_TARGET),
  ]);
  return alignColumns([["W3 by rows", "best", "cold", "a row", "sent", "bytes a row", "peak", "of 2 GiB"], ...cells]);
}

/**
 * One worker's bare arithmetic on as much of a core as it has, all workers' bytes, its rounds one after another. W3 claims a
 * product of columns, which selects the rows, and its inner product with the values.
 */
function boundsByWorkload({ plan, limits, w1, w2, w3, w4, w5 }: MpcMeasurements): Record<keyof typeof TARGETS, Bounds> {
  const { productSeconds, innerProductSeconds, sharingSeconds, crowding, bytesPerSecond, tripSeconds } = limits;
  const { maskSeconds, weightSeconds, compressionSeconds } = limits;
  const of = (measured: Measured, kernel: number, masked = 0, claimed = masked): Bounds => ({
    kernel,
    masks: masked * maskSeconds * crowding,
    verification: (masked * weightSeconds + claimed * compressionSeconds) * crowding,
    wire: measured.sentBytes / bytesPerSecond,
    rounds: measured.rounds * tripSeconds,
  });
  return {
    w1: of(w1, plan.products * productSeconds * crowding, plan.products),
    w2: of(w2, plan.products * innerProductSeconds * crowding, 0, plan.products),
    w3: of(w3, plan.rows * (productSeconds + innerProductSeconds) * crowding, plan.rows, 2 * plan.rows),
    w4: of(w4, plan.secrets * sharingSeconds),
    w5: of(w5, 0),
  };
}

/** What would be left if everything but one thing were free. */
function boundsOf(measurements: MpcMeasurements): string {
  const bounds = boundsByWorkload(measurements);
  const lines = Object.entries(bounds).map(([name, { kernel, masks, verification, wire, rounds }]) => {
    const { seconds } = measurements[name as keyof typeof TARGETS];
    const rest = Math.max(0, seconds - kernel - masks - verification - wire - rounds);
    const parts = {
      "bare arithmetic": kernel,
      masks: masks,
      "verification's arithmetic": verification,
      "bytes over TLS": wire,
      "round trips": rounds,
      "everything else": rest,
    };
    const [largest] = Object.entries(parts).sort((a, b) => b[1] - a[1]);
    const shares = Object.entries(parts).map(([part, value]) => `${part} ${ms(value)}`);
    return `${name.toUpperCase()} is bound by ${largest![0]}: ${shares.join(", ")}`;
  });
  return [
    "Each workload's time by what each part would be alone; everything else is messages' handling, planning, records:",
    ...lines,
  ].join("\n");
}

function ms(seconds: number): string {
  return `${(seconds * 1e3).toFixed(2)} ms`;
}

function ns(seconds: number): string {
  return `${(seconds * 1e9).toFixed(1)} ns`;
}

function mb(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(2)} MiB`;
}

function times(ratio: number): string {
  return `${ratio.toFixed(2)} x`;
}
