/**
 * Opens bits of the gate: whether tests of sizes fail, and nothing else about the sizes. Malicious workers, at most t of
 * 2t + 1, can end the attempt but not change a bit: see `openShares.ts`.
 */
import type { FieldVector } from "../field/field.ts";
import { openShares } from "./openShares.ts";
import type { ProtocolSession } from "./session.ts";
import type { Transcript } from "./transcript.ts";

/**
 * Whether each fails: those at `undefined` cannot. Degree t in. 1 round of 2t elements per bit, none when there is no bit. What
 * opens is 0 or uniform. If it throws, t peers may know the bits.
 *
 * @param places index into `bits` per answer; public
 * @throws CodedError PROTOCOL_INCONSISTENT_OPENING | PROTOCOL_BAD_PAYLOAD | NETWORK_*
 */
export async function openBits(
  session: ProtocolSession,
  bits: FieldVector,
  places: readonly (number | undefined)[],
  transcript: Transcript,
  step: string,
): Promise<boolean[]> {
  const chosen = places.filter((place) => place !== undefined);
  if (chosen.length === 0) return places.map(() => false);
  const shares = session.field.gather(bits, chosen);
  const opened = await openShares(session, shares, transcript, step);
  session.field.release(shares);
  const values = opened[Symbol.iterator]();
  return places.map((place) => place !== undefined && values.next().value === 0n);
}
