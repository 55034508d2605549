/**
 * The keys of a sealed answer's mask, and the hashes by which its recipients will know them: every participant holds the keys
 * of its own subsets and learns the hashes of all.
 *
 * Malicious workers: each subset has t + 1 members, so an honest one. All its members must report one hash, so a hash that is
 * accepted is of the key under which its honest members open. A liar can make the attempt fail; nothing was opened then.
 */
import { getBytes, hexlify } from "ethers";

import { CodedError } from "../errors.ts";
import { maskKeyHash } from "../messages/sealedAnswer.ts";
import { deriveMaskKeys, maskKeyNames } from "../sharing/maskKeys.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import { subsetName, subsetsHeldBy } from "../sharing/prss.ts";
import { exchangeBytes } from "./exchangeVectors.ts";
import type { ProtocolError } from "./protocolError.ts";
import type { ProtocolSession } from "./session.ts";
import type { Transcript } from "./transcript.ts";

export const MASK_KEYS_STEP = "sealed/keys";
const HASH_BYTES = 32;

export interface MaskKeys {
  /** Of this party's subsets, in their lexicographic order. Secret. */
  readonly own: readonly Uint8Array[];
  /** keccak256 of every subset's key, in their lexicographic order. */
  readonly hashes: readonly string[];
}

/**
 * 1 round, 32·C(2t, t) bytes to each peer. Reveals hashes of uniform keys.
 *
 * @param transcript absorbs the hashes
 * @throws CodedError PROTOCOL_KEY_MISMATCH naming a subset's members | NETWORK_*
 */
export async function agreeMaskKeys(session: ProtocolSession, transcript: Transcript): Promise<MaskKeys> {
  const { network, t, keys, trace } = session;
  const { self, parties } = network;
  const own = [...deriveMaskKeys(keys).keys.values()];
  const ownHashes = Buffer.concat(own.map((key) => getBytes(maskKeyHash(key))));
  trace?.push({ step: MASK_KEYS_STEP, bytesSent: (parties.length - 1) * ownHashes.length });
  const received = await exchangeBytes(network, MASK_KEYS_STEP, ownHashes);
  const reports = new Map<string, Map<string, PartyIndex[]>>();
  for (const party of parties) {
    const reported = party === self ? ownHashes : (received.get(party) as Uint8Array);
    subsetsHeldBy(party, parties, t).forEach((subset, position) => {
      const hash = hexlify(reported.subarray(position * HASH_BYTES, (position + 1) * HASH_BYTES));
      const byHash = reports.get(subsetName(subset)) ?? new Map<string, PartyIndex[]>();
      reports.set(subsetName(subset), byHash.set(hash, [...(byHash.get(hash) ?? []), party]));
    });
  }
  const hashes = maskKeyNames(parties, t).map((name) => {
    const byHash = reports.get(name) as Map<string, PartyIndex[]>;
    if (byHash.size !== 1) throw mismatch(name, [...byHash.values()]);
    return [...byHash.keys()][0] as string;
  });
  transcript.absorbStructure(MASK_KEYS_STEP, hashes);
  return { own, hashes };
}

function mismatch(subset: string, groups: PartyIndex[][]): CodedError<ProtocolError> {
  const parties = groups.flat().sort((a, b) => a - b);
  return new CodedError<ProtocolError>(
    { code: "PROTOCOL_KEY_MISMATCH", subset, parties, groups },
    `parties ${groups.map((group) => group.join(" and ")).join(" against ")} report different mask keys for subset ${subset}`,
  );
}
