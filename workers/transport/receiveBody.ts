/**
 * One upload's body: into a single buffer of the announced length, hashed as it arrives. Neither a slow sender nor a
 * large body may hold this worker up: a sender below the minimum rate is ended, and hashing lets the event loop turn.
 */
import { keccak_256 } from "@noble/hashes/sha3.js";
import type { Readable } from "node:stream";
import { setImmediate as loopTurn } from "node:timers/promises";
import { uploadError } from "./errors.ts";
import type { Timers } from "./timers.ts";

export interface RateLimits {
  /**
   * Fewer bytes than this in one interval end the upload. 2 MiB in 30 s is 0.6 Mbit/s, less than any hospital's line; a
   * shorter interval would blame the sender for a long computation of ours, a lower rate lets a slot be held for longer.
   */
  readonly minRateBytes: number;
  readonly rateIntervalMs: number;
}

export interface ReceivedBody {
  readonly file: Uint8Array;
  /** keccak256 of it, lower-case 0x-hex. */
  readonly hash: string;
}

/** Hashed between two turns of the event loop: 12 ms at the measured 21 MiB/s; less would only add turns. */
export const HASH_BYTES_PER_TURN = 256 << 10;

interface BodyOptions extends RateLimits {
  readonly length: number;
  readonly timers: Timers;
  /** Lets everything else of this worker run once; the default is one turn of Node's event loop. */
  readonly turn?: () => Promise<unknown>;
}

/**
 * The stream is left alive after an error, so that the sender can still be told.
 * @throws CodedError UPLOAD_INTERRUPTED (shorter, longer or broken off), UPLOAD_TOO_SLOW
 */
export async function receiveBody(body: Readable, options: BodyOptions): Promise<ReceivedBody> {
  const { length, turn = () => loopTurn() } = options;
  const [file, hash] = [Buffer.alloc(length), keccak_256.create()];
  const progress = { received: 0 };
  const rate = watchRate(progress, options);
  let sinceTurn = 0;
  try {
    for await (const chunk of chunksUntil(body, rate.tooSlow, progress, length)) {
      if (progress.received + chunk.length > length) throw interrupted(progress.received + chunk.length, length);
      file.set(chunk, progress.received);
      progress.received += chunk.length;
      for (let offset = 0; offset < chunk.length;) {
        const part = chunk.subarray(offset, offset + HASH_BYTES_PER_TURN - sinceTurn);
        hash.update(part);
        [offset, sinceTurn] = [offset + part.length, sinceTurn + part.length];
        if (sinceTurn < HASH_BYTES_PER_TURN) continue;
        sinceTurn = 0;
        await turn();
      }
    }
  } finally {
    rate.stop();
  }
  if (progress.received !== length) throw interrupted(progress.received, length);
  return { file, hash: `0x${Buffer.from(hash.digest()).toString("hex")}` };
}

/** The body's chunks, until it ends or `ended` rejects, whatever comes first. */
async function* chunksUntil(
  body: Readable,
  ended: Promise<never>,
  progress: { readonly received: number },
  length: number,
): AsyncGenerator<Buffer> {
  const chunks = body.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  for (;;) {
    const next = chunks.next().catch((cause: unknown) => {
      throw interrupted(progress.received, length, cause);
    });
    // After `ended` nobody waits for this one, and it fails when the socket closes.
    next.catch(() => {});
    const { done, value } = await Promise.race([next, ended]);
    if (done === true) return;
    yield value;
  }
}

/** `tooSlow` rejects at the end of the first interval in which too little came. */
function watchRate(
  progress: { readonly received: number },
  { timers, minRateBytes, rateIntervalMs }: BodyOptions,
): { readonly tooSlow: Promise<never>; stop(): void } {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  let before = 0;
  const check = (): void => {
    const received = progress.received - before;
    if (received < minRateBytes) {
      const detail = { code: "UPLOAD_TOO_SLOW", received, minimum: minRateBytes, intervalMs: rateIntervalMs } as const;
      reject(uploadError(detail, `${received} bytes in ${rateIntervalMs} ms; at least ${minRateBytes} are due`));
      return;
    }
    before = progress.received;
    cancel = timers.after(rateIntervalMs, check);
  };
  let cancel = timers.after(rateIntervalMs, check);
  return { tooSlow: promise, stop: () => cancel() };
}

function interrupted(received: number, expected: number, cause?: unknown): Error {
  const detail = { code: "UPLOAD_INTERRUPTED", received, expected } as const;
  return uploadError(detail, `the body ended at ${received} of ${expected} bytes`, cause);
}
