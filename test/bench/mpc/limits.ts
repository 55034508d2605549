/** What this machine can do at best: the kernel's bare operations on one core, and bytes and trips over TLS. */
import { availableParallelism } from "node:os";

import { randomBytes } from "node:crypto";
import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import { createWasmField } from "../../../workers/field/wasmField.ts";
import type { ScopeResult } from "../../../workers/field/field.ts";
import { partiesOf } from "../../../workers/sharing/parties.ts";
import { expandShared, expandZero, subsetName, subsetsHeldBy } from "../../../workers/sharing/prss.ts";
import { shareVector } from "../../../workers/sharing/shamir.ts";
import { THRESHOLD, WORKERS } from "./jobs.ts";
import type { BenchProcess } from "./processes.ts";
import type { RawFigures } from "./rawLink.ts";

/** Seconds an element on one core; bytes a second and seconds a round trip between two processes. */
export interface Limits extends RawFigures {
  readonly productSeconds: number;
  readonly innerProductSeconds: number;
  /** Both masks of a product, of one worker. */
  readonly maskSeconds: number;
  /** The weights of a product's claim, applied. */
  readonly weightSeconds: number;
  /** Compression of a claim of so many elements, all levels: coefficients of 4 blocks and their values at a challenge. */
  readonly compressionSeconds: number;
  readonly sharingSeconds: number;
  /** How many workers there are to a core, at least 1. */
  readonly crowding: number;
}

const LENGTH = 100_000;
const RUNS = 20;
const TRIPS = 200;
/** Of the compressions of long claims. */
const BLOCKS = 4;
/** Each level leaves a quarter: 1 + 1/4 + 1/16 + … */
const ALL_LEVELS = BLOCKS / (BLOCKS - 1);

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
  const [k, ...others] = field.toResidues(field.view(x, 0, BLOCKS - 1)) as [bigint, ...bigint[]];
  const blocksOf = (vector: typeof x): (typeof x)[] =>
    Array.from({ length: BLOCKS }, (_, block) =>
      field.view(vector, (block * LENGTH) / BLOCKS, ((block + 1) * LENGTH) / BLOCKS),
    );
  const weights = [1n, k, ...others];
  const [parties, t] = [partiesOf(WORKERS), THRESHOLD];
  const self = parties[0]!;
  const keys = new Map(subsetsHeldBy(self, parties, t).map((subset) => [subsetName(subset), random(32)]));
  const held = { self, parties, t, keys };
  return {
    maskSeconds: best(() => [expandShared(field, held, "", LENGTH), expandZero(field, held, "", LENGTH)]),
    weightSeconds: best(() => {
      const powers = field.powers(k, LENGTH);
      field.innerProduct(powers, y);
      return field.mul(x, powers);
    }),
    compressionSeconds:
      ALL_LEVELS *
      best(() => {
        const [a, b] = [blocksOf(x), blocksOf(y)];
        field.outerCoefficients(a, b);
        return [field.linearCombination(weights, a), field.linearCombination(weights, b)];
      }),
    productSeconds: best(() => field.mul(x, y)),
    innerProductSeconds: best(() => field.innerProduct(x, y)),
    sharingSeconds: best(() => shareVector(field, x, { n: WORKERS, t: THRESHOLD }, random)),
  };
}
