/**
 * Verifies all products of a session at once, with communication that grows with the logarithm of their number.
 *
 * Malicious workers, at most t of 2t + 1: after a degree reduction a result may be off by an error that a liar chose and
 * knows (`reduceDegree.ts`). If any is, verification fails, but for a probability below (N + 14·L + 16)/r with N products
 * and inner products and L levels of compression: less than 2^−200. Whether it fails depends on the errors only, so failing
 * tells nothing about what is shared. Until it has succeeded, nothing but masked values and random challenges may open.
 * A(ζ) and B(ζ), random combinations of all factors, open as shares of degree t: so when all participants follow the protocol,
 * factors that a dealer shared inconsistently are refused here. Liars who collude with the dealer can complete such shares
 * to any polynomial; only checks at activation help against that.
 *
 *  1. Random weights make one inner product of all claims: Σ α^i·(x_i·y_i − z_i) = 0, or <a, b> = c with a_i = α^i·x_i.
 *  2. Compression, k = 8 to 1: with a and b cut into blocks a_1 … a_k, A and B are the polynomials of degree k − 1 through
 *     the blocks at 1 … k, C that of degree 2k − 2 through c_j = <A(j), B(j)>, j = 1 … 2k − 1: 2k − 2 inner products, c_k
 *     by difference. A random ζ leaves <A(ζ), B(ζ)> = C(ζ), an eighth as long.
 *  3. At most k elements are left: they become the blocks, with a pair of random ones at 0 that hides the others; A(ζ),
 *     B(ζ) and C(ζ) open, and A(ζ)·B(ζ) = C(ζ) is checked in public.
 *
 * Sources: E. Boyle, N. Gilboa, Y. Ishai, A. Nof, "Practical fully secure three-party computation via sublinear
 * distributed zero-knowledge proofs", CCS 2019, https://doi.org/10.1145/3319535.3363227, after D. Boneh et al., CRYPTO
 * 2019 [BBCGI19]; V. Goyal, Y. Song, "Malicious security comes free in honest-majority MPC", https://eprint.iacr.org/2020/134
 * [GS20], whose inner-product form this is. Where we differ: the compression factor, and transcripts compared before
 * every challenge.
 */
import assert from "node:assert/strict";

import { CodedError } from "../errors.ts";
import type { FieldVector } from "../field/field.ts";
import { lagrangeWeights } from "../sharing/lagrange.ts";
import type { InnerProductClaim, ProductClaim } from "./claimLedger.ts";
import { drawChallenge } from "./drawChallenge.ts";
import { takeSharedMask } from "./masks.ts";
import { openMasked } from "./openShares.ts";
import type { ProtocolError } from "./protocolError.ts";
import { reduceDegree } from "./reduceDegree.ts";
import { checkSession } from "./session.ts";
import type { ProtocolSession } from "./session.ts";
import type { Transcript } from "./transcript.ts";

/** <a, b> = c. */
interface InnerProduct {
  readonly a: FieldVector;
  readonly b: FieldVector;
  readonly c: bigint;
}

/**
 * k: 8 takes log_8 M levels of 4 rounds and costs some 75 ns a product; 4 would take half as many levels again for 60,
 * 16 a quarter fewer for twice the time. Weights at the further points stay below 2^24.
 */
const COMPRESSION = 8;

/**
 * With M elements in all claims (products, and the length of each right factor): 2 + 4·L + 5 rounds, L the number of times
 * that M, padded, is cut to an eighth until at most 8 are left; a party sends about 3t/(2t+1)·14·L + 4t·L elements and hashes
 * (at most t·L more by rounding), and at the end a reduction of 2k elements and 14t elements and hashes, k <= 8.
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
  for (let level = 1; claim.a.length > COMPRESSION; level++) {
    claim = await compress(session, claim, transcript, `${step}/compress/${level}`);
  }
  await checkLast(session, claim, transcript, `${step}/last`);
}

/** Step 1. Local. */
function joinClaims(
  { field }: ProtocolSession,
  products: readonly ProductClaim[],
  innerProducts: readonly InnerProductClaim[],
  alpha: bigint,
): InnerProduct {
  const elements = products.reduce((total, { product }) => total + product.length, 0);
  const sums = innerProducts.reduce((total, claim) => total + claim.sums.length, 0);
  let c = 0n;
  const [a, b] = field.scope(() => {
    const weights = field.powers(alpha, elements + sums);
    const [lefts, rights]: [FieldVector[], FieldVector[]] = [[], []];
    let from = 0;
    for (const { left, right, product } of products) {
      const own = field.view(weights, from, from + product.length);
      lefts.push(field.mul(left, own));
      rights.push(right);
      c += field.innerProduct(own, product);
      from += product.length;
    }
    const scalars = field.toResidues(field.view(weights, from, elements + sums));
    for (const { right, sums: claimed, combineLeft } of innerProducts) {
      const own = scalars.splice(0, claimed.length);
      lefts.push(combineLeft(own));
      rights.push(right);
      claimed.forEach((sum, index) => (c += (own[index] as bigint) * sum));
    }
    return [field.concat(lefts), field.concat(rights)] as const;
  });
  return { a, b, c: field.reduce(c) };
}

