/**
 * Vectors over a prime field. Everything above works on whole vectors through this interface; an implementation is
 * free in how it stores elements (bigint, limbs in WASM memory). Scalars are bigints: they are few.
 *
 * Field: BN254 scalar field Fr (EIP-196/197). A negative integer v is r − |v|. On any wire an element is 32 bytes,
 * big-endian, canonical (< r).
 *
 * Vectors never change. They may live in memory that the garbage collector does not see, so whoever makes many or long
 * ones gives them back with `release` or `scope`; what is forgotten is reclaimed some time after its last use.
 *
 * Any operation on vectors may throw FIELD_OUT_OF_MEMORY, where elements live in such memory, or FIELD_THREAD_LOST, where
 * threads share the work. Operands of other fields, of unequal length or released are bugs: an AssertionError.
 */

declare const vectorBrand: unique symbol;

/** `length` elements owned by one `Field` instance; opaque outside `workers/field/`. */
export interface FieldVector {
  readonly length: number;
  readonly [vectorBrand]: true;
}

/** What may leave a `scope`: nothing that could hide a vector in it. */
export type ScopeResult = FieldVector | readonly FieldVector[] | bigint | boolean | Uint8Array | undefined;

export interface FieldGroup extends Field {
  /** Releases every vector made through this group that is not released yet. */
  releaseAll(): void;
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
  /** 32·length bytes, canonical; into `words`, which has exactly that length, if it is given. */
  toWords(vector: FieldVector, words?: Uint8Array): Uint8Array;

  /** Elements [from, to) without copying. */
  view(vector: FieldVector, from: number, to: number): FieldVector;
  concat(vectors: readonly FieldVector[]): FieldVector;
  /** Elements at these indices, in this order. */
  gather(vector: FieldVector, indices: ArrayLike<number>): FieldVector;

  add(a: FieldVector, b: FieldVector): FieldVector;
  sub(a: FieldVector, b: FieldVector): FieldVector;
  mul(a: FieldVector, b: FieldVector): FieldVector;
  scale(a: FieldVector, k: bigint): FieldVector;
  /** k·x + y. */
  axpy(k: bigint, x: FieldVector, y: FieldVector): FieldVector;
  /** Σ weights[i]·vectors[i]: all of one length, at least one. */
  linearCombination(weights: readonly bigint[], vectors: readonly FieldVector[]): FieldVector;
  /** Σ a_i·b_i, reduced once at the end. */
  innerProduct(a: FieldVector, b: FieldVector): bigint;
  /**
   * Coefficients of (Σ a_i·X^i)·(Σ b_j·X^j) where two vectors are multiplied by their inner product: Σ_{i+j=d} <a_i, b_j> for
   * d = 0 … 2k − 2 but k − 1, the middle one, which costs most. k vectors each, at least one, all of one length.
   */
  outerCoefficients(a: readonly FieldVector[], b: readonly FieldVector[]): bigint[];
  sum(a: FieldVector): bigint;
  equal(a: FieldVector, b: FieldVector): boolean;
  /** 1, x, x², …, x^(length − 1). */
  powers(x: bigint, length: number): FieldVector;
  /** a_i⁻¹ for every i, with one inversion and about 3·length products; throws FIELD_ZERO_INVERSE with the first index. */
  invertEach(a: FieldVector): FieldVector;

  /**
   * Uniform by rejection: draws are masked to the modulus's bit length and refused when >= r. Which elements come out
   * depends on the byte stream only: every implementation asks for the same bytes and accepts the same draws, and is done with what it
   * got before it asks again.
   */
  random(length: number, randomBytes: RandomBytes): FieldVector;

  /** Gives these vectors back. Using one afterwards is a bug and is refused; views of it stay valid. */
  release(...vectors: readonly FieldVector[]): void;
  /**
   * Runs `compute` and releases every vector made in it, except those it returns (a vector or an array of them). For
   * synchronous work only: a vector made by other code meanwhile would be released too.
   */
  scope<Result extends ScopeResult>(compute: () => Result): Result;
  /**
   * The same field, which remembers the vectors made through it, for work that awaits: whatever happens, `releaseAll` in a
   * `finally` gives back what is left. Vectors pass freely between a field and its groups.
   */
  group(): FieldGroup;

  /** Scalar helpers, canonical in and out. */
  reduce(value: bigint): bigint;
  /** Throws FIELD_ZERO_INVERSE for 0. */
  invert(value: bigint): bigint;
  /** The integer in (−r/2, r/2) that a residue stands for. */
  toSigned(residue: bigint): bigint;
}
