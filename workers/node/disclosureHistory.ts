/**
 * What one attempt is tested against: the answers of its study that any participant knows to be opened, or to have been about
 * to open, or has under way, each as public facts that this worker has read and checked itself. In an attempt, in this order:
 *
 *   agree -> resolve -> openings(…), which looks whether they can be recorded, and plans them -> `encodeHistory` into the transcript ->
 *     aboutToOpen(tests), (outputs) -> end
 *
 * The first attempt that came to open bits fixes the history of all later ones, and the outputs that it hid: planned alike, they
 * tell no more than one. What was opened meanwhile was tested against this request (`DisclosureStore`).
 *
 * Adversary: t participants, who can add requests of the study that were never opened, once for all attempts of a request, so that
 * more is hidden, or the request refused by its tests. A request
 * that is none of the study's, or not yet confirmed here, fails the attempt before anything opens. So does a chain that
 * cannot be reached: history unavailable means refuse.
 *
 * Of the time of an earlier committee, participants know what the chain shows, and take for opened whatever it does not show to
 * be refused at its first attempt (`DisclosureStore.takeOver`): those who may know better need not sit in this committee.
 *
 * Whether an earlier answer counts as answered, and so what of it was opened, is decided by the agreed block: alike at all
 * participants, wherever each has followed the chain to. By the block that all have followed to, in later attempts a later one, it is
 * decided whether the rows of a retired dataset count as erased: once every participant has followed the chain to its retirement. A
 * participant that has erased them before cannot read them, and fails the attempt.
 */
import assert from "node:assert/strict";
import type { QueryRequested } from "../chain/queryEvents.ts";
import type { EarlierAnswer, SegmentRef } from "../disclosure/historySets.ts";
import type { Merges } from "../messages/merges.ts";
import { Outcome, ZERO_HASH, resultHash } from "../messages/statement.ts";
import { postedSuppressed } from "../messages/suppressedBitmap.ts";
import { valueAxis } from "../messages/valueAxis.ts";
import { type History, agreeHistory } from "../protocols/agreeHistory.ts";
import type { Network } from "../protocols/network.ts";
import { shownMerges } from "../query/mergedLines.ts";
import type { DisclosureEntry, Opening } from "../store/openings.ts";
import type { Store } from "../store/openStore.ts";
import { requestFromJson } from "./chainEffects.ts";
import type { EarlierRequest, EarlierRequestModules } from "./earlierRequests.ts";
import { EarlierRequests, unresolved } from "./earlierRequests.ts";
import { handledBlock } from "./following.ts";
import { nodeError } from "./nodeError.ts";
import type { ConfirmedRequest } from "./requestModules.ts";
import { type Ordered, type Planned, UnderWay, arePlannedTogether, inOrder } from "./underWay.ts";

/** The gate's hooks into the store. */
export interface Openings {
  /** Durable when it returns. @throws CodedError STORE_*, then nothing may leave */
  aboutToOpen(opening: Opening): void;
  /** This worker saw the attempt's refusal opened. */
  refused(): void;
}

interface HistoryModules extends EarlierRequestModules {
  readonly store: Pick<Store, "requests" | "disclosures" | "cursors" | "retirements">;
}

export class DisclosureHistory {
  readonly #modules: HistoryModules;
  readonly #earlier: EarlierRequests;
  readonly #underWay = new UnderWay();

  constructor(modules: HistoryModules) {
    this.#modules = modules;
    this.#earlier = new EarlierRequests(modules);
  }

  /**
   * The study's history as the participants know it together, or as an earlier attempt was planned against it. 1 or 2 rounds. Older
   * requests that are under way here are named, too, and waited for; and what is planned here, as if it were recorded already. This
   * attempt is under way from now on until `end`, also if this throws.
   * @throws CodedError PLAN_HISTORY_BEHIND | PROTOCOL_HISTORY_TOO_LONG | PROTOCOL_BAD_HISTORY | PROTOCOL_HISTORY_CONFLICT |
   *   NETWORK_* | STORE_*
   */
  async agree({ event }: ConfirmedRequest, network: Network): Promise<History> {
    this.#underWay.begin(event.context.studyId, this.#orderOf(event));
    const { store } = this.#modules;
    const { requestId, context } = event;
    const block = handledBlock(store);
    const stored = store.requests.get(requestId);
    assert(stored !== undefined, "a confirmed request is stored");
    const needed = stored.block;
    if (block === undefined || block < needed) throw behind(requestId, block, needed);
    const { studyId } = context;
    const planned = this.#plannedBeside(event).flatMap(({ requestId: id, history }) => [id, ...history]);
    const named = [...store.disclosures.named(requestId, studyId), ...this.#olderUnderWay(event), ...planned];
    const current = { requestIds: withoutOwn([...new Set(named)], requestId), block };
    const fixed = store.disclosures.plannedHistory(requestId);
    const known = fixed === undefined ? current : { ...fixed, isFixed: true, followed: block };
    const agreed = await agreeHistory(network, known, needed);
    if (agreed.block > block) throw behind(requestId, block, agreed.block);
    return agreed;
  }

  /** The attempt is over, however it ended: once for each call of `agree`. */
  end({ event }: ConfirmedRequest): void {
    this.#underWay.end(event.context.studyId, this.#orderOf(event));
  }

  #olderUnderWay(event: QueryRequested): string[] {
    return this.#underWay.olderThan(event.context.studyId, this.#orderOf(event));
  }

