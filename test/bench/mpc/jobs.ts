/** What a process of the MPC benchmark can be told to do. Only what is between `startClock()` and its end is timed. */
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

import { id } from "ethers";
import type { FieldVector, RandomBytes } from "../../../workers/field/field.ts";
import { byteBuffers } from "../../../workers/messages/byteBuffers.ts";
import { decodeShareFile } from "../../../workers/messages/shareFile.ts";
import { agreeKeys } from "../../../workers/protocols/agreeKeys.ts";
import { ledgerOf } from "../../../workers/protocols/claimLedger.ts";
import { multiplyVectors } from "../../../workers/protocols/multiply.ts";
import { openShares } from "../../../workers/protocols/openShares.ts";
import { reduceDegree } from "../../../workers/protocols/reduceDegree.ts";
import type { ProtocolSession } from "../../../workers/protocols/session.ts";
import { Transcript } from "../../../workers/protocols/transcript.ts";
import { verifyClaims } from "../../../workers/protocols/verifyClaims.ts";
import { shareVector } from "../../../workers/sharing/shamir.ts";
import { CHAIN_ID, EPOCH } from "./benchWorker.ts";
import type { BenchWorker } from "./benchWorker.ts";
import { runStudyQuery } from "./queryJob.ts";
import { listenRaw, measureRaw } from "./rawLink.ts";
import { SEED } from "./study.ts";

/** Degree of all sharings, and workers: t malicious ones of exactly 2t + 1. */
export const THRESHOLD = 1;
export const WORKERS = 2 * THRESHOLD + 1;
/** The owner's place among the processes. */
export const OWNER = WORKERS + 1;
/** Checks compare Σ w^i·x_i for this w: one number a vector. */
export const CHECK_POINT = 0xc0ffeen;

/** When a worker began and ended, in nanoseconds of the machine's monotonic clock, and what it used and sent meanwhile. */
export interface Timed {
  readonly begun: bigint;
  readonly ended: bigint;
  /** Of all its threads, the system's work for it included. */
  readonly cpuSeconds: number;
  readonly rounds: number;
  readonly sentBytes: number;
}

const STATUS = "/proc/self/status";

export interface VectorJob {
  readonly run: number;
  readonly length: number;
}

export const JOBS = {
  products: multiplyVerified,
  innerProduct: innerProductVerified,
  inputs: shareInputs,
  store: storeShareFile,
  query: runStudyQuery,
  listenRaw,
  measureRaw,
  peakMemory,
};

type Jobs = typeof JOBS;
export type JobName = keyof Jobs;
export type JobOptions<Name extends JobName> = Jobs[Name] extends (
  worker: BenchWorker,
  options: infer Options,
) => unknown
  ? Options
  : never;
export type JobResult<Name extends JobName> = Awaited<ReturnType<Jobs[Name]>>;

/** Call the result when the work is done. */
export function startClock(): () => Pick<Timed, "begun" | "ended" | "cpuSeconds"> {
  const used = process.cpuUsage();
  const begun = process.hrtime.bigint();
  return () => {
    const ended = process.hrtime.bigint();
    const { user, system } = process.cpuUsage(used);
    return { begun, ended, cpuSeconds: (user + system) / 1e6 };
  };
}

/** The secrets of one vector, the same in every process. */
export function secretsOf(field: BenchWorker["field"], name: string, length: number): FieldVector {
  return field.random(length, seededBytes(`secret|${name}`));
}

/** W1: products of two vectors element by element, verified. Returns this worker's share of the check sum. */
async function multiplyVerified(worker: BenchWorker, job: VectorJob): Promise<Timed & { share: bigint }> {
  return withSession(worker, `products ${job.run}`, job.length, async (open, left, right) => {
    const session = await open();
    const [product] = (await multiplyVectors(session, [{ left, right }], "products")) as [FieldVector];
    await verifyClaims(session, new Transcript(), "verify");
    return { share: () => checkSum(worker, product) };
  });
}

/** W2: one inner product, verified and opened. */
async function innerProductVerified(worker: BenchWorker, job: VectorJob): Promise<Timed & { share: bigint }> {
  const { field } = worker;
  const { length } = job;
  return withSession(worker, `inner product ${job.run}`, length, async (open, left, right) => {
    const session = await open();
    const transcript = new Transcript();
    const unreduced = session.field.fromIntegers([field.innerProduct(left, right)]);
    const share = await reduceDegree(session, { unreduced }, "sums");
    // The first weight is 1, as `evaluateCircuit` uses it.
    const combineLeft = ([weight]: readonly bigint[]): FieldVector =>
      weight === 1n ? session.field.view(left, 0, length) : session.field.scale(left, weight as bigint);
    const sums = field.toResidues(share);
    ledgerOf(session).claimInnerProducts([{ right: session.field.view(right, 0, length), sums, combineLeft }]);
    await verifyClaims(session, transcript, "verify");
    const [opened] = (await openShares(session, share, transcript, "outputs")) as [bigint];
    return { share: () => opened };
  });
}

