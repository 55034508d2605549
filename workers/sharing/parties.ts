/** Parties of a committee epoch are Shamir points 1..n. */
import { CodedError } from "../errors.ts";
import type { SharingError } from "./sharingError.ts";

declare const partyBrand: unique symbol;
export type PartyIndex = number & { readonly [partyBrand]: true };

/** Largest supported committee: C(7, 3) = 35 replicated keys. */
export const MAX_PARTIES = 7;

/** Smallest committee in which one corrupt worker learns nothing and products can still be reduced. */
export const MIN_PARTIES = 3;

export interface CommitteeSize {
  /** Number of workers, 3..7. */
  readonly n: number;
  /** Shamir degree and corruption bound; n >= 2t + 1. */
  readonly t: number;
}

/** @throws CodedError PARTY_COMMITTEE_SIZE unless 3 <= n <= 7, t >= 1 and n >= 2t + 1, all integers. */
export function checkCommitteeSize({ n, t }: CommitteeSize): void {
  const counts = Number.isInteger(n) && Number.isInteger(t);
  if (!counts || n < MIN_PARTIES || n > MAX_PARTIES || t < 1 || n < 2 * t + 1) {
    throw new CodedError<SharingError>(
      { code: "PARTY_COMMITTEE_SIZE", n, t },
      `a committee of n = ${n}, t = ${t} is not supported: 3 <= n <= 7, t >= 1, n >= 2t + 1`,
    );
  }
}

/** @throws CodedError PARTY_INDEX unless `value` is an integer in 1..n: index 0 would be the secret itself. */
export function partyIndex(value: number, n: number): PartyIndex {
  if (!Number.isInteger(value) || value < 1 || value > n) {
    throw new CodedError<SharingError>({ code: "PARTY_INDEX", value }, `party ${value} is not one of 1..${n}`);
  }
  return value as PartyIndex;
}

/** 1..n in order. */
export function partiesOf(n: number): PartyIndex[] {
  return Array.from({ length: n }, (_, offset) => partyIndex(offset + 1, n));
}

/** @throws CodedError PARTY_INDEX unless these are distinct valid parties: equal points would divide by zero. */
export function checkDistinct(parties: readonly PartyIndex[]): void {
  const seen = new Set<number>();
  for (const party of parties) {
    partyIndex(party, MAX_PARTIES);
    if (seen.has(party)) {
      throw new CodedError<SharingError>({ code: "PARTY_INDEX", value: party }, `party ${party} is listed twice`);
    }
    seen.add(party);
  }
}

/** All subsets of `size` parties, lexicographic in the order given. At most C(7, 3) = 35. */
export function subsets(parties: readonly PartyIndex[], size: number): PartyIndex[][] {
  if (size === 0) return [[]];
  return parties.flatMap((first, position) =>
    subsets(parties.slice(position + 1), size - 1).map((rest) => [first, ...rest]),
  );
}
