/**
 * Vectors in a kernel's memory. A block is shared by a vector and its views; it returns to the arena when the last of
 * them is released, or some time after the garbage collector found all of them unreachable.
 */
import assert from "node:assert/strict";

import type { Arena } from "./arena.ts";

/** Elements that one field may use; `references` counts the vectors on it. */
export interface Block {
  readonly address: number;
  readonly bytes: number;
  references: number;
}

export class WasmVector {
  readonly owner: object;
  block: Block;
  /** Index of the first element in the block. */
  start: number;
  readonly length: number;
  isReleased = false;

  constructor(owner: object, block: Block, start: number, length: number) {
    this.owner = owner;
    this.block = block;
    this.start = start;
    this.length = length;
    block.references++;
  }
}

export class Blocks {
  readonly #arena: Arena;
  /** What the kernel itself has taken. */
  readonly #reserved: number;
  readonly #forgotten: FinalizationRegistry<{ readonly address: number; readonly bytes: number }>;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#reserved = arena.bytesInUse;
    this.#forgotten = new FinalizationRegistry(({ address, bytes }) => arena.free(address, bytes));
  }

  get bytesInUse(): number {
    return this.#arena.bytesInUse - this.#reserved;
  }

  allocate(bytes: number): Block {
    const block: Block = { address: this.#arena.allocate(bytes), bytes, references: 0 };
    this.#forgotten.register(block, { address: block.address, bytes }, block);
    return block;
  }

  /** One vector fewer on this block. */
  drop(block: Block): void {
    assert(block.references > 0, "a block dropped once too often");
    block.references--;
    if (block.references > 0) return;
    this.#forgotten.unregister(block);
    this.#arena.free(block.address, block.bytes);
  }
}