  #plannedBeside(event: QueryRequested): Planned[] {
    return this.#underWay.plannedBeside(event.context.studyId, this.#orderOf(event));
  }

  /**
   * An attempt yields to an older request that is under way here and not in its history, unless that is fixed; and to any that is planned
   * here, if not with it. What is planned counts as recorded: whatever begins later names it, or yields. So of an attempt nobody records
   * anything where another must refuse to, as long as all that are honest stay.
   */
  #yieldToOthers(event: QueryRequested, own: Planned, isFixed: boolean): void {
    const older = isFixed ? [] : this.#olderUnderWay(event).filter((requestId) => !own.history.has(requestId));
    const apart = this.#plannedBeside(event).filter((other) => !arePlannedTogether(own, other));
    const [other] = [...older, ...apart.map(({ requestId }) => requestId)];
    if (other !== undefined) throw pending(event.requestId, other);
  }

  #orderOf({ requestId, context }: QueryRequested): Ordered {
    const stored = this.#modules.store.requests.get(requestId);
    assert(stored !== undefined, "a confirmed request is stored");
    return { requestId: requestId.toLowerCase(), block: stored.block, epoch: context.committeeEpoch };
  }

  /**
   * The agreed answers but for the request's own, oldest request first, in the same order at every participant. O(history);
   * the chain is asked only for what was never asked for before. Without those that nobody can have opened, as no honest worker
   * computes them: one such request, which anybody may send, would have every later one of the study fail.
   *
   * @param studyK that of PUBLIC answers, as the study's policy has it
   * @throws CodedError PLAN_HISTORY_PENDING | PLAN_HISTORY_UNRESOLVED | CHAIN_* | STORE_*
   */
  async resolve(
    { event }: ConfirmedRequest,
    { requestIds, block, followed }: History,
    studyK: number,
  ): Promise<EarlierAnswer[]> {
    const { studyId } = event.context;
    const facts = await Promise.all(
      withoutOwn(requestIds, event.requestId).map((earlier) => this.#earlier.read(earlier, studyId)),
    );
    facts.sort(inOrder);
    const entries = new Map(
      this.#modules.store.disclosures.entries(studyId).map((entry) => [entry.requestId, entry] as const),
    );
    const own = this.#orderOf(event);
    const erased = this.#erasedAsOf(followed);
    return facts.flatMap((earlier): EarlierAnswer[] => {
      const { requestId, descriptor, parameters, schema } = earlier;
      const segments = earlier.segments.map((segment) => withErased(segment, erased));
      const entry = entries.get(requestId.toLowerCase());
      const opened = openedAsOf(entry, block);
      if (opened === "unknown" && this.#earlier.isNeverComputed(earlier)) return [];
      if (parameters === undefined) throw unresolved(requestId, "parameters out of bounds");
      if (opened === "unknown" && inOrder(earlier, own) < 0) this.#refusePending(requestId, own);
      const told = { requestId, descriptor, parameters, schema, segments };
      if (opened !== "unknown" && isToldToOthers(earlier, event, studyK)) {
        const isOrdered = valueAxis(told.descriptor) !== undefined;
        const hidden = isOrdered ? {} : { hiddenFromAll: opened.hiddenOutputs };
        return [{ ...told, opened: "unknown", isToldToOthers: true, ...hidden }];
      }
      const merges = mergesOf(earlier, opened);
      const answer = { ...told, opened, ...(entry === undefined ? { isNamedOnly: true as const } : {}) };
      return [merges === undefined ? answer : { ...answer, merges }];
    });
  }

  /** Lower case. */
  #erasedAsOf(block: number): ReadonlySet<string> {
    const retired = this.#modules.store.retirements.all().filter((retirement) => retirement.block <= block);
    return new Set(retired.map(({ datasetId }) => datasetId));
  }

  /**
   * @throws CodedError STORE_HISTORY_MOVED | STORE_HISTORY_CHANGED | PLAN_HISTORY_PENDING where this worker could not record any
   *   opening: before anybody has recorded one. Until `end` the attempt counts as planned here.
   */
  openings({ event, committee }: ConfirmedRequest, attempt: bigint, history: History): Openings {
    const { disclosures } = this.#modules.store;
    const { requestId, context } = event;
    const { studyId } = context;
    const overlaps = committee.workers.length <= 3 * committee.threshold + 1;
    const opened = { requestId, studyId, attempt, history, overlaps };
    const knownWhenPlanned = disclosures.checkPlan(opened);
    const ids = [requestId, ...history.requestIds].map((id) => id.toLowerCase());
    const own = { requestId: ids[0]!, history: new Set(ids.slice(1)) };
    this.#yieldToOthers(event, own, disclosures.plannedHistory(requestId) !== undefined);
    this.#underWay.plan(studyId, own, attempt);
    return {
      aboutToOpen: (opening) => {
        if (opening.stage === "outputs") this.#refuseSigned(requestId);
        disclosures.recordAboutToOpen({ ...opened, knownWhenPlanned, ...opening });
      },
      refused: () => assert(disclosures.closeAttempt(requestId, attempt), "no refusal is opened after outputs"),
    };
  }

  /**
   * Requests wait for those before them, so no two wait for each other. One that ended without an answer is not waited for, nor
   * one past its deadline that nobody has ended yet: no answer to it can be posted any more.
   */
  #refusePending(earlier: string, { requestId }: Ordered): void {
    const { store } = this.#modules;
    const stored = store.requests.get(earlier);
    if (stored?.state !== "pending" && stored?.state !== "answered") return;
    const isOver = BigInt(handledBlock(store) ?? 0) > requestFromJson(stored.event).deadlineBlock;
    if (stored.state === "pending" && isOver) return;
    throw pending(requestId, earlier);
  }

  /**
   * What a quorum has refused stays unopened, whatever history a liar names in a later attempt, and however late the refusal comes
   * to the chain: of a quorum and of 2t + 1 participants, with n <= 3t + 1, one honest worker is in both. So a refusal at the
   * first attempt says that nothing was ever opened (`DisclosureStore.takeOver`).
   */
  #refuseSigned(requestId: string): void {
    const signed = this.#modules.store.requests.signed(requestId);
    if (!signed.some(({ resultHash: hash }) => SIGNED_REFUSALS.has(hash))) return;
    const message = `Request ${requestId}: this worker has signed that it has no answer, and opens none`;
    throw nodeError({ code: "PLAN_SIGNED_REFUSAL", requestId }, message);
  }
}

