/**
 * What must hold when everything is healed: each request ended once, as the plain model says; nobody honest signed
 * anything else; every worker's store agrees with the chain.
 */
import { RequestState } from "../../workers/chain/querySmartContract.ts";
import { decodeParameters } from "../../workers/messages/decodeDescriptor.ts";
import { Outcome, ZERO_HASH, resultHash } from "../../workers/messages/statement.ts";
import { decodeSuppressed } from "../../workers/messages/suppressedBitmap.ts";
import type { QueryContractEvent, QueryRequested } from "../../workers/chain/queryEvents.ts";
import type { PlainEnd, PlainRequest } from "./plainModel.ts";
import { unseal } from "../../scripts/querier/unseal.ts";
import { QUERIER } from "./genesis.ts";
import { CHAIN_ID } from "./modelDeployment.ts";
import { type ConsentEvent, keyCopies, requestsAndConsents } from "./requestEvents.ts";
import type { Simulation } from "./simulation.ts";
import { tellRoots, verifyChanges } from "./verifyChanges.ts";

interface RequestStory {
  readonly contract: string;
  readonly request: QueryRequested;
  readonly plain: PlainRequest;
  readonly ends: Exclude<QueryContractEvent, { name: "QueryRequested" }>[];
}

function readStories(simulation: Simulation): Map<string, RequestStory> {
  const { chain, founded, queries } = simulation;
  const stories = new Map<string, RequestStory>();
  const withdrawn = new Map<string, ReadonlySet<string>>();
  for (const found of chain.blocks.flatMap(requestsAndConsents)) {
    if ("record" in found) {
      withdrawn.set(found.datasetId, afterRecord(withdrawn.get(found.datasetId) ?? new Set(), found.record));
      continue;
    }
    const { event, contract } = found;
    if (event.name !== "QueryRequested") {
      stories.get(event.requestId)!.ends.push(event);
      continue;
    }
    const query = queries[founded.contracts.indexOf(contract)]!;
    const { requestId, context } = event;
    const parameters = decodeParameters(event.parameters);
    const masks = event.datasetIds.map((datasetId) => withdrawn.get(datasetId) ?? new Set<string>());
    const { datasetRoots, recipientsHash: readers } = context;
    const plain = { requestId, query, parameters, datasetRoots, withdrawn: masks, k: event.k, readers };
    stories.set(requestId, { contract, request: event, plain, ends: [] });
  }
  return stories;
}

/** @param before rows of one dataset without consent, as `version/slot` */
function afterRecord(
  before: ReadonlySet<string>,
  { version, slots, given }: ConsentEvent["record"],
): ReadonlySet<string> {
  const after = new Set(before);
  for (const slot of slots) {
    if (given) after.delete(`${version}/${slot}`);
    else after.add(`${version}/${slot}`);
  }
  return after;
}

/** As its reader has it; "sealed": not all of its keys were published. */
function plainEnd(
  { chain }: Simulation,
  { request, contract }: RequestStory,
  end: RequestStory["ends"][number],
): PlainEnd | "sealed" | undefined {
  if (end.name === "QueryExpired") return undefined;
  if (end.name === "QueryRefused") return { outcome: end.outcome, outputs: [], hidden: new Set() };
  const { suppressedBitmap } = end;
  const outputs = end.sealedHash === ZERO_HASH ? end.outputs : unsealed(chain, { request, contract }, end);
  if (outputs === undefined) return "sealed";
  return { outcome: Outcome.ANSWERED, outputs, hidden: decodeSuppressed(suppressedBitmap, outputs) };
}

/** With the querier's key, from what workers published on the chain. */
function unsealed(
  chain: Simulation["chain"],
  { request, contract }: Pick<RequestStory, "request" | "contract">,
  end: Extract<RequestStory["ends"][number], { name: "QueryAnswered" }>,
): readonly bigint[] | undefined {
  const published = chain.blocks.flatMap(keyCopies).filter(({ requestId }) => requestId === request.requestId);
  const events = {
    queryContract: contract,
    requested: { name: "QueryRequested", ...request } as const,
    ending: { ...end, transaction: "" },
    published,
    dispute: undefined,
  };
  return unseal(events, { chainId: CHAIN_ID, contract }, QUERIER.wallet);
}

