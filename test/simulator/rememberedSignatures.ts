/**
 * Recovering a signer costs two milliseconds, and each signature of a simulation is checked by every worker and, mined
 * again and again, by the chain. It is a pure function of digest and signature: here it is computed once.
 */
import { type BytesLike, SigningKey, type SignatureLike, Signature, hexlify } from "ethers";

const recover = SigningKey.recoverPublicKey.bind(SigningKey);
const known = new Map<string, string>();
/** Forgotten all at once: far more than one simulation makes. */
const MOST_KNOWN = 50_000;

/** For the rest of this process. */
export function rememberSignatures(): void {
  SigningKey.recoverPublicKey = (digest: BytesLike, signature: SignatureLike): string => {
    const key = `${hexlify(digest)} ${Signature.from(signature).serialized}`;
    const found = known.get(key) ?? recover(digest, signature);
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(key, found);
    return found;
  };
}
