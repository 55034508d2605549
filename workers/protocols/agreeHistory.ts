/**
 * What the participants of one attempt know, together, of other answers: the union of the requests whose answers any of
 * them saw opened or about to open, or has under way, and the block up to which all of them have followed the chain, so that they take the
 * same ones for answered.
 *
 * Protects: whatever an honest participant names is in the union at every honest one, so nothing that one of them recorded
 * is forgotten. Does not protect: up to t liars may add requests, and may hold the block back to the request's own; an
 * answer is then tested against more, or as if all of an earlier one had been opened, and more of it is hidden, never
 * less. The caller must know every request of the union itself, or refuse. A liar that tells two honest participants
 * different things leaves them with different unions: `encodeHistory` of it belongs into the transcript, which they
 * compare before anything opens; or one of them waits for a round that the other has no need of, and the attempt fails.
 *
 * A participant whose earlier attempt of the same request came to open bits says so, and what it was planned against: all attempts
 * of a request are planned alike, or what they open differently would tell what each hides. Then its history is agreed, not the
 * union; two such that differ fail the attempt. A liar may say so of any history: whoever knows of an answer that is not in it, and was
 * not itself planned with this request, must refuse (`store/disclosureStore.ts`).
 */
import { createHash } from "node:crypto";

import { CodedError } from "../errors.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import { toEach } from "./exchangeVectors.ts";
import type { Network } from "./network.ts";
import type { ProtocolError } from "./protocolError.ts";

export interface History {
  /** 0x-hex bytes32. */
  readonly requestIds: readonly string[];
  /** Answers up to and including this block count as such. */
  readonly block: number;
  /** All have followed the chain so far: what was retired until then counts as erased. */
  readonly followed: number;
}

/** `followed` is `block` unless an earlier attempt has fixed this. */
export interface KnownHistory extends Omit<History, "followed"> {
  readonly followed?: number;
  /** An earlier attempt of the request was planned against it, and recorded here. */
  readonly isFixed?: boolean;
}

/**
 * Most requests of one history. Ten thousand cost 320 kB per pair of participants in round 2 and are more than a study
 * may answer: pairs of them are tested in MPC.
 */
export const MAX_HISTORY = 10_000;
const ID_BYTES = 32;
const HASH_BYTES = 32;
/** Hash and number of the ids; the block; 1 where an earlier attempt has fixed these, else 0; the block followed to. */
const LIST_BYTES = HASH_BYTES + 4;
const FLAG_AT = LIST_BYTES + 8;
const FOLLOWED_AT = FLAG_AT + 1;
const SUMMARY_BYTES = FOLLOWED_AT + 8;

export const SUMMARIES_STEP = "history/summaries";
export const LISTS_STEP = "history/lists";

/** What a participant announced. */
interface Summary {
  /** Of its ids. */
  readonly hash: Buffer;
  readonly length: number;
  readonly block: bigint;
  readonly isFixed: boolean;
  readonly followed: bigint;
}

/**
 * The union, lower-case and ascending, and the lowest blocks; or the history that participants say is fixed. 1 round of 53 bytes to each
 * peer; when the lists differ, 1 more of 32 bytes per id. Nothing secret is used or revealed, whether it throws or not.
 *
 * @param known what this participant knows; ids distinct, in any order
 * @param requestBlock where every honest participant has seen the request: it has followed at least so far
 * @throws CodedError PROTOCOL_HISTORY_TOO_LONG | PROTOCOL_BAD_HISTORY | PROTOCOL_HISTORY_CONFLICT | NETWORK_*
 */
export async function agreeHistory(network: Network, known: KnownHistory, requestBlock: number): Promise<History> {
  const { self } = network;
  const peers = network.parties.filter((party) => party !== self);
  const own = encodeIds(known.requestIds);
  checkLength(self, known.requestIds.length);
  const summary = summarize(own, known);
  const received = await network.exchange(SUMMARIES_STEP, toEach(peers, summary), toEach(peers, SUMMARY_BYTES));
  const summaries = new Map([...received].map(([peer, bytes]) => [peer, parseSummary(peer, bytes, requestBlock)]));
  const all = new Map([...summaries, [self, parseSummary(self, summary, requestBlock)] as const]);
  const fixed = fixedBy(all);
  const lists = await exchangeLists(network, own, summaries);
  const taken = fixed === undefined ? [...all.keys()] : [fixed];
  const idsOf = (party: PartyIndex): Buffer => lists.get(party) ?? own;
  const requestIds = [...new Set(taken.flatMap((party) => decodeIds(idsOf(party))))].sort();
  checkLength("all", requestIds.length);
  const lowest = (blocks: readonly bigint[]): number => Number(blocks.reduce((a, b) => (b < a ? b : a)));
  return {
    requestIds,
    block: lowest(taken.map((party) => all.get(party)!.block)),
    followed: lowest([...all.values()].map(({ followed }) => followed)),
  };
}

