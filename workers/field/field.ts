/**
 * Vectors over a prime field. Everything above works on whole vectors through this interface; an implementation is
 * free in how it stores elements (bigint, 5×51-bit limbs in WASM memory). Scalars are bigints: they are few.
 *
 * Field: BN254 scalar field Fr (EIP-196/197). A negative integer v is r − |v|. On any wire an element is 32 bytes,
 * big-endian, canonical (< r).
 */

declare const vectorBrand: unique symbol;

/** `length` elements owned by one `Field` instance; opaque outside `workers/field/`. */
export interface FieldVector {
  readonly length: number;
  readonly [vectorBrand]: true;
}

/** Fills the whole buffer with uniformly random bytes. Injected: the only source of randomness. */
export type RandomBytes = (length: number) => Uint8Array;

export interface Field {
  /** The prime r. */
  readonly modulus: bigint;
  /** Bytes of one canonical element on the wire: 32. */
  readonly byteLength: 32;

  /** A vector of zeros. */
  zeros(length: number): FieldVector;
  /** From integers of either sign, |v| < r. */
  fromIntegers(values: ArrayLike<bigint>): FieldVector;
  /** Canonical residues in [0, r). */
  toResidues(vector: FieldVector): bigint[];
  /** Parses 32-byte big-endian words; throws FIELD_LENGTH or FIELD_NOT_CANONICAL (with the index) and keeps nothing. */
  fromWords(words: Uint8Array): FieldVector;
  /** 32·length bytes, canonical. */
  toWords(vector: FieldVector): Uint8Array;

  /** Elements [from, to) without copying. */
  view(vector: FieldVector, from: number, to: number): FieldVector;
  concat(vectors: readonly FieldVector[]): FieldVector;
  /** Elements at these indices, in this order. */
  gather(vector: FieldVector, indices: ArrayLike<number>): FieldVector;

  add(a: FieldVector, b: FieldVector): FieldVector;
  sub(a: FieldVector, b: FieldVector): FieldVector;
  mul(a: FieldVector, b: FieldVector): FieldVector;
  scale(a: FieldVector, k: bigint): FieldVector;
  /** Σ weights[i]·vectors[i]: all of one length, at least one. */
  linearCombination(weights: readonly bigint[], vectors: readonly FieldVector[]): FieldVector;
  /** Σ a_i·b_i, reduced once at the end. */
  innerProduct(a: FieldVector, b: FieldVector): bigint;
  sum(a: FieldVector): bigint;
  equal(a: FieldVector, b: FieldVector): boolean;

  /** Uniform by rejection: draws are masked to the modulus's bit length and refused when >= r. */
  random(length: number, randomBytes: RandomBytes): FieldVector;

  /** Scalar helpers, canonical in and out. */
  reduce(value: bigint): bigint;
  /** Throws FIELD_ZERO_INVERSE for 0. */
  invert(value: bigint): bigint;
  /** The integer in (−r/2, r/2) that a residue stands for. */
  toSigned(residue: bigint): bigint;
}
