/** Parties of a committee epoch are Shamir points 1..n. */

declare const partyBrand: unique symbol;
export type PartyIndex = number & { readonly [partyBrand]: true };

/** Largest supported committee: C(7, 3) = 35 replicated keys. */
export const MAX_PARTIES = 7;

export interface CommitteeSize {
  /** Number of workers, 3..7. */
  readonly n: number;
  /** Shamir degree and corruption bound; n >= 2t + 1. */
  readonly t: number;
}
