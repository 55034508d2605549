/**
 * Kernels between the wire's 32-byte words and limbs. A word is big-endian; four 64-bit quarters w_3 (highest) … w_0 of
 * two elements stand side by side in registers, and digit j of W bits is cut from the quarters it touches.
 *
 * Digits here are 64-bit integers below 2^52, so no sum below comes near the ends of 64 bits; signed carries are shifted
 * without sign under a bias of 2^62, as in `PairComputation`.
 */
import type { ConstantTable } from "./constants.ts";
import { KernelFunction } from "./kernelFunction.ts";
import type { LimbArithmetic } from "./limbArithmetic.ts";
import type { PrimeConstants } from "./primeConstants.ts";
import { range, symmetric } from "./range.ts";
import { op } from "./wasm.ts";
import type { Code, Local } from "./wasm.ts";

const BIAS = 1n << 62n;
const WORD_BYTES = 32;
const QUARTERS = 4;

export function wordKernels(prime: PrimeConstants, table: ConstantTable): KernelFunction[] {
  return [unpack(prime, table), draw(prime, table), pack(prime, table), fromIntegers(prime, table)];
}

/** Code shared by the kernels below, bound to one function. */
class DigitCode {
  readonly kernel: KernelFunction;
  readonly arithmetic: LimbArithmetic;
  readonly digits: readonly Local[];
  readonly #quarters: readonly Local[];
  readonly #carry: Local;

  constructor(kernel: KernelFunction) {
    this.kernel = kernel;
    this.arithmetic = kernel.prime.format.create(kernel.fn, kernel.constants);
    this.digits = Array.from({ length: this.limbs }, () => kernel.fn.local("v128"));
    this.#quarters = Array.from({ length: QUARTERS }, () => kernel.fn.local("v128"));
    this.#carry = kernel.fn.local("v128");
  }

  get limbs(): number {
    return this.kernel.prime.format.limbs;
  }

  get limbBits(): number {
    return this.kernel.prime.format.limbBits;
  }

  get mask(): Code {
    return this.integer((1n << BigInt(this.limbBits)) - 1n);
  }

  integer(value: bigint): Code {
    return this.kernel.constants.integer(value);
  }

  digit(index: number): Code {
    return op.get(this.digits[index] as Local);
  }

  setDigit(index: number, code: Code): Code {
    return op.set(this.digits[index] as Local, code);
  }

