/**
 * Agrees the replicated keys of one attempt.
 *
 * For each subset S of the participants P with |S| = |P| − t every member contributes 32 fresh bytes, and
 *   K_S = HKDF-SHA256(contributions in index order; chainId, contract, requestId, attempt, epoch, t, P, S).
 * Fresh contributions of every honest member make K_S new in every attempt: nothing is derived from stored state, so
 * no mask repeats after a restart, a retry or a restored backup.
 *
 * Protects: K_S is known to the members of S only (channels are private), and unpredictable while one of them is
 * honest, whatever the others contribute and however late. A party that tells two honest members of S different
 * contributions is caught by both before any key is used, since they compare hashes directly. Does not protect: a
 * party that lies about hashes can make an attempt fail, and the parties named then include honest ones. Members of
 * S, by design, know K_S: privacy against t colluding workers rests on the S that has none of them.
 */
import assert from "node:assert/strict";
import { createHash, hkdfSync } from "node:crypto";

import { CodedError } from "../errors.ts";
import type { RandomBytes } from "../field/field.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import { REPLICATED_KEY_BYTES, subsetName, subsetsHeldBy } from "../sharing/prss.ts";
import type { ReplicatedKeys } from "../sharing/prss.ts";
import type { Network } from "./network.ts";
import { checkParticipants } from "./protocolError.ts";
import type { ProtocolError } from "./protocolError.ts";

/** What the keys are bound to. Hex may come in either case. */
export interface AttemptContext {
  readonly chainId: bigint;
  /** Address of the query contract, 0x and 40 hex digits. */
  readonly contract: string;
  /** 0x and 64 hex digits. */
  readonly requestId: string;
  readonly attempt: bigint;
  /** Committee epoch. */
  readonly epoch: bigint;
  readonly t: number;
}

/** Bytes of one contribution: the security of a 256-bit key from any one honest member. */
const CONTRIBUTION_BYTES = 32;
const HASH_BYTES = 32;

export const CONTRIBUTIONS_STEP = "keys/contributions";
export const HASHES_STEP = "keys/hashes";

/** By subset name: what each member contributed, in index order. */
type Contributions = Map<string, Map<PartyIndex, Uint8Array>>;

/**
 * The keys of this party, checked. 2 rounds among exactly 2t + 1 participants: a party sends each peer
 * C(2t−1, t−1) contributions, then C(2t, t) hashes, 32 bytes each. If it throws, no key was used.
 *
 * @throws CodedError PROTOCOL_WRONG_PARTICIPANTS | PROTOCOL_BAD_CONTEXT | PROTOCOL_KEY_MISMATCH | NETWORK_*
 */
export async function agreeKeys(
  network: Network,
  context: AttemptContext,
  randomBytes: RandomBytes,
): Promise<ReplicatedKeys> {
  const { self, parties } = network;
  const { t } = context;
  checkParticipants(parties, t);
  const binding = bindingOf(context, parties);
  const contributions = await exchangeContributions(network, t, randomBytes);
  const keys = new Map<string, Uint8Array>();
  for (const [name, members] of contributions) keys.set(name, deriveKey([...members.values()], `${binding}|S=${name}`));
  await compareHashes(network, t, keys, binding);
  return { self, parties: [...parties], t, keys };
}

/** Round 1: to each peer, one contribution per subset that holds both, lexicographic. */
async function exchangeContributions(network: Network, t: number, randomBytes: RandomBytes): Promise<Contributions> {
  const { self, parties } = network;
  const held = subsetsHeldBy(self, parties, t);
  const own = new Map(held.map((subset) => [subsetName(subset), drawContribution(randomBytes)]));
  const peers = parties.filter((party) => party !== self);
  const sharedWith = new Map(peers.map((peer) => [peer, held.filter((subset) => subset.includes(peer))]));
  const outgoing = new Map<PartyIndex, Uint8Array>();
  const expected = new Map<PartyIndex, number>();
  for (const [peer, shared] of sharedWith) {
    outgoing.set(peer, Buffer.concat(shared.map((subset) => own.get(subsetName(subset)) as Uint8Array)));
    expected.set(peer, shared.length * CONTRIBUTION_BYTES);
  }
  const received = await network.exchange(CONTRIBUTIONS_STEP, outgoing, expected);
  return new Map(
    held.map((subset) => {
      const name = subsetName(subset);
      const of = (member: PartyIndex): Uint8Array => {
        if (member === self) return own.get(name) as Uint8Array;
        const position = (sharedWith.get(member) ?? []).findIndex((shared) => subsetName(shared) === name);
        return slot(received.get(member), position, CONTRIBUTION_BYTES);
      };
      return [name, new Map(subset.map((member) => [member, of(member)]))];
    }),
  );
}

