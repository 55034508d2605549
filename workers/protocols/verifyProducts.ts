/**
 * Verifies all products of a session at once, with communication that grows with the logarithm of their number.
 *
 * Malicious workers, at most t of 2t + 1: after a degree reduction a result may be off by an error that a liar chose and
 * knows (`reduceDegree.ts`). If any is, verification fails, but for a probability below (N + 510·L + 16)/r with N products
 * and inner products and L levels of compression: less than 2^−200. Whether it fails depends on the errors only, so failing
 * tells nothing about what is shared. Until it has succeeded, nothing but masked values and random challenges may open.
 * A(ζ) and B(ζ), random combinations of all factors, open as shares of degree t: so when all participants follow the protocol,
 * factors that a dealer shared inconsistently are refused here. Liars who collude with the dealer can complete such shares
 * to any polynomial; only checks at activation help against that.
 *
 *  1. Random weights, powers of α, make one inner product of all claims: Σ α^i·(x_i·y_i − z_i) = 0, or <a, b> = c, a_i = α^i·x_i.
 *  2. Compression, k to 1: with a and b cut into blocks a_0 … a_{k−1}, A = Σ a_i·X^i, B = Σ b_j·X^(k−1−j), and C = <A, B> of
 *     degree 2k − 2 has c as its coefficient at X^(k−1). The 2k − 2 others, sums of <a_i, b_j> over i − j, are reduced: each
 *     is an inner product of a and b, shifted against each other by i − j blocks. A
 *     random ζ leaves <A(ζ), B(ζ)> = C(ζ), a k-th as long. Where a and b are of several segments, each is cut into k blocks, and
 *     a_i is those of all, side by side.
 *  3. At most 8 elements are left: each becomes a block, and a random element joins either side at X^k, where it hides the
 *     others and leaves the coefficient at X^(k−1) alone; A(ζ), B(ζ) and C(ζ) open, and A(ζ)·B(ζ) = C(ζ) is checked in public.
 *
 * Sources: E. Boyle, N. Gilboa, Y. Ishai, A. Nof, "Practical fully secure three-party computation via sublinear
 * distributed zero-knowledge proofs", CCS 2019, https://doi.org/10.1145/3319535.3363227, after D. Boneh et al., CRYPTO
 * 2019 [BBCGI19]; V. Goyal, Y. Song, "Malicious security comes free in honest-majority MPC", https://eprint.iacr.org/2020/134
 * [GS20], whose inner-product form this is; B. Bünz et al., "Bulletproofs", S&P 2018, https://doi.org/10.1109/SP.2018.00020, for
 * the coefficients. Where we differ: the compression factor; coefficients, of which c is one, instead of values at points
 * (no interpolation, and no combination of blocks but at ζ); and transcripts compared before every challenge.
 */
import assert from "node:assert/strict";

import { CodedError } from "../errors.ts";
import type { Field, FieldVector } from "../field/field.ts";
import type { InnerProductClaim, ProductClaim } from "./claimLedger.ts";
import { drawChallenge } from "./drawChallenge.ts";
import { takeSharedMask } from "./masks.ts";
import { openMasked } from "./openShares.ts";
import type { ProtocolError } from "./protocolError.ts";
import { reduceDegree } from "./reduceDegree.ts";
import { checkSession } from "./session.ts";
import type { ProtocolSession } from "./session.ts";
import type { Transcript } from "./transcript.ts";

/** Σ <a_s, b_s> = c over segments s: as many on either side, of the same lengths. */
interface InnerProduct {
  readonly a: readonly FieldVector[];
  readonly b: readonly FieldVector[];
  readonly c: bigint;
}

/** Most elements that the last step takes, a polynomial each. */
const LAST_ELEMENTS = 8;
/** k for at least so many elements, descending. */
const BLOCKS: readonly (readonly [elements: number, k: number])[] = [
  [1 << 17, 4],
  [1 << 14, 8],
  [1 << 11, 16],
  [1 << 10, 256],
  [1 << 9, 128],
  [1 << 8, 64],
  [0, 8],
];

