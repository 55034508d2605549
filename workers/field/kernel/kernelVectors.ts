/**
 * Vectors as handles of a field: made, recognised, and brought to a whole pair before a kernel reads them.
 *
 * Invariant: `start` of a vector that a kernel reads is even; a view at an odd offset is copied once, when it is first
 * used (`aligned`).
 */
import assert from "node:assert/strict";

import type { FieldVector } from "../field.ts";
import { assertSameLength, assertWindow } from "../vectorAssertions.ts";
import type { KernelCore } from "./kernelCore.ts";
import type { Transfers } from "./transfers.ts";
import type { Block } from "./wasmVector.ts";
import { WasmVector } from "./wasmVector.ts";

export class KernelVectors {
  readonly #core: KernelCore;
  readonly #transfers: Transfers;

  constructor(core: KernelCore, transfers: Transfers) {
    this.#core = core;
    this.#transfers = transfers;
  }

  get bytesInUse(): number {
    return this.#core.blocks.bytesInUse;
  }

  /**
   * Room for `length` elements and at least one more, in whole steps of the kernels that work on two pairs at once: they
   * may write that far beyond the end.
   */
  allocate(length: number): WasmVector {
    const { threads, blocks, memory } = this.#core;
    threads.checkAlive();
    const pairs = 2 * Math.floor(length / 4 + 1);
    return new WasmVector(this.#core, blocks.allocate(pairs * memory.pairBytes), 0, length);
  }

  /** One vector fewer on this block. */
  drop(block: Block): void {
    this.#core.blocks.drop(block);
  }

  /** The vector behind a handle of this field or one of its groups. */
  unwrap(vector: FieldVector): WasmVector {
    const inner: unknown = vector;
    assert(inner instanceof WasmVector && inner.owner === this.#core, "a vector of another field");
    assert(!inner.isReleased, "a released vector");
    return inner;
  }

  /** Elements [from, to) on the same block. */
  window(vector: FieldVector, from: number, to: number): WasmVector {
    const { block, start, length } = this.unwrap(vector);
    assertWindow(from, to, length);
    return new WasmVector(this.#core, block, start + from, to - from);
  }

  /** The vector, moved to a block of its own if it begins in the middle of a pair. Its elements stay what they are. */
  aligned(vector: FieldVector): WasmVector {
    const source = this.unwrap(vector);
    if (source.start % 2 === 0) return source;
    const copy = this.allocate(source.length);
    this.#transfers.copy(copy.block.address, 0, source.block.address, source.start, source.length);
    this.drop(source.block);
    source.block = copy.block;
    source.start = 0;
    return source;
  }

  alignedPair(a: FieldVector, b: FieldVector): [WasmVector, WasmVector] {
    assertSameLength(this.unwrap(a).length, this.unwrap(b).length);
    return [this.aligned(a), this.aligned(b)];
  }

  /** Address of a pair of an aligned vector. */
  pairAddress({ block, start }: WasmVector, pair: number): number {
    return block.address + (start / 2 + pair) * this.#core.memory.pairBytes;
  }

  /** The integer, |v| < p, that an element is held as. */
  element({ block, start }: WasmVector, index: number): bigint {
    return this.#core.memory.readElement(block.address, start + index);
  }
}
