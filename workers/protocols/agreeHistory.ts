/**
 * What the participants of one attempt know, together, of earlier answers: the union of the requests whose answers any of
 * them saw opened or about to open, and the block up to which all of them have followed the chain, so that they take the
 * same ones for answered.
 *
 * Protects: whatever an honest participant names is in the union at every honest one, so nothing that one of them recorded
 * is forgotten. Does not protect: up to t liars may add requests, and may hold the block back to the request's own; an
 * answer is then tested against more, or as if all of an earlier one had been opened, and more of it is hidden, never
 * less. The caller must know every request of the union itself, or refuse. A liar that tells two honest participants
 * different things leaves them with different unions: `encodeHistory` of it belongs into the transcript, which they
 * compare before anything opens; or one of them waits for a round that the other has no need of, and the attempt fails.
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
  /** Events up to and including this block have been handled. */
  readonly block: number;
}

/**
 * Most requests of one history. Ten thousand cost 320 kB per pair of participants in round 2 and are more than a study
 * may answer: pairs of them are tested in MPC.
 */
export const MAX_HISTORY = 10_000;
const ID_BYTES = 32;
const HASH_BYTES = 32;
/** Hash and number of the ids; then the block. */
const LIST_BYTES = HASH_BYTES + 4;
const SUMMARY_BYTES = LIST_BYTES + 8;

export const SUMMARIES_STEP = "history/summaries";
export const LISTS_STEP = "history/lists";

/** What a participant announced. */
interface Summary {
  /** Of its ids. */
  readonly hash: Buffer;
  readonly length: number;
  readonly block: bigint;
}

/**
 * The union, lower-case and ascending, and the lowest block. 1 round of 44 bytes to each peer; when the lists differ, 1
 * more of 32 bytes per id. Nothing secret is used or revealed, whether it throws or not.
 *
 * @param known what this participant knows; ids distinct, in any order
 * @param requestBlock where every honest participant has seen the request: it has followed at least so far
 * @throws CodedError PROTOCOL_HISTORY_TOO_LONG | PROTOCOL_BAD_HISTORY | NETWORK_*
 */
export async function agreeHistory(network: Network, known: History, requestBlock: number): Promise<History> {
  const { self } = network;
  const peers = network.parties.filter((party) => party !== self);
  const own = encodeIds(known.requestIds);
  checkLength(self, known.requestIds.length);
  const summary = summarize(own, known.block);
  const received = await network.exchange(SUMMARIES_STEP, toEach(peers, summary), toEach(peers, SUMMARY_BYTES));
  const summaries = new Map([...received].map(([peer, bytes]) => [peer, parseSummary(peer, bytes, requestBlock)]));
  const block = [...summaries.values()].reduce(
    (least, { block: its }) => (its < least ? its : least),
    BigInt(known.block),
  );
  const lists = [own, ...(await exchangeLists(network, own, summaries))];
  const requestIds = [...new Set(lists.flatMap(decodeIds))].sort();
  checkLength("all", requestIds.length);
  return { requestIds, block: Number(block) };
}

/** Different histories give different bytes: the block's 8, then the ids. For the transcript. */
export function encodeHistory({ requestIds, block }: History): Uint8Array {
  const head = Buffer.alloc(8);
  head.writeBigUInt64BE(BigInt(block));
  return Buffer.concat([head, encodeIds(requestIds)]);
}

/** The peers' lists, unless all announced this party's. */
async function exchangeLists(
  network: Network,
  own: Buffer,
  summaries: ReadonlyMap<PartyIndex, Summary>,
): Promise<Buffer[]> {
  const hash = hashIds(own);
  if ([...summaries.values()].every((summary) => summary.hash.equals(hash))) return [];
  const lengths = new Map([...summaries].map(([peer, { length }]) => [peer, length * ID_BYTES]));
  const received = await network.exchange(LISTS_STEP, toEach([...summaries.keys()], own), lengths);
  return [...received].map(([peer, list]) => {
    const ids = Buffer.from(list);
    if (!hashIds(ids).equals(summaries.get(peer)!.hash)) throw badHistory(peer, "not as announced");
    for (let at = ID_BYTES; at < ids.length; at += ID_BYTES) {
      const isAbove = ids.compare(ids, at - ID_BYTES, at, at, at + ID_BYTES) > 0;
      if (!isAbove) throw badHistory(peer, "not ascending");
    }
    return ids;
  });
}

function summarize(ids: Buffer, block: number): Buffer {
  const rest = Buffer.alloc(SUMMARY_BYTES - HASH_BYTES);
  rest.writeUInt32BE(ids.length / ID_BYTES);
  rest.writeBigUInt64BE(BigInt(block), 4);
  return Buffer.concat([hashIds(ids), rest]);
}

function parseSummary(peer: PartyIndex, bytes: Uint8Array, requestBlock: number): Summary {
  const summary = Buffer.from(bytes);
  const length = summary.readUInt32BE(HASH_BYTES);
  const block = summary.readBigUInt64BE(LIST_BYTES);
  checkLength(peer, length);
  if (block < BigInt(requestBlock)) throw badHistory(peer, "block before the request");
  return { hash: summary.subarray(0, HASH_BYTES), length, block };
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