  /** Reads two words and cuts them into digits; the highest digit takes all that is left. */
  readWords(words: Local, keptBits: number): Code {
    const topMask = (1n << BigInt(keptBits - 192)) - 1n;
    const code: Code[] = [];
    for (const half of [0, 1]) {
      const [first, second] = [op.load(op.get(words), 16 * half), op.load(op.get(words), WORD_BYTES + 16 * half)];
      const [high, low] = [this.#quarters[3 - 2 * half] as Local, this.#quarters[2 - 2 * half] as Local];
      code.push(op.set(high, op.shuffle(first, second, reversed(7, 23))));
      code.push(op.set(low, op.shuffle(first, second, reversed(15, 31))));
    }
    const top = this.#quarters[3] as Local;
    if (keptBits < 256) code.push(op.set(top, op.and(op.get(top), this.integer(topMask))));
    for (let j = 0; j < this.limbs; j++) code.push(this.setDigit(j, this.#cut(j)));
    return code.flat();
  }

  #cut(index: number): Code {
    const bit = index * this.limbBits;
    const [quarter, shift] = [bit >> 6, bit & 63];
    const low = op.i64x2ShiftRight(op.get(this.#quarters[quarter] as Local), shift);
    const above = this.#quarters[quarter + 1];
    const isWhole = shift + this.limbBits <= 64 || above === undefined;
    const joined = isWhole ? low : op.or(low, op.i64x2ShiftLeft(op.get(above), 64 - shift));
    return index === this.limbs - 1 ? joined : op.and(joined, this.mask);
  }

  /** A mask of the elements whose digits stand for less than p. */
  isBelowPrime(): Code {
    const p = digitsOf(this.kernel.prime);
    const code: Code[] = [];
    for (let j = 0; j < this.limbs; j++) {
      const borrowed = j === 0 ? 0n : BIAS >> BigInt(this.limbBits);
      const difference = op.i64x2Add(this.digit(j), this.integer(BIAS - (p[j] as bigint) - borrowed));
      const total = j === 0 ? difference : op.i64x2Add(difference, op.get(this.#carry));
      const isLast = j === this.limbs - 1;
      code.push(op.set(this.#carry, isLast ? total : op.i64x2ShiftRight(total, this.limbBits)));
    }
    return [...code.flat(), ...op.i64x2LessSigned(op.get(this.#carry), this.integer(BIAS))];
  }

  /** From unsigned digits of a value in [0, p) to limbs in normal form. */
  toLimbs(store: (index: number, limb: Code) => Code): Code {
    const half = this.integer(1n << BigInt(this.limbBits - 1));
    const code: Code[] = [];
    for (let j = 0; j < this.limbs; j++) {
      if (j > 0) code.push(this.setDigit(j, op.i64x2Add(this.digit(j), op.get(this.#carry))));
      if (j === this.limbs - 1) {
        const top = range(0n, (this.kernel.prime.prime >> BigInt(this.limbBits * j)) + 1n);
        code.push(store(j, this.arithmetic.narrow({ code: this.digit(j), range: top, bias: 0n }).code));
      } else {
        code.push(this.setDigit(j, op.i64x2Add(this.digit(j), half)));
        code.push(op.set(this.#carry, op.i64x2ShiftRight(this.digit(j), this.limbBits)));
        code.push(store(j, this.arithmetic.digit(this.digit(j)).code));
      }
    }
    return code.flat();
  }

  /** Limbs in normal form to unsigned digits of the residue in [0, p): p is added where the value is negative. */
  toResidue(at: Local): Code {
    const { limbRanges } = this.kernel.prime;
    const p = digitsOf(this.kernel.prime);
    const negative = this.kernel.fn.local("v128");
    const isTop = (j: number): boolean => j === this.limbs - 1;
    const code: Code[] = [];
    for (let j = 0; j < this.limbs; j++) {
      const limb = this.arithmetic.loadLimb(this.kernel.at(at), j);
      const { code: wide, bias } = this.arithmetic.widen({
        code: limb,
        range: limbRanges[j] as { low: bigint; high: bigint },
      });
      const borrowed = j === 0 ? 0n : BIAS >> BigInt(this.limbBits);
      const biased = op.i64x2Add(wide, this.integer((isTop(j) ? 0n : BIAS) - bias - borrowed));
      code.push(this.setDigit(j, j === 0 ? biased : op.i64x2Add(biased, op.get(this.#carry))));
      if (isTop(j)) continue;
      code.push(op.set(this.#carry, op.i64x2ShiftRight(this.digit(j), this.limbBits)));
      code.push(this.setDigit(j, op.and(this.digit(j), this.mask)));
    }
    code.push(op.set(negative, op.i64x2LessSigned(this.digit(this.limbs - 1), this.integer(0n))));
    for (let j = 0; j < this.limbs; j++) {
      const corrected = op.i64x2Add(this.digit(j), op.and(op.get(negative), this.integer(p[j] as bigint)));
      code.push(this.setDigit(j, j === 0 ? corrected : op.i64x2Add(corrected, op.get(this.#carry))));
      if (isTop(j)) continue;
      code.push(op.set(this.#carry, op.i64x2ShiftRight(this.digit(j), this.limbBits)));
      code.push(this.setDigit(j, op.and(this.digit(j), this.mask)));
    }
    return code.flat();
  }

  /** Joins digits to quarters and writes two words. */
  writeWords(words: Local): Code {
    const code: Code[] = [];
    for (let quarter = 0; quarter < QUARTERS; quarter++) {
      const parts = this.digits.flatMap((_, j) => {
        const shift = j * this.limbBits - 64 * quarter;
        if (shift >= 64 || shift + this.limbBits <= 0) return [];
        return [shift >= 0 ? op.i64x2ShiftLeft(this.digit(j), shift) : op.i64x2ShiftRight(this.digit(j), -shift)];
      });
      code.push(
        op.set(
          this.#quarters[quarter] as Local,
          parts.reduce((joined, part) => op.or(joined, part)),
        ),
      );
    }
    for (const half of [0, 1]) {
      const [high, low] = [
        op.get(this.#quarters[3 - 2 * half] as Local),
        op.get(this.#quarters[2 - 2 * half] as Local),
      ];
      code.push(op.store(op.get(words), op.shuffle(high, low, reversed(7, 23)), 16 * half));
      code.push(op.store(op.get(words), op.shuffle(high, low, reversed(15, 31)), WORD_BYTES + 16 * half));
    }
    return code.flat();
  }
}

/** unpack(r, words, pairs) -> 0, or another number if some word is not below p (then r holds nothing of use). */
function unpack(prime: PrimeConstants, table: ConstantTable): KernelFunction {
  const kernel = new KernelFunction("unpack", 3, prime, table, true);
  const [r, words, pairs] = kernel.fn.parameters as [Local, Local, Local];
  const code = new DigitCode(kernel);
  const foreign = kernel.fn.local("v128");
  const { end, setup } = kernel.endOf(r, pairs, kernel.pairBytes);
  const outside = op.i64x2Sub(op.i64x2Sub(code.integer(0n), code.isBelowPrime()), code.integer(1n)); // 0 below p, else −1
  const loop = op.whileLoop(op.i32LessUnsigned(op.get(r), op.get(end)), [
    ...code.readWords(words, 256),
    ...op.set(foreign, op.or(outside, op.get(foreign))),
    ...code.toLimbs((j, limb) => code.arithmetic.storeLimb(kernel.at(r), j, limb)),
    ...kernel.advance(r, kernel.pairBytes),
    ...kernel.advance(words, 2 * WORD_BYTES),
  ]);
  return kernel.finish(setup, loop, op.anyTrue(op.get(foreign)));
}

/**
 * draw(r, index, words, pairs) -> index': masks each word to p's bits and, where it is below p, appends it to the vector
 * at r from element `index` on. Without branches on the words; what is written last may be a rejected draw, one element
 * beyond the end.
 */
function draw(prime: PrimeConstants, table: ConstantTable): KernelFunction {
  const kernel = new KernelFunction("draw", 4, prime, table, true);
  const [r, index, words, pairs] = kernel.fn.parameters as [Local, Local, Local, Local];
  const code = new DigitCode(kernel);
  const accepted = kernel.fn.local("v128");
  const [first, second] = [kernel.fn.local("i32"), kernel.fn.local("i32")];
  const { end, setup } = kernel.endOf(words, pairs, 2 * WORD_BYTES);
  const count = (lane: number): Code =>
    op.set(index, op.i32Sub(op.get(index), op.i32Wrap(op.i64x2Lane(op.get(accepted), lane)))); // −1 where accepted
  const loop = op.whileLoop(op.i32LessUnsigned(op.get(words), op.get(end)), [
    ...code.readWords(words, prime.prime.toString(2).length),
    ...op.set(accepted, code.isBelowPrime()),
    ...op.set(first, elementAddress(kernel, r, op.get(index))),
    ...count(0),
    ...op.set(second, elementAddress(kernel, r, op.get(index))),
    ...count(1),
    // The second goes last: if the first was rejected, both have one address.
    ...code.toLimbs((j, limb) => {
      const kept = kernel.fn.local("v128");
      return [
        ...op.set(kept, limb),
        ...code.arithmetic.storeLane({ base: op.get(first), offset: 0 }, j, op.get(kept), 0),
        ...code.arithmetic.storeLane({ base: op.get(second), offset: 0 }, j, op.get(kept), 1),
      ];
    }),
    ...kernel.advance(words, 2 * WORD_BYTES),
  ]);
  return kernel.finish(setup, loop, op.get(index));
}

/** pack(words, a, pairs): canonical words of a. */
function pack(prime: PrimeConstants, table: ConstantTable): KernelFunction {
  const kernel = new KernelFunction("pack", 3, prime, table);
  const [words, a, pairs] = kernel.fn.parameters as [Local, Local, Local];
  const code = new DigitCode(kernel);
  const { end, setup } = kernel.endOf(a, pairs, kernel.pairBytes);
  const loop = op.whileLoop(op.i32LessUnsigned(op.get(a), op.get(end)), [
    ...code.toResidue(a),
    ...code.writeWords(words),
    ...kernel.advance(a, kernel.pairBytes),
    ...kernel.advance(words, 2 * WORD_BYTES),
  ]);
  return kernel.finish(setup, loop);
}

/** fromIntegers(r, source, pairs): signed 64-bit integers, two per pair, as elements. */
function fromIntegers(prime: PrimeConstants, table: ConstantTable): KernelFunction {
  const kernel = new KernelFunction("fromIntegers", 3, prime, table);
  const [r, source, pairs] = kernel.fn.parameters as [Local, Local, Local];
  const code = new DigitCode(kernel);
  const { limbBits, limbs } = prime.format;
  const top = Math.floor(63 / limbBits);
  const value = kernel.fn.local("v128");
  const carry = kernel.fn.local("v128");
  const half = code.integer(1n << BigInt(limbBits - 1));
  const store = (j: number, limb: Code): Code => code.arithmetic.storeLimb(kernel.at(r), j, limb);
  const body: Code[] = [op.set(value, op.load(op.get(source))), op.set(carry, code.integer(0n))];
  for (let j = 0; j < top; j++) {
    const digit = op.and(op.i64x2ShiftRight(op.get(value), j * limbBits), code.mask);
    body.push(code.setDigit(j, op.i64x2Add(op.i64x2Add(digit, half), op.get(carry))));
    body.push(op.set(carry, op.i64x2ShiftRight(code.digit(j), limbBits)));
    body.push(store(j, code.arithmetic.digit(code.digit(j)).code));
  }
  const rest = op.i64x2Add(op.i64x2ShiftRightSigned(op.get(value), top * limbBits), op.get(carry));
  const restRange = symmetric((1n << BigInt(63 - top * limbBits)) + 1n);
  body.push(store(top, code.arithmetic.narrow({ code: rest, range: restRange, bias: 0n }).code));
  for (let j = top + 1; j < limbs; j++) body.push(store(j, code.integer(0n)));
  const { end, setup } = kernel.endOf(r, pairs, kernel.pairBytes);
  const loop = op.whileLoop(op.i32LessUnsigned(op.get(r), op.get(end)), [
    ...body.flat(),
    ...kernel.advance(r, kernel.pairBytes),
    ...kernel.advance(source, 16),
  ]);
  return kernel.finish(setup, loop);
}

/** Address of element `index` of the vector at `base`. */
export function elementAddress(kernel: KernelFunction, base: Local, index: Code): Code {
  const pairOffset = op.i32Mul(op.i32ShiftRight(index, op.i32(1)), op.i32(kernel.pairBytes));
  const laneOffset = op.i32Mul(op.i32And(index, op.i32(1)), op.i32(kernel.prime.format.limbBytes));
  return op.i32Add(op.get(base), op.i32Add(pairOffset, laneOffset));
}

/** Unsigned digits of p. */
function digitsOf({ prime, format: { limbBits, limbs } }: PrimeConstants): bigint[] {
  return Array.from({ length: limbs }, (_, j) => (prime >> BigInt(limbBits * j)) & ((1n << BigInt(limbBits)) - 1n));
}

/** Bytes a, a − 1, …, a − 7 and b, …, b − 7: two 64-bit values with their bytes turned round. */
function reversed(a: number, b: number): number[] {
  return [a, b].flatMap((from) => Array.from({ length: 8 }, (_, index) => from - index));
}
