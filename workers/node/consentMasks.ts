/**
 * Which rows of its data a request may not use, by consent: derived by this worker from the chain's own log, and held against
 * what the request's contract bound.
 *
 * Consent that changes in a block holds for every request of a later one. Within the request's block, the order of transactions
 * decides, as it did for the contract: the mask is that of the place in the log whose root the request has.
 */
import type { ConsentRegistry } from "../chain/consentRegistry.ts";
import type { JsonRpc } from "../chain/provider.ts";
import { blockTime } from "../chain/provider.ts";
import type { StudyRegistry } from "../chain/studyRegistry.ts";
import type { SegmentRef } from "../disclosure/historySets.ts";
import { digestOf } from "../disclosure/rowParts.ts";
import type { ConsentChange, ConsentStanding } from "../messages/consentMask.ts";
import {
  DEFAULT_RULES,
  changesSeen,
  excludedSlots,
  firstStanding,
  recordsOf,
  standingsAfter,
} from "../messages/consentMask.ts";
import { type RequestContext, ZERO_HASH } from "../messages/statement.ts";
import { ImmutableFacts } from "./immutableFacts.ts";

export interface ConsentModules {
  readonly log: Pick<ConsentRegistry, "changes">;
  readonly rpc: JsonRpc;
  readonly studies: Pick<StudyRegistry, "policy">;
  /** Nothing was recorded before it. */
  readonly firstBlock: number;
}

/** What of a request decides its mask. */
export interface MaskedRequest {
  readonly context: Pick<RequestContext, "requestId" | "studyId" | "consentMaskRoot" | "requestBlock">;
  readonly datasetIds: readonly string[];
}

/** The log of one choice of datasets, as far as it was read. */
interface ReadLog {
  readonly upTo: number;
  readonly changes: readonly ConsentChange[];
  /** After each of them: a record is hashed once, however many requests follow. */
  readonly standings: readonly ConsentStanding[];
}

type Masks = readonly (Uint32Array | undefined)[];

export class ConsentMasks {
  readonly #modules: ConsentModules;
  readonly #logs = new Map<string, Promise<ReadLog>>();
  readonly #masks = new ImmutableFacts<Masks>();
  /** By digest. */
  readonly #lists = new Map<string, Uint32Array>();

  constructor(modules: ConsentModules) {
    this.#modules = modules;
  }

  /**
   * The request's segments with what it may not use of each. O(records) the first time, then O(1); the chain is asked only
   * for blocks that were not read.
   *
   * @param segments versions 1..v of each dataset, as the request's roots fix them
   * @returns undefined when the mask that the request binds is none that the chain's log has at its block
   * @throws CodedError CHAIN_*
   */
  async apply(request: MaskedRequest, segments: readonly SegmentRef[]): Promise<SegmentRef[] | undefined> {
    const { requestId } = request.context;
    const masks = await this.#masks.read(requestId.toLowerCase(), () => this.#derive(request, segments));
    return (
      masks && segments.map((segment, i) => (masks[i] === undefined ? segment : { ...segment, excluded: masks[i] }))
    );
  }

  async #derive(request: MaskedRequest, segments: readonly SegmentRef[]): Promise<Masks | undefined> {
    const { studyId, requestBlock } = request.context;
    const { changes, standings } = await this.#read(request);
    if (changes.length === 0)
      return request.context.consentMaskRoot === ZERO_HASH ? segments.map(() => undefined) : undefined;
    const [time, { purposes }] = await Promise.all([
      blockTime(this.#modules.rpc, requestBlock),
      this.#modules.studies.policy(studyId),
    ]);
    const { consentMaskRoot } = request.context;
    const bound = { block: Number(requestBlock), time, consentMaskRoot };
    const seen = changesSeen(studyId, request.datasetIds, changes, bound, standings);
    if (seen === undefined) return undefined;
    const rules = standings[seen.length - 1]?.rules ?? DEFAULT_RULES;
    return segments.map(({ datasetId, version, rowCount }) => {
      const use = { purposes, time };
      return this.#once(excludedSlots(recordsOf(seen, datasetId), rules, use, [{ version, rowCount }]).get(version));
    });
  }

  /** Equal masks are kept once: most requests have that of the one before. */
  #once(list: Uint32Array | undefined): Uint32Array | undefined {
    if (list === undefined) return undefined;
    const digest = digestOf(list);
    const known = this.#lists.get(digest) ?? list;
    this.#lists.set(digest, known);
    return known;
  }

  /** One reader at a time, so that no change is read twice. What could not be read is asked for again. */
  #read({ context, datasetIds }: MaskedRequest): Promise<ReadLog> {
    const { studyId, requestBlock } = context;
    const { log, firstBlock } = this.#modules;
    const key = [studyId, ...datasetIds].join("/").toLowerCase();
    const last = Number(requestBlock);
    const before = this.#logs.get(key) ?? Promise.resolve({ upTo: firstBlock - 1, changes: [], standings: [] });
    const reading = before.then(async (known): Promise<ReadLog> => {
      if (known.upTo >= last) return known;
      const changes = await log.changes(studyId, datasetIds, known.upTo + 1, last);
      const standing = known.standings.at(-1) ?? firstStanding(datasetIds);
      return {
        upTo: last,
        changes: [...known.changes, ...changes],
        standings: [...known.standings, ...standingsAfter(standing, changes)],
      };
    });
    this.#logs.set(
      key,
      reading.catch(() => before),
    );
    return reading;
  }
}
