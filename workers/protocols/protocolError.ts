/** What can go wrong in a protocol besides the network. Details name parties, steps and counts only. */
import { CodedError } from "../errors.ts";
import type { PartyIndex } from "../sharing/parties.ts";

export type ProtocolError =
  /** An attempt needs exactly 2t + 1 participants whose replicated keys were agreed for exactly this set. */
  | {
      readonly code: "PROTOCOL_WRONG_PARTICIPANTS";
      readonly parties: readonly PartyIndex[];
      readonly t: number;
      readonly needed: number;
    }
  /** `peer` sent something that is not a vector of canonical field elements; the field's error is the cause. */
  | { readonly code: "PROTOCOL_BAD_PAYLOAD"; readonly peer: PartyIndex; readonly step: string }
  /**
   * Members of `subset` (all of them are `parties`) hold different keys. `groups` are the members by the hash they
   * reported; the culprit is among `parties`, which of them cannot be told from hashes alone.
   */
  | {
      readonly code: "PROTOCOL_KEY_MISMATCH";
      readonly subset: string;
      readonly parties: readonly PartyIndex[];
      readonly groups: readonly (readonly PartyIndex[])[];
    }
  /** The shares opened in `step` are of no polynomial of degree t; the liar is among `parties`. */
  | { readonly code: "PROTOCOL_INCONSISTENT_OPENING"; readonly step: string; readonly parties: readonly PartyIndex[] }
  /** `parties` have seen other opened values, or are elsewhere in the protocol. */
  | { readonly code: "PROTOCOL_TRANSCRIPT_MISMATCH"; readonly step: string; readonly parties: readonly PartyIndex[] }
  /** Some product is not that of its factors; the liar is among `parties`. Nothing but masked values was opened. */
  | { readonly code: "PROTOCOL_PRODUCTS_WRONG"; readonly parties: readonly PartyIndex[] }
  /** `party`, or all together, know of more earlier answers than one gate tests against. */
  | {
      readonly code: "PROTOCOL_HISTORY_TOO_LONG";
      readonly party: PartyIndex | "all";
      readonly length: number;
      readonly maximum: number;
    }
  /** `peer` sent another list than it announced, one that is not ascending, a malformed summary, or has not even followed to the request. */
  | {
      readonly code: "PROTOCOL_BAD_HISTORY";
      readonly peer: PartyIndex;
      readonly reason: "not as announced" | "not ascending" | "block before the request" | "neither fixed nor not";
    }
  /** `parties` say that an earlier attempt fixed the history of this request, and not the same one. */
  | { readonly code: "PROTOCOL_HISTORY_CONFLICT"; readonly parties: readonly PartyIndex[] }
  /** A field of the attempt's context is malformed. */
  | { readonly code: "PROTOCOL_BAD_CONTEXT"; readonly field: string }
  /** The loaded columns are not those of the circuit: another number of them, or of unequal lengths. */
  | { readonly code: "PROTOCOL_WRONG_COLUMNS"; readonly expected: number; readonly lengths: readonly number[] };

/** Number of participants that multiply: with one more, unequal answers of a collector would read shares. */
export function participantsNeeded(t: number): number {
  return 2 * t + 1;
}

/** @throws CodedError PROTOCOL_WRONG_PARTICIPANTS unless exactly 2t + 1, t >= 1. */
export function checkParticipants(parties: readonly PartyIndex[], t: number): void {
  const needed = participantsNeeded(t);
  if (!Number.isInteger(t) || t < 1 || parties.length !== needed) {
    throw new CodedError<ProtocolError>(
      { code: "PROTOCOL_WRONG_PARTICIPANTS", parties: [...parties], t, needed },
      `parties ${parties.join(", ")} take part; t = ${t} needs exactly ${needed}`,
    );
  }
}
