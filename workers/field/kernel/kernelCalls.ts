/**
 * The functions a kernel exports, as their generators describe them. Every argument is an address of a pair or of a
 * scratch area, or a count.
 */
export interface KernelCalls {
  mul(r: number, a: number, b: number, pairs: number): void;
  scale(r: number, x: number, k: number, pairs: number): void;
  axpy(r: number, x: number, y: number, k: number, pairs: number): void;
  add(r: number, a: number, b: number, pairs: number): void;
  sub(r: number, a: number, b: number, pairs: number): void;
  differs(a: number, b: number, pairs: number): number;
  linearFull: LinearCall;
  linearPlus: LinearCall;
  linearSmall: LinearCall;
  innerProduct(r: number, a: number, b: number, pairs: number): void;
  innerProductOfSums(r: number, a: number, c: number, b: number, d: number, pairs: number): void;
  sum(r: number, a: number, pairs: number): void;
  unpack(r: number, words: number, pairs: number): number;
  draw(r: number, index: number, words: number, pairs: number): number;
  pack(words: number, a: number, pairs: number): void;
  fromIntegers(r: number, source: number, pairs: number): void;
  clear(r: number, bytes: number): void;
  move(r: number, a: number, bytes: number): void;
  copy(r: number, rIndex: number, a: number, aIndex: number, count: number): void;
  gather(r: number, a: number, aIndex: number, indices: number, count: number): void;
}

type LinearCall = (
  r: number,
  table: number,
  weights: number,
  terms: number,
  pairs: number,
  starts: number,
  offset: number,
) => void;

export type KernelName = keyof KernelCalls;