function endedAs(end: RequestStory["ends"][number]): string | undefined {
  if (end.name === "QueryExpired") return undefined;
  const { outputs = [], suppressedBitmap = "0x", sealedHash = ZERO_HASH } = end.name === "QueryAnswered" ? end : {};
  const outcome = end.name === "QueryAnswered" ? Outcome.ANSWERED : end.outcome;
  return resultHash({ outcome, suppressedBitmap, outputs, sealedHash });
}

/** @returns how many requests ended, by how */
export function verify(simulation: Simulation): Record<string, number> {
  const { observer, plain } = simulation;
  tellRoots(simulation);
  const stories = readStories(simulation);
  const counts: Record<string, number> = {};
  const count = (name: string, many = 1): void => void (counts[name] = (counts[name] ?? 0) + many);
  const answered: [PlainRequest, PlainEnd][] = [];
  for (const [requestId, story] of stories) {
    const { plain: request, ends } = story;
    if (ends.length !== 1) observer.violated(`request ${requestId} has ${ends.length} ends`);
    for (const end of ends) {
      const ended = plainEnd(simulation, story, end);
      if (ended === "sealed") {
        observer.violated(`request ${requestId} is answered, and its reader cannot read it`);
        continue;
      }
      if (end.name === "QueryAnswered" && end.sealedHash !== ZERO_HASH) count("sealed answers read");
      count(ended === undefined ? end.name : OUTCOMES[ended.outcome]!);
      if (ended === undefined) continue;
      for (const fault of plain.judge(request, ended, answered)) observer.violated(`request ${requestId} ${fault}`);
      if (ended.outcome !== Outcome.ANSWERED) continue;
      answered.push([request, ended]);
      count("outputs shown", ended.outputs.length - ended.hidden.size);
      count("outputs hidden", ended.hidden.size);
    }
  }
  checkSigned(simulation, stories);
  checkStores(simulation, stories);
  checkErasures(simulation);
  count("datasets erased", simulation.retired.size);
  for (const [name, many] of Object.entries(verifyChanges(simulation))) count(name, many);
  return counts;
}

const OUTCOMES = Object.fromEntries(Object.entries(Outcome).map(([name, value]) => [value, name]));

/** An honest worker signs one result of a request; and at least one of them has signed what the chain holds. */
function checkSigned({ observer }: Simulation, stories: ReadonlyMap<string, RequestStory>): void {
  const statements = new Map<string, string>();
  const results = new Map<string, string>();
  for (const { index, requestId, attempt, statement, resultHash: signed } of observer.signed) {
    const own = `${index} ${requestId}`;
    if ((results.get(own) ?? signed) !== signed)
      observer.violated(`worker ${index} signed two results for ${requestId}`);
    results.set(own, signed);
    const place = `${requestId} ${attempt}`;
    if ((statements.get(place) ?? statement) !== statement) observer.violated(`two statements for ${place}`);
    statements.set(place, statement);
  }
  for (const [requestId, { ends }] of stories) {
    const signed = new Set(observer.signed.flatMap((each) => (each.requestId === requestId ? [each.resultHash] : [])));
    for (const ended of ends.map(endedAs)) {
      if (ended !== undefined && !signed.has(ended)) observer.violated(`nobody honest signed the end of ${requestId}`);
    }
  }
}

const SETTLED: Readonly<Record<number, string>> = {
  [RequestState.ANSWERED]: "answered",
  [RequestState.REFUSED]: "refused",
  [RequestState.EXPIRED]: "expired",
  [RequestState.FAILED]: "failed",
};

function checkStores(simulation: Simulation, stories: ReadonlyMap<string, RequestStory>): void {
  const { workers, observer } = simulation;
  const onChain = new Map(simulation.requests());
  for (const { index, store } of workers) {
    for (const requestId of stories.keys()) {
      const stored = store?.requests.get(requestId)?.state;
      const settled = SETTLED[onChain.get(requestId)!.state];
      if (stored !== settled) observer.violated(`worker ${index} holds ${requestId} for ${stored}, it is ${settled}`);
    }
  }
}

/** What was retired is gone at every worker. */
function checkErasures({ workers, observer, retired }: Simulation): void {
  for (const datasetId of retired) {
    for (const { index, store } of workers) {
      if (store?.shares.isErased(datasetId) !== true) observer.violated(`worker ${index} still holds ${datasetId}`);
    }
  }
}