const SIGNED_REFUSALS = new Set(
  [Outcome.REFUSED_DISCLOSURE, Outcome.REFUSED_EMPTY_SET, Outcome.FAILED_UNAVAILABLE].map((outcome) =>
    resultHash({ outcome, suppressedBitmap: "0x", outputs: [], sealedHash: ZERO_HASH }),
  ),
);

function withErased(segment: SegmentRef, erased: ReadonlySet<string>): SegmentRef {
  return erased.has(segment.datasetId.toLowerCase()) ? { ...segment, isErased: true } : segment;
}

function withoutOwn(requestIds: readonly string[], own: string): string[] {
  return requestIds.filter((id) => id !== own.toLowerCase());
}

/** A SEALED answer with a k of its own, which only its own recipients may be told again without a test. */
function isToldToOthers(earlier: EarlierRequest, { k, context }: QueryRequested, studyK: number): boolean {
  const isSameReaders = k < studyK && context.recipientsHash.toLowerCase() === earlier.recipientsHash.toLowerCase();
  return earlier.k < studyK && !isSameReaders;
}

/** How lines of values were merged, of an answer that has some; what was not posted counts as opened line by line. */
function mergesOf({ descriptor, schema }: EarlierRequest, opened: EarlierAnswer["opened"]): Merges | undefined {
  if (opened === "unknown" || valueAxis(descriptor) === undefined) return undefined;
  return shownMerges(descriptor, schema, opened.hiddenOutputs);
}

/** An answer after the block may be unknown to another participant, and counts alike at all. */
function openedAsOf(entry: DisclosureEntry | undefined, block: number): EarlierAnswer["opened"] {
  if (entry?.status !== "answered" || entry.answeredBlock > block) return "unknown";
  const hiddenOutputs = postedSuppressed(entry.suppressedBitmap);
  const zeroOutputs = new Set(entry.zeroOutputs.filter((index) => !hiddenOutputs.has(index)));
  return { hiddenOutputs, zeroOutputs };
}

function pending(requestId: string, earlier: string): Error {
  const detail = { code: "PLAN_HISTORY_PENDING", requestId, earlier } as const;
  return nodeError(
    detail,
    `Request ${requestId} waits for request ${earlier}, whose answer may be open already, or about to`,
  );
}

function behind(requestId: string, block: number | undefined, needed: number): Error {
  const detail = { code: "PLAN_HISTORY_BEHIND", requestId, block, needed } as const;
  return nodeError(detail, `Request ${requestId}: the chain has not been followed to block ${needed}`);
}
