/**
 * Which rows a request may not use, derived from what the ConsentRegistry recorded until its block. The hashes are word for
 * word those of `contracts/types/Consent.sol`; everything here follows from public events, so that anyone finds the same
 * mask as the workers.
 */
import { AbiCoder, keccak256, toUtf8Bytes } from "ethers";
import { ZERO_HASH } from "./statement.ts";

/** Participants' consent, given or taken back, for rows of one version of a dataset. */
export interface ConsentRecord {
  readonly version: bigint;
  /** Rows of that version's segment, from 0, strictly ascending. */
  readonly slots: readonly number[];
  readonly given: boolean;
  /** The version of the consent form; 0 in a withdrawal. */
  readonly form: number;
  /** Codes as on chain, 0x-hex bytes32. */
  readonly purposes: readonly string[];
  /** Also for purposes that are not named. */
  readonly futureUse: boolean;
  /** Last second since 1970, by the chain's clock; 0: without end. */
  readonly expiry: bigint;
}

/** A study's rules. They only become stricter. */
export interface ConsentRules {
  /** A row without a recorded consent may not be used. */
  readonly explicitOnly: boolean;
  /** A consent given under an older form does not count. */
  readonly leastForm: number;
}

/** One change of a study's consent log, in chain order. */
export type ConsentChange =
  | { readonly kind: "rules"; readonly block: number; readonly rules: ConsentRules }
  | {
      readonly kind: "record";
      readonly block: number;
      readonly datasetId: string;
      /** By the participant's own signature, not by the owner. */
      readonly own: boolean;
      readonly record: ConsentRecord;
    };

/** Of a study that set none: the owner's contribution attests the consents, and records only limit or take back. */
export const DEFAULT_RULES: ConsentRules = { explicitOnly: false, leastForm: 0 };

/** keccak256("Opaline.ConsentMask.v1"). */
const MASK_DOMAIN = keccak256(toUtf8Bytes("Opaline.ConsentMask.v1"));
const RECORD_TUPLE =
  "tuple(uint64 version, uint32[] slots, bool given, uint32 form, bytes32[] purposes, bool futureUse, uint64 expiry)";

const abi = AbiCoder.defaultAbiCoder();

/**
 * The running head of a dataset's records: keccak256(abi.encode(head, own, record)).
 *
 * @param head the head before; zero before the first record
 */
export function nextHead(head: string, own: boolean, record: ConsentRecord): string {
  return keccak256(abi.encode(["bytes32", "bool", RECORD_TUPLE], [head, own, record]));
}

/**
 * What a request binds of its mask, as its contract computes it; zero when nothing restricts: every active row may be used.
 *
 * @param heads one per dataset, in the request's order
 * @param time of the request's block, in seconds: a consent may have expired by then
 */
export function consentMaskRoot(
  studyId: string,
  rules: ConsentRules,
  heads: readonly { readonly datasetId: string; readonly head: string }[],
  time: bigint,
): string {
  const { explicitOnly, leastForm } = rules;
  if (!explicitOnly && leastForm === 0 && heads.every(({ head }) => head === ZERO_HASH)) return ZERO_HASH;
  const ids = heads.map(({ datasetId }) => datasetId);
  const words = heads.map(({ head }) => head);
  return keccak256(
    abi.encode(
      ["bytes32", "bytes32", "bool", "uint32", "bytes32[]", "bytes32[]", "uint64"],
      [MASK_DOMAIN, studyId, explicitOnly, leastForm, ids, words, time],
    ),
  );
}

/**
 * Slots that may not be used, ascending, per version of one dataset; versions without any are left out. The newest record
 * of a slot decides alone. O(records) for a fixed number of slots in each, and O(rows) besides when `explicitOnly`.
 *
 * @param records that dataset's until the request's block, in chain order
 * @param use the study's purposes, all of which a consent must cover, and the second of the request's block
 * @param segments the versions that the request is about; records of others are passed over
 */
export function excludedSlots(
  records: readonly ConsentRecord[],
  rules: ConsentRules,
  use: { readonly purposes: readonly string[]; readonly time: bigint },
  segments: readonly { readonly version: bigint; readonly rowCount: bigint }[],
): ReadonlyMap<bigint, Uint32Array> {
  const usableSlots = new Map<bigint, Map<number, boolean>>();
  for (const { version } of segments) usableSlots.set(version, new Map());
  for (const record of records) {
    const slots = usableSlots.get(record.version);
    if (slots === undefined) continue;
    const usable = covers(record, rules, use);
    for (const slot of record.slots) slots.set(slot, usable);
  }
  const excluded = new Map<bigint, Uint32Array>();
  for (const { version, rowCount } of segments) {
    const slots = usableSlots.get(version) ?? new Map<number, boolean>();
    const found = rules.explicitOnly ? allBut(slots, Number(rowCount)) : refusedOf(slots);
    if (found.length > 0) excluded.set(version, found);
  }
  return excluded;
}

