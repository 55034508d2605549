/** One request's, or input check's, messages to the committee's other members, and who of them sent one. */
import { type Frame, FrameKind } from "../messages/frame.ts";
import { encodeParticipants } from "../messages/proposal.ts";
import { type SignedVerdict, encodeSignedVerdict } from "../messages/signedVerdict.ts";
import type { PartyIndex } from "../sharing/parties.ts";

export interface CommitteePostOptions {
  /** The request's id, or the check's. */
  readonly requestId: string;
  /** How its proposals travel; PROPOSE unless given. */
  readonly proposals?: FrameKind;
  readonly epoch: bigint;
  /** workers[j - 1] is Shamir point j. */
  readonly workers: readonly string[];
  readonly self: PartyIndex;
  /** Sends and forgets. */
  readonly send: (address: string, frame: Frame) => void;
}

export class CommitteePost {
  readonly #options: CommitteePostOptions;

  constructor(options: CommitteePostOptions) {
    this.#options = options;
  }

  /** Every member but this worker. */
  others(): PartyIndex[] {
    const { workers, self } = this.#options;
    return workers.map((_, i) => (i + 1) as PartyIndex).filter((party) => party !== self);
  }

  addressOf(party: PartyIndex): string {
    return this.#options.workers[party - 1]!;
  }

  /** Undefined for an address that is no member. */
  indexOf(address: string): PartyIndex | undefined {
    const lower = address.toLowerCase();
    const position = this.#options.workers.findIndex((worker) => worker.toLowerCase() === lower);
    return position < 0 ? undefined : ((position + 1) as PartyIndex);
  }

  toAll(kind: FrameKind, attempt: bigint, payload: Uint8Array): void {
    for (const party of this.others()) this.#send(party, kind, attempt, payload);
  }

  signedTo(party: PartyIndex, signed: SignedVerdict): void {
    this.#send(party, FrameKind.SIGNATURE, signed.verdict.attempt, encodeSignedVerdict(signed));
  }

  signedToAll(signed: SignedVerdict): void {
    this.toAll(FrameKind.SIGNATURE, signed.verdict.attempt, encodeSignedVerdict(signed));
  }

  /** This worker has come to this attempt. */
  announceTo(party: PartyIndex, attempt: bigint): void {
    this.#send(party, this.#proposals(), attempt, encodeParticipants([]));
  }

  announceToAll(attempt: bigint): void {
    this.toAll(this.#proposals(), attempt, encodeParticipants([]));
  }

  /** How an input check ended here. */
  reportTo(party: PartyIndex, report: Uint8Array): void {
    this.#send(party, FrameKind.CHECK_REPORT, 0n, report);
  }

  #proposals(): FrameKind {
    return this.#options.proposals ?? FrameKind.PROPOSE;
  }

  #send(party: PartyIndex, kind: FrameKind, attempt: bigint, payload: Uint8Array): void {
    const { requestId, epoch, send } = this.#options;
    const place = { session: requestId, epoch, attempt, step: 0, sender: 0, receiver: 0, seq: 0 };
    send(this.addressOf(party), { kind, ...place, payload });
  }
}
