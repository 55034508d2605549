/**
 * Exact rationals and their square roots to doubles, rounded once: to nearest, ties to even (IEEE 754).
 *
 * Both scale the exact value to an integer of at least 64 significant bits whose lowest bit is *sticky* (1 when anything
 * was cut off), and round that to 53 bits: eleven spare bits make a tie visible as a tie.
 */

const MANTISSA_BITS = 53;
const SPARE_BITS = 11;
/** The exponent of the smallest subnormal's bit: 2^-1074. */
const LOWEST_BIT = -1074;

/** numerator / denominator, denominator > 0. */
export function ratioToNumber(numerator: bigint, denominator: bigint): number {
  if (numerator < 0n) return -ratioToNumber(-numerator, denominator);
  if (numerator === 0n) return 0;
  const shift = MANTISSA_BITS + SPARE_BITS - (bitLength(numerator) - bitLength(denominator));
  const [scaled, divisor] =
    shift >= 0 ? [numerator << BigInt(shift), denominator] : [numerator, denominator << BigInt(-shift)];
  const quotient = scaled / divisor;
  return roundSticky((quotient << 1n) | sticky(scaled % divisor), -shift - 1);
}

/** √(numerator / denominator), numerator >= 0, denominator > 0. */
export function rootToNumber(numerator: bigint, denominator: bigint): number {
  if (numerator === 0n) return 0;
  const wanted = 2 * (MANTISSA_BITS + SPARE_BITS) - (bitLength(numerator) - bitLength(denominator));
  const shift = wanted % 2 === 0 ? wanted : wanted + 1;
  const [scaled, divisor] =
    shift >= 0 ? [numerator << BigInt(shift), denominator] : [numerator, denominator << BigInt(-shift)];
  const quotient = scaled / divisor;
  const root = floorRoot(quotient);
  const rest = quotient - root * root + (scaled % divisor);
  return roundSticky((root << 1n) | sticky(rest), -shift / 2 - 1);
}

/** ⌊√value⌋ by Newton's method from above. */
export function floorRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt(Math.ceil(bitLength(value) / 2));
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** value × 2^exponent to the nearest double; the lowest bit of value is sticky and below the 53 kept. */
function roundSticky(value: bigint, exponent: number): number {
  const cut = Math.max(bitLength(value) - MANTISSA_BITS, LOWEST_BIT - exponent);
  if (cut <= 0) return toDouble(value, exponent);
  const kept = value >> BigInt(cut);
  const rest = value - (kept << BigInt(cut));
  const half = 1n << BigInt(cut - 1);
  const up = rest > half || (rest === half && (kept & 1n) === 1n);
  return toDouble(up ? kept + 1n : kept, exponent + cut);
}

/** Exact: at most 53 significant bits. Two factors, because 2^exponent alone may leave the range of doubles. */
function toDouble(mantissa: bigint, exponent: number): number {
  const first = Math.max(-1000, Math.min(900, exponent));
  return Number(mantissa) * 2 ** first * 2 ** (exponent - first);
}

function bitLength(value: bigint): number {
  return value.toString(2).length;
}

function sticky(rest: bigint): bigint {
  return rest === 0n ? 0n : 1n;
}
