/**
 * Elements into and out of a kernel's memory, and about in it: words, integers, random draws, copies. Words pass through
 * a scratch area that stays in the cache; addresses are of vectors that begin at a whole pair.
 */
import assert from "node:assert/strict";

import type { RandomBytes } from "../field.ts";
import { MAX_DRAWN_WORDS, viewOf, WORD_BYTES, writeWord } from "../words.ts";
import { CHUNK_WORDS } from "./kernelMemory.ts";
import type { KernelMemory } from "./kernelMemory.ts";

/** Indices that `gather` hands over at once: they fill the scratch area for words. */
const CHUNK_INDICES = CHUNK_WORDS * (WORD_BYTES / 4);

/** Pairs that hold so many elements. */
export function pairsOf(length: number): number {
  return (length + 1) >>> 1;
}

export class Transfers {
  readonly #memory: KernelMemory;

  constructor(memory: KernelMemory) {
    this.#memory = memory;
  }

  /** @returns whether every word is canonical; if not, the vector holds nothing of use */
  writeWords(target: number, words: Uint8Array): boolean {
    let isCanonical = true;
    this.#inChunks(target, words.length / WORD_BYTES, (from, count, address) => {
      this.#toScratch(words.subarray(from * WORD_BYTES, (from + count) * WORD_BYTES), 0);
      if (this.#memory.call.unpack(address, this.#memory.words, pairsOf(count)) !== 0) isCanonical = false;
    });
    return isCanonical;
  }

  /** Canonical words, as many as `words` has room for. */
  readWords(source: number, words: Uint8Array): void {
    this.#inChunks(source, words.length / WORD_BYTES, (from, count, address) => {
      const { call, bytes, words: scratch } = this.#memory;
      call.pack(scratch, address, pairsOf(count));
      words.set(bytes.subarray(scratch, scratch + count * WORD_BYTES), from * WORD_BYTES);
    });
  }

  /** Integers |v| < modulus; those in a typed array go without bigints. */
  writeIntegers(target: number, values: ArrayLike<bigint>, modulus: bigint): void {
    this.#inChunks(target, values.length, (from, count, address) => {
      const { call, memory, words } = this.#memory;
      if (values instanceof BigInt64Array) {
        new BigInt64Array(memory.buffer, words, count).set(values.subarray(from, from + count));
        call.fromIntegers(address, words, pairsOf(count));
      } else {
        this.#toScratch(wordsOfIntegers(values, from, count, modulus), 0);
        call.unpack(address, words, pairsOf(count));
      }
    });
  }

  /** Draws `length` elements: exactly the words that `Field.random` promises to ask for. */
  draw(target: number, length: number, randomBytes: RandomBytes): void {
    for (let drawn = 0; drawn < length;) {
      const count = Math.min(length - drawn, MAX_DRAWN_WORDS);
      const bytes = randomBytes(count * WORD_BYTES);
      assert.equal(bytes.length, count * WORD_BYTES, "the randomness source returned another length");
      this.#toScratch(bytes, 0xff); // an odd count leaves a word over, which is then rejected
      drawn = this.#memory.call.draw(target, drawn, this.#memory.words, pairsOf(count));
    }
  }

  /** target[i] = source[start + indices[i]], each index below `length`. */
  gather(target: number, source: number, start: number, length: number, indices: ArrayLike<number>): void {
    const { call, memory, words, pairBytes } = this.#memory;
    for (let from = 0; from < indices.length; from += CHUNK_INDICES) {
      const count = Math.min(CHUNK_INDICES, indices.length - from);
      const chosen = new Uint32Array(memory.buffer, words, count);
      for (let position = 0; position < count; position++) {
        const index = indices[from + position] as number;
        assert(Number.isInteger(index) && index >= 0 && index < length, `no element ${index} to gather`);
        chosen[position] = index;
      }
      call.gather(target + (from >> 1) * pairBytes, source, start, words, count);
    }
  }

  /**
   * target[position + i] = source[start + i] for `length` elements. Where both begin at a whole pair, the last pair is
   * copied whole: what follows is copied later, or is not part of the vector.
   */
  copy(target: number, position: number, source: number, start: number, length: number): void {
    const { call, pairBytes } = this.#memory;
    if (position % 2 === 0 && start % 2 === 0) {
      call.move(target + (position / 2) * pairBytes, source + (start / 2) * pairBytes, pairsOf(length) * pairBytes);
    } else {
      call.copy(target, position, source, start, length);
    }
  }

  /** Pieces of CHUNK_WORDS elements, with the address at which each begins. */
  #inChunks(vector: number, length: number, transfer: (from: number, count: number, address: number) => void): void {
    for (let from = 0; from < length; from += CHUNK_WORDS) {
      const address = vector + (from >> 1) * this.#memory.pairBytes;
      transfer(from, Math.min(CHUNK_WORDS, length - from), address);
    }
  }

  /** Words to the scratch area, and one more of `filler`, for the second lane of an odd count. */
  #toScratch(words: Uint8Array, filler: number): void {
    const { bytes, words: address } = this.#memory;
    bytes.set(words, address);
    bytes.fill(filler, address + words.length, address + words.length + WORD_BYTES);
  }
}

function wordsOfIntegers(values: ArrayLike<bigint>, from: number, count: number, modulus: bigint): Uint8Array {
  const words = new Uint8Array(count * WORD_BYTES);
  const view = viewOf(words);
  for (let index = 0; index < count; index++) {
    const value = values[from + index] as bigint;
    assert(value < modulus && -value < modulus, `integer ${from + index} is not below the modulus`);
    writeWord(view, index * WORD_BYTES, value < 0n ? value + modulus : value);
  }
  return words;
}
