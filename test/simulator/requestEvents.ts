/** The request events on the model chain, read with the product's own parser; each log once. */
import {
  type KeyCopiesPublished,
  type QueryContractEvent,
  parseKeyCopies,
  parseQueryEvent,
} from "../../workers/chain/querySmartContract.ts";
import { type Block, type MinedLog } from "./modelChain.ts";
import { modelDeployment } from "./modelDeployment.ts";

export interface RequestEvent {
  readonly contract: string;
  readonly event: QueryContractEvent;
}

const known = new WeakMap<MinedLog, RequestEvent | undefined>();
const deployment = modelDeployment({});

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

/** What workers published of sealed answers' keys. */
export function keyCopies({ logs }: Block): (KeyCopiesPublished & { readonly contract: string })[] {
  return logs.flatMap((log) => {
    const published = parseKeyCopies(deployment, log);
    return published === undefined ? [] : [{ ...published, contract: log.address }];
  });
}
