/**
 * The whole computation among three worker processes on this machine: real TLS, real store, real compiler, t = 1 against
 * one malicious worker. Timed from key agreement to signature, from the first worker's beginning to the last one's end.
 * Every result is compared with the answer in clear. What each workload is: `mpc/README.md`.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { id } from "ethers";
import { BN254_FR_MODULUS } from "../../workers/field/bn254.ts";
import { createWasmField } from "../../workers/field/wasmField.ts";
import { Outcome } from "../../workers/messages/statement.ts";
import { reconstruct } from "../../workers/sharing/shamir.ts";
import { partiesOf } from "../../workers/sharing/parties.ts";
import { encodeSegment, storeSegment } from "./mpc/ingest.ts";
import type { Segment } from "./mpc/ingest.ts";
import { CHECK_POINT, OWNER, secretsOf, THRESHOLD, WORKERS } from "./mpc/jobs.ts";
import type { Timed } from "./mpc/jobs.ts";
import { measureLimits } from "./mpc/limits.ts";
import { runAtAll, withProcesses } from "./mpc/processes.ts";
import type { BenchProcess } from "./mpc/processes.ts";
import type { QueryResult } from "./mpc/queryJob.ts";
import { reportMpc } from "./mpc/report.ts";
import type { SweepRow } from "./mpc/report.ts";
import { clearAnswer, compile, drawTable, EARLIER_FILTERS, MEASURED_FILTER, studySchema } from "./mpc/study.ts";
import type { StudyQuery } from "./mpc/study.ts";
import { elapsed, repeat } from "./mpc/timing.ts";
import type { Measured } from "./mpc/timing.ts";
import type { Progress, Report } from "./report.ts";

export interface MpcPlan {
  /** Products of W1, and the length of W2's inner product. */
  readonly products: number;
  /** W3's rows. */
  readonly rows: number;
  /** W4's secrets. */
  readonly secrets: number;
  /** W5's rows. */
  readonly fewRows: number;
  /** Answered before W3 and W5 are timed: the history those are tested against. */
  readonly earlierQueries: number;
  /** Ascending; each continues the same dataset. */
  readonly sweep: readonly number[];
  /** Rows a share file may have: what a sweep's dataset is sent in. */
  readonly segmentRows: number;
  readonly repeats: number;
  readonly burstBytes: number;
}

export const FULL_MPC_PLAN: MpcPlan = {
  products: 1_000_000,
  rows: 100_000,
  secrets: 100_000,
  fewRows: 100,
  earlierQueries: 20,
  sweep: [10_000, 100_000, 1_000_000],
  segmentRows: 100_000,
  repeats: 7,
  burstBytes: 64 << 20,
};

export const QUICK_MPC_PLAN: MpcPlan = {
  products: 1_000,
  rows: 300,
  secrets: 1_000,
  fewRows: 50,
  earlierQueries: 1,
  sweep: [100, 200],
  segmentRows: 150,
  repeats: 1,
  burstBytes: 1 << 20,
};

const TRIAL = id("trial");
const FEW = id("few");
const SWEEP = id("sweep");

