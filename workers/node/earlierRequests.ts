/** What other requests of a study asked, as public facts that this worker has read and checked itself. */
import type { QueryRequested } from "../chain/queryEvents.ts";
import type { EarlierAnswer, SegmentRef } from "../disclosure/historySets.ts";
import { isCoded } from "../errors.ts";
import type { Store } from "../store/openStore.ts";
import { requestFromJson } from "./chainEffects.ts";
import type { ConsentMasks } from "./consentMasks.ts";
import { ImmutableFacts } from "./immutableFacts.ts";
import { type HistoryGap, nodeError } from "./nodeError.ts";
import { isNeverComputed } from "./requestCircuit.ts";
import type { RequestedSegments } from "./requestedSegments.ts";
import { type VettedQueries, type VettedQuery, readParameters } from "./vettedQueries.ts";

export interface EarlierRequestModules {
  readonly store: { readonly requests: Pick<Store["requests"], "get"> };
  readonly queries: VettedQueries;
  readonly requestedSegments: RequestedSegments;
  readonly consent: Pick<ConsentMasks, "apply">;
}

/** What never changes of an earlier request, some hundred bytes beside the query that it shares with others. */
export interface EarlierRequest extends Omit<EarlierAnswer, "opened" | "parameters"> {
  /** Undefined: out of the vetted bounds, which no honest worker computes. */
  readonly parameters: readonly bigint[] | undefined;
  readonly studyId: string;
  /** Of the request. */
  readonly block: number;
  /** Of the committee that was asked. */
  readonly epoch: bigint;
  /** Of the request's release class. */
  readonly k: number;
  readonly recipientsHash: string;
  readonly recipients: readonly string[];
}

export class EarlierRequests {
  readonly #modules: EarlierRequestModules;
  readonly #facts = new ImmutableFacts<EarlierRequest>();
  /** By request, in lower case. */
  readonly #neverComputed = new Map<string, boolean>();

  constructor(modules: EarlierRequestModules) {
    this.#modules = modules;
  }

  /**
   * The chain is asked only for what was never asked for before.
   * @throws CodedError PLAN_HISTORY_UNRESOLVED: not confirmed here, another study's, no vetted query, an unknown consent mask or dataset
   *   root | CHAIN_*
   */
  async read(earlier: string, studyId: string): Promise<EarlierRequest> {
    const facts = await this.#facts.read(earlier, () => this.#ask(earlier));
    if (facts === undefined) throw unresolved(earlier, "not confirmed here");
    if (facts.studyId.toLowerCase() !== studyId.toLowerCase()) throw unresolved(earlier, "another study's");
    return facts;
  }

  /** Whether every honest worker refuses to compute it, by its own public bytes. */
  isNeverComputed({ requestId, descriptor, parameters, schema, recipients }: EarlierRequest): boolean {
    if (parameters === undefined) return true;
    const name = requestId.toLowerCase();
    const request = { descriptor, parameters, schema };
    const known = this.#neverComputed.get(name) ?? isNeverComputed(requestId, request, recipients);
    this.#neverComputed.set(name, known);
    return known;
  }

  async #ask(requestId: string): Promise<EarlierRequest | undefined> {
    const stored = this.#modules.store.requests.get(requestId);
    if (stored === undefined) return undefined;
    const event = requestFromJson(stored.event);
    const { studyId, queryHash } = event.context;
    const query = await this.#modules.queries.read(queryHash, studyId);
    if (query === undefined) throw unresolved(requestId, "not a vetted query");
    const { descriptor, schema } = query;
    const parameters = parametersOf(event.parameters, query);
    const segments = await this.#modules.consent.apply(event, await this.#segmentsOf(event));
    if (segments === undefined) throw unresolved(requestId, "unknown consent mask");
    const { k, context, recipients } = event;
    const { recipientsHash, committeeEpoch: epoch } = context;
    const asked = { descriptor, schema, parameters, segments, recipients };
    return { requestId, studyId, block: stored.block, epoch, k, recipientsHash, ...asked };
  }

  async #segmentsOf({ requestId, datasetIds, context: { datasetRoots } }: QueryRequested): Promise<SegmentRef[]> {
    const found = await Promise.all(
      datasetIds.map(async (datasetId, i) => {
        const root = datasetRoots[i];
        const segments = root && (await this.#modules.requestedSegments.ofRoot(datasetId, root));
        if (!segments) throw unresolved(requestId, "unknown dataset root");
        return segments.map(({ rowCount }, position) => ({ datasetId, version: BigInt(position + 1), rowCount }));
      }),
    );
    return found.flat();
  }
}

function parametersOf(encoded: string, query: VettedQuery): bigint[] | undefined {
  try {
    return readParameters(encoded, query);
  } catch (error) {
    if (isCoded(error)) return undefined;
    throw error;
  }
}

export function unresolved(earlier: string, reason: HistoryGap): Error {
  const detail = { code: "PLAN_HISTORY_UNRESOLVED", earlier, reason } as const;
  return nodeError(detail, `Nothing can be tested against the earlier answer to request ${earlier}: ${reason}`);
}
