/**
 * Blocks of bytes in one growing WebAssembly memory. Free space is a list of gaps in address order; neighbours join, so
 * that nothing is lost to sizes that are no longer asked for. First fit: a block just freed is used again while it is
 * still in the cache. Memory grows and never shrinks; addresses fit 32 bits unsigned.
 *
 * Invariants
 * 1. Gaps are disjoint, in address order, and no two touch.
 * 2. The last GUARD_BYTES of the memory are never handed out: kernels that work on several pairs at once may read that
 *    far beyond a block.
 */
import assert from "node:assert/strict";

import { CodedError } from "../../errors.ts";
import type { FieldError } from "../fieldError.ts";
import { PAGE_BYTES } from "./webAssembly.ts";
import type { WasmMemory } from "./webAssembly.ts";

/** A cache line: blocks of different vectors never share one between threads. */
const ALIGNMENT = 64;
const GUARD_BYTES = 1_024;
/** Grow by at least 4 MiB, or an eighth: few growths, and little that is not needed. */
const LEAST_GROWTH_PAGES = 64;

interface Gap {
  address: number;
  bytes: number;
}

export class Arena {
  readonly #memory: WasmMemory;
  readonly #maximumPages: number;
  readonly #gaps: Gap[] = [];
  /** End of what is in gaps or blocks. */
  #end: number;
  #inUse = 0;

  /** @param start first address that may be handed out */
  constructor(memory: WasmMemory, start: number, maximumPages: number) {
    this.#memory = memory;
    this.#maximumPages = maximumPages;
    this.#end = roundUp(start);
    this.#claim();
  }

  get bytesInUse(): number {
    return this.#inUse;
  }

  /** @throws CodedError FIELD_OUT_OF_MEMORY */
  allocate(size: number): number {
    const bytes = roundUp(size);
    const address = this.#take(bytes) ?? this.#grow(bytes);
    this.#inUse += bytes;
    return address;
  }

  free(address: number, size: number): void {
    const bytes = roundUp(size);
    this.#inUse -= bytes;
    this.#give(address, bytes);
  }

  #take(bytes: number): number | undefined {
    const index = this.#gaps.findIndex((gap) => gap.bytes >= bytes);
    const gap = this.#gaps[index];
    if (gap === undefined) return undefined;
    const { address } = gap;
    gap.address += bytes;
    gap.bytes -= bytes;
    if (gap.bytes === 0) this.#gaps.splice(index, 1);
    return address;
  }

  #give(address: number, bytes: number): void {
    const index = this.#firstGapAfter(address);
    const [before, after] = [this.#gaps[index - 1], this.#gaps[index]];
    assert(before === undefined || before.address + before.bytes <= address, "a block freed twice");
    assert(after === undefined || address + bytes <= after.address, "a block freed twice");
    const touchesBefore = before !== undefined && before.address + before.bytes === address;
    const touchesAfter = after !== undefined && address + bytes === after.address;
    if (touchesBefore) {
      before.bytes += bytes + (touchesAfter ? after.bytes : 0);
      if (touchesAfter) this.#gaps.splice(index, 1);
    } else if (touchesAfter) {
      after.address = address;
      after.bytes += bytes;
    } else {
      this.#gaps.splice(index, 0, { address, bytes });
    }
  }

  /** Index of the first gap above `address`, by bisection. */
  #firstGapAfter(address: number): number {
    let [low, high] = [0, this.#gaps.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#gaps[middle] as Gap).address > address) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #grow(bytes: number): number {
    const pages = this.#memory.buffer.byteLength / PAGE_BYTES;
    const last = this.#gaps.at(-1);
    const tail = last !== undefined && last.address + last.bytes === this.#end ? last.bytes : 0;
    const needed = Math.ceil((this.#end - tail + bytes + GUARD_BYTES) / PAGE_BYTES) - pages;
    const wanted = Math.max(needed, LEAST_GROWTH_PAGES, pages >> 3);
    const room = this.#maximumPages - pages;
    const grows = needed <= room && (this.#tryGrow(Math.min(wanted, room)) || this.#tryGrow(needed));
    if (!grows) {
      throw new CodedError<FieldError>(
        { code: "FIELD_OUT_OF_MEMORY", bytes, inUse: this.#inUse },
        `no memory for a vector of ${bytes} bytes beside the ${this.#inUse} bytes in use`,
      );
    }
    this.#claim();
    const address = this.#take(bytes);
    assert(address !== undefined, "the memory grew by enough");
    return address;
  }

  #tryGrow(pages: number): boolean {
    try {
      this.#memory.grow(pages);
      return true;
    } catch {
      return false; // the engine's own limit, or the machine's
    }
  }

  /** Makes a gap of what the memory has gained. */
  #claim(): void {
    const end = this.#memory.buffer.byteLength - GUARD_BYTES;
    if (end > this.#end) this.#give(this.#end, end - this.#end);
    this.#end = Math.max(end, this.#end);
  }
}

function roundUp(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT;
}
