/**
 * A proposal to start one attempt of one request: who takes part. Sent by the attempt's proposer to the whole
 * committee. The request and the attempt stand in the frame's own header (`session`, `attempt`), so that a proposal
 * cannot be replayed into another.
 *
 * Without participants it proposes nothing: the sender, any member, says that it has come to this attempt.
 */
import { CodedError } from "../errors.ts";
import { MAX_PARTIES, type PartyIndex } from "../sharing/parties.ts";

export interface Proposal {
  /** 0x-hex bytes32. */
  readonly requestId: string;
  /** From 1; each number is used at most once per request. */
  readonly attempt: bigint;
  /** Exactly 2t + 1 members, ascending. */
  readonly participants: readonly PartyIndex[];
}

export type ProposalErrorDetail = { readonly code: "PROPOSAL_INVALID"; readonly reason: string };

/** One byte per participant. */
export function encodeParticipants(participants: readonly PartyIndex[]): Uint8Array {
  return Uint8Array.from(participants);
}

/**
 * @returns empty for a member that only says where it is
 * @throws CodedError PROPOSAL_INVALID unless strictly ascending indices in 1..MAX_PARTIES
 */
export function decodeParticipants(payload: Uint8Array): PartyIndex[] {
  const participants = [...payload];
  const valid = participants.every(
    (party, i) => party >= 1 && party <= MAX_PARTIES && (i === 0 || party > participants[i - 1]!),
  );
  if (!valid) {
    throw new CodedError<ProposalErrorDetail>(
      { code: "PROPOSAL_INVALID", reason: "participants" },
      "A proposal's participants are not ascending party indices",
    );
  }
  return participants as PartyIndex[];
}
