/**
 * Emits the arithmetic of one pair of elements: columns, carries, the fold of high columns, the quotient. Statements
 * gather one by one, so that a loop can interleave several pairs and keep the pipeline full.
 *
 * Reduction without Montgomery form: columns from `foldFrom` on are replaced by their multiples of 2^(W·c) mod p; the
 * remaining value V, a few bits longer than p, loses q·p with q = nearest(V/p) taken from its two highest columns in
 * floating point. `quotient` bounds the error of q, and so |V − q·p| < p: the result is in normal form.
 */
import assert from "node:assert/strict";

import { bitsOf } from "./constants.ts";
import type { FunctionConstants } from "./constants.ts";
import type { Address, ColumnTerm, Limb, LimbArithmetic, LimbFormat, LimbProduct } from "./limbArithmetic.ts";
import type { PrimeConstants } from "./primeConstants.ts";
import {
  addRanges,
  carryRange,
  isWithin,
  magnitude,
  range,
  repeatRange,
  requireWithin,
  symmetric,
  ZERO,
} from "./range.ts";
import type { Range } from "./range.ts";
import { op, wrap64 } from "./wasm.ts";
import type { Code, Local, WasmFunction } from "./wasm.ts";

/** Added before an unsigned shift, so that negative columns carry rightly: a multiple of every 2^W. */
const CARRY_BIAS = 1n << 62n;
/** Columns that keep column + CARRY_BIAS + 2^(W−1) in [0, 2^64). */
const CARRY_LIMITS = range(-CARRY_BIAS, (1n << 63n) - 1n);
/** Fixed point of the error analysis: error bounds are integers in units of 2^−ERROR_BITS. */
const ERROR_BITS = 160n;
const ONE = 1n << ERROR_BITS;

/** A 64-bit integer per lane: `bias` + the column's value, modulo 2^64. */
interface Column {
  readonly local: Local;
  isUsed: boolean;
  range: Range;
  bias: bigint;
}

export class PairComputation {
  #steps: Code[] = [];
  readonly arithmetic: LimbArithmetic;
  /** Once reduced: |v|/p of the result is at most this. */
  residueBound = 0;
  readonly #fn: WasmFunction;
  readonly #constants: FunctionConstants;
  readonly #prime: PrimeConstants;
  readonly #columns = new Map<number, Column>();

  constructor(fn: WasmFunction, constants: FunctionConstants, prime: PrimeConstants) {
    this.#fn = fn;
    this.#constants = constants;
    this.#prime = prime;
    this.arithmetic = prime.format.create(fn, constants);
  }

  /** Of a weight's limbs. */
  get centredRanges(): readonly Range[] {
    return this.#prime.centredRanges;
  }

  /** The statements since the last call. */
  takeSteps(): Code[] {
    const steps = this.#steps;
    this.#steps = [];
    return steps;
  }

