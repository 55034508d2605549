/**
 * Products of shared vectors with degree reduction.
 *
 * Semi-honest: privacy holds against t workers who follow the protocol, whatever they learn together; a lying worker
 * can change results (an additive error of its choice in any product), and if outputs are opened before products are
 * verified, such an error can reveal row values. Nothing here verifies products.
 * Exactly 2t + 1 participants: then a collector that sends unequal values to its peers learns nothing from what they
 * answer later, because 2t + 1 masked points fix a degree-2t polynomial with no redundancy. With one more point the
 * parity of the answers would be a multiple of a share.
 * Source: I. Damgård, J. B. Nielsen, "Scalable and unconditionally secure multiparty computation", CRYPTO 2007,
 * https://doi.org/10.1007/978-3-540-74143-5_32 [DN07], with the double sharing from PRSS and PRZS [CDI05].
 */
import assert from "node:assert/strict";

import type { FieldVector } from "../field/field.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import { combineMasked, maskSecret, multiplyUnreduced } from "./doubleShare.ts";
import type { MaskedDoubleShare } from "./doubleShare.ts";
import { exchangeVectors, peersOf, toEach } from "./exchangeVectors.ts";
import { checkSession } from "./session.ts";
import type { ProtocolSession } from "./session.ts";

export interface FactorPair {
  readonly left: FieldVector;
  readonly right: FieldVector;
}

/**
 * Elementwise products of all pairs in one reduction. Degrees t, t in, t out.
 *
 * With m = 2t + 1 participants and M elements over all pairs: opens e = x·y + rho, rho uniform of degree t, and
 * returns e − rho. Participant i collects block i of e. 2 rounds; a party sends M − |block| elements in the first and
 * 2t·|block| in the second: about 4t/(2t+1)·M in all, at most 2t more by rounding. Where we differ from [DN07]: the
 * collector's work is split over all participants by block, and the masks cost no communication.
 * If it throws, peers may hold masked shares of e, which are independent of the factors.
 *
 * @param step names the rounds and the masks: unique within the session's keys
 * @throws CodedError PROTOCOL_WRONG_PARTICIPANTS | PROTOCOL_BAD_PAYLOAD | NETWORK_*
 */
export async function multiplyVectors(
  session: ProtocolSession,
  pairs: readonly FactorPair[],
  step: string,
): Promise<FieldVector[]> {
  checkSession(session);
  const { field } = session;
  for (const { left, right } of pairs) assert.equal(left.length, right.length, "factors of unequal length");
  const [masked, rho] = field.scope(() => {
    const left = field.concat(pairs.map((pair) => pair.left));
    const right = field.concat(pairs.map((pair) => pair.right));
    const secret = maskSecret(session, multiplyUnreduced(field, left, right), step);
    return [secret.share.masked, secret.rho] as const;
  });
  const collected = await collectBlock(session, { masked }, `${step}/collect`);
  const opened = await distributeBlocks(session, collected, masked.length, `${step}/return`);
  const products = field.sub(opened, rho);
  const parts = splitLike(session, products, pairs);
  field.release(masked, rho, collected, opened, products); // the parts keep what they show
  return parts;
}

/** Round 1: everyone sends participant i its share of block i; returns this party's own block of e. */
async function collectBlock(
  session: ProtocolSession,
  { masked }: MaskedDoubleShare,
  step: string,
): Promise<FieldVector> {
  const { field, network } = session;
  const blockFor = (party: PartyIndex): FieldVector => {
    const { from, to } = blockOf(network.parties, party, masked.length);
    return field.view(masked, from, to);
  };
  const peers = peersOf(session);
  const own = blockFor(network.self);
  const outgoing = new Map(peers.map((peer) => [peer, blockFor(peer)]));
  const received = await exchangeVectors(session, step, outgoing, toEach(peers, own.length));
  const combined = combineMasked(field, received.set(network.self, own));
  field.release(...outgoing.values(), ...received.values());
  return combined;
}

/** Round 2: every participant sends its block of e to all; returns e. */
async function distributeBlocks(
  session: ProtocolSession,
  own: FieldVector,
  length: number,
  step: string,
): Promise<FieldVector> {
  const { field, network } = session;
  const peers = peersOf(session);
  const expected = new Map(
    peers.map((peer) => {
      const { from, to } = blockOf(network.parties, peer, length);
      return [peer, to - from];
    }),
  );
  const blocks = await exchangeVectors(session, step, toEach(peers, own), expected);
  const all = new Map(blocks).set(network.self, own);
  const joined = field.concat(network.parties.map((party) => all.get(party) as FieldVector)); // peers and self are all
  field.release(...blocks.values());
  return joined;
}

/** Elements [from, to) that `party` collects: `length` cut as evenly as it goes. */
function blockOf(parties: readonly PartyIndex[], party: PartyIndex, length: number): { from: number; to: number } {
  const position = parties.indexOf(party);
  const cut = (index: number): number => Math.floor((length * index) / parties.length);
  return { from: cut(position), to: cut(position + 1) };
}

function splitLike({ field }: ProtocolSession, joined: FieldVector, pairs: readonly FactorPair[]): FieldVector[] {
  let from = 0;
  return pairs.map(({ left }) => {
    const part = field.view(joined, from, from + left.length);
    from += left.length;
    return part;
  });
}
