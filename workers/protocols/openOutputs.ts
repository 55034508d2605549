/**
 * Opens output sums to all participants.
 *
 * Semi-honest: t workers who follow the protocol learn the outputs and nothing else; a lying worker can add any error
 * to what the others see, and can show different parties different values.
 */
import type { DoubleShare } from "./doubleShare.ts";
import { combineMasked, maskPolynomial } from "./doubleShare.ts";
import { exchangeVectors, peersOf, toEach } from "./exchangeVectors.ts";
import { checkSession } from "./session.ts";
import type { ProtocolSession } from "./session.ts";

/**
 * Canonical residues of the secrets. Degree 2t in (a share of lower degree counts as one). 1 round; a party sends
 * 2t elements per output. Every share is masked by a zero sharing first, so that the polynomials tell nothing but the
 * outputs. If it throws, t peers may already know the outputs.
 *
 * @param step names the round and the masks: unique within the session's keys
 * @throws CodedError PROTOCOL_WRONG_PARTICIPANTS | PROTOCOL_BAD_PAYLOAD | NETWORK_*
 */
export async function openOutputs(session: ProtocolSession, outputs: DoubleShare, step: string): Promise<bigint[]> {
  checkSession(session);
  const { masked } = maskPolynomial(session, outputs, step);
  const peers = peersOf(session);
  const shares = await exchangeVectors(session, step, toEach(peers, masked), toEach(peers, masked.length));
  return session.field.toResidues(combineMasked(session.field, shares.set(session.network.self, masked)));
}
