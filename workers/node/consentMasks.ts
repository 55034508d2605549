/**
 * Which rows of its data a request may not use, by consent: derived by this worker from the chain's own log, and held against
 * what the request's contract bound.
 *
 * Consent that changes in a block holds for every request of a later one. Within the request's block, the order of transactions
 * decides, as it did for the contract: the mask is that of the place in the log whose root the request has.
 */
import type { JsonRpc } from "../chain/provider.ts";
import { blockTime } from "../chain/provider.ts";
import type { StudyRegistry } from "../chain/studyRegistry.ts";
import type { SegmentRef } from "../disclosure/historySets.ts";
import type { ConsentChange, ConsentRecord, ConsentRules } from "../messages/consentMask.ts";
import { DEFAULT_RULES, consentMaskRoot, excludedSlots, nextHead } from "../messages/consentMask.ts";
import { type RequestContext, ZERO_HASH } from "../messages/statement.ts";
import { ImmutableFacts } from "./immutableFacts.ts";

export interface ConsentLog {
  /** Both blocks included, in chain order. @throws CodedError CHAIN_* */
  changes(
    studyId: string,
    datasetIds: readonly string[],
    fromBlock: number,
    toBlock: number,
  ): Promise<readonly ConsentChange[]>;
}

export interface ConsentModules {
  readonly log: ConsentLog;
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
}

type Masks = readonly (Uint32Array | undefined)[];

export class ConsentMasks {
  readonly #modules: ConsentModules;
  readonly #logs = new Map<string, Promise<ReadLog>>();
  readonly #masks = new ImmutableFacts<Masks>();

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
    const { changes } = await this.#read(request);
    if (changes.length === 0)
      return request.context.consentMaskRoot === ZERO_HASH ? segments.map(() => undefined) : undefined;
    const [time, { purposes }] = await Promise.all([
      blockTime(this.#modules.rpc, requestBlock),
      this.#modules.studies.policy(studyId),
    ]);
    const state = stateAt(changes, request, time);
    if (state === undefined) return undefined;
    return segments.map(({ datasetId, version, rowCount }) => {
      const records = state.records.get(datasetId.toLowerCase()) ?? [];
      return excludedSlots(records, state.rules, { purposes, time }, [{ version, rowCount }]).get(version);
    });
  }

  /** One reader at a time, so that no change is read twice. What could not be read is asked for again. */
  #read({ context, datasetIds }: MaskedRequest): Promise<ReadLog> {
    const { studyId, requestBlock } = context;
    const { log, firstBlock } = this.#modules;
    const key = [studyId, ...datasetIds].join("/").toLowerCase();
    const last = Number(requestBlock);
    const before = this.#logs.get(key) ?? Promise.resolve({ upTo: firstBlock - 1, changes: [] });
    const reading = before.then(async (known): Promise<ReadLog> => {
      if (known.upTo >= last) return known;
      const changes = await log.changes(studyId, datasetIds, known.upTo + 1, last);
      return { upTo: last, changes: [...known.changes, ...changes] };
    });
    this.#logs.set(
      key,
      reading.catch(() => before),
    );
    return reading;
  }
}

interface LogState {
  rules: ConsentRules;
  /** By dataset, lower case. */
  readonly heads: Map<string, string>;
  readonly records: Map<string, ConsentRecord[]>;
}

/** The log where its root is the request's: at the end of an earlier block, or after a change of the request's own. */
function stateAt(
  changes: readonly ConsentChange[],
  { context, datasetIds }: MaskedRequest,
  time: bigint,
): LogState | undefined {
  const block = Number(context.requestBlock);
  const state: LogState = { rules: DEFAULT_RULES, heads: new Map(), records: new Map() };
  const isBound = (): boolean => {
    const heads = datasetIds.map((datasetId) => ({ datasetId, head: headOf(state, datasetId) }));
    return consentMaskRoot(context.studyId, state.rules, heads, time) === context.consentMaskRoot.toLowerCase();
  };
  const earlier = changes.filter((change) => change.block < block);
  earlier.forEach((change) => record(state, change));
  if (isBound()) return state;
  for (const change of changes.filter((each) => each.block === block)) {
    record(state, change);
    if (isBound()) return state;
  }
  return undefined;
}

function record(state: LogState, change: ConsentChange): void {
  if (change.kind === "rules") {
    state.rules = change.rules;
    return;
  }
  const id = change.datasetId.toLowerCase();
  state.heads.set(id, nextHead(headOf(state, id), change.own, change.record));
  const records = state.records.get(id) ?? [];
  records.push(change.record);
  state.records.set(id, records);
}

function headOf({ heads }: LogState, datasetId: string): string {
  return heads.get(datasetId.toLowerCase()) ?? ZERO_HASH;
}
