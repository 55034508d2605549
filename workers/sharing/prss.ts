/**
 * Sharings without communication, from replicated keys. For every subset S of |P| − t parties, exactly the members of
 * S hold K_S; whatever t parties collude, one S is disjoint from them and its stream is uniform to them.
 *
 *   f_S   the polynomial of degree t with f_S(0) = 1 and f_S(i) = 0 for the t parties i of P outside S
 *   g_S   = d_S·f_S with d_S = Π_{i∈P∖S} i, not zero: integers at the parties, below 2^7, which cost a third of fractions
 *   PRSS  share_j = Σ_{S∋j} r_S·g_S(j)                       degree t, secret Σ_S d_S·r_S
 *   PRZS  share_j = Σ_{S∋j} Σ_{k=1..t} r_{S,k}·j^k·g_S(j)      degree 2t, secret 0
 *   blinders, which are for good what their dealer chose, and masks of sealed answers (`maskKeys.ts`):
 *   share_j = Σ_{S∋j} r_S·f_S(j), secret Σ_S r_S
 *
 * Protects: against any t parties PRSS is a uniform degree-t sharing and, when |P| = 2t + 1, PRZS is a uniform
 * degree-2t sharing of zero, both up to the strength of the generator. Does not protect: one (keys, label, purpose)
 * always gives the same sharing, so a label must be used once per key set (`protocols/masks.ts` enforces it), and
 * nothing here checks that members hold equal keys (`protocols/agreeKeys.ts` does).
 * Generator: AES-256-CTR, zero counter, under HKDF-SHA256(K_S; purpose, label): a fresh AES key per use.
 * Source: R. Cramer, I. Damgård, Y. Ishai, "Share conversion, pseudorandom secret-sharing and applications to secure
 * computation", TCC 2005, https://doi.org/10.1007/978-3-540-30576-7_19 [CDI05].
 */
import assert from "node:assert/strict";

import type { Field, FieldVector } from "../field/field.ts";
import { keyStream } from "./keyStream.ts";
import { checkDistinct, subsets } from "./parties.ts";
import type { PartyIndex } from "./parties.ts";

/** What one party holds of a replicated key set. */
export interface ReplicatedKeys {
  readonly self: PartyIndex;
  /** P, ascending. */
  readonly parties: readonly PartyIndex[];
  readonly t: number;
  /** By `subsetName`: the 32-byte K_S of every S of |P| − t parties that contains `self`. */
  readonly keys: ReadonlyMap<string, Uint8Array>;
}

export const REPLICATED_KEY_BYTES = 32;

/** Streams of different purposes never meet, whatever their labels. */
type Purpose = "shared" | "zero" | "blinder" | "dealing" | "sealed";

/** What one key and one use of it contribute to a share. */
interface WeightedStream {
  readonly weight: bigint;
  readonly key: Uint8Array;
  readonly context: string;
}

/**
 * Streams drawn before they are summed. A (7, 3) zero share has 60: more at once would hold that many vectors of full
 * length, fewer would reduce the running sum more often, beside which drawing costs far more.
 */
const STREAMS_AT_ONCE = 9;

/** Members in index order, as "1,2". */
export function subsetName(subset: readonly PartyIndex[]): string {
  return subset.join(",");
}

/** The subsets whose key `self` holds, lexicographic. */
export function subsetsHeldBy(self: PartyIndex, parties: readonly PartyIndex[], t: number): PartyIndex[][] {
  return subsets(parties, parties.length - t).filter((subset) => subset.includes(self));
}

/** A share, of degree t, of `length` pseudorandom elements that no t parties know. [CDI05, §3] */
export function expandShared(field: Field, keys: ReplicatedKeys, label: string, length: number): FieldVector {
  return expandDegreeT(field, keys, "shared", label, length, (subset) => scaledPolynomialAt(keys, subset));
}

/** A share, of degree 2t, of `length` zeros. [CDI05, §4] */
export function expandZero(field: Field, keys: ReplicatedKeys, label: string, length: number): FieldVector {
  const streams = heldKeys(keys).flatMap(({ subset, key }) => {
    const factor = scaledPolynomialAt(keys, subset);
    return Array.from({ length: keys.t }, (_, k) => ({
      weight: field.reduce(BigInt(keys.self) ** BigInt(k + 1) * factor),
      key,
      context: streamContext("zero", `${k + 1}|${label}`),
    }));
  });
  return combineStreams(field, streams, length);
}

/**
 * A share, of degree t, of the blinders r_1..r_count of one committed column, from the seeds its dealer chose.
 * r_0 = 0 is neither drawn nor returned. Unlike masks, blinders belong to the column and are expanded again whenever
 * they are needed.
 *
 * @param seeds replicated keys over all n workers of the epoch
 */