/**
 * Round 2: to each peer, the hash of every key held, in subset order. All reports of one subset must agree, with each
 * other and, for a member, with its own.
 */
async function compareHashes(
  network: Network,
  t: number,
  keys: ReadonlyMap<string, Uint8Array>,
  binding: string,
): Promise<void> {
  const { self, parties } = network;
  const hashes = Buffer.concat([...keys].map(([name, key]) => hashKey(key, `${binding}|S=${name}`)));
  const peers = parties.filter((party) => party !== self);
  const outgoing = new Map(peers.map((peer) => [peer, hashes]));
  const expected = new Map(peers.map((peer) => [peer, hashes.length]));
  const received: Map<PartyIndex, Uint8Array> = await network.exchange(HASHES_STEP, outgoing, expected);
  received.set(self, hashes);
  const reports = new Map<string, Map<string, PartyIndex[]>>();
  for (const party of parties) {
    subsetsHeldBy(party, parties, t).forEach((subset, position) => {
      const byHash = getOrAdd(reports, subsetName(subset), () => new Map<string, PartyIndex[]>());
      const hash = Buffer.from(slot(received.get(party), position, HASH_BYTES)).toString("hex");
      getOrAdd(byHash, hash, () => []).push(party);
    });
  }
  for (const [name, byHash] of reports) if (byHash.size !== 1) throw keyMismatch(name, [...byHash.values()]);
}

function keyMismatch(subset: string, groups: PartyIndex[][]): CodedError<ProtocolError> {
  const parties = groups.flat().sort((a, b) => a - b);
  return new CodedError<ProtocolError>(
    { code: "PROTOCOL_KEY_MISMATCH", subset, parties, groups },
    `parties ${groups.map((group) => group.join(" and ")).join(" against ")} derived different keys for subset ${subset}`,
  );
}

function drawContribution(randomBytes: RandomBytes): Uint8Array {
  const contribution = randomBytes(CONTRIBUTION_BYTES);
  assert.equal(contribution.length, CONTRIBUTION_BYTES, "the randomness source returned another length");
  return contribution;
}

/** Equal lengths in a fixed order: the concatenation is unambiguous. */
function deriveKey(contributions: readonly Uint8Array[], binding: string): Uint8Array {
  const secret = Buffer.concat(contributions);
  return new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(0), `Opaline.KeyAgreement.v1|${binding}`, 32));
}

/** Of 256 uniform bits, so the hash tells non-members nothing they could use. */
function hashKey(key: Uint8Array, binding: string): Uint8Array {
  assert.equal(key.length, REPLICATED_KEY_BYTES);
  return createHash("sha256").update(`Opaline.KeyHash.v1|${binding}|`).update(key).digest();
}

/** Every part has a fixed alphabet without "|", so different contexts give different texts. */
function bindingOf(context: AttemptContext, parties: readonly PartyIndex[]): string {
  const { chainId, contract, requestId, attempt, epoch, t } = context;
  checkHex("contract", contract, 40);
  checkHex("requestId", requestId, 64);
  for (const [field, count] of Object.entries({ chainId, attempt, epoch })) if (count < 0n) throw badContext(field);
  const hex = [contract.toLowerCase(), requestId.toLowerCase()];
  return [`${chainId}`, ...hex, `${attempt}`, `${epoch}`, `${t}`, `P=${subsetName(parties)}`].join("|");
}

function checkHex(field: string, value: string, digits: number): void {
  if (!new RegExp(`^0x[0-9a-fA-F]{${digits}}$`).test(value)) throw badContext(field);
}

function badContext(field: string): CodedError<ProtocolError> {
  return new CodedError<ProtocolError>({ code: "PROTOCOL_BAD_CONTEXT", field }, `the attempt's ${field} is malformed`);
}

function slot(bytes: Uint8Array | undefined, position: number, width: number): Uint8Array {
  assert(bytes !== undefined && position >= 0 && (position + 1) * width <= bytes.length, "a payload of agreed length");
  return bytes.subarray(position * width, (position + 1) * width);
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  const present = map.get(key) ?? create();
  map.set(key, present);
  return present;
}
