/**
 * Nine signed 29-bit limbs in 32-bit integers, multiplied to 64 bits: plain WebAssembly SIMD, for machines without a
 * fused multiply-add. 81 products instead of 25, and no rounding anywhere but in the quotient.
 */
import { bitsOf } from "./constants.ts";
import type { FunctionConstants } from "./constants.ts";
import type { Address, ColumnTerm, Limb, LimbArithmetic, LimbFormat, LimbProduct } from "./limbArithmetic.ts";
import { addRanges, multiplyRanges, requireWithin, signedBits, subtractRanges, symmetric } from "./range.ts";
import type { Range } from "./range.ts";
import { op } from "./wasm.ts";
import type { Code, Local, WasmFunction } from "./wasm.ts";

const LIMB_BITS = 29;
const LIMBS = 9;
/** 1.5·2^52: adding it to an integer of up to 51 bits gives a double whose low bits are that integer. */
const C2 = 3 * 2 ** 51;
const LIMB_RANGE = signedBits(32);
const MAX_ADDEND = symmetric(1n << 51n);
/** Bytes of the low halves of two 64-bit lanes, side by side; the upper half of the result is of no interest. */
const LOW_HALVES = [0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11];

class IntegerArithmetic implements LimbArithmetic {
  readonly roundings = 2;
  readonly #constants: FunctionConstants;
  readonly #packed: Local;

  constructor(fn: WasmFunction, constants: FunctionConstants) {
    this.#constants = constants;
    this.#packed = fn.local("v128");
  }

  multiply(x: Limb, y: Limb): LimbProduct {
    requireWithin(x.range, LIMB_RANGE, "a limb to multiply");
    requireWithin(y.range, LIMB_RANGE, "a limb to multiply");
    const code = op.i64x2MultiplyLow(x.code, y.code);
    return { setup: [], low: { code, range: multiplyRanges(x.range, y.range), bias: 0n }, high: undefined };
  }

  multiplySmall(x: Limb, y: Limb): LimbProduct {
    return this.multiply(x, y);
  }

  addLimbs(x: Limb, y: Limb): Limb {
    return { code: op.i32x4Add(x.code, y.code), range: addRanges(x.range, y.range) };
  }

  subtractLimbs(x: Limb, y: Limb): Limb {
    return { code: op.i32x4Sub(x.code, y.code), range: subtractRanges(x.range, y.range) };
  }

  widen(limb: Limb): ColumnTerm {
    requireWithin(limb.range, LIMB_RANGE, "a limb added to a column");
    return { code: op.i64x2ExtendLow(limb.code), range: limb.range, bias: 0n };
  }

  narrow({ code, range, bias }: ColumnTerm): Limb {
    requireWithin(range, LIMB_RANGE, "a column read as a limb");
    const value = bias === 0n ? code : op.i64x2Sub(code, this.#constants.integer(bias));
    return { code: this.#pack(value), range };
  }

  digit(biased: Code): Limb {
    const mask = this.#constants.integer((1n << BigInt(LIMB_BITS)) - 1n);
    const digit = op.i64x2Sub(op.and(biased, mask), this.#constants.integer(1n << BigInt(LIMB_BITS - 1)));
    return { code: this.#pack(digit), range: signedBits(LIMB_BITS) };
  }

  toFloat({ code, range, bias }: ColumnTerm): Code {
    requireWithin(range, MAX_ADDEND, "a column read as a double");
    const bits = op.i64x2Add(code, this.#constants.integer(bitsOf(C2) - bias));
    return op.f64x2Sub(bits, this.#constants.float(C2));
  }

  limbToFloat(limb: Limb): Code {
    return this.toFloat(this.widen(limb));
  }

  fromFloat(code: Code, range: Range): Limb {
    requireWithin(range, LIMB_RANGE, "a quotient");
    const bits = op.f64x2Add(code, this.#constants.float(C2)); // the low 32 bits of C2 are zero
    return { code: this.#pack(bits), range };
  }

  multiplyAddFloat(a: Code, b: Code, c: Code): Code {
    return op.f64x2Add(op.f64x2Mul(a, b), c);
  }

  loadLimb({ base, offset }: Address, index: number): Code {
    return op.load64(base, offset + 8 * index);
  }

  storeLimb({ base, offset }: Address, index: number, limb: Code): Code {
    return op.store64Lane(base, limb, 0, offset + 8 * index);
  }

  storeLane({ base, offset }: Address, index: number, limb: Code, lane: 0 | 1): Code {
    return op.store32Lane(base, limb, lane, offset + 8 * index);
  }

  #pack(lanes: Code): Code {
    return op.shuffle(op.tee(this.#packed, lanes), op.get(this.#packed), LOW_HALVES);
  }
}

export const integerLimbs: LimbFormat = {
  name: "integer",
  limbBits: LIMB_BITS,
  limbs: LIMBS,
  limbBytes: 4,
  limbRange: LIMB_RANGE,
  foldFrom: LIMBS,
  quotientFrom: LIMBS - 2,
  limits: {
    fullTerms: 6,
    smallTerms: 16,
    smallWeightBits: 28,
    innerProductPairs: 6,
    sumProductPairs: 1,
    sumPairs: 1_024,
  },
  pairsPerStep: 1,
  create: (fn, constants) => new IntegerArithmetic(fn, constants),
};
