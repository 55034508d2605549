/**
 * The scalar field Fr of BN254 (alt_bn128): the order r of the curve group that the EVM has precompiles for.
 * Sources: EIP-196 https://eips.ethereum.org/EIPS/eip-196 and EIP-197 https://eips.ethereum.org/EIPS/eip-197.
 * `test/workers/field/bn254.test.ts` recomputes that r is prime and that 2^28 divides r − 1 with 5 as generator of
 * the 2-power roots of unity.
 */

/** r, of 254 bits: exact sums of products of scaled 64-bit values over 2^60 rows stay far below r/2. */
export const BN254_FR_MODULUS = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

/** The canonical residue of any integer. */
export function residue(value: bigint): bigint {
  const remainder = value % BN254_FR_MODULUS;
  return remainder < 0n ? remainder + BN254_FR_MODULUS : remainder;
}