/** A participant with the history that is fixed, if one is. @throws CodedError PROTOCOL_HISTORY_CONFLICT */
function fixedBy(summaries: ReadonlyMap<PartyIndex, Summary>): PartyIndex | undefined {
  const fixed = [...summaries].filter(([, { isFixed }]) => isFixed).sort(([a], [b]) => a - b);
  const [first] = fixed;
  if (first === undefined) return undefined;
  const [party, { hash, block }] = first;
  if (fixed.every(([, other]) => other.hash.equals(hash) && other.block === block)) return party;
  const parties = fixed.map(([each]) => each);
  throw new CodedError<ProtocolError>(
    { code: "PROTOCOL_HISTORY_CONFLICT", parties },
    `parties ${parties.join(", ")} name different histories of earlier attempts`,
  );
}

/** Different histories give different bytes: 8 for each block, then the ids. For the transcript. */
export function encodeHistory({ requestIds, block, followed }: History): Uint8Array {
  const head = Buffer.alloc(16);
  head.writeBigUInt64BE(BigInt(block));
  head.writeBigUInt64BE(BigInt(followed), 8);
  return Buffer.concat([head, encodeIds(requestIds)]);
}

/** The peers' lists; none where all announced this party's. */
async function exchangeLists(
  network: Network,
  own: Buffer,
  summaries: ReadonlyMap<PartyIndex, Summary>,
): Promise<ReadonlyMap<PartyIndex, Buffer>> {
  const hash = hashIds(own);
  if ([...summaries.values()].every((summary) => summary.hash.equals(hash))) return new Map();
  const lengths = new Map([...summaries].map(([peer, { length }]) => [peer, length * ID_BYTES]));
  const received = await network.exchange(LISTS_STEP, toEach([...summaries.keys()], own), lengths);
  const lists = [...received].map(([peer, list]): [PartyIndex, Buffer] => {
    const ids = Buffer.from(list);
    if (!hashIds(ids).equals(summaries.get(peer)!.hash)) throw badHistory(peer, "not as announced");
    for (let at = ID_BYTES; at < ids.length; at += ID_BYTES) {
      const isAbove = ids.compare(ids, at - ID_BYTES, at, at, at + ID_BYTES) > 0;
      if (!isAbove) throw badHistory(peer, "not ascending");
    }
    return [peer, ids];
  });
  return new Map(lists);
}

function summarize(ids: Buffer, { block, isFixed = false, followed = block }: KnownHistory): Buffer {
  const rest = Buffer.alloc(SUMMARY_BYTES - HASH_BYTES);
  rest.writeUInt32BE(ids.length / ID_BYTES);
  rest.writeBigUInt64BE(BigInt(block), LIST_BYTES - HASH_BYTES);
  rest.writeUInt8(isFixed ? 1 : 0, FLAG_AT - HASH_BYTES);
  rest.writeBigUInt64BE(BigInt(followed), FOLLOWED_AT - HASH_BYTES);
  return Buffer.concat([hashIds(ids), rest]);
}

function parseSummary(peer: PartyIndex, bytes: Uint8Array, requestBlock: number): Summary {
  const summary = Buffer.from(bytes);
  const length = summary.readUInt32BE(HASH_BYTES);
  const block = summary.readBigUInt64BE(LIST_BYTES);
  const flag = summary.readUInt8(FLAG_AT);
  const followed = summary.readBigUInt64BE(FOLLOWED_AT);
  checkLength(peer, length);
  if (block < BigInt(requestBlock) || followed < BigInt(requestBlock)) {
    throw badHistory(peer, "block before the request");
  }
  if (flag > 1) throw badHistory(peer, "neither fixed nor not");
  return { hash: summary.subarray(0, HASH_BYTES), length, block, isFixed: flag === 1, followed };
}

/** Ascending. */
function encodeIds(requestIds: readonly string[]): Buffer {
  const digits = requestIds.map((id) => id.slice(2).toLowerCase()).sort();
  return Buffer.from(digits.join(""), "hex");
}

function decodeIds(ids: Buffer): string[] {
  return Array.from(
    { length: ids.length / ID_BYTES },
    (_, i) => `0x${ids.toString("hex", i * ID_BYTES, (i + 1) * ID_BYTES)}`,
  );
}

function hashIds(ids: Buffer): Buffer {
  return createHash("sha256").update("Opaline.History.v1").update(ids).digest();
}

function checkLength(party: PartyIndex | "all", length: number): void {
  if (length <= MAX_HISTORY) return;
  const whose = party === "all" ? "the participants together" : `party ${party}`;
  throw new CodedError<ProtocolError>(
    { code: "PROTOCOL_HISTORY_TOO_LONG", party, length, maximum: MAX_HISTORY },
    `${whose} know of ${length} earlier answers; at most ${MAX_HISTORY} are tested against`,
  );
}

type Fault = (ProtocolError & { readonly code: "PROTOCOL_BAD_HISTORY" })["reason"];

function badHistory(peer: PartyIndex, reason: Fault): CodedError<ProtocolError> {
  return new CodedError<ProtocolError>(
    { code: "PROTOCOL_BAD_HISTORY", peer, reason },
    `the history of party ${peer} is refused: ${reason}`,
  );
}
