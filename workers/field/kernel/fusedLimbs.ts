/**
 * Five signed 51-bit limbs in doubles, multiplied with fused multiply-add.
 *
 * For integers |x·y| <= 2^102: with C1 = 3·2^102 and C2 = 3·2^51,
 *   h = fma(x, y, C1)            = C1 + hi·2^51   hi = x·y/2^51 rounded to nearest
 *   l = fma(x, y, (C1 + C2) − h) = C2 + lo        lo = x·y − hi·2^51, |lo| <= 2^50
 * both exact, h in [2^103, 2^104] and l in [2^52, 2^53], where doubles are 2^51 and 1 apart. So their bit patterns, read
 * as integers, are those of C1 and C2 plus hi and lo: they are added up as 64-bit integers without any conversion.
 * Source: N. Emmart, F. Zheng, C. Weems, "Faster modular exponentiation using double precision floating point
 * arithmetic on the GPU", ARITH 2018, https://doi.org/10.1109/ARITH.2018.8464792 [EZW18].
 */
import { bitsOf } from "./constants.ts";
import type { FunctionConstants } from "./constants.ts";
import type { Address, ColumnTerm, Limb, LimbArithmetic, LimbFormat, LimbProduct } from "./limbArithmetic.ts";
import {
  addRanges,
  isWithin,
  multiplyRanges,
  range,
  requireWithin,
  signedBits,
  subtractRanges,
  symmetric,
} from "./range.ts";
import type { Range } from "./range.ts";
import { op } from "./wasm.ts";
import type { Code, Local, WasmFunction } from "./wasm.ts";

const LIMB_BITS = 51;
const LIMBS = 5;
const C1 = 3 * 2 ** 102;
const C2 = 3 * 2 ** 51;
/** A digit d in [0, 2^51) under these exponent bits is the double 2^52 + d. */
const DIGIT_EXPONENT = 2 ** 52;
const DIGIT_MASK = (1n << BigInt(LIMB_BITS)) - 1n;
const HALF_DIGIT = 2 ** (LIMB_BITS - 1);
/** Where C1 + x·y stays in the binade [2^103, 2^104], in which bit patterns are linear. */
const MAX_PRODUCT = symmetric(1n << 102n);
/** Where C2 + x stays in [2^52, 2^53]. */
const MAX_ADDEND = symmetric(1n << 51n);

class FusedArithmetic implements LimbArithmetic {
  readonly roundings = 1;
  readonly #constants: FunctionConstants;
  readonly #y: Local;
  readonly #high: Local;

  constructor(fn: WasmFunction, constants: FunctionConstants) {
    this.#constants = constants;
    this.#y = fn.local("v128");
    this.#high = fn.local("v128");
    for (const value of [C1, C1 + C2, C2, DIGIT_EXPONENT, DIGIT_EXPONENT + HALF_DIGIT]) constants.keepFloat(value);
    constants.keepInteger(DIGIT_MASK);
  }

  multiply(x: Limb, y: Limb): LimbProduct {
    const bounds = productBounds(x.range, y.range);
    const high = op.set(this.#high, this.multiplyAddFloat(x.code, op.tee(this.#y, y.code), this.#constants.float(C1)));
    const rest = op.f64x2Sub(this.#constants.float(C1 + C2), op.get(this.#high));
    return {
      setup: high,
      low: { code: this.multiplyAddFloat(x.code, op.get(this.#y), rest), range: bounds.low, bias: bitsOf(C2) },
      high: { code: op.get(this.#high), range: bounds.high, bias: bitsOf(C1) },
    };
  }

  multiplySmall(x: Limb, y: Limb): LimbProduct {
    const value = multiplyRanges(x.range, y.range);
    requireWithin(value, MAX_ADDEND, "a small product of limbs");
    const code = this.multiplyAddFloat(x.code, y.code, this.#constants.float(C2));
    return { setup: [], low: { code, range: value, bias: bitsOf(C2) }, high: undefined };
  }

  addLimbs(x: Limb, y: Limb): Limb {
    return { code: op.f64x2Add(x.code, y.code), range: addRanges(x.range, y.range) };
  }

  subtractLimbs(x: Limb, y: Limb): Limb {
    return { code: op.f64x2Sub(x.code, y.code), range: subtractRanges(x.range, y.range) };
  }

  widen(limb: Limb): ColumnTerm {
    requireWithin(limb.range, MAX_ADDEND, "a limb added to a column");
    return { code: op.f64x2Add(limb.code, this.#constants.float(C2)), range: limb.range, bias: bitsOf(C2) };
  }

  narrow(term: ColumnTerm): Limb {
    return { code: this.toFloat(term), range: term.range };
  }

  digit(biased: Code): Limb {
    const digit = op.and(biased, this.#constants.integer(DIGIT_MASK));
    const float = op.or(digit, this.#constants.float(DIGIT_EXPONENT));
    return {
      code: op.f64x2Sub(float, this.#constants.float(DIGIT_EXPONENT + HALF_DIGIT)),
      range: signedBits(LIMB_BITS),
    };
  }

  toFloat({ code, range: value, bias }: ColumnTerm): Code {
    requireWithin(value, MAX_ADDEND, "a column read as a double");
    const rebias = bitsOf(C2) - bias;
    const bits = rebias === 0n ? code : op.i64x2Add(code, this.#constants.integer(rebias));
    return op.f64x2Sub(bits, this.#constants.float(C2));
  }

  limbToFloat({ code }: Limb): Code {
    return code;
  }

  fromFloat(code: Code, value: Range): Limb {
    return { code, range: value };
  }

  multiplyAddFloat(a: Code, b: Code, c: Code): Code {
    return op.f64x2MultiplyAdd(a, b, c);
  }

  loadLimb({ base, offset }: Address, index: number): Code {
    return op.load(base, offset + 16 * index);
  }

  storeLimb({ base, offset }: Address, index: number, limb: Code): Code {
    return op.store(base, limb, offset + 16 * index);
  }

  storeLane({ base, offset }: Address, index: number, limb: Code, lane: 0 | 1): Code {
    return op.store64Lane(base, limb, lane, offset + 16 * index);
  }
}

/** Ranges of lo and hi in x·y = lo + hi·2^51. */
function productBounds(x: Range, y: Range): { low: Range; high: Range } {
  const product = multiplyRanges(x, y);
  requireWithin(product, MAX_PRODUCT, "a product of limbs");
  const half = 1n << BigInt(LIMB_BITS - 1);
  const unit = BigInt(LIMB_BITS);
  // Rounding to nearest, ties to even, lies between rounding half down and rounding half up.
  const high = range((product.low + half - 1n) >> unit, (product.high + half) >> unit);
  const isSmall = isWithin(product, symmetric(half - 1n));
  return { low: isSmall ? product : symmetric(half), high };
}

export const fusedLimbs: LimbFormat = {
  name: "fused",
  limbBits: LIMB_BITS,
  limbs: LIMBS,
  limbBytes: 8,
  limbRange: MAX_ADDEND,
  foldFrom: LIMBS + 1,
  quotientFrom: LIMBS - 1,
  limits: {
    fullTerms: 10,
    smallTerms: 16,
    smallWeightBits: 28,
    innerProductPairs: 512,
    sumProductPairs: 256,
    sumPairs: 1_024,
  },
  pairsPerStep: 2,
  create: (fn, constants) => new FusedArithmetic(fn, constants),
};
