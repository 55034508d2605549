/** Signatures as OpenZeppelin's ECDSA reads them on chain, and such as it refuses. */
import { Signature, ZeroAddress, concat, dataLength, dataSlice, recoverAddress } from "ethers";
import { revert } from "./modelState.ts";
import type { Choices } from "./seededChoices.ts";

/** Half the order of secp256k1: a larger s is the malleable twin of a smaller one. */
const MAX_S = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** The signer of a digest, or the revert of `ECDSA.recover`. */
export function recover(digest: string, signature: string): string {
  const length = dataLength(signature);
  if (length !== 65) revert("ECDSAInvalidSignatureLength", length);
  const s = dataSlice(signature, 32, 64);
  if (BigInt(s) > MAX_S) revert("ECDSAInvalidSignatureS", s);
  const signer = signerOrNone(digest, signature);
  return signer === ZeroAddress ? revert("ECDSAInvalidSignature") : signer;
}

/** The precompile answers zero for anything that is no signature; v is 27 or 28. */
function signerOrNone(digest: string, signature: string): string {
  if (!/(1b|1c)$/i.test(signature)) return ZeroAddress;
  try {
    return recoverAddress(digest, Signature.from(signature));
  } catch {
    return ZeroAddress;
  }
}

/** No signature of anybody, in each way that a contract tells apart. */
export function damaged(signature: string, choices: Choices): string {
  const [r, s, v] = [signature.slice(0, 66), signature.slice(66, 130), signature.slice(130)];
  return choices.of([
    concat([signature, "0x00"]),
    `0x${"00".repeat(64)}1b`,
    `${r}${"f".repeat(64)}${v}`,
    `${r}${s}05`,
    "0x",
  ]);
}
