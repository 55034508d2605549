/** What every kernel function is made of: its constants, its pairs, and loops over addresses. */
import { FunctionConstants } from "./constants.ts";
import type { ConstantTable } from "./constants.ts";
import { pairBytesOf } from "./limbArithmetic.ts";
import type { Address } from "./limbArithmetic.ts";
import { PairComputation } from "./pairComputation.ts";
import type { PrimeConstants } from "./primeConstants.ts";
import { op, WasmFunction } from "./wasm.ts";
import type { Code, Local } from "./wasm.ts";

export class KernelFunction {
  readonly fn: WasmFunction;
  readonly constants: FunctionConstants;
  readonly prime: PrimeConstants;
  readonly #pairs: PairComputation[] = [];

  constructor(name: string, parameterCount: number, prime: PrimeConstants, table: ConstantTable, returnsI32 = false) {
    this.fn = new WasmFunction(name, parameterCount, returnsI32);
    this.constants = new FunctionConstants(this.fn, table);
    this.prime = prime;
  }

  get pairBytes(): number {
    return pairBytesOf(this.prime.format);
  }

  pair(): PairComputation {
    const pair = new PairComputation(this.fn, this.constants, this.prime);
    this.#pairs.push(pair);
    return pair;
  }

  /** |v|/p of what it computes is at most this; 0 for kernels that only convert or move. */
  get residueBound(): number {
    return Math.max(0, ...this.#pairs.map((pair) => pair.residueBound));
  }

  /** Pair `index` from the address in `pointer`. */
  at(pointer: Local, index = 0): Address {
    return { base: op.get(pointer), offset: index * this.pairBytes };
  }

  /** pointer += bytes. */
  advance(pointer: Local, bytes: number): Code {
    return op.set(pointer, op.i32Add(op.get(pointer), op.i32(bytes)));
  }

  /** A local that holds pointer + count·bytes. */
  endOf(pointer: Local, count: Local, bytes: number): { end: Local; setup: Code } {
    const end = this.fn.local("i32");
    return { end, setup: op.set(end, op.i32Add(op.get(pointer), op.i32Mul(op.get(count), op.i32(bytes)))) };
  }

  /**
   * Runs `body` for every pair from `pointer` on, `pairsPerStep` at a time with their statements interleaved: up to
   * pairsPerStep − 1 pairs beyond `count` are computed too.
   */
  forPairs(
    pointers: readonly Local[],
    count: Local,
    pairsPerStep: number,
    body: (pair: PairComputation, index: number) => void,
  ): Code {
    const first = pointers[0] as Local;
    const { end, setup } = this.endOf(first, count, this.pairBytes);
    const streams = Array.from({ length: pairsPerStep }, (_, index) => {
      const pair = this.pair();
      body(pair, index);
      return pair.takeSteps();
    });
    const interleaved = (streams[0] as Code[]).flatMap((_, step) => streams.flatMap((steps) => steps[step] as Code));
    const advances = pointers.flatMap((pointer) => this.advance(pointer, pairsPerStep * this.pairBytes));
    return [...setup, ...op.whileLoop(op.i32LessUnsigned(op.get(first), op.get(end)), [...interleaved, ...advances])];
  }

  /** Ends the function: constants first, then this code. */
  finish(...code: Code[]): this {
    this.fn.setBody(this.constants.prologue(), ...code);
    return this;
  }
}
