/**
 * Correction of wrong shares. The shares of one element are a word of a Reed-Solomon code; those of a vector are one
 * such word per element, and an error is counted per party, however many of its elements are wrong.
 *
 * Legend: m shares of degree d are given. Two different codewords differ at m − d parties or more: they differ in some
 * element, where the difference is a non-zero polynomial of degree at most d, which vanishes at most at d points.
 *
 * Protects: as far as the caller's bound on wrong parties holds. Does not protect beyond it, and the correction limit of
 * the code is not such a bound: colluding liars can move a word next to another codeword. What may be corrected
 * although t parties lie is `correctableParties`.
 * Source: R. J. McEliece, D. V. Sarwate, "On sharing secrets and Reed-Solomon codes", CACM 24(9), 1981,
 * https://doi.org/10.1145/358746.358762 [MS81].
 */
import assert from "node:assert/strict";

import { CodedError } from "../errors.ts";
import type { Field, FieldVector } from "../field/field.ts";
import { subsets } from "./parties.ts";
import type { PartyIndex } from "./parties.ts";
import { checkShares, isCodeword, lagrangeAtZero } from "./shamir.ts";
import type { SharingError } from "./sharingError.ts";

export interface Correction {
  readonly secret: FieldVector;
  /** Ascending; empty when every share was right. */
  readonly wrongPoints: PartyIndex[];
}

/**
 * The secret of shares of `degree` of which those of at most `maxWrong` parties are wrong, and who these are.
 *
 * Looks for the fewest parties without whom the rest is a codeword. This finds what Berlekamp-Welch finds, because at
 * most one codeword lies within `maxWrong` parties of the word: two would lie within 2·maxWrong <= m − d − 1 of each
 * other, below their least distance. [MS81] The parties left out are then exactly those whose shares are off it.
 *
 * Cost: `checkCodeword` when nothing is wrong. Otherwise C(m, e) checks for each e up to the number of wrong parties,
 * at most 7 for one and 21 more for two (m <= 7); most end at the first further share.
 *
 * @param maxWrong at most floor((m − degree − 1)/2); where t parties may lie, `correctableParties`
 * @param points whose shares these are, distinct
 * @throws CodedError PARTY_INDEX | SHARING_TOO_FEW | SHARING_LENGTH, and SHARING_UNCORRECTABLE when more than
 *   `maxWrong` parties are wrong, unless so many are wrong that the word is within `maxWrong` of another codeword
 */
export function correctErrors(
  field: Field,
  degree: number,
  maxWrong: number,
  points: readonly PartyIndex[],
  shares: readonly FieldVector[],
): Correction {
  checkShares(degree, points, shares);
  const capacity = correctionCapacity(points.length, degree);
  assert(
    Number.isInteger(maxWrong) && 0 <= maxWrong && maxWrong <= capacity,
    `${points.length} shares of degree ${degree} correct up to ${capacity} wrong parties, not ${maxWrong}`,
  );
  for (let wrong = 0; wrong <= maxWrong; wrong++) {
    for (const right of subsets(points, points.length - wrong)) {
      const rightShares = right.map((point) => shares[points.indexOf(point)] as FieldVector);
      if (!isCodeword(field, degree, right, rightShares)) continue;
      const basis = right.slice(0, degree + 1);
      return {
        secret: field.linearCombination(lagrangeAtZero(field, basis), rightShares.slice(0, degree + 1)),
        wrongPoints: points.filter((point) => !right.includes(point)).sort((left, other) => left - other),
      };
    }
  }
  throw new CodedError<SharingError>(
    { code: "SHARING_UNCORRECTABLE", degree, points: [...points], maxWrong },
    `no polynomial of degree ${degree} passes all but ${maxWrong} of the shares of parties ${points.join(", ")}`,
  );
}

/**
 * How many wrong parties `correctErrors` may correct so that `liars` colluding parties never turn a correction into a
 * wrong value: min(floor((m − d − 1)/2), m − d − 1 − liars), at least 0.
 *
 * Why: a word that `liars` parties changed is at most that far from the true codeword, so at distance m − d − liars or
 * more from every other one, and liars who agree on another codeword reach this distance. Correcting up to e ends at
 * the wrong one exactly if e gets there, so e < m − d − liars. More liars than e, but no more than `liars`, are then
 * still detected. At (5, 2), degree 2, the code corrects one party, yet two liars could have an honest one "corrected":
 * 0. The bound covers every wrong share, also those of honest parties by accident.
 *
 * 0 says that nothing may be corrected, not that a lie is noticed: with m − d <= liars, as for degree 2t among 2t + 1,
 * even a codeword may be a wrong one.
 */
export function correctableParties({
  shares,
  degree,
  liars,
}: {
  readonly shares: number;
  readonly degree: number;
  readonly liars: number;
}): number {
  assert(
    [shares, degree, liars].every((count) => Number.isInteger(count) && count >= 0),
    "counts of parties and a degree",
  );
  return Math.max(0, Math.min(correctionCapacity(shares, degree), shares - degree - 1 - liars));
}

/** floor((m − d − 1)/2): up to half the least distance, words have one nearest codeword. Negative when m <= d. */
function correctionCapacity(shares: number, degree: number): number {
  return Math.floor((shares - degree - 1) / 2);
}
