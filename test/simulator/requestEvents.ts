/** The request events on the model chain, read with the product's own parser; each log once. */
import {
  type KeyCopiesPublished,
  type QueryContractEvent,
  parseKeyCopies,
  parseQueryEvent,
} from "../../workers/chain/queryEvents.ts";
import { type Block, type MinedLog } from "./modelChain.ts";
import { abiOf, modelDeployment } from "./modelDeployment.ts";

export interface RequestEvent {
  readonly contract: string;
  readonly event: QueryContractEvent;
}

const known = new WeakMap<MinedLog, RequestEvent | undefined>();
const deployment = modelDeployment({});
const consentAbi = abiOf("ConsentRegistry");

export function requestEvents({ logs }: Block): RequestEvent[] {
  return logs.map(read).filter((found) => found !== undefined);
}

function read(log: MinedLog): RequestEvent | undefined {
  if (!known.has(log)) {
    const event = parseQueryEvent(deployment, log);
    known.set(log, event === undefined ? undefined : { contract: log.address, event });
  }
  return known.get(log);
}

/** What owners recorded of consents. */
export interface ConsentEvent {
  readonly datasetId: string;
  readonly record: { readonly version: bigint; readonly slots: readonly bigint[]; readonly given: boolean };
}

/** Requests and records of consent, in the order in which they were mined. */
export function requestsAndConsents({ logs }: Block): (RequestEvent | ConsentEvent)[] {
  return logs.flatMap((log): (RequestEvent | ConsentEvent)[] => {
    const found = read(log);
    if (found !== undefined) return [found];
    const parsed = consentAbi.parseLog({ topics: [...log.topics], data: log.data });
    if (parsed?.name !== "ConsentRecorded") return [];
    const { version, slots, given } = parsed.args["record"] as ConsentEvent["record"];
    return [{ datasetId: String(parsed.args["datasetId"]), record: { version, slots: [...slots], given } }];
  });
}

/** What workers published of sealed answers' keys. */
export function keyCopies({ logs }: Block): (KeyCopiesPublished & { readonly contract: string })[] {
  return logs.flatMap((log) => {
    const published = parseKeyCopies(deployment, log);
    return published === undefined ? [] : [{ ...published, contract: log.address }];
  });
}
