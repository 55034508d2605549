/** The network of one attempt, of a request or an input check, over the mesh. */
import type { PartyIndex } from "../sharing/parties.ts";
import type { Mesh } from "../transport/mesh.ts";
import { openSession } from "../transport/session.ts";
import type { AttemptNetwork } from "./queryRun.ts";

export interface AttemptPlace {
  /** The request's or check's id. */
  readonly session: string;
  readonly epoch: bigint;
  readonly attempt: bigint;
  readonly self: PartyIndex;
  /** Participants and their addresses. */
  readonly members: ReadonlyMap<PartyIndex, string>;
}

/** @param timeoutMs longest one round may take */
export function openAttemptNetwork(
  mesh: Mesh,
  place: AttemptPlace,
  timeoutMs: number,
  signal: AbortSignal,
): AttemptNetwork {
  return openSession({
    mesh,
    ...place,
    session: place.session.toLowerCase(),
    members: new Map([...place.members].map(([party, address]) => [party, address.toLowerCase()])),
    timeoutMs,
    signal,
  });
}
