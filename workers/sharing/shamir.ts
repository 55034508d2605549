/**
 * Shamir sharing over the points 1..n, vector-wise: element k of every share belongs to element k of the secret.
 *
 * Protects: any t shares of a degree-t sharing are uniform and independent of the secret (perfect secrecy, given
 * uniform `randomBytes`). Does not protect: who deals can deal an inconsistent sharing, who holds a share can change
 * it. What is read here is checked as far as shares beyond degree + 1 allow: m shares of degree d tell whenever at most
 * m − d − 1 of them are wrong, not whose; `correctErrors.ts` names them where m allows.
 * Source: A. Shamir, "How to share a secret", CACM 22(11), 1979, https://doi.org/10.1145/359168.359176 [Sha79].
 */
import assert from "node:assert/strict";

import { CodedError } from "../errors.ts";
import type { Field, FieldVector, RandomBytes } from "../field/field.ts";
import { lagrangeWeights } from "./lagrange.ts";
import { checkCommitteeSize, checkDistinct, partiesOf, partyIndex, MAX_PARTIES } from "./parties.ts";
import type { CommitteeSize, PartyIndex } from "./parties.ts";
import type { SharingError } from "./sharingError.ts";

/**
 * Shares of degree t: [j − 1] belongs to party j. Every element gets its own polynomial
 * secret + c_1·X + … + c_t·X^t with fresh uniform c.
 */
export function shareVector(
  field: Field,
  secrets: FieldVector,
  size: CommitteeSize,
  randomBytes: RandomBytes,
): FieldVector[] {
  checkCommitteeSize(size);
  return field.scope(() => {
    const coefficients = Array.from({ length: size.t }, () => field.random(secrets.length, randomBytes));
    const terms = [secrets, ...coefficients];
    return partiesOf(size.n).map((party) => field.linearCombination(powers(field, party, terms.length), terms)); // [Sha79]
  });
}

/** Weights λ with f(0) = Σ λ_i·f(points_i) for every polynomial of degree below the number of points. */
export function lagrangeAtZero(field: Field, points: readonly PartyIndex[]): bigint[] {
  return lagrangeAt(field, points, 0);
}

/**
 * The secret of shares of `degree`. Needs degree + 1 of them; every further share is checked.
 *
 * @param points whose shares these are, distinct
 * @throws CodedError PARTY_INDEX | SHARING_TOO_FEW | SHARING_LENGTH | SHARING_INCONSISTENT
 */
export function reconstruct(
  field: Field,
  degree: number,
  points: readonly PartyIndex[],
  shares: readonly FieldVector[],
): FieldVector {
  return evaluateAt(field, degree, points, shares, 0);
}

/**
 * The polynomials of shares of `degree` at another point, such as the share of a party that is absent. Needs degree + 1
 * shares; every further share is checked.
 *
 * @param points whose shares these are, distinct
 * @param x 0 for the secret, otherwise a party's point, 1..7; it may be one of `points`
 * @throws CodedError PARTY_INDEX | SHARING_TOO_FEW | SHARING_LENGTH | SHARING_INCONSISTENT
 */
export function evaluateAt(
  field: Field,
  degree: number,
  points: readonly PartyIndex[],
  shares: readonly FieldVector[],
  x: number,
): FieldVector {
  if (x !== 0) partyIndex(x, MAX_PARTIES);
  checkCodeword(field, degree, points, shares);
  return field.linearCombination(lagrangeAt(field, points.slice(0, degree + 1), x), shares.slice(0, degree + 1));
}

/**
 * Whether shares lie on polynomials of `degree`. With exactly degree + 1 shares they always do, so that the check is
 * vacuous: it catches up to m − degree − 1 wrong parties among m, none when m = degree + 1.
 *
 * @param points whose shares these are, distinct
 * @throws CodedError PARTY_INDEX | SHARING_TOO_FEW | SHARING_LENGTH | SHARING_INCONSISTENT
 */
export function checkCodeword(
  field: Field,
  degree: number,
  points: readonly PartyIndex[],
  shares: readonly FieldVector[],
): void {
  checkShares(degree, points, shares);
  if (!isCodeword(field, degree, points, shares)) {
    throw new CodedError<SharingError>(
      { code: "SHARING_INCONSISTENT", degree, points: [...points] },
      `the shares of parties ${points.join(", ")} are not on one polynomial of degree ${degree}`,
    );
  }
}

/**
 * Whether every share beyond the first degree + 1 is where those put it. Costs degree + 1 products an element and
 * further share: the least a check of one share can, as every parity check has at least degree + 2 terms, here one of
 * them with weight −1 (a comparison).
 */
export function isCodeword(
  field: Field,
  degree: number,
  points: readonly PartyIndex[],
  shares: readonly FieldVector[],
): boolean {
  const basis = points.slice(0, degree + 1);
  const known = shares.slice(0, degree + 1);
  return points.slice(degree + 1).every((extra, offset) =>
    field.scope(() => {
      const predicted = field.linearCombination(lagrangeAt(field, basis, extra), known);
      return field.equal(predicted, shares[degree + 1 + offset] as FieldVector);
    }),
  );
}

/**
 * Enough shares, of one length, of distinct parties.
 *
 * @throws CodedError PARTY_INDEX | SHARING_TOO_FEW | SHARING_LENGTH
 */
export function checkShares(degree: number, points: readonly PartyIndex[], shares: readonly FieldVector[]): void {
  assert(Number.isInteger(degree) && degree >= 0, `no polynomial has degree ${degree}`);
  checkDistinct(points);
  const lengths = shares.map((share) => share.length);
  if (shares.length !== points.length || new Set(lengths).size > 1) {
    throw new CodedError<SharingError>(
      { code: "SHARING_LENGTH", lengths },
      `${points.length} points with shares of ${lengths.join(", ")} elements`,
    );
  }
  if (points.length < degree + 1) {
    throw new CodedError<SharingError>(
      { code: "SHARING_TOO_FEW", needed: degree + 1, given: points.length },
      `${points.length} shares given, degree ${degree} needs ${degree + 1}`,
    );
  }
}

function lagrangeAt(field: Field, points: readonly PartyIndex[], x: number): bigint[] {
  checkDistinct(points);
  return lagrangeWeights(field, points, BigInt(x));
}

/** 1, x, x², … (`count` of them). */
function powers(field: Field, x: number, count: number): bigint[] {
  return Array.from({ length: count }, (_, exponent) => field.reduce(BigInt(x) ** BigInt(exponent)));
}
