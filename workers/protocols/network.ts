/**
 * What a protocol may know of the network: who takes part, and one exchange per round. Implementations: loopback
 * (tests, conformance) and sessions over the TLS mesh (`transport/`, adapted in `node/`); one compliance suite runs
 * over both.
 */
import type { PartyIndex } from "../sharing/parties.ts";

export interface Network {
  readonly self: PartyIndex;
  /** The participants of this attempt, ascending, `self` included. */
  readonly parties: readonly PartyIndex[];

  /**
   * One round: sends each listed peer one frame and waits for one frame from each expected peer. Frames are bound to
   * (session, epoch, attempt, step, sender, receiver, seq); a peer's frame for another step is an error, never skipped.
   * Rounds must be called in the same order by all.
   *
   * @param step name of the protocol step, for the transcript, traces and tests
   * @param outgoing at most one payload per peer; `self` is not a peer. Read until the exchange settles, and no longer.
   * @param expected payload length in bytes per peer that will send; a frame of another length throws
   * @returns payloads that are the caller's, to be given back to `messages/byteBuffers.ts` if it likes
   * @throws CodedError NETWORK_ABORTED | NETWORK_TIMEOUT | NETWORK_WRONG_LENGTH | NETWORK_WRONG_STEP, naming the peer
   */
  exchange(
    step: string,
    outgoing: ReadonlyMap<PartyIndex, Uint8Array>,
    expected: ReadonlyMap<PartyIndex, number>,
  ): Promise<Map<PartyIndex, Uint8Array>>;
}

/** How an exchange fails; the same for every implementation. */
export type NetworkErrorDetail =
  | {
      readonly code: "NETWORK_ABORTED";
      /** The party whose loss, abort or misbehaviour ended the session; self when this worker gave it up. */
      readonly peer: PartyIndex;
      readonly reason: string;
    }
  | {
      readonly code: "NETWORK_TIMEOUT";
      /** The lowest of the missing. */
      readonly peer: PartyIndex;
      readonly missing: readonly PartyIndex[];
      readonly step: string;
      readonly timeoutMs: number;
    }
  | {
      readonly code: "NETWORK_WRONG_LENGTH";
      readonly peer: PartyIndex;
      readonly step: string;
      readonly bytes: number;
      readonly expected: number;
    }
  | {
      readonly code: "NETWORK_WRONG_STEP";
      readonly peer: PartyIndex;
      readonly step: string;
      /** The peer's step, as far as its frame tells: its name, or the 4-byte tag of it. */
      readonly seen: string;
    }
  | { readonly code: "NETWORK_SESSION_REUSED"; readonly session: string; readonly attempt: string };