/**
 * k for so many elements. An element costs 10 ns for the coefficients of 4 blocks, 20 of 8, 4.5·(k − 1) of more, and 11 to 14
 * for the values at ζ; a k-th of it comes again (docs/field-kernel.md). Every level is 4 rounds, of a millisecond on one machine
 * and of many between hospitals. So few levels where vectors are short, and cheap ones where they are long.
 */
export function compressionOf(elements: number): number {
  return BLOCKS.find(([least]) => elements >= least)?.[1] as number;
}

/**
 * With M elements in all claims (products, and the length of each right factor): 2 + 4·L + 5 rounds, L the number of times
 * that M, padded, is cut to a k-th (`compressionOf`) until at most 8 are left; a party sends about 3t/(2t+1)·(2k−2) + 4t
 * elements and hashes a level (at most t more by rounding), and at the end a reduction of twice the elements left and 14t
 * elements and hashes.
 * Time is linear in M.
 * If it throws, peers learned nothing but whether errors were made.
 *
 * @param step names the rounds and the masks: unique within the session's keys
 * @throws CodedError PROTOCOL_PRODUCTS_WRONG | PROTOCOL_TRANSCRIPT_MISMATCH | PROTOCOL_INCONSISTENT_OPENING | PROTOCOL_* |
 *   NETWORK_*
 */
export async function verifyProducts(
  session: ProtocolSession,
  products: readonly ProductClaim[],
  innerProducts: readonly InnerProductClaim[],
  transcript: Transcript,
  step: string,
): Promise<void> {
  checkSession(session);
  const alpha = await drawChallenge(session, transcript, `${step}/weights`);
  let claim = joinClaims(session, products, innerProducts, alpha);
  for (let level = 1; elementsOf(claim.a) > LAST_ELEMENTS; level++) {
    claim = await compress(session, claim, transcript, `${step}/compress/${level}`);
  }
  await checkLast(session, claim, transcript, `${step}/last`);
}

/** Step 1. Local. Sums have the first weights, so that the left factor of a single one needs no scaling. */
function joinClaims(
  { field }: ProtocolSession,
  products: readonly ProductClaim[],
  innerProducts: readonly InnerProductClaim[],
  alpha: bigint,
): InnerProduct {
  const elements = products.reduce((total, { product }) => total + product.length, 0);
  const sums = innerProducts.reduce((total, claim) => total + claim.sums.length, 0);
  let c = 0n;
  const factors = field.scope(() => {
    const weights = field.powers(alpha, sums + elements);
    const [lefts, rights]: [FieldVector[], FieldVector[]] = [[], []];
    const scalars = field.toResidues(field.view(weights, 0, sums));
    for (const { right, sums: claimed, combineLeft } of innerProducts) {
      const own = scalars.splice(0, claimed.length);
      lefts.push(combineLeft(own));
      rights.push(right);
      claimed.forEach((sum, index) => (c += (own[index] as bigint) * sum));
    }
    let from = sums;
    for (const { left, right, product } of products) {
      const own = field.view(weights, from, from + product.length);
      lefts.push(field.mul(left, own));
      rights.push(right);
      c += field.innerProduct(own, product);
      from += product.length;
    }
    return [...segmentsOf(field, lefts), ...segmentsOf(field, rights)];
  });
  const half = factors.length / 2;
  return { a: factors.slice(0, half), b: factors.slice(half), c: field.reduce(c) };
}

/** Vectors of so many elements are segments of their own: to join them would be to copy them. */
const SEGMENT_ELEMENTS = 1 << 14;

/** The long ones, and the others joined, as new vectors or views. At least one. Which, depends on their lengths alone. */
function segmentsOf(field: Field, vectors: readonly FieldVector[]): FieldVector[] {
  const long = vectors.filter(({ length }) => length >= SEGMENT_ELEMENTS);
  const short = vectors.filter(({ length }) => length < SEGMENT_ELEMENTS);
  const views = long.map((vector) => field.view(vector, 0, vector.length));
  return long.length > 0 && short.length === 0 ? views : [...views, join(field, short)];
}

