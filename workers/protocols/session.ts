/** What every protocol step of one attempt among exactly 2t + 1 parties works with; at most t of them corrupted. */
import { CodedError } from "../errors.ts";
import type { Field } from "../field/field.ts";
import { subsetName } from "../sharing/prss.ts";
import type { ReplicatedKeys } from "../sharing/prss.ts";
import type { Network } from "./network.ts";
import { checkParticipants, participantsNeeded } from "./protocolError.ts";
import type { ProtocolError } from "./protocolError.ts";

/** One round as this party saw it. */
export interface TraceEntry {
  readonly step: string;
  /** Payload bytes this party sent, to all peers together. */
  readonly bytesSent: number;
}

export interface ProtocolSession {
  readonly network: Network;
  readonly field: Field;
  /** Degree of the shares and corruption bound. */
  readonly t: number;
  /** From `agreeKeys`, over exactly the network's parties; never from a store. */
  readonly keys: ReplicatedKeys;
  /** Filled round by round when given. */
  readonly trace?: TraceEntry[];
}

/** @throws CodedError PROTOCOL_WRONG_PARTICIPANTS unless 2t + 1 parties, and the keys were agreed among the same. */
export function checkSession({ network, t, keys }: ProtocolSession): void {
  checkParticipants(network.parties, t);
  const sameParties = subsetName(keys.parties) === subsetName(network.parties);
  if (!sameParties || keys.self !== network.self || keys.t !== t) {
    throw new CodedError<ProtocolError>(
      { code: "PROTOCOL_WRONG_PARTICIPANTS", parties: [...network.parties], t, needed: participantsNeeded(t) },
      `keys of party ${keys.self} for parties ${subsetName(keys.parties)}, t = ${keys.t} cannot serve ` +
        `party ${network.self} among ${subsetName(network.parties)}, t = ${t}`,
    );
  }
}
