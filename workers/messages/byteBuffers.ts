/**
 * Large buffers, used again instead of made anew. A payload of megabytes lives for one round; in fresh memory its first touch
 * can cost more than all that is done with it (19 µs a page of 4 KiB where page tables are kept in software, as in some virtual
 * machines), and the garbage collector gives memory back late.
 *
 * Invariant: a buffer is with one taker, or idle. Whoever gives one back reads and writes it no more. A buffer that is never
 * given back is garbage like any other.
 */

/** Smaller ones are made anew: the allocator has them at hand. */
const LEAST_BYTES = 64 << 10;
/** Most that lies idle in one process: a round of 10^6 elements among three workers. */
const MOST_IDLE_BYTES = 64 << 20;

export class ByteBuffers {
  /** By size, a power of two. */
  readonly #idle = new Map<number, ArrayBuffer[]>();
  #lent = new WeakSet<ArrayBufferLike>();
  #idleBytes = 0;

  get idleBytes(): number {
    return this.#idleBytes;
  }

  /** `length` bytes with whatever was in them. */
  take(length: number): Uint8Array {
    if (length < LEAST_BYTES) return Buffer.allocUnsafe(length);
    const size = 2 ** Math.ceil(Math.log2(length));
    const buffer = this.#idle.get(size)?.pop();
    if (buffer !== undefined) this.#idleBytes -= size;
    const lent = buffer ?? new ArrayBuffer(size);
    this.#lent.add(lent);
    return new Uint8Array(lent, 0, length);
  }

  /** @param bytes from `take`, or from anywhere else: then nothing happens */
  giveBack(bytes: Uint8Array): void {
    const { buffer } = bytes;
    if (!this.#lent.delete(buffer) || !(buffer instanceof ArrayBuffer)) return;
    const size = buffer.byteLength;
    if (this.#idleBytes + size > MOST_IDLE_BYTES) return;
    this.#idle.set(size, [...(this.#idle.get(size) ?? []), buffer]);
    this.#idleBytes += size;
  }
}

/** Of this process. */
export const byteBuffers = new ByteBuffers();
