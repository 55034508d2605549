/** One kernel in one memory: its functions, its arena, its scratch areas, and single elements as bigints. */
import { MAX_DRAWN_WORDS, WORD_BYTES } from "../words.ts";
import { Arena } from "./arena.ts";
import { MAXIMUM_PAGES } from "./generateKernel.ts";
import type { GeneratedKernel } from "./generateKernel.ts";
import type { KernelCalls } from "./kernelCalls.ts";
import { pairBytesOf } from "./limbArithmetic.ts";
import { WebAssembly } from "./webAssembly.ts";
import type { WasmMemory, WasmModule } from "./webAssembly.ts";

/** 4 MiB: a few vectors of a small study; more comes when it is needed. */
const INITIAL_PAGES = 64;
/**
 * Words that pass between JavaScript and the kernel at once: 64 KiB stay in the cache from copy to kernel. No fewer than
 * `random` draws at once, or its draws would not fit the scratch area.
 */
export const CHUNK_WORDS = MAX_DRAWN_WORDS;

export class KernelMemory {
  readonly memory: WasmMemory;
  readonly module: WasmModule;
  readonly arena: Arena;
  readonly call: KernelCalls;
  /** CHUNK_WORDS words and one more, which an odd count needs. */
  readonly words: number;
  /** Addresses of a linear combination's vectors, its weights, and its columns' starts. */
  readonly table: number;
  readonly weights: number;
  readonly starts: number;
  readonly #kernel: GeneratedKernel;
  #doubles: Float64Array;
  #integers: Int32Array;
  #bytes: Uint8Array;

  /** @param isShared with other threads; copies from and to JavaScript are then seven times slower */
  constructor(kernel: GeneratedKernel, isShared: boolean) {
    this.#kernel = kernel;
    this.memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAXIMUM_PAGES, shared: isShared });
    this.module = new WebAssembly.Module(kernel.assemble(isShared));
    const { exports } = new WebAssembly.Instance(this.module, { env: { memory: this.memory } });
    this.call = exports as unknown as KernelCalls;
    const { address, lanes } = kernel.constants;
    new BigInt64Array(this.memory.buffer, address, lanes.length).set(lanes);
    this.arena = new Arena(this.memory, kernel.firstFreeAddress, MAXIMUM_PAGES);
    [this.#doubles, this.#integers, this.#bytes] = this.#views();
    const { limits, limbs } = kernel.format;
    const terms = Math.max(limits.fullTerms, limits.smallTerms);
    this.words = this.arena.allocate((CHUNK_WORDS + 1) * WORD_BYTES);
    this.table = this.arena.allocate(4 * (terms + 1));
    this.weights = this.arena.allocate(terms * Math.max(16, this.pairBytes));
    this.starts = this.arena.allocate(2 * limbs * 16);
  }

  get pairBytes(): number {
    return pairBytesOf(this.#kernel.format);
  }

  /** The whole memory; a growth makes earlier views useless, so it is asked for each time. */
  get bytes(): Uint8Array {
    this.#refresh();
    return this.#bytes;
  }

  /** The integer, |v| < p, that element `index` of the vector at `address` holds. */
  readElement(address: number, index: number): bigint {
    const { limbBits, limbs } = this.#kernel.format;
    let value = 0n;
    for (let j = limbs - 1; j >= 0; j--) value = (value << BigInt(limbBits)) + BigInt(this.#limb(address, index, j));
    return value;
  }

  /** Writes an integer, |v| < p, to lane `index` of the pair at `address`. */
  writeElement(address: number, index: number, value: bigint): void {
    const limbs = this.#kernel.prime.balancedLimbs(value);
    for (const [j, limb] of limbs.entries()) {
      const { view, position } = this.#place(address, index, j);
      view[position] = Number(limb);
    }
  }

  /** One limb in both lanes, 16 bytes: a small weight. */
  writeSmallWeight(address: number, weight: number): void {
    const { view, position } = this.#place(address, 0, 0);
    view[position] = weight;
    view[position + 1] = weight;
  }

  writeAddress(address: number, value: number): void {
    this.#refresh();
    this.#integers[address >>> 2] = value;
  }

  #limb(address: number, index: number, j: number): number {
    const { view, position } = this.#place(address, index, j);
    return view[position] as number;
  }

  #place(address: number, index: number, j: number): { view: Float64Array | Int32Array; position: number } {
    this.#refresh();
    const { limbs, limbBytes } = this.#kernel.format;
    const view = limbBytes === 8 ? this.#doubles : this.#integers;
    return { view, position: address / limbBytes + (index >>> 1) * 2 * limbs + 2 * j + (index & 1) };
  }

  #refresh(): void {
    if (this.#bytes.buffer !== this.memory.buffer) [this.#doubles, this.#integers, this.#bytes] = this.#views();
  }

  #views(): [Float64Array, Int32Array, Uint8Array] {
    const { buffer } = this.memory;
    return [new Float64Array(buffer), new Int32Array(buffer), new Uint8Array(buffer)];
  }
}