function elementsOf(segments: readonly FieldVector[]): number {
  return segments.reduce((total, { length }) => total + length, 0);
}

/** From so many elements on, it is worth it that every vector begins at an even one: it is then moved about in whole pairs. */
const ALIGNED_ELEMENTS = 1_024;

/** A new vector, where long with a zero after every odd one of these; of one vector, a view. */
function join(field: Field, vectors: readonly FieldVector[]): FieldVector {
  const [first, ...rest] = vectors;
  if (first !== undefined && rest.length === 0) return field.view(first, 0, first.length);
  const isLong = elementsOf(vectors) >= ALIGNED_ELEMENTS;
  const filled = (vector: FieldVector): FieldVector[] =>
    isLong && vector.length % 2 === 1 ? [vector, field.zeros(1)] : [vector];
  return field.concat(vectors.flatMap(filled));
}

/** Step 2. 4 rounds. Releases the claim it is given. Every segment is cut into k blocks of its own. */
async function compress(
  session: ProtocolSession,
  { a, b, c }: InnerProduct,
  transcript: Transcript,
  step: string,
): Promise<InnerProduct> {
  const { field } = session;
  const k = compressionOf(elementsOf(a));
  const [left, right] = [a, b].map((segments) => segments.map((segment) => cut(field, segment, k))) as [
    FieldVector[][],
    FieldVector[][],
  ];
  const local = new Array<bigint>(2 * k - 2).fill(0n);
  a.forEach((segment, s) => {
    const own =
      k <= MOST_BLOCKS
        ? field.outerCoefficients(left[s] as FieldVector[], (right[s] as FieldVector[]).toReversed())
        : shiftedCoefficients(field, segment, b[s] as FieldVector, k);
    own.forEach((coefficient, index) => (local[index] = field.reduce((local[index] as bigint) + coefficient)));
  });
  field.release(...a, ...b);
  const coefficients = insert(await reduceScalars(session, local, step), c, k);
  const zeta = await drawChallenge(session, transcript, `${step}/challenge`);
  const powers = powersOf(field, zeta, k);
  const fold = (weights: readonly bigint[], segments: readonly FieldVector[][]): FieldVector[] =>
    field.scope(() =>
      segmentsOf(
        field,
        segments.map((blocks) => field.linearCombination(weights, blocks)),
      ),
    ) as FieldVector[];
  const folded = [fold(powers, left), fold(powers.toReversed(), right)] as const;
  field.release(...left.flat(), ...right.flat());
  return { a: folded[0], b: folded[1], c: valueAt(field, coefficients, zeta) };
}

/** Up to so many blocks, all products of blocks are cheaper than inner products of shifted vectors; beyond, they are too many. */
const MOST_BLOCKS = 8;

/**
 * Σ <a_i, b_j> over all blocks with i − j = shift, the coefficients of C at k − 1 + shift but for shift 0: shares of degree 2t. Of
 * blocks side by side each is one inner product, of a and b shifted against each other by so many blocks.
 */
function shiftedCoefficients(field: Field, a: FieldVector, b: FieldVector, k: number): bigint[] {
  const shifts = integers(1 - k, k - 1).filter((shift) => shift !== 0);
  return shifts.map((shift) => shiftedProduct(field, a, b, shift * blockSize(a.length, k)));
}

/** Σ a_(i + shift)·b_i. */
function shiftedProduct(field: Field, a: FieldVector, b: FieldVector, shift: number): bigint {
  const length = a.length - Math.abs(shift);
  if (length <= 0) return 0n;
  const [fromA, fromB] = [Math.max(0, shift), Math.max(0, -shift)];
  const [left, right] = [field.view(a, fromA, fromA + length), field.view(b, fromB, fromB + length)];
  const sum = field.innerProduct(left, right);
  field.release(left, right);
  return sum;
}

/**
 * Step 3. 5 rounds. Releases the claim it is given.
 *
 * With k elements left and masks m, n: A = Σ a_i·X^i + m·X^k and B = Σ b_j·X^(k−1−j) + n·X^k, so that C has degree 2k, and c
 * alone at X^(k−1).
 */
