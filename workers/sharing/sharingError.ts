/** What can be wrong with parties and shares. No detail carries an element. */
export type SharingError =
  | { readonly code: "PARTY_COMMITTEE_SIZE"; readonly n: number; readonly t: number }
  | { readonly code: "PARTY_INDEX"; readonly value: number }
  /** Fewer shares than degree + 1. */
  | { readonly code: "SHARING_TOO_FEW"; readonly needed: number; readonly given: number }
  /** Shares of different lengths, or another number of shares than of points. */
  | { readonly code: "SHARING_LENGTH"; readonly lengths: readonly number[] }
  /** The shares of these points are not on one polynomial of the degree. */
  | { readonly code: "SHARING_INCONSISTENT"; readonly degree: number; readonly points: readonly number[] }
  /** No polynomials of the degree pass all but at most `maxWrong` of these points. */
  | {
      readonly code: "SHARING_UNCORRECTABLE";
      readonly degree: number;
      readonly points: readonly number[];
      readonly maxWrong: number;
    };