  get #format(): LimbFormat {
    return this.#prime.format;
  }

  /** Keeps a limb in a local of its own, for use in several products. */
  keep(limb: Limb): Limb {
    const local = this.#fn.local("v128");
    this.#steps.push(op.set(local, limb.code));
    return { code: op.get(local), range: limb.range };
  }

  /** Limb `index` of the element pair at `address`, in normal form unless a range is given. */
  limbAt(address: Address, index: number, ranges: readonly Range[] = this.#prime.limbRanges): Limb {
    return { code: this.arithmetic.loadLimb(address, index), range: ranges[index] as Range };
  }

  /** Column `index` starts a sum from `code`: zero less the biases that the terms of the sum will bring. */
  startColumn(index: number, code: Code): void {
    const column = this.#column(index);
    assert(!column.isUsed, "a column starts once");
    this.#steps.push(op.set(column.local, code));
    column.isUsed = true;
  }

  /** The bias that one term has brought to a column. */
  biasOf(index: number): bigint {
    return this.#column(index).bias;
  }

  /**
   * The body, emitted once, runs up to `times` times, and its biases were subtracted beforehand: afterwards each column
   * holds the sum of at most that many values.
   */
  repeated(times: number): void {
    for (const column of this.#columns.values()) {
      column.range = repeatRange(hull(column.range, ZERO), times);
      column.bias = 0n;
    }
  }

  add(index: number, term: ColumnTerm): void {
    const column = this.#column(index);
    const sum = column.isUsed ? op.i64x2Add(op.get(column.local), term.code) : term.code;
    this.#steps.push(op.set(column.local, sum));
    column.range = addRanges(column.range, term.range);
    column.bias += term.bias;
    column.isUsed = true;
  }

  /** Adds x·y·2^(W·index). */
  addProduct(index: number, x: Limb, y: Limb): void {
    this.#addTerms(index, this.arithmetic.multiply(x, y), false);
  }

  /** All N² limb products of two elements. */
  addElementProduct(a: (index: number) => Limb, b: (index: number) => Limb): void {
    for (let i = 0; i < this.#format.limbs; i++) {
      const x = this.keep(a(i));
      for (let j = 0; j < this.#format.limbs; j++) this.addProduct(i + j, x, b(j));
    }
  }

  addElement(limb: (index: number) => Limb): void {
    for (let j = 0; j < this.#format.limbs; j++) this.add(j, this.arithmetic.widen(limb(j)));
  }

  /** From any columns to the limbs of an element in normal form, lowest first. Each is emitted by `store` at once. */
  reduce(store: (index: number, limb: Limb) => Code): void {
    this.#foldHighColumns();
    const quotient = this.keep(this.#quotient());
    this.#subtractMultiple(store, (constant) => this.arithmetic.multiply(quotient, constant));
  }

  /**
   * As `reduce`, for a + b or a − b of elements in normal form whose limbs are already in columns: |V| < 2p, so that the
   * top limb alone determines the quotient, which is at most 2.
   */
  reduceSum(top: Limb, store: (index: number, limb: Limb) => Code): void {
    const { limbs, limbBits } = this.#format;
    const ratio = this.#ratio(limbs - 1);
    const value = this.arithmetic.limbToFloat(top);
    const size = magnitude(top.range) * (ratio.exact + ratio.error);
    let error = magnitude(top.range) * ratio.error + halfUlp(size) + ONE / 2n;
    for (let j = 0; j < limbs - 1; j++) error += this.#share(j, 1n << BigInt(limbBits));
    this.#boundResidue(error);
    const estimate = op.f64x2Nearest(op.f64x2Mul(value, this.#constants.float(ratio.float)));
    const quotient = this.keep(this.arithmetic.fromFloat(estimate, nearestRange(size + halfUlp(size))));
    this.#subtractMultiple(store, (constant) => this.arithmetic.multiplySmall(quotient, constant));
  }

  /**
   * Subtracts q·p and carries to balanced digits. Products above the top limb are dropped: the result is known to be
   * below p in magnitude, and N digits determine it modulo 2^(W·N).
   */
  #subtractMultiple(store: (index: number, limb: Limb) => Code, multiple: (constant: Limb) => LimbProduct): void {
    const { limbs } = this.#format;
    const minusPrime = this.#prime.balancedLimbs(-this.#prime.prime);
    for (let j = 0; j < limbs; j++) {
      this.#addTerms(j, multiple(this.#constantLimb(minusPrime[j] as bigint)), j === limbs - 1);
      if (j > 0) this.#carryInto(j);
      this.#biasForCarry(j);
      this.#steps.push(store(j, this.arithmetic.digit(op.get(this.#column(j).local))));
    }
  }

  #addTerms(index: number, { setup, low, high }: LimbProduct, dropsHigh: boolean): void {
    if (setup.length > 0) this.#steps.push(setup);
    if (high !== undefined && !dropsHigh) this.add(index + 1, high);
    this.add(index, low);
  }

  /** A limb with a constant value. */
  #constantLimb(value: bigint): Limb {
    const isFloat = this.#format.limbBytes === 8;
    const code = isFloat
      ? this.#constants.float(Number(value))
      : this.#constants.integer(BigInt.asUintN(32, value) * PACKED);
    return { code, range: range(value, value) };
  }

  /** Column `index` − 1 is biased for its carry. */
  #carryInto(index: number): void {
    const { limbBits } = this.#format;
    const below = this.#column(index - 1);
    this.add(index, {
      code: op.i64x2ShiftRight(op.get(below.local), limbBits),
      range: carryRange(below.range, limbBits),
      bias: CARRY_BIAS >> BigInt(limbBits),
    });
  }

  #biasForCarry(index: number): void {
    const column = this.#column(index);
    requireWithin(column.range, CARRY_LIMITS, `column ${index} before its carry`);
    const wanted = CARRY_BIAS + (1n << BigInt(this.#format.limbBits - 1));
    if (column.bias === wanted) return;
    const shifted = op.i64x2Add(op.get(column.local), this.#constants.integer(wanted - column.bias));
    this.#steps.push(op.set(column.local, shifted));
    column.bias = wanted;
  }

  /** Replaces columns >= foldFrom by their multiples of 2^(W·c) mod p. */
  #foldHighColumns(): void {
    const { foldFrom, limbs } = this.#format;
    const highest = Math.max(...this.#columns.keys());
    if (highest < foldFrom) return;
    this.#carryKeeping(foldFrom - 1); // what stays for the quotient must be short
    const digits = new Map<number, Limb>();
    for (let index = foldFrom; ; index++) {
      const column = this.#column(index);
      if (index >= highest && isWithin(column.range, this.#format.limbRange)) {
        digits.set(index, this.#spend(index, this.arithmetic.narrow(this.#term(index))));
        break;
      }
      digits.set(index, this.#takeDigit(index));
    }
    for (let j = limbs - 1; j >= 0; j--) {
      for (const [index, digit] of digits) {
        this.addProduct(j, digit, this.#constantLimb(this.#prime.foldLimbs(index)[j] as bigint));
      }
    }
  }

  /** Carries column `index` into the next one and returns its balanced digit; the column is spent. */
  #takeDigit(index: number): Limb {
    this.#biasForCarry(index);
    this.#carryInto(index + 1);
    return this.#spend(index, this.arithmetic.digit(op.get(this.#column(index).local)));
  }

  /** Carries a column into the next one, leaving its balanced digit in place. */
  #carryKeeping(index: number): void {
    const { limbBits } = this.#format;
    const column = this.#column(index);
    this.#biasForCarry(index);
    this.#carryInto(index + 1);
    const mask = (1n << BigInt(limbBits)) - 1n;
    this.#steps.push(op.set(column.local, op.and(op.get(column.local), this.#constants.integer(mask))));
    // The low W bits of value + bias, where the bias is 2^(W−1) modulo 2^W.
    column.bias = 1n << BigInt(limbBits - 1);
    column.range = range(-column.bias, column.bias - 1n);
  }

  /** q = nearest(V/p) of the value in columns 0..N, from its two highest; bounds the error below one. */
  #quotient(): Limb {
    const { limbs, quotientFrom } = this.#format;
    for (let index = quotientFrom; index < limbs; index++) this.#carryKeeping(index);
    const top = this.#ratio(limbs);
    const next = this.#ratio(limbs - 1);
    const topValue = this.arithmetic.toFloat(this.#term(limbs));
    const nextValue = this.arithmetic.toFloat(this.#term(limbs - 1));
    const scaled = op.f64x2Mul(nextValue, this.#constants.float(next.float));
    const estimate = this.arithmetic.multiplyAddFloat(topValue, this.#constants.float(top.float), scaled);
    const topSize = magnitude(this.#column(limbs).range);
    const nextSize = magnitude(this.#column(limbs - 1).range);
    // In units of 2^−ERROR_BITS:
    const nextEstimate = nextSize * (next.exact + next.error);
    const size = topSize * (top.exact + top.error) + nextEstimate;
    let error = topSize * top.error + nextSize * next.error; // constants that are not quite 2^(W·c)/p
    error += halfUlp(nextEstimate); // the product
    error += BigInt(this.arithmetic.roundings) * halfUlp(size); // the multiply-add
    error += ONE / 2n; // nearest
    for (let j = 0; j < limbs - 1; j++) error += this.#share(j, magnitude(this.#column(j).range)); // columns left out
    this.#boundResidue(error);
    return this.arithmetic.fromFloat(op.f64x2Nearest(estimate), nearestRange(size + 2n * halfUlp(size)));
  }

  /** The quotient's distance from V/p is |V − q·p|/p: below one, or the result would not be in normal form. */
  #boundResidue(error: bigint): void {
    this.residueBound = Number((error * 1000n) / ONE + 1n) / 1000;
    assert(error < ONE, `the quotient may be off by ${this.residueBound}`);
  }

  /** At most `size`·2^(W·column)/p, in units of 2^−ERROR_BITS. */
  #share(column: number, size: bigint): bigint {
    return (size << (ERROR_BITS + BigInt(this.#format.limbBits * column))) / this.#prime.prime + 1n;
  }

  /** 2^(W·column)/p: as a double, in fixed point (rounded down), and how far the double may be off. */
  #ratio(column: number): { float: number; exact: bigint; error: bigint } {
    const exact = (ONE << BigInt(this.#format.limbBits * column)) / this.#prime.prime;
    const float = Number(exact) / Number(ONE);
    const difference = fixedPoint(float) - exact;
    return { float, exact, error: (difference < 0n ? -difference : difference) + 2n };
  }

  #term(index: number): ColumnTerm {
    const { local, range: value, bias } = this.#column(index);
    return { code: op.get(local), range: value, bias: wrap64(bias) };
  }

  #spend(index: number, limb: Limb): Limb {
    const kept = this.keep(limb);
    const column = this.#column(index);
    Object.assign(column, { isUsed: false, range: ZERO, bias: 0n });
    return kept;
  }

  #column(index: number): Column {
    let column = this.#columns.get(index);
    if (column === undefined) {
      column = { local: this.#fn.local("v128"), isUsed: false, range: ZERO, bias: 0n };
      this.#columns.set(index, column);
    }
    return column;
  }
}

/** A 32-bit integer in both low lanes of a 64-bit one. */
const PACKED = (1n << 32n) + 1n;

/** Integers nearest to numbers of at most `size` units of 2^−ERROR_BITS. */
function nearestRange(size: bigint): Range {
  return symmetric((size + ONE / 2n) / ONE);
}

/** Half the distance of doubles at the magnitude `size`, both in units of 2^−ERROR_BITS. */
function halfUlp(size: bigint): bigint {
  const bits = BigInt(size.toString(2).length);
  return bits > 53n ? 1n << (bits - 54n) : 1n;
}

/** A double in units of 2^−ERROR_BITS, rounded down; exact for what is larger than 2^−40. */
function fixedPoint(value: number): bigint {
  const bits = bitsOf(value);
  const exponent = (bits >> 52n) & 2047n;
  const mantissa = (bits & ((1n << 52n) - 1n)) | (1n << 52n);
  const shift = exponent - 1075n + ERROR_BITS;
  return shift >= 0n ? mantissa << shift : mantissa >> -shift;
}

function hull(a: Range, b: Range): Range {
  return range(a.low < b.low ? a.low : b.low, a.high > b.high ? a.high : b.high);
}
