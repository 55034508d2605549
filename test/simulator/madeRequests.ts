/** A request that was made on the chain, and what random acts say of it later. */
import { ZeroHash, id } from "ethers";
import type { QueryRequested } from "../../workers/chain/queryEvents.ts";
import { outputsHash } from "../../workers/messages/statement.ts";
import type { ActScene } from "./actScene.ts";
import { STRANGER } from "./genesis.ts";
import { requestEvents } from "./requestEvents.ts";

/**
 * Any request ever made, open or not.
 *
 * @param isEnded only those that a quorum has signed something of
 */
export function anyRequest(
  { chain, choices }: ActScene,
  isEnded = false,
): { readonly event: QueryRequested; readonly contract: string } | undefined {
  const { contracts } = chain.newest.state;
  const hasOutcome = (contract: string, requestId: string): boolean =>
    contracts.get(contract.toLowerCase())?.requests.get(requestId)?.outcome !== 0;
  const made = chain.blocks.flatMap(requestEvents).flatMap(({ event, contract }) => {
    const isMeant = event.name === "QueryRequested" && (!isEnded || hasOutcome(contract, event.requestId));
    return isMeant ? [{ event, contract }] : [];
  });
  return made.length === 0 ? undefined : choices.of(made);
}

/** Of the answer that the chain has of the request, or not. */
export function answeredHash({ chain, choices }: ActScene, requestId: string): string {
  const events = chain.blocks.flatMap(requestEvents).map(({ event }) => event);
  const found = events.find((event) => event.name === "QueryAnswered" && event.requestId === requestId);
  const outputs = found?.name === "QueryAnswered" ? found.outputs : undefined;
  return choices.weighted([
    [20, outputs === undefined ? ZeroHash : outputsHash(outputs)],
    [1, id("other outputs")],
  ]);
}

export function querierOf({ choices }: ActScene, { querier }: QueryRequested): string {
  return choices.weighted([
    [20, querier],
    [1, STRANGER.address],
  ]);
}
