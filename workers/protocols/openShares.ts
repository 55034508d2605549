/**
 * Opens shares of degree t to all participants, checked.
 *
 * Malicious workers: the t + 1 honest shares among 2t + 1 fix the polynomials, so any wrong share of up to t liars is
 * noticed by every honest participant by itself, and none of them takes a wrong value. With exactly 2t + 1 shares of
 * degree t, t = 1 … 3, liars cannot be told from honest ones (`correctableParties` is 0), so nobody is named.
 * Nothing opens while a product is unverified, but values that are masked by construction.
 */
import assert from "node:assert/strict";

import { CodedError, isCoded } from "../errors.ts";
import type { FieldVector } from "../field/field.ts";
import { reconstruct } from "../sharing/shamir.ts";
import { ledgerOf } from "./claimLedger.ts";
import { exchangeVectors, peersOf, toEach } from "./exchangeVectors.ts";
import type { ProtocolError } from "./protocolError.ts";
import { checkSession } from "./session.ts";
import type { ProtocolSession } from "./session.ts";
import type { Transcript } from "./transcript.ts";

/** Degree t, of values that are uniform to anyone whatever is shared: a type of its own, so that no result passes for it. */
export interface MaskedShares {
  readonly masked: FieldVector;
}

/**
 * The secrets, which may be anything that is verified. Degree t in. 1 round; a party sends 2t elements per secret. If it
 * throws, t peers may already know the secrets; if it refuses because something is unverified, nothing was sent.
 *
 * @param transcript absorbs what was opened
 * @throws CodedError PROTOCOL_INCONSISTENT_OPENING | PROTOCOL_WRONG_PARTICIPANTS | PROTOCOL_BAD_PAYLOAD | NETWORK_*
 */
export async function openShares(
  session: ProtocolSession,
  shares: FieldVector,
  transcript: Transcript,
  step: string,
): Promise<bigint[]> {
  assert(ledgerOf(session).isSettled, `step ${step} would open shares while products are unverified`);
  return openMasked(session, { masked: shares }, transcript, step);
}

/**
 * The same for challenges and what verification itself opens, which may open while products are unverified. Rounds,
 * elements and errors as above.
 */
export async function openMasked(
  session: ProtocolSession,
  { masked }: MaskedShares,
  transcript: Transcript,
  step: string,
): Promise<bigint[]> {
  checkSession(session);
  const { field, network } = session;
  const peers = peersOf(session);
  const received = await exchangeVectors(session, step, toEach(peers, masked), toEach(peers, masked.length));
  const all = network.parties.map((party) => (party === network.self ? masked : (received.get(party) as FieldVector)));
  const secrets = reconstructChecked(session, all, step);
  transcript.absorb(step, field.toWords(secrets));
  const residues = field.toResidues(secrets);
  field.release(secrets, ...received.values());
  return residues;
}

function reconstructChecked({ field, network, t }: ProtocolSession, shares: FieldVector[], step: string): FieldVector {
  try {
    return reconstruct(field, t, network.parties, shares);
  } catch (cause) {
    if (!isCoded(cause, "SHARING_INCONSISTENT")) throw cause;
    throw new CodedError<ProtocolError>(
      { code: "PROTOCOL_INCONSISTENT_OPENING", step, parties: [...network.parties] },
      `the shares opened in step ${step} are not on one polynomial: at least one of parties ${network.parties.join(", ")} lies`,
      { cause },
    );
  }
}