async function checkLast(
  session: ProtocolSession,
  claim: InnerProduct,
  transcript: Transcript,
  step: string,
): Promise<void> {
  const { field } = session;
  const k = Math.max(1, elementsOf(claim.a));
  const masks = takeSharedMask(session, `${step}/mask`, 2);
  const [maskA, maskB] = field.toResidues(masks) as [bigint, bigint];
  const pad = (segments: readonly FieldVector[]): bigint[] =>
    elementsOf(segments) === 0 ? [0n] : segments.flatMap((segment) => field.toResidues(segment));
  const a = [...pad(claim.a), maskA];
  const b = [...pad(claim.b).reverse(), maskB];
  field.release(masks, ...claim.a, ...claim.b);
  const local = multiplyPolynomials(field, a, b);
  local.splice(k - 1, 1);
  const coefficients = insert(await reduceScalars(session, local, step), claim.c, k);
  const zeta = await drawChallenge(session, transcript, `${step}/challenge`);
  // At 0 the masks would have weight zero. Of probability below 2^−240, so a bug.
  assert(zeta !== 0n, "a challenge at which nothing is masked");
  const shares = field.fromIntegers([a, b, coefficients].map((polynomial) => valueAt(field, polynomial, zeta)));
  const [left, right, product] = (await openMasked(session, { masked: shares }, transcript, `${step}/open`)) as [
    bigint,
    bigint,
    bigint,
  ];
  field.release(shares);
  if (field.reduce(left * right - product) !== 0n) {
    throw new CodedError<ProtocolError>(
      { code: "PROTOCOL_PRODUCTS_WRONG", parties: [...session.network.parties] },
      `a product is wrong: at least one of parties ${session.network.parties.join(", ")} lied in a degree reduction`,
    );
  }
}

/** Scalars of degree 2t to degree t, in one reduction. */
async function reduceScalars(session: ProtocolSession, scalars: readonly bigint[], step: string): Promise<bigint[]> {
  const { field } = session;
  const unreduced = field.fromIntegers(scalars);
  const reduced = await reduceDegree(session, { unreduced }, step);
  const residues = field.toResidues(reduced);
  field.release(unreduced, reduced);
  return residues;
}

/** All coefficients, c put in its place at X^(k−1). */
function insert(reduced: readonly bigint[], c: bigint, k: number): bigint[] {
  return reduced.toSpliced(k - 1, 0, c);
}

/** Even. */
function blockSize(length: number, k: number): number {
  return 2 * Math.ceil(length / (2 * k));
}

/** k blocks of equal, even length, so that every one is aligned; the last ones are filled up with zeros. */
function cut(field: Field, vector: FieldVector, k: number): FieldVector[] {
  const size = blockSize(vector.length, k);
  const clamp = (index: number): number => Math.min(index * size, vector.length);
  return field.scope(() =>
    integers(0, k - 1).map((index) => {
      const block = field.view(vector, clamp(index), clamp(index + 1));
      return block.length === size ? block : field.concat([block, field.zeros(size - block.length)]);
    }),
  );
}

function multiplyPolynomials(field: Field, a: readonly bigint[], b: readonly bigint[]): bigint[] {
  const product = new Array<bigint>(a.length + b.length - 1).fill(0n);
  a.forEach((left, i) => b.forEach((right, j) => ((product[i + j] as bigint) += left * right)));
  return product.map((value) => field.reduce(value));
}

/** The polynomial with these coefficients, at x. */
function valueAt(field: Field, coefficients: readonly bigint[], x: bigint): bigint {
  return coefficients.reduceRight((value, coefficient) => field.reduce(value * x + coefficient), 0n);
}

/** 1, x, x², … (`count` of them). */
function powersOf(field: Field, x: bigint, count: number): bigint[] {
  const powers = [1n];
  while (powers.length < count) powers.push(field.reduce((powers.at(-1) as bigint) * x));
  return powers;
}

/** from … to, both included. */
function integers(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}
