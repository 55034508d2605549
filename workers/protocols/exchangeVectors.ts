/**
 * One round of field vectors: canonical words out, canonical words in, traced.
 *
 * Whatever arrives is parsed here and nowhere else. What a lying peer can still do is send another canonical element.
 * Up to t of 2t + 1 parties may lie: `reduceDegree.ts` and `openShares.ts` say what they gain by it.
 */
import assert from "node:assert/strict";

import { CodedError } from "../errors.ts";
import type { Field, FieldVector } from "../field/field.ts";
import { byteBuffers } from "../messages/byteBuffers.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import type { Network } from "./network.ts";
import type { ProtocolError } from "./protocolError.ts";
import type { ProtocolSession } from "./session.ts";

/**
 * Sends each peer its vector and returns one vector from each expected peer.
 *
 * @param expected elements per peer that will send
 * @throws CodedError PROTOCOL_BAD_PAYLOAD naming the peer, or the network's error; what was sent is then revealed
 */
export async function exchangeVectors(
  session: ProtocolSession,
  step: string,
  outgoing: ReadonlyMap<PartyIndex, FieldVector>,
  expected: ReadonlyMap<PartyIndex, number>,
): Promise<Map<PartyIndex, FieldVector>> {
  const { network, field, trace } = session;
  const payloads = encodeEach(field, outgoing);
  const lengths = mapValues(expected, (elements) => elements * field.byteLength);
  trace?.push({ step, bytesSent: [...payloads.values()].reduce((total, payload) => total + payload.length, 0) });
  const received = await network.exchange(step, payloads, lengths);
  for (const payload of new Set(payloads.values())) byteBuffers.giveBack(payload);
  return mapValues(lengths, (bytes, peer) => {
    const payload = received.get(peer);
    assert(payload?.length === bytes, "the network returns one payload of the expected length per peer");
    const vector = parseVector(session, step, peer, payload);
    byteBuffers.giveBack(payload);
    return vector;
  });
}

/** What goes to several peers is encoded once. */
function encodeEach(field: Field, outgoing: ReadonlyMap<PartyIndex, FieldVector>): Map<PartyIndex, Uint8Array> {
  const encoded = new Map<FieldVector, Uint8Array>();
  return mapValues(outgoing, (vector) => {
    const known = encoded.get(vector);
    const words = known ?? field.toWords(vector, byteBuffers.take(vector.length * field.byteLength));
    encoded.set(vector, words);
    return words;
  });
}

/** One round of public bytes: the same to every peer, and as many from each. @throws CodedError NETWORK_* */
export function exchangeBytes(network: Network, step: string, own: Uint8Array): Promise<Map<PartyIndex, Uint8Array>> {
  const peers = network.parties.filter((party) => party !== network.self);
  return network.exchange(step, toEach(peers, own), toEach(peers, own.length));
}

/** Every party but this one. */
export function peersOf({ network }: ProtocolSession): PartyIndex[] {
  return network.parties.filter((party) => party !== network.self);
}

/** The same value for each of several parties. */
export function toEach<Value>(parties: readonly PartyIndex[], value: Value): Map<PartyIndex, Value> {
  return new Map(parties.map((party) => [party, value]));
}

function parseVector({ field }: ProtocolSession, step: string, peer: PartyIndex, payload: Uint8Array): FieldVector {
  try {
    return field.fromWords(payload);
  } catch (cause) {
    throw new CodedError<ProtocolError>(
      { code: "PROTOCOL_BAD_PAYLOAD", peer, step },
      `party ${peer} sent elements that are not canonical in step ${step}`,
      { cause },
    );
  }
}

function mapValues<Key, From, To>(source: ReadonlyMap<Key, From>, change: (value: From, key: Key) => To): Map<Key, To> {
  return new Map([...source].map(([key, value]) => [key, change(value, key)]));
}