export function expandBlinders(field: Field, seeds: ReplicatedKeys, columnId: string, count: number): FieldVector {
  return expandDegreeT(field, seeds, "blinder", columnId, count, (subset) => polynomialAt(field, seeds, subset));
}

/**
 * A share, of degree t, of the number that hides a dealer's random combination of all it dealt (`combineDealing.ts`),
 * from the same seeds as its blinders. Any t workers lack one seed, so it is uniform to them; its label is the
 * combination's challenge, so that no two combinations are hidden by one number.
 */
export function expandDealingMask(field: Field, seeds: ReplicatedKeys, challenge: bigint): bigint {
  const weightOf = (subset: readonly PartyIndex[]): bigint => polynomialAt(field, seeds, subset);
  return field.scope(() => field.sum(expandDegreeT(field, seeds, "dealing", challenge.toString(16), 1, weightOf)));
}

/**
 * A share, of degree t, of the mask Σ_S r_S that a sealed answer opens under. Without a label: mask keys serve one answer.
 *
 * @param maskKeys of `deriveMaskKeys`
 */
export function expandAnswerMask(field: Field, maskKeys: ReplicatedKeys, length: number): FieldVector {
  return expandDegreeT(field, maskKeys, "sealed", "", length, (subset) => polynomialAt(field, maskKeys, subset));
}

/** The same mask, whole, to whoever holds the keys of all subsets, in any order. */
export function answerMask(field: Field, maskKeys: readonly Uint8Array[], length: number): FieldVector {
  const context = streamContext("sealed", "");
  return combineStreams(
    field,
    maskKeys.map((key) => ({ weight: 1n, key, context })),
    length,
  );
}

function expandDegreeT(
  field: Field,
  keys: ReplicatedKeys,
  purpose: Purpose,
  label: string,
  length: number,
  weightOf: (subset: readonly PartyIndex[]) => bigint,
): FieldVector {
  const streams = heldKeys(keys).map(({ subset, key }) => ({
    weight: field.reduce(weightOf(subset)),
    key,
    context: streamContext(purpose, label),
  }));
  return combineStreams(field, streams, length);
}

function heldKeys(keys: ReplicatedKeys): { subset: PartyIndex[]; key: Uint8Array }[] {
  checkDistinct(keys.parties);
  assert(keys.parties.includes(keys.self), `party ${keys.self} is not one of ${subsetName(keys.parties)}`);
  const held = subsetsHeldBy(keys.self, keys.parties, keys.t);
  assert.equal(keys.keys.size, held.length, "one replicated key per subset that contains this party");
  return held.map((subset) => {
    const key = keys.keys.get(subsetName(subset));
    assert(key?.length === REPLICATED_KEY_BYTES, `a 32-byte key for subset ${subsetName(subset)}`);
    return { subset, key };
  });
}

/** f_S(self). */
function polynomialAt(field: Field, keys: ReplicatedKeys, subset: readonly PartyIndex[]): bigint {
  const denominator = outsiders(keys, subset).reduce((product, party) => product * BigInt(party), 1n);
  return scaledPolynomialAt(keys, subset) * field.invert(denominator);
}

/** g_S(self) = Π_{i∈P∖S} (i − self): an integer of either sign. */
function scaledPolynomialAt(keys: ReplicatedKeys, subset: readonly PartyIndex[]): bigint {
  return outsiders(keys, subset).reduce((product, party) => product * BigInt(party - keys.self), 1n);
}

function outsiders({ parties }: ReplicatedKeys, subset: readonly PartyIndex[]): PartyIndex[] {
  return parties.filter((party) => !subset.includes(party));
}

/** Σ weight·(the first `length` elements of the stream); holds at most `STREAMS_AT_ONCE` + 2 vectors. */
function combineStreams(field: Field, streams: readonly WeightedStream[], length: number): FieldVector {
  return field.scope(() => {
    const now = streams.slice(0, STREAMS_AT_ONCE);
    const later = streams.slice(STREAMS_AT_ONCE);
    const carried = later.length === 0 ? [] : [combineStreams(field, later, length)];
    const drawn = now.map(({ key, context }) => field.random(length, keyStream(key, context)));
    const weights = [...carried.map(() => 1n), ...now.map(({ weight }) => weight)];
    return field.linearCombination(weights, [...carried, ...drawn]);
  });
}

/** Purposes hold no "|", so that (purpose, label) is read off the context unambiguously. */
function streamContext(purpose: Purpose, label: string): string {
  return `Opaline.PRSS.v1|${purpose}|${label}`;
}
