/** What a worker does with its mask keys of a sealed answer: it keeps them encrypted to the recipients, and no other way. */
import type { RandomBytes } from "../field/field.ts";
import { encryptMaskKeys } from "../messages/keyCopies.ts";
import { sealedHash } from "../messages/sealedAnswer.ts";
import { ReleaseClass } from "../messages/statement.ts";
import type { GateHooks } from "../protocols/gate.ts";
import type { KeyCopyStore } from "../store/keyCopyStore.ts";
import type { ConfirmedRequest } from "./requestModules.ts";

export interface SealingModules {
  readonly chainId: bigint;
  readonly randomBytes: RandomBytes;
  readonly keyCopies: Pick<KeyCopyStore, "put">;
}

/** The gate's hook; undefined for a PUBLIC request. It throws CodedError STORE_*, and then nothing opens. */
export function sealOf(
  { event, contract, self }: ConfirmedRequest,
  attempt: bigint,
  { chainId, randomBytes, keyCopies }: SealingModules,
): GateHooks["seal"] {
  const { requestId, context, recipients } = event;
  if (context.releaseClass === ReleaseClass.PUBLIC) return undefined;
  const place = { chainId, contract, requestId, attempt };
  return ({ own, hashes }) => {
    const copies = recipients.map((recipient) => encryptMaskKeys(own, place, recipient, randomBytes));
    keyCopies.put(requestId, attempt, { index: self, maskKeyHashes: hashes, copies, sealedHash: sealedHash(hashes) });
  };
}