/** Step 2. 4 rounds. Releases the claim it is given. */
async function compress(
  session: ProtocolSession,
  claim: InnerProduct,
  transcript: Transcript,
  step: string,
): Promise<InnerProduct> {
  const { field } = session;
  const size = 2 * Math.ceil(claim.a.length / (2 * COMPRESSION)); // even, so that every block is aligned
  const blocks = [claim.a, claim.b].map((vector) => cut(session, vector, size)) as [FieldVector[], FieldVector[]];
  const known = integers(1, COMPRESSION);
  const local = [...integers(1, COMPRESSION - 1), ...integers(COMPRESSION + 1, 2 * COMPRESSION - 1)].map((point) =>
    field.scope(() => {
      const [left, right] = blocks.map((parts) => valueAt(session, known, parts, point)) as [FieldVector, FieldVector];
      return field.innerProduct(left, right);
    }),
  );
  const values = complete(session, claim.c, await reduceScalars(session, local, step), COMPRESSION);
  const zeta = await drawChallenge(session, transcript, `${step}/challenge`);
  const weights = lagrangeWeights(field, known, zeta);
  const [a, b] = blocks.map((parts) => field.linearCombination(weights, parts)) as [FieldVector, FieldVector];
  field.release(claim.a, claim.b, ...blocks.flat());
  return { a, b, c: combine(session, integers(1, 2 * COMPRESSION - 1), values, zeta) };
}

/** Step 3. 5 rounds. Releases the claim it is given. */
async function checkLast(
  session: ProtocolSession,
  claim: InnerProduct,
  transcript: Transcript,
  step: string,
): Promise<void> {
  const { field } = session;
  const k = Math.max(1, claim.a.length);
  const masks = takeSharedMask(session, `${step}/mask`, 2);
  const [maskA, maskB] = field.toResidues(masks) as [bigint, bigint];
  const pad = (vector: FieldVector): bigint[] => (vector.length === 0 ? [0n] : field.toResidues(vector));
  const [a, b] = [
    [maskA, ...pad(claim.a)],
    [maskB, ...pad(claim.b)],
  ];
  field.release(masks, claim.a, claim.b);
  const known = integers(0, k);
  const local = [...integers(0, k - 1), ...integers(k + 1, 2 * k)].map((point) => {
    const at = BigInt(point);
    return field.reduce(combine(session, known, a, at) * combine(session, known, b, at));
  });
  const [first, ...rest] = await reduceScalars(session, local, step);
  const values = [first as bigint, ...complete(session, claim.c, rest, k)];
  const zeta = await drawChallenge(session, transcript, `${step}/challenge`);
  // At a block's point the mask would have weight zero. Of probability below 2^−240, so a bug.
  assert(zeta > 2n * BigInt(k), "a challenge at a point of interpolation");
  const shares = field.fromIntegers([
    combine(session, known, a, zeta),
    combine(session, known, b, zeta),
    combine(session, integers(0, 2 * k), values, zeta),
  ]);
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

/** c_1 … c_{k−1}, c_{k+1} … with c_k = c − Σ_{i<k} c_i put in its place. */
function complete({ field }: ProtocolSession, c: bigint, values: readonly bigint[], k: number): bigint[] {
  const before = values.slice(0, k - 1);
  const missing = before.reduce((rest, value) => rest - value, c);
  return [...before, field.reduce(missing), ...values.slice(k - 1)];
}

/** COMPRESSION blocks of `size` elements; the last ones are filled up with zeros. */
function cut({ field }: ProtocolSession, vector: FieldVector, size: number): FieldVector[] {
  const missing = size * COMPRESSION - vector.length;
  return field.scope(() => {
    const whole = missing === 0 ? vector : field.concat([vector, field.zeros(missing)]);
    return integers(0, COMPRESSION - 1).map((index) => field.view(whole, index * size, (index + 1) * size));
  });
}

/** The blocks' polynomial at `point`; a block itself where the point is one of `known`. */
function valueAt(
  { field }: ProtocolSession,
  known: readonly number[],
  blocks: readonly FieldVector[],
  point: number,
): FieldVector {
  const block = blocks[known.indexOf(point)];
  return block ?? field.linearCombination(lagrangeWeights(field, known, BigInt(point)), blocks);
}

/** The polynomial through `values` at `points`, at x. */
function combine({ field }: ProtocolSession, points: readonly number[], values: readonly bigint[], x: bigint): bigint {
  const weights = lagrangeWeights(field, points, x);
  return field.reduce(weights.reduce((sum, weight, index) => sum + weight * (values[index] as bigint), 0n));
}

/** from … to, both included. */
function integers(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}
