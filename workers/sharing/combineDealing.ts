/**
 * One number for everything that a dealer gave a worker: F(j) = mask_j + Σ_i γ^(i+1)·share_{i,j} over all words i. If the
 * shares of every word lie on a polynomial of degree t, so do the F(j), and t + 1 of them say what the others must be.
 *
 * Protects against a dealer that gives honest workers shares of no polynomial: for some parity check λ of degree-t
 * codewords over the honest points, Σ_j λ_j·share_{i,j} is then not 0 for some i, and Σ_i γ^(i+1)·Σ_j λ_j·share_{i,j} is a
 * polynomial in γ that is not zero, of degree at most M, the number of words: γ is a root with probability at most M/r.
 * The mask's shares are consistent by construction when honest workers hold equal seeds. Against t + 1 honest workers
 * among 2t + 1 it shows nothing, and there is nothing to show: t + 1 points always lie on such a polynomial.
 * Private: the mask is uniform to any t workers, so F tells them nothing but what their own shares and seeds say.
 * Source: batch verification of sharings, M. Bellare, J. A. Garay, T. Rabin, "Distributed pseudo-random bit generators: a
 * new way to speed-up shared coin tossing", PODC 1996. Where we differ: the challenge is a hash of all shares.
 */
import type { Field, FieldVector } from "../field/field.ts";
import { scalarPower } from "../field/scalarPower.ts";
import { expandDealingMask } from "./prss.ts";
import type { ReplicatedKeys } from "./prss.ts";

/**
 * F(seeds.self). Time linear in the words, memory two columns.
 *
 * @param columns shares of degree t, all of one length, in the file's order; each is released once it is counted in
 * @param challenge γ, unknown to the dealer before it had fixed all shares and seeds
 */
export function combineDealing(
  field: Field,
  seeds: ReplicatedKeys,
  columns: Iterable<FieldVector>,
  challenge: bigint,
): bigint {
  let combined = expandDealingMask(field, seeds, challenge);
  let powers: FieldVector | undefined;
  let weight = challenge;
  let step = 1n;
  for (const column of columns) {
    if (powers === undefined) {
      powers = field.powers(challenge, column.length);
      step = scalarPower(field, challenge, column.length);
    }
    combined = field.reduce(combined + weight * field.innerProduct(powers, column));
    weight = field.reduce(weight * step);
    field.release(column);
  }
  if (powers !== undefined) field.release(powers);
  return combined;
}