export async function benchmarkMpc(progress: Progress, plan: MpcPlan = FULL_MPC_PLAN): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), "opaline-bench-"));
  try {
    const measured = await withProcesses(folder, OWNER, async (processes) => {
      const workers = processes.slice(0, WORKERS);
      progress("raw kernel and TLS");
      const limits = await measureLimits(workers, plan);
      const w1 = await measureProducts(workers, plan, progress);
      const w2 = await measureInnerProduct(workers, plan, progress);
      const w4 = await measureInputs(processes, plan, progress);
      return { limits, w1, w2, w4 };
    });
    // In processes of their own: no worker has the heap of a million products behind it.
    const queries = await withProcesses(folder, WORKERS, (workers) => measureQueries(workers, folder, plan, progress));
    const sweep = await measureSweep(folder, plan, progress);
    return reportMpc({ ...measured, ...queries, sweep, plan });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const field = createWasmField(BN254_FR_MODULUS);

async function measureProducts(workers: readonly BenchProcess[], plan: MpcPlan, progress: Progress): Promise<Measured> {
  progress("W1: products");
  const length = plan.products;
  const expected = field.scope(() => {
    const product = field.mul(secretsOf(field, "left", length), secretsOf(field, "right", length));
    return field.innerProduct(product, field.powers(CHECK_POINT, length));
  });
  return repeat(plan.repeats, async (run) => {
    const results = await runAtAll(workers, "products", { run, length });
    assert.equal(opened(results), expected, "wrong result: W1's products differ from those in clear");
    return results;
  });
}

async function measureInnerProduct(
  workers: readonly BenchProcess[],
  plan: MpcPlan,
  progress: Progress,
): Promise<Measured> {
  progress("W2: inner product");
  const length = plan.products;
  const expected = field.scope(() =>
    field.innerProduct(secretsOf(field, "left", length), secretsOf(field, "right", length)),
  );
  return repeat(plan.repeats, async (run) => {
    const results = await runAtAll(workers, "innerProduct", { run, length });
    for (const { share } of results) assert.equal(share, expected, "wrong result: W2's inner product");
    return results;
  });
}

async function measureInputs(processes: readonly BenchProcess[], plan: MpcPlan, progress: Progress): Promise<Measured> {
  progress("W4: inputs");
  const length = plan.secrets;
  const expected = field.scope(() =>
    field.innerProduct(secretsOf(field, "inputs", length), field.powers(CHECK_POINT, length)),
  );
  return repeat(plan.repeats, async (run) => {
    const results = await runAtAll(processes, "inputs", { run, length });
    assert.equal(
      opened(results.slice(0, WORKERS)),
      expected,
      "wrong result: W4's shares are not of the owner's secrets",
    );
    return results;
  });
}

/** W3, cold and warm, and W5, after the earlier queries. */
async function measureQueries(workers: readonly BenchProcess[], folder: string, plan: MpcPlan, progress: Progress) {
  progress("W3: encoding");
  const schema = studySchema(true);
  const [trial, few] = [segmentOf(TRIAL, 1n, plan.rows), segmentOf(FEW, 1n, plan.fewRows)];
  const encoding = { seconds: Infinity };
  for (let run = 0; run <= Math.min(plan.repeats, 3); run++) {
    const begun = performance.now();
    const files = encodeSegment(field, schema, trial);
    encoding.seconds = Math.min(encoding.seconds, (performance.now() - begun) / 1_000);
    if (run === 0) await storeSegment(workers, folder, files, trial);
  }
  await storeSegment(workers, folder, encodeSegment(field, schema, few), few);
  progress(`${plan.earlierQueries} earlier queries`);
  for (const filter of EARLIER_FILTERS.slice(0, plan.earlierQueries)) {
    for (const segment of [trial, few])
      await ask(workers, await compile(schema, filter), segment, [segment], "earlier", { isEarlier: true });
  }
  const query = await compile(schema, MEASURED_FILTER);
  progress("W3: query");
  // As W5: what takes so short is repeated more often.
  const w3 = await repeat(3 * plan.repeats, (run) => ask(workers, query, trial, [trial], `warm ${run}`));
  progress("W5: trivial query");
  const trivial = await compile(schema, {});
  const w5 = await repeat(5 * plan.repeats, (run) => ask(workers, trivial, few, [few], `trivial ${run}`));
  progress("W3: columns from the store");
  // Last: it forgets what was kept of earlier queries, too.
  const w3Cold = await repeat(plan.repeats, (run) =>
    ask(workers, query, trial, [trial], `cold ${run}`, { cold: true }),
  );
  return { w3, w3Cold, w3EncodeSeconds: encoding.seconds, w5 };
}

/** The query of W3 over ever more rows, each in fresh processes so that the peak of memory is its own. */
async function measureSweep(folder: string, plan: MpcPlan, progress: Progress): Promise<SweepRow[]> {
  const schema = studySchema(false);
  const query = await compile(schema, MEASURED_FILTER);
  const segments: Segment[] = [];
  const sweep: SweepRow[] = [];
  for (const rows of plan.sweep) {
    progress(`sweep: ${rows} rows`);
    await withProcesses(folder, WORKERS, async (workers) => {
      for (let stored = rowsOf(segments); stored < rows; stored = rowsOf(segments)) {
        const size = Math.min(plan.segmentRows, rows - stored);
        const segment = segmentOf(SWEEP, BigInt(segments.length + 1), size);
        await storeSegment(workers, folder, encodeSegment(field, schema, segment), segment);
        segments.push(segment);
      }
    });
    sweep.push(
      await withProcesses(folder, WORKERS, async (workers) => {
        const newest = segments.at(-1)!;
        const cold = elapsed(await ask(workers, query, newest, segments, `sweep cold ${rows}`, { cold: true }));
        const runs = await repeat(Math.min(3, plan.repeats), (run) =>
          ask(workers, query, newest, segments, `sweep ${rows} ${run}`),
        );
        const peaks = await runAtAll(workers, "peakMemory", undefined);
        const { seconds, rounds, sentBytes } = runs;
        return { rows, seconds, coldSeconds: cold, rounds, sentBytes, peakMemoryBytes: Math.max(...peaks) };
      }),
    );
  }
  return sweep;
}

/** One request at all workers; throws unless all sign the answer in clear over `data`, or refuse an earlier one alike. */
async function ask(
  workers: readonly BenchProcess[],
  query: StudyQuery,
  { datasetId, version }: Segment,
  data: readonly Segment[],
  run: string,
  { cold = false, isEarlier = false }: { readonly cold?: boolean; readonly isEarlier?: boolean } = {},
): Promise<readonly QueryResult[]> {
  const name = `${run} ${query.sql} ${datasetId}`;
  const rowCounts = data.map(({ table }) => BigInt(table.rowCount));
  const results = await runAtAll(workers, "query", {
    run: name,
    query,
    datasetId,
    version,
    rowCounts,
    isEarlier,
    cold,
  });
  const expected = clearAnswer(
    query,
    data.map(({ table }) => table),
  );
  for (const { outcome, outputs } of results) {
    if (isEarlier && outcome === Outcome.REFUSED_DISCLOSURE) continue; // of few rows
    assert.equal(outcome, Outcome.ANSWERED, `wrong result: outcome ${outcome} of ${query.sql}`);
    assert.deepEqual(outputs, expected, `wrong result: ${query.sql} differs from the answer in clear`);
  }
  return results;
}

function segmentOf(datasetId: string, version: bigint, rows: number): Segment {
  return { datasetId, version, table: drawTable(`${datasetId.slice(2, 10)}-${version}`, rows) };
}

function rowsOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { table }) => sum + table.rowCount, 0);
}

/** The secret of the workers' shares, which must lie on one polynomial. */
function opened(results: readonly (Timed & { readonly share: bigint })[]): bigint {
  const shares = results.map(({ share }) => field.fromIntegers([share]));
  const secret = reconstruct(field, THRESHOLD, partiesOf(WORKERS), shares);
  return field.toResidues(secret)[0]!;
}
