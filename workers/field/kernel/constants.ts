/**
 * The constants of a kernel, in linear memory. They are loaded, never written as `v128.const`: V8 from version 13 on
 * builds such a constant anew at every use, which made the same product three times slower.
 */
import { op, wrap64 } from "./wasm.ts";
import type { Code, Local, WasmFunction } from "./wasm.ts";

/** Where the constants start; the first bytes stay unused so that address 0 is never a vector. */
const CONSTANTS_ADDRESS = 64;
/** First address free for anything else. 1,024 constants are four times what a kernel uses. */
export const CONSTANTS_END = CONSTANTS_ADDRESS + 1_024 * 16;

export class ConstantTable {
  /** Two lanes of 64 bits each, by content. */
  readonly #entries = new Map<bigint, number>();

  /** The same 64-bit integer, taken modulo 2^64, in both lanes. */
  integer(value: bigint): Code {
    return this.#load(wrap64(value));
  }

  /** Little-endian bytes to stand at `address` of the kernel's memory before its first call. */
  image(): { readonly address: number; readonly lanes: BigInt64Array<ArrayBuffer> } {
    const lanes = [...this.#entries.keys()].flatMap((value) => [value, value]);
    return { address: CONSTANTS_ADDRESS, lanes: BigInt64Array.from(lanes) };
  }

  #load(lane: bigint): Code {
    const index = this.#entries.get(lane) ?? this.#entries.size;
    this.#entries.set(lane, index);
    const address = CONSTANTS_ADDRESS + 16 * index;
    if (address >= CONSTANTS_END) throw new RangeError("too many constants");
    return op.load(op.i32(0), address);
  }
}

/** The constants one function uses: most loaded where they are used, the most frequent ones kept in locals. */
export class FunctionConstants {
  readonly #fn: WasmFunction;
  readonly #table: ConstantTable;
  readonly #kept = new Map<bigint, Local>();

  constructor(fn: WasmFunction, table: ConstantTable) {
    this.#fn = fn;
    this.#table = table;
  }

  integer(value: bigint): Code {
    const kept = this.#kept.get(wrap64(value));
    return kept === undefined ? this.#table.integer(value) : op.get(kept);
  }

  float(value: number): Code {
    return this.integer(bitsOf(value));
  }

  /** From now on `integer` of this value reads a local. */
  keepInteger(value: bigint): void {
    const lane = wrap64(value);
    if (!this.#kept.has(lane)) this.#kept.set(lane, this.#fn.local("v128"));
  }

  keepFloat(value: number): void {
    this.keepInteger(bitsOf(value));
  }

  /** Sets the locals: the first statement of the function. */
  prologue(): Code {
    return [...this.#kept].flatMap(([value, local]) => op.set(local, this.#table.integer(value)));
  }
}

/** The IEEE 754 bit pattern of a double. */
export function bitsOf(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigInt64(0);
}
