/**
 * What confirmed events change in the store. Runs inside the follower's transaction, so everything here is synchronous
 * and happens exactly once; what must be asked of the chain beforehand is asked in `prepare`.
 *
 *   QueryRequested             -> the request is pending
 *   QueryAnswered/Refused/Expired -> the request is settled; what was answered is in the disclosure history, the attempt
 *                                 that was refused is not; mask keys of a sealed answer are due
 *   KeyCopiesPublished         -> this worker's are not due any more
 *   DatasetRetired             -> of a committee this worker sits in: to be erased, its receipt due
 *   ErasureConfirmed           -> this worker's is not due any more
 *   DatasetActivated           -> this worker's share file of that version is active (or known to be missing), and
 *                                 the version is to be checked
 */
import assert from "node:assert/strict";
import type { DatasetRegistry } from "../chain/datasetRegistry.ts";
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
import { sharesRoot } from "../messages/datasetRoot.ts";
import { Outcome, ZERO_HASH, outputsHash } from "../messages/statement.ts";
import { inputCheckId } from "../messages/inputCheck.ts";
import type { SettledState, StoredRequest } from "../store/requestStore.ts";
import type { Store } from "../store/openStore.ts";
import type { Committees } from "./committees.ts";
import { type DatasetActivated, activationToJson, parseActivation } from "./datasetActivation.ts";
import { type RetirementEvent, parseRetirement } from "./datasetRetirement.ts";
import { type Log, errorFields } from "./log.ts";
import type { PartyIndex } from "../sharing/parties.ts";

export interface EffectModules {
  readonly deployment: Deployment;
  readonly store: Pick<Store, "requests" | "shares" | "disclosures" | "keyCopies" | "inputChecks" | "retirements">;
  readonly committees: Committees;
  readonly datasets: Pick<DatasetRegistry, "holders">;
  readonly log: Log;
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
  /** This worker's point in the committee that holds the shares, of retired datasets. */
  readonly #points = new Map<string, PartyIndex | undefined>();

  constructor(modules: EffectModules) {
    this.#modules = modules;
  }

  /** Reads what `apply` will need. @throws CodedError CHAIN_UNREACHABLE, then nothing is applied */
  async prepare(logs: readonly ChainLog[]): Promise<void> {
    for (const log of logs) {
      const activation = parseActivation(this.#modules.deployment, log);
      if (activation !== undefined) {
        await this.#modules.committees.committee(activation.studyId, activation.committeeEpoch);
      }
      const ended = parseRetirement(this.#modules.deployment, log);
      if (ended?.name === "DatasetRetired") {
        const epochs = await this.#modules.datasets.holders(ended.datasetId);
        const seat = await this.#modules.committees.seat(ended.studyId, epochs.at(-1) ?? 0n);
        this.#points.set(ended.datasetId, seat?.self);
      }
    }
  }

  /** Inside the transaction. */
  apply(logs: readonly ChainLog[]): void {
    for (const log of logs) {
      const activation = parseActivation(this.#modules.deployment, log);
      if (activation !== undefined) this.#activate(activation);
      const ended = parseRetirement(this.#modules.deployment, log);
      if (ended !== undefined) this.#end(ended);
      const event = parseQueryEvent(this.#modules.deployment, log);
      if (event !== undefined) this.#applyRequestEvent(event, log);
      const published = parseKeyCopies(this.#modules.deployment, log);
      if (published !== undefined) this.#modules.store.keyCopies.published(published.requestId, published);
    }
  }

  #activate(activation: DatasetActivated): void {
    const { committees, store, log } = this.#modules;
    const { datasetId, studyId, version, committeeEpoch, fileHashes } = activation;
    const committee = committees.known(studyId, committeeEpoch);
    assert(committee !== undefined, "prepare() read the committee of every activation");
    const seat = committees.seatIn(committee);
    const fileHash = seat === undefined ? undefined : fileHashes[seat - 1];
    if (fileHash === undefined) return;
    if (sharesRoot(fileHashes) !== activation.segment.sharesRoot) {
      return log("alarm", "dataset-activation-inconsistent", { datasetId, version });
    }
    try {
      const isHere = store.shares.activateSegment(datasetId, version, fileHash);
      const checkId = inputCheckId(datasetId, version);
      store.inputChecks.insert({ checkId, datasetId, version, activation: activationToJson(activation) });
      log(isHere ? "info" : "alarm", isHere ? "dataset-activated" : "dataset-shares-missing", { datasetId, version });
    } catch (error) {
      // Only this dataset is affected; following goes on.
      log("alarm", "dataset-activation-refused", { datasetId, version, ...errorFields(error) });
    }
  }

  #end(event: RetirementEvent): void {
    const { retirements } = this.#modules.store;
    const { datasetId } = event;
    if (event.name === "ErasureConfirmed") return retirements.confirmed(datasetId, event.index);
    const { studyId, block } = event;
    assert(this.#points.has(datasetId), "prepare() read the seat of every retirement");
    const point = this.#points.get(datasetId);
    if (point === undefined) return;
    retirements.insert({ datasetId, studyId, point, block });
    this.#modules.log("info", "dataset-retired", { datasetId, studyId });
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
    requests.settle(requestId, settledBy(event));
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
