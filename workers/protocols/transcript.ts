/**
 * What the participants of a session compute and have opened so far, as one running hash. They compare it before the first
 * product, before every challenge, before the first bit of the gate and before the outputs: so all honest ones compute the
 * same thing on the same columns (t + 1 of them that did not would still agree, on nonsense), nobody goes on with another
 * value than the others, and nobody's challenge opens before all honest ones have fixed what it is to test.
 */
import { createHash } from "node:crypto";

import { CodedError } from "../errors.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import { peersOf, toEach } from "./exchangeVectors.ts";
import type { ProtocolError } from "./protocolError.ts";
import type { ProtocolSession } from "./session.ts";

export class Transcript {
  #state: Uint8Array = createHash("sha256").update("Opaline.Transcript.v1").digest();

  /** @param words public: opened values, or what is to be computed */
  absorb(step: string, words: Uint8Array): void {
    const length = Buffer.alloc(8);
    length.writeUInt32BE(Buffer.byteLength(step));
    length.writeUInt32BE(words.length, 4);
    this.#state = createHash("sha256").update(this.#state).update(length).update(step).update(words).digest();
  }

  /** @param structure public, of plain objects, arrays, strings, numbers and bigints; the same text at all */
  absorbStructure(step: string, structure: unknown): void {
    this.absorb(step, Buffer.from(structureText(structure)));
  }

  get hash(): Uint8Array {
    return this.#state;
  }
}

/** One text for a structure: JSON, bigints in decimal. */
export function structureText(structure: unknown): string {
  return JSON.stringify(structure, (_, each: unknown) => (typeof each === "bigint" ? String(each) : each));
}

/**
 * Waits until every participant has come to this step with the same transcript. 1 round, 32 bytes to each peer. If it
 * throws, nothing was revealed.
 *
 * @throws CodedError PROTOCOL_TRANSCRIPT_MISMATCH naming those whose transcript differs from this party's | NETWORK_*
 */
export async function compareTranscripts(
  session: ProtocolSession,
  transcript: Transcript,
  step: string,
): Promise<void> {
  const { network, trace } = session;
  const peers = peersOf(session);
  const own = createHash("sha256").update(transcript.hash).update(step).digest();
  trace?.push({ step, bytesSent: peers.length * own.length });
  const received = await network.exchange(step, toEach(peers, own), toEach(peers, own.length));
  const parties = peers.filter((peer) => !own.equals(received.get(peer) as Uint8Array)) as PartyIndex[];
  if (parties.length > 0) {
    throw new CodedError<ProtocolError>(
      { code: "PROTOCOL_TRANSCRIPT_MISMATCH", step, parties },
      `parties ${parties.join(", ")} have seen other values than party ${network.self} before step ${step}`,
    );
  }
}