/** Runs a protocol over two shared vectors; key agreement, which `open` does, is part of the time. */
async function withSession(
  worker: BenchWorker,
  name: string,
  length: number,
  protocol: (
    open: () => Promise<ProtocolSession>,
    left: FieldVector,
    right: FieldVector,
  ) => Promise<{ share: () => bigint }>,
): Promise<Timed & { share: bigint }> {
  const field = worker.field.group();
  const network = worker.openSession(id(name), 1n, WORKERS);
  try {
    const [left, right] = [dealt(worker, "left", length), dealt(worker, "right", length)];
    await network.exchange("begin", everyOther(worker, WORKERS, new Uint8Array(1)), everyOther(worker, WORKERS, 1));
    const before = { ...network.traffic };
    const stopClock = startClock();
    const { share } = await protocol(
      async () => ({ network, field, t: THRESHOLD, keys: await agreeKeys(network, contextOf(name), randomOf) }),
      left,
      right,
    );
    const times = stopClock();
    const { rounds, sentBytes } = network.traffic;
    worker.field.release(left, right);
    return { ...times, rounds: rounds - before.rounds, sentBytes: sentBytes - before.sentBytes, share: share() };
  } finally {
    network.close();
    field.releaseAll();
  }
}

/**
 * W4: the owner shares secrets and sends every worker its shares; the workers parse them into field vectors and say so.
 * Over the workers' own links; neither hashed nor stored. A worker returns its share of the check sum.
 */
async function shareInputs(worker: BenchWorker, { run, length }: VectorJob): Promise<Timed & { share: bigint }> {
  const { field, self } = worker;
  const network = worker.openSession(id(`inputs ${run}`), 1n, OWNER);
  const secrets = self === OWNER ? secretsOf(field, "inputs", length) : undefined;
  await network.exchange("begin", everyOther(worker, OWNER, new Uint8Array(1)), everyOther(worker, OWNER, 1));
  const stopClock = startClock();
  const workers = network.parties.slice(0, WORKERS);
  let share: FieldVector | undefined;
  if (secrets !== undefined) {
    const shares = shareVector(field, secrets, { n: WORKERS, t: THRESHOLD }, randomOf);
    const words = shares.map((each) => field.toWords(each, byteBuffers.take(length * field.byteLength)));
    await network.exchange("inputs", new Map(workers.map((party) => [party, words[party - 1]!])), new Map());
    await network.exchange("taken", new Map(), new Map(workers.map((party) => [party, 1])));
    field.release(secrets, ...shares);
    for (const each of words) byteBuffers.giveBack(each);
  } else {
    const owner = network.parties[OWNER - 1]!;
    const received = await network.exchange("inputs", new Map(), new Map([[owner, length * field.byteLength]]));
    const payload = received.get(owner)!;
    share = field.fromWords(payload);
    byteBuffers.giveBack(payload);
    await network.exchange("taken", new Map([[owner, new Uint8Array(1)]]), new Map());
  }
  const times = stopClock();
  const { rounds, sentBytes } = network.traffic;
  network.close();
  const sum = share === undefined ? 0n : checkSum(worker, share);
  if (share !== undefined) field.release(share);
  return { ...times, rounds, sentBytes, share: sum };
}

/** Puts a share file into the worker's store, activated. Nobody asks for its hash here: its path names it. */
function storeShareFile({ store }: BenchWorker, { path }: { readonly path: string }): void {
  const file = decodeShareFile(readFileSync(path));
  const hash = id(path);
  store.shares.putSegment(file, hash);
  const { datasetId, version, committeeEpoch: epoch } = file.header;
  store.shares.activateSegment({ datasetId, epoch, version, fileHash: hash });
}

/** This worker's share of a vector that the processes deal each for itself, alike. */
function dealt({ field, self }: BenchWorker, name: string, length: number): FieldVector {
  return field.scope(() => {
    const secrets = secretsOf(field, name, length);
    const shares = shareVector(field, secrets, { n: WORKERS, t: THRESHOLD }, seededBytes(`dealer|${name}`));
    return shares[self - 1];
  }) as FieldVector;
}

/**
 * Most memory this process has had, in bytes. On Linux from the kernel's own account of it: what `resourceUsage` says there
 * includes the parent at the moment of the fork.
 */
function peakMemory(): number {
  const peak = /^VmHWM:\s+([0-9]+) kB$/m.exec(existsSync(STATUS) ? readFileSync(STATUS, "utf8") : "")?.[1];
  return (peak === undefined ? process.resourceUsage().maxRSS : Number(peak)) * 1024;
}

function checkSum({ field }: BenchWorker, vector: FieldVector): bigint {
  return field.scope(() => field.innerProduct(vector, field.powers(CHECK_POINT, vector.length)));
}

function everyOther<Value>({ self }: BenchWorker, size: number, value: Value): Map<BenchWorker["self"], Value> {
  const parties = Array.from({ length: size }, (_, position) => (position + 1) as BenchWorker["self"]);
  return new Map(parties.filter((party) => party !== self).map((party) => [party, value]));
}

function contextOf(name: string) {
  return {
    chainId: CHAIN_ID,
    contract: id(name).slice(0, 42),
    requestId: id(name),
    attempt: 1n,
    epoch: EPOCH,
    t: THRESHOLD,
  };
}

function randomOf(length: number): Uint8Array {
  return randomBytes(length);
}

function seededBytes(name: string): RandomBytes {
  const key = createHash("sha256").update(`${SEED}|${name}`).digest();
  const cipher = createCipheriv("aes-256-ctr", key, new Uint8Array(16));
  return (length) => cipher.update(new Uint8Array(length));
}
