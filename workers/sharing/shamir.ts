/**
 * Shamir sharing over the points 1..n, vector-wise: element k of every share belongs to element k of the secret.
 *
 * Protects: any t shares of a degree-t sharing are uniform and independent of the secret (perfect secrecy, given
 * uniform `randomBytes`). Does not protect: who deals can deal an inconsistent sharing, who holds a share can change
 * it; `reconstruct` detects either only from shares beyond degree + 1 and does not say whose.
 * Source: A. Shamir, "How to share a secret", CACM 22(11), 1979, https://doi.org/10.1145/359168.359176 [Sha79].
 */
import { CodedError } from "../errors.ts";
import type { Field, FieldVector, RandomBytes } from "../field/field.ts";
import { checkCommitteeSize, checkDistinct, partiesOf } from "./parties.ts";
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
  const coefficients = Array.from({ length: size.t }, () => field.random(secrets.length, randomBytes));
  const terms = [secrets, ...coefficients];
  return partiesOf(size.n).map((party) => field.linearCombination(powers(field, party, terms.length), terms)); // [Sha79]
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
  checkShares(degree, points, shares);
  const basis = points.slice(0, degree + 1);
  const known = shares.slice(0, degree + 1);
  for (let extra = degree + 1; extra < points.length; extra++) {
    const weights = lagrangeAt(field, basis, points[extra] as PartyIndex);
    const predicted = field.linearCombination(weights, known);
    if (!field.equal(predicted, shares[extra] as FieldVector)) {
      throw new CodedError<SharingError>(
        { code: "SHARING_INCONSISTENT", degree, points: [...points] },
        `the shares of parties ${points.join(", ")} are not on one polynomial of degree ${degree}`,
      );
    }
  }
  return field.linearCombination(lagrangeAtZero(field, basis), known);
}

function checkShares(degree: number, points: readonly PartyIndex[], shares: readonly FieldVector[]): void {
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

/** Weights λ with f(x) = Σ λ_i·f(points_i): λ_i = Π_{j≠i} (x − p_j)/(p_i − p_j). */
function lagrangeAt(field: Field, points: readonly PartyIndex[], x: number): bigint[] {
  checkDistinct(points);
  return points.map((point) => {
    const others = points.filter((other) => other !== point);
    const numerator = others.reduce((product, other) => product * BigInt(x - other), 1n);
    const denominator = others.reduce((product, other) => product * BigInt(point - other), 1n);
    return field.reduce(numerator * field.invert(denominator));
  });
}

/** 1, x, x², … (`count` of them). */
function powers(field: Field, x: number, count: number): bigint[] {
  return Array.from({ length: count }, (_, exponent) => field.reduce(BigInt(x) ** BigInt(exponent)));
}
