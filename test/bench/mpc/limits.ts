/** What this machine can do at best: the kernel's bare operations on one core, and bytes and trips over TLS. */
import { availableParallelism } from "node:os";

import { randomBytes } from "node:crypto";
import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import { createWasmField } from "../../../workers/field/wasmField.ts";
import type { ScopeResult } from "../../../workers/field/field.ts";
import { shareVector } from "../../../workers/sharing/shamir.ts";
import { THRESHOLD, WORKERS } from "./jobs.ts";
import type { BenchProcess } from "./processes.ts";
import type { RawFigures } from "./rawLink.ts";

/** Seconds an element on one core; bytes a second and seconds a round trip between two processes. */
export interface Limits extends RawFigures {
  readonly productSeconds: number;
  readonly innerProductSeconds: number;
  readonly sharingSeconds: number;
  /** How many workers there are to a core, at least 1. */
  readonly crowding: number;
}

const LENGTH = 100_000;
const RUNS = 20;
const TRIPS = 200;

export async function measureLimits(
  workers: readonly BenchProcess[],
  { burstBytes }: { readonly burstBytes: number },
): Promise<Limits> {
  const port = await workers[1]!.run("listenRaw", burstBytes);
  const raw = await workers[0]!.run("measureRaw", { port, peer: 2, burstBytes, trips: TRIPS });
  return { ...raw, ...measureKernel(), crowding: Math.max(1, WORKERS / availableParallelism()) };
}

function measureKernel() {
  const field = createWasmField(BN254_FR_MODULUS);
  const random = (length: number): Uint8Array => randomBytes(length);
  const [x, y] = [field.random(LENGTH, random), field.random(LENGTH, random)];
  const best = (run: () => ScopeResult): number => {
    let least = Infinity;
    for (let turn = 0; turn < RUNS; turn++) {
      const begun = performance.now();
      const made = field.scope(run);
      least = Math.min(least, performance.now() - begun);
      if (typeof made === "object") field.release(...(Array.isArray(made) ? made : [made]));
    }
    return least / 1_000 / LENGTH;
  };
  return {
    productSeconds: best(() => field.mul(x, y)),
    innerProductSeconds: best(() => field.innerProduct(x, y)),
    sharingSeconds: best(() => shareVector(field, x, { n: WORKERS, t: THRESHOLD }, random)),
  };
}