/** A dataset's, in the same order. */
export function recordsOf(changes: readonly ConsentChange[], datasetId: string): ConsentRecord[] {
  const isOf = (change: ConsentChange): change is ConsentChange & { readonly kind: "record" } =>
    change.kind === "record" && change.datasetId.toLowerCase() === datasetId.toLowerCase();
  return changes.filter(isOf).map(({ record }) => record);
}

/** What a study's rules, and the heads of some datasets, are at a place in the log. */
export interface ConsentStanding {
  readonly rules: ConsentRules;
  readonly heads: readonly { readonly datasetId: string; readonly head: string }[];
}

/** Before the first change. */
export function firstStanding(datasetIds: readonly string[]): ConsentStanding {
  return { rules: DEFAULT_RULES, heads: datasetIds.map((datasetId) => ({ datasetId, head: ZERO_HASH })) };
}

/** After each of these changes. One hash for each record. */
export function standingsAfter(before: ConsentStanding, changes: readonly ConsentChange[]): ConsentStanding[] {
  let standing = before;
  return changes.map((change) => (standing = after(standing, change)));
}

function after({ rules, heads }: ConsentStanding, change: ConsentChange): ConsentStanding {
  if (change.kind === "rules") return { rules: change.rules, heads };
  const id = change.datasetId.toLowerCase();
  const moved = heads.map(({ datasetId, head }) =>
    datasetId.toLowerCase() === id
      ? { datasetId, head: nextHead(head, change.own, change.record) }
      : { datasetId, head },
  );
  return { rules, heads: moved };
}

/** What the rules and the heads of these datasets have become. */
export function standingAfter(changes: readonly ConsentChange[], datasetIds: readonly string[]): ConsentStanding {
  const first = firstStanding(datasetIds);
  return standingsAfter(first, changes).at(-1) ?? first;
}

/**
 * The changes that a request saw: all of earlier blocks, and of its own block those that came before it, which its root
 * tells. O(changes of its block) roots.
 *
 * @param changes of the study's rules and of these datasets, in chain order
 * @param standings after each change, where they are known already
 * @returns undefined when no such beginning gives the request's root
 */
export function changesSeen(
  studyId: string,
  datasetIds: readonly string[],
  changes: readonly ConsentChange[],
  request: { readonly block: number; readonly time: bigint; readonly consentMaskRoot: string },
  standings: readonly ConsentStanding[] = standingsAfter(firstStanding(datasetIds), changes),
): readonly ConsentChange[] | undefined {
  const bound = request.consentMaskRoot.toLowerCase();
  const earlier = changes.filter(({ block }) => block < request.block).length;
  const until = changes.filter(({ block }) => block <= request.block).length;
  for (let count = earlier; count <= until; count += 1) {
    const { rules, heads } = count === 0 ? firstStanding(datasetIds) : standings[count - 1]!;
    if (consentMaskRoot(studyId, rules, heads, request.time) === bound) return changes.slice(0, count);
  }
  return undefined;
}

/** Whether a row may be used whose newest record this is. */
function covers(
  record: ConsentRecord,
  rules: ConsentRules,
  use: { readonly purposes: readonly string[]; readonly time: bigint },
): boolean {
  if (!record.given || record.form < rules.leastForm) return false;
  if (record.expiry !== 0n && use.time > record.expiry) return false;
  if (record.futureUse) return true;
  const named = new Set(record.purposes.map((code) => code.toLowerCase()));
  return use.purposes.every((code) => named.has(code.toLowerCase()));
}

function refusedOf(slots: ReadonlyMap<number, boolean>): Uint32Array {
  const refused: number[] = [];
  for (const [slot, usable] of slots) if (!usable) refused.push(slot);
  return Uint32Array.from(refused).sort();
}

/** A segment has at most 2^28 rows, so that their numbers fit. */
function allBut(slots: ReadonlyMap<number, boolean>, rowCount: number): Uint32Array {
  const usable = new Uint8Array(rowCount);
  let left = rowCount;
  for (const [slot, isUsable] of slots) {
    if (!isUsable) continue;
    usable[slot] = 1;
    left -= 1;
  }
  const excluded = new Uint32Array(left);
  let next = 0;
  for (let slot = 0; slot < rowCount; slot += 1) if (usable[slot] === 0) excluded[next++] = slot;
  return excluded;
}
