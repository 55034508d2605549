/**
 * Values at which limb arithmetic goes wrong, for any modulus r: around powers of two at limb boundaries, near r and its
 * fractions, and with every limb at the end of its range. Limbs of 51 bits (signed, in f64) and of 29 bits (in i64).
 */

/** Width in bits and number of the limbs that hold an element of 254 to 256 bits. */
export const LIMBS = [
  { width: 51n, count: 5 },
  { width: 29n, count: 9 },
] as const;

/** Distinct residues in [0, r), some 500 for a modulus of 254 bits. */
export function edgeValues(r: bigint): bigint[] {
  const bits = BigInt(r.toString(2).length);
  const values = new Set<bigint>();
  const take = (...integers: readonly bigint[]): void => {
    for (const integer of integers) values.add(((integer % r) + r) % r);
  };
  take(0n, 1n, 2n, 3n, r - 1n, r - 2n, r - 3n);
  for (const half of [(r - 1n) / 2n, (r + 1n) / 2n]) take(half - 1n, half, half + 1n);
  for (const exponent of boundaries(bits)) {
    const power = 1n << exponent;
    take(power, power - 1n, power + 1n, r - power, r >> exponent);
  }
  for (const { width, count } of LIMBS) {
    const [half, full] = [1n << (width - 1n), (1n << width) - 1n];
    for (const limbs of signPatterns(count)) {
      const extreme = join(
        limbs.map((sign) => sign * half),
        width,
      );
      const inner = join(
        limbs.map((sign) => sign * (half - 1n)),
        width,
      );
      // Without the top limb the number is below r, so that these limbs are what is stored.
      const stored = join(
        limbs.slice(0, -1).map((sign) => sign * half),
        width,
      );
      take(extreme, inner, stored, stored + 1n, stored - 1n);
    }
    for (let limb = 0n; limb < count; limb++) {
      for (const extreme of [full, half, -half, half - 1n, 1n - half]) take(extreme << (width * limb));
      take((1n << (width * BigInt(count))) - 1n - (full << (width * limb)));
    }
  }
  return [...values].filter((value) => value < r);
}

/** Exponents at the edges of limbs, and of the modulus itself. */
function boundaries(bits: bigint): Set<bigint> {
  const exponents = new Set([1n, 2n, bits - 2n, bits - 1n, bits, bits + 1n]);
  for (const step of [...LIMBS.map(({ width }) => width), 32n]) {
    for (let edge = step; edge <= bits + step; edge += step) {
      exponents.add(edge);
      if (step === 51n) exponents.add(edge - 1n).add(edge + 1n);
    }
  }
  return exponents;
}

/** All +, all −, alternating, and one sign unlike the others in every place. */
function signPatterns(count: number): bigint[][] {
  const uniform = new Array<bigint>(count).fill(1n);
  const alternating = uniform.map((sign, limb) => (limb % 2 === 0 ? sign : -sign));
  const flipped = uniform.map((_, limb) => uniform.with(limb, -1n));
  return [uniform, alternating, ...flipped].flatMap((signs) => [signs, signs.map((sign) => -sign)]);
}

function join(limbs: readonly bigint[], width: bigint): bigint {
  return limbs.reduceRight((value, limb) => (value << width) + limb, 0n);
}
