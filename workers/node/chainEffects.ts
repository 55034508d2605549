/**
 * What confirmed events change in the store. Runs inside the follower's transaction, so everything here is synchronous
 * and happens exactly once; what must be asked of the chain beforehand is asked in `prepare`.
 *
 *   QueryRequested             -> the request is pending
 *   QueryAnswered/Refused/Expired -> the request is settled; what was answered is in the disclosure history, the attempt
 *                                 that was refused is not; mask keys of a sealed answer are due
 *   KeyCopiesPublished         -> this worker's are not due any more
 * Events of data and committees are `datasetEffects.ts`.
 */
import type { Deployment } from "../chain/deployment.ts";
import type { ChainLog } from "../chain/logs.ts";
import {
  type QueryAnswered,
  type QueryContractEvent,
  type QueryRefused,
  type QueryRequested,
  parseKeyCopies,
  parseQueryEvent,
} from "../chain/queryEvents.ts";
import { Outcome, ZERO_HASH, outputsHash } from "../messages/statement.ts";
import type { SettledState, StoredRequest } from "../store/requestStore.ts";
import type { Store } from "../store/openStore.ts";
import { DatasetEffects, type DatasetEffectModules } from "./datasetEffects.ts";

export interface EffectModules extends DatasetEffectModules {
  readonly store: DatasetEffectModules["store"] & Pick<Store, "requests" | "disclosures" | "keyCopies">;
}

/** Events with integers as text: SQLite keeps the public event of a request as JSON. */
export function requestToJson(event: QueryRequested): string {
  const { requestId, querier, parameters, datasetIds, context, deadlineBlock, recipients, k } = event;
  const stored: QueryRequested = { requestId, querier, parameters, datasetIds, context, deadlineBlock, recipients, k };
  return JSON.stringify(stored, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
}

export function requestFromJson(text: string): QueryRequested {
  const event = JSON.parse(text) as QueryRequested;
  const { context } = event;
  return {
    ...event,
    deadlineBlock: BigInt(event.deadlineBlock),
    recipients: (event as Partial<QueryRequested>).recipients ?? [], // stored before there were sealed answers
    context: { ...context, committeeEpoch: BigInt(context.committeeEpoch), requestBlock: BigInt(context.requestBlock) },
  };
}

function isFrom(log: ChainLog, address: string): boolean {
  return log.address.toLowerCase() === address.toLowerCase();
}

/** The address of the Query Smart Contract that a log announces. */
export function discoverQueryContract(deployment: Deployment, log: ChainLog): string | undefined {
  if (!isFrom(log, deployment.address("QueryCatalogue"))) return undefined;
  const parsed = deployment.abi("QueryCatalogue").parseLog({ topics: [...log.topics], data: log.data });
  return parsed?.name === "QueryActivated" ? String(parsed.args["queryContract"]) : undefined;
}

export class ChainEffects {
  readonly #modules: EffectModules;
  readonly #data: DatasetEffects;

  constructor(modules: EffectModules) {
    this.#modules = modules;
    this.#data = new DatasetEffects(modules);
  }

  /** Reads what `apply` will need. @throws CodedError CHAIN_UNREACHABLE, then nothing is applied */
  async prepare(logs: readonly ChainLog[]): Promise<void> {
    for (const log of logs) await this.#data.prepare(log);
  }

  /** Inside the transaction. */
  apply(logs: readonly ChainLog[]): void {
    const { deployment, store } = this.#modules;
    for (const log of logs) {
      this.#data.apply(log);
      const event = parseQueryEvent(deployment, log);
      if (event !== undefined) this.#applyRequestEvent(event, log);
      const published = parseKeyCopies(deployment, log);
      if (published !== undefined) store.keyCopies.published(published.requestId, published);
    }
  }

  #applyRequestEvent(event: QueryContractEvent, chainLog: ChainLog): void {
    const { requests, keyCopies } = this.#modules.store;
    const { requestId } = event;
    if (event.name === "QueryRequested") {
      const queryContract = chainLog.address;
      requests.insert({ requestId, queryContract, block: chainLog.blockNumber, event: requestToJson(event) });
      return;
    }
    const request = requests.get(requestId);
    if (request === undefined || !isFrom(chainLog, request.queryContract)) return;
    requests.settle(requestId, settledBy(event), event.name === "QueryExpired" ? undefined : event.attempt);
    if (event.name === "QueryAnswered") {
      keyCopies.answered(requestId, event.attempt, event.sealedHash, outputsHash(event.outputs));
    } else keyCopies.ended(requestId);
    if (event.name === "QueryAnswered") this.#recordAnswered(event, request, chainLog.blockNumber);
    else if (event.name === "QueryRefused" && isRefusal(event.outcome)) this.#closeAttempt(event);
  }

  /** Which words of a sealed answer stand for zeros nobody here knows: none is taken for one. */
  #recordAnswered(
    { suppressedBitmap, outputs, sealedHash }: QueryAnswered,
    request: StoredRequest,
    block: number,
  ): void {
    const { requestId } = request;
    const { studyId } = requestFromJson(request.event).context;
    const isSealed = sealedHash !== ZERO_HASH;
    const zeroOutputs = [...outputs.keys()].filter((index) => !isSealed && outputs[index] === 0n);
    this.#modules.store.disclosures.recordAnswered({ requestId, studyId, suppressedBitmap, zeroOutputs, block });
  }

  #closeAttempt({ requestId, attempt }: QueryRefused): void {
    if (this.#modules.store.disclosures.closeAttempt(requestId, attempt)) return;
    this.#modules.log("alarm", "refusal-contradicts-opening", { requestId, attempt });
  }
}

/** The gate, or the query itself, found nothing that may open; a failure says nothing of what was opened before it. */
function isRefusal(outcome: Outcome): boolean {
  return outcome === Outcome.REFUSED_DISCLOSURE || outcome === Outcome.REFUSED_EMPTY_SET;
}

function settledBy(event: Exclude<QueryContractEvent, { name: "QueryRequested" }>): SettledState {
  if (event.name === "QueryAnswered") return "answered";
  if (event.name === "QueryExpired") return "expired";
  return event.outcome === Outcome.FAILED_UNAVAILABLE ? "failed" : "refused";
}
