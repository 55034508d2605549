/**
 * How two interleaved field elements are held in registers and memory, and how limbs are multiplied: what the fused
 * (f64) and the integer kernel differ in. Everything above (`PairComputation`, the kernels) is written once.
 *
 * An element is Σ limb_j·2^(W·j), j = 0..N−1, with signed limbs. Products and sums of limbs gather in columns of 64-bit
 * integers, column c having weight 2^(W·c).
 */
import type { FunctionConstants } from "./constants.ts";
import type { Range } from "./range.ts";
import type { Code, WasmFunction } from "./wasm.ts";

/** Code of a v128 that holds one limb of each of the two elements. */
export interface Limb {
  readonly code: Code;
  readonly range: Range;
}

/** What one multiplication adds to a column: code of an i64x2 whose lanes are `bias` + a value in `range`. */
export interface ColumnTerm {
  readonly code: Code;
  readonly range: Range;
  readonly bias: bigint;
}

/** A product of limbs: its part at the weight of its column, and what belongs one column higher. */
export interface LimbProduct {
  /** Statements to run first. */
  readonly setup: Code;
  readonly low: ColumnTerm;
  readonly high: ColumnTerm | undefined;
}

/** Bound to one function and one of its interleaved streams, because it owns scratch locals. */
export interface LimbArithmetic {
  /** @param x may be evaluated twice, so it should be a local; y is evaluated once */
  multiply(x: Limb, y: Limb): LimbProduct;
  /** As `multiply`, for products that fit a limb: then they need no high part. */
  multiplySmall(x: Limb, y: Limb): LimbProduct;
  addLimbs(x: Limb, y: Limb): Limb;
  subtractLimbs(x: Limb, y: Limb): Limb;
  /** A limb as a column term. */
  widen(limb: Limb): ColumnTerm;
  /** A column whose value is known to fit a limb, as a limb. */
  narrow(term: ColumnTerm): Limb;
  /**
   * The balanced digit (−2^(W−1) <= digit < 2^(W−1)) that the low W bits of `biased` stand for, where
   * `biased` = column + 2^(W−1) + a multiple of 2^W.
   */
  digit(biased: Code): Limb;
  /** A column whose value fits 51 bits, as an f64x2 for the quotient. */
  toFloat(term: ColumnTerm): Code;
  /** A limb as an f64x2. */
  limbToFloat(limb: Limb): Code;
  /** Integers in an f64x2, as limbs. */
  fromFloat(code: Code, range: Range): Limb;
  /** a·b + c in f64x2; `roundings` says how often that rounds. */
  multiplyAddFloat(a: Code, b: Code, c: Code): Code;
  readonly roundings: 1 | 2;

  loadLimb(at: Address, index: number): Code;
  storeLimb(at: Address, index: number, limb: Code): Code;
  /** Stores lane `lane` of limb `index` of one element. */
  storeLane(at: Address, index: number, limb: Code, lane: 0 | 1): Code;
}

/** Where a pair starts: code of an i32, and a constant added to it. */
export interface Address {
  readonly base: Code;
  readonly offset: number;
}

/** How many terms the kernels' sums may take before they must be reduced; the generator checks each. */
export interface KernelLimits {
  /** Vectors in one linear combination with weights of any size. */
  readonly fullTerms: number;
  /** Vectors in one linear combination with weights |w| < 2^smallWeightBits. */
  readonly smallTerms: number;
  readonly smallWeightBits: number;
  /** Pairs of one block of an inner product, of one of sums of two, and of a sum. */
  readonly innerProductPairs: number;
  readonly sumProductPairs: number;
  readonly sumPairs: number;
}

/** A layout and the factory of its arithmetic. */
export interface LimbFormat {
  readonly name: "fused" | "integer";
  /** W. */
  readonly limbBits: number;
  /** N. */
  readonly limbs: number;
  /** Bytes of one limb of one element: 8 for a double, 4 for an integer. */
  readonly limbBytes: 4 | 8;
  /** What a limb can hold beyond a balanced digit: the highest folded column need not be carried further. */
  readonly limbRange: Range;
  /**
   * The first column that is folded into the lower ones. N + 1 leaves one column above the element for the quotient;
   * N folds that one too, which a narrower quotient asks for.
   */
  readonly foldFrom: number;
  /** Columns from here on are carried before the quotient is taken, so that two of them determine it. */
  readonly quotientFrom: number;
  readonly limits: KernelLimits;
  /** Pairs a loop of products works on at once, to fill the pipeline. */
  readonly pairsPerStep: number;
  create(fn: WasmFunction, constants: FunctionConstants): LimbArithmetic;
}

/** Bytes of two interleaved elements. */
export function pairBytesOf({ limbs, limbBytes }: LimbFormat): number {
  return 2 * limbs * limbBytes;
}
