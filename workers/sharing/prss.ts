/**
 * Sharings without communication, from replicated keys. For every subset S of |P| − t parties, exactly the members of
 * S hold K_S; whatever t parties collude, one S is disjoint from them and its stream is uniform to them.
 *
 *   f_S   the polynomial of degree t with f_S(0) = 1 and f_S(i) = 0 for the t parties i of P outside S
 *   g_S   = d_S·f_S with d_S = Π_{i∈P∖S} i, not zero: integers at the parties, below 2^7, by which the field
 *         multiplies in a third of the time that fractions take
 *   PRSS  share_j = Σ_{S∋j} r_S·g_S(j)                       degree t, secret Σ_S d_S·r_S
 *   PRZS  share_j = Σ_{S∋j} Σ_{k=1..t} r_{S,k}·j^k·g_S(j)      degree 2t, secret 0
 *   blinders and dealing masks, which follow for good from seeds that a dealer chose (`combineDealing.ts`), and masks of sealed answers
 *   (`maskKeys.ts`):
 *   share_j = Σ_{S∋j} r_S·f_S(j), secret Σ_S r_S
 *
 * Protects: against any t parties PRSS is a uniform degree-t sharing and, when |P| = 2t + 1, PRZS is a uniform
 * degree-2t sharing of zero, both up to the strength of the generator. Does not protect: one (keys, label, purpose)
 * always gives the same sharing, so a label must be used once per key set (`protocols/masks.ts` enforces it), and
 * nothing here checks that members hold equal keys (`protocols/agreeKeys.ts` does).
 * Generator: AES-256-CTR, zero counter, under HKDF-SHA256(K_S; purpose, label): a fresh AES key per use. r_{S,1} … r_{S,t}
 * follow each other in one stream: with few elements a stream costs far more to begin than to read.
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

/** A key K_S, and its polynomial at the holder. */
interface HeldKey {
  readonly key: Uint8Array;
  /** d_S. */
  readonly scale: bigint;
  /** g_S(self): an integer of either sign. */
  readonly scaledValue: bigint;
}

/** What one key and one use of it contribute to a share. All of one sharing have as many weights. */
interface WeightedStream {
  /** Of the vectors that are read from the stream, one after the other. */
  readonly weights: readonly bigint[];
  readonly key: Uint8Array;
  readonly context: string;
}

/**
 * Vectors drawn before they are summed. A (7, 3) zero share has 60: more at once would hold that many of full length; fewer would
 * reduce the running sum more often, which costs little beside drawing.
 */
const VECTORS_AT_ONCE = 9;

const heldByKeySet = new WeakMap<ReplicatedKeys, readonly HeldKey[]>();

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
  return expandDegreeT(field, keys, "shared", label, length, ({ scaledValue }) => scaledValue);
}

/** A share, of degree 2t, of `length` zeros. [CDI05, §4] */
export function expandZero(field: Field, keys: ReplicatedKeys, label: string, length: number): FieldVector {
  const context = streamContext("zero", label);
  const streams = heldKeys(keys).map(({ key, scaledValue }) => {
    const powers = Array.from({ length: keys.t }, (_, k) => BigInt(keys.self) ** BigInt(k + 1));
    return { weights: powers.map((power) => field.reduce(power * scaledValue)), key, context };
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
  return expandDegreeT(field, seeds, "blinder", columnId, count, (held) => polynomialAtHolder(field, held));
}

/**
 * A share, of degree t, of the number that hides a dealer's random combination of all it dealt (`combineDealing.ts`),
 * from the same seeds as its blinders. Any t workers lack one seed, so it is uniform to them; its label is the
 * combination's challenge, so that no two combinations are hidden by one number.
 */
export function expandDealingMask(field: Field, seeds: ReplicatedKeys, challenge: bigint): bigint {
  const weightOf = (held: HeldKey): bigint => polynomialAtHolder(field, held);
  return field.scope(() => field.sum(expandDegreeT(field, seeds, "dealing", challenge.toString(16), 1, weightOf)));
}

/**
 * A share, of degree t, of the mask Σ_S r_S that a sealed answer opens under. Without a label: mask keys serve one answer.
 *
 * @param maskKeys of `deriveMaskKeys`
 */
export function expandAnswerMask(field: Field, maskKeys: ReplicatedKeys, length: number): FieldVector {
  return expandDegreeT(field, maskKeys, "sealed", "", length, (held) => polynomialAtHolder(field, held));
}

/** The same mask, whole, to whoever holds the keys of all subsets, in any order. */
export function answerMask(field: Field, maskKeys: readonly Uint8Array[], length: number): FieldVector {
  const context = streamContext("sealed", "");
  return combineStreams(
    field,
    maskKeys.map((key) => ({ weights: [1n], key, context })),
    length,
  );
}

function expandDegreeT(
  field: Field,
  keys: ReplicatedKeys,
  purpose: Purpose,
  label: string,
  length: number,
  weightOf: (held: HeldKey) => bigint,
): FieldVector {
  const context = streamContext(purpose, label);
  const streams = heldKeys(keys).map((held) => ({ weights: [field.reduce(weightOf(held))], key: held.key, context }));
  return combineStreams(field, streams, length);
}

/** Found once for each key set: many masks are expanded from one. */
function heldKeys(keys: ReplicatedKeys): readonly HeldKey[] {
  const known = heldByKeySet.get(keys);
  if (known !== undefined) return known;
  checkDistinct(keys.parties);
  assert(keys.parties.includes(keys.self), `party ${keys.self} is not one of ${subsetName(keys.parties)}`);
  const subsetsHeld = subsetsHeldBy(keys.self, keys.parties, keys.t);
  assert.equal(keys.keys.size, subsetsHeld.length, "one replicated key per subset that contains this party");
  const held = subsetsHeld.map((subset): HeldKey => {
    const key = keys.keys.get(subsetName(subset));
    assert(key?.length === REPLICATED_KEY_BYTES, `a 32-byte key for subset ${subsetName(subset)}`);
    const outsiders = keys.parties.filter((party) => !subset.includes(party));
    return {
      key,
      scale: outsiders.reduce((product, party) => product * BigInt(party), 1n),
      scaledValue: outsiders.reduce((product, party) => product * BigInt(party - keys.self), 1n),
    };
  });
  heldByKeySet.set(keys, held);
  return held;
}

/** f_S(self). */
function polynomialAtHolder(field: Field, { scale, scaledValue }: HeldKey): bigint {
  return scaledValue * field.invert(scale);
}

/** Σ weight·(elements read from the stream, `length` for each of its weights); holds at most `VECTORS_AT_ONCE` + 2 vectors. */
function combineStreams(field: Field, streams: readonly WeightedStream[], length: number): FieldVector {
  return field.scope(() => {
    const count = Math.max(1, Math.floor(VECTORS_AT_ONCE / (streams[0]?.weights.length ?? 1)));
    const [now, later] = [streams.slice(0, count), streams.slice(count)];
    const carried = later.length === 0 ? [] : [combineStreams(field, later, length)];
    const drawn = now.flatMap(({ key, context, weights }) => {
      const bytes = keyStream(key, context);
      return weights.map(() => field.random(length, bytes));
    });
    const weights = [...carried.map(() => 1n), ...now.flatMap((stream) => stream.weights)];
    return field.linearCombination(weights, [...carried, ...drawn]);
  });
}

/** Purposes hold no "|", so that (purpose, label) is read off the context unambiguously. */
function streamContext(purpose: Purpose, label: string): string {
  return `Opaline.PRSS.v1|${purpose}|${label}`;
}
