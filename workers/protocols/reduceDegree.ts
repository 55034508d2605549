/**
 * Degree reduction: from shares of degree 2t, as a local product or inner product leaves them, to shares of degree t.
 *
 * Malicious workers: privacy holds against any t; each can add an error of its choice to each result, an error it knows
 * and that does not depend on what is shared (D. Genkin et al., "Circuits resilient to additive attacks with
 * applications to secure computation", STOC 2014). `verifyProducts.ts` catches it before anything else opens.
 * Exactly 2t + 1 participants: then a collector that sends unequal values to its peers learns nothing from what they
 * answer later, because 2t + 1 masked points fix a degree-2t polynomial with no redundancy. With one more point the
 * parity of the answers would be a multiple of a share.
 * Source: I. Damgård, J. B. Nielsen, "Scalable and unconditionally secure multiparty computation", CRYPTO 2007,
 * https://doi.org/10.1007/978-3-540-74143-5_32 [DN07], with the double sharing from PRSS and PRZS [CDI05].
 */
import type { FieldVector } from "../field/field.ts";
import { lagrangeWeights } from "../sharing/lagrange.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import { ledgerOf } from "./claimLedger.ts";
import { combineMasked, maskSecret } from "./doubleShare.ts";
import type { DoubleShare } from "./doubleShare.ts";
import { exchangeVectors, peersOf, toEach } from "./exchangeVectors.ts";
import { checkSession } from "./session.ts";
import type { ProtocolSession } from "./session.ts";

/**
 * Shares of degree t of the secrets of `double`.
 *
 * With m = 2t + 1 participants and M elements: opens e = secret + rho, rho uniform of degree t, to one collector per
 * block, which shares it as the polynomial of degree t that is 0 at t fixed participants, and returns (share of e) − rho.
 * 2 rounds; a party sends M − |block| elements in the first and t·|block| in the second, at most 3t/(2t+1)·M and t − 1 more by
 * rounding: one element a product for t = 1. Where we differ from [DN07]: the masks cost no communication, the collectors'
 * work is spread, and t of the shares of e are known to be 0 and not sent.
 * Puts the elements on the session's ledger: until they are claimed and verified, nothing opens (`claimLedger.ts`).
 * If it throws, peers may hold masked shares of e, which are independent of the secrets.
 *
 * @param step names the rounds and the masks: unique within the session's keys
 * @throws CodedError PROTOCOL_WRONG_PARTICIPANTS | PROTOCOL_BAD_PAYLOAD | NETWORK_*
 */
export async function reduceDegree(session: ProtocolSession, double: DoubleShare, step: string): Promise<FieldVector> {
  checkSession(session);
  const { field } = session;
  ledgerOf(session).addReduced(double.unreduced.length);
  const [masked, rho] = field.scope(() => {
    const { share, rho: mask } = maskSecret(session, double, step);
    return [share.masked, mask] as const;
  });
  const collected = await collectBlock(session, masked, `${step}/collect`);
  const shared = await shareBlocks(session, collected, masked.length, `${step}/return`);
  const reduced = field.sub(shared, rho);
  field.release(masked, rho, collected, shared);
  return reduced;
}

/** Round 1: everyone sends participant i its share of block i; returns this party's own block of e. */
async function collectBlock(session: ProtocolSession, masked: FieldVector, step: string): Promise<FieldVector> {
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

/**
 * Round 2: each collector sends its block of e to its receivers; returns this party's share of all of e. The share of
 * receiver j of collector c is e·Π_{i∈Z} (j − i)/(0 − i), Z the participants that get nothing.
 */
async function shareBlocks(
  session: ProtocolSession,
  own: FieldVector,
  length: number,
  step: string,
): Promise<FieldVector> {
  const { field, network, t } = session;
  const { parties, self } = network;
  const collectors = parties.filter((party) => party !== self && receiversOf(parties, party, t).includes(self));
  const lengths = new Map(
    collectors.map((collector) => {
      const { from, to } = blockOf(parties, collector, length);
      return [collector, to - from];
    }),
  );
  const blocks = await exchangeVectors(session, step, toEach(receiversOf(parties, self, t), own), lengths);
  return field.scope(() => {
    const shares = parties.map((collector) => {
      const block = collector === self ? own : blocks.get(collector);
      if (block === undefined) {
        const { from, to } = blockOf(parties, collector, length);
        return field.zeros(to - from);
      }
      return field.scale(block, shareWeight(session, collector));
    });
    const joined = field.concat(shares);
    field.release(...blocks.values());
    return joined;
  });
}

/** Value at this party of the degree-t polynomial that is 1 at 0 and 0 at those who get nothing from the collector. */
function shareWeight({ field, network, t }: ProtocolSession, collector: PartyIndex): bigint {
  const { parties, self } = network;
  const holders = [collector, ...receiversOf(parties, collector, t)];
  const silent = parties.filter((party) => !holders.includes(party));
  return lagrangeWeights(field, [0, ...silent], BigInt(self))[0] as bigint;
}

/** The t participants that follow the collector in turn. */
function receiversOf(parties: readonly PartyIndex[], collector: PartyIndex, t: number): PartyIndex[] {
  const position = parties.indexOf(collector);
  return Array.from({ length: t }, (_, offset) => parties[(position + 1 + offset) % parties.length] as PartyIndex);
}

/** From so many elements on, blocks begin at even ones: they are then aligned, and moved about in whole pairs. */
const ALIGNED_ELEMENTS = 1_024;

/** Elements [from, to) that `party` collects: `length` cut as evenly as it goes; of long vectors, but for one element. */
function blockOf(parties: readonly PartyIndex[], party: PartyIndex, length: number): { from: number; to: number } {
  const position = parties.indexOf(party);
  const unit = length < ALIGNED_ELEMENTS ? 1 : 2;
  const units = Math.ceil(length / unit);
  const cut = (index: number): number => Math.min(length, unit * Math.floor((units * index) / parties.length));
  return { from: cut(position), to: cut(position + 1) };
}
