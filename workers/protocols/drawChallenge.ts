/**
 * A random field element that nobody could know before all honest participants had come to this step.
 *
 * Malicious workers: t of them and one honest share would already fix the coin, so honest participants first make sure
 * that all of them have fixed what the challenge is to test (`compareTranscripts`), and only then send their shares.
 */
import { takeSharedMask } from "./masks.ts";
import { openMasked } from "./openShares.ts";
import type { ProtocolSession } from "./session.ts";
import { compareTranscripts } from "./transcript.ts";
import type { Transcript } from "./transcript.ts";

/**
 * The challenge, equal at all. 2 rounds; a party sends 32 bytes and one element to each peer.
 *
 * @param step names the rounds and the mask: unique within the session's keys
 * @throws CodedError PROTOCOL_TRANSCRIPT_MISMATCH | PROTOCOL_INCONSISTENT_OPENING | PROTOCOL_* | NETWORK_*
 */
export async function drawChallenge(session: ProtocolSession, transcript: Transcript, step: string): Promise<bigint> {
  await compareTranscripts(session, transcript, `${step}/ready`);
  const share = takeSharedMask(session, step, 1);
  const [challenge] = await openMasked(session, { masked: share }, transcript, step);
  session.field.release(share);
  return challenge as bigint;
}
