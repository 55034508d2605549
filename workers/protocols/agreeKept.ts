/**
 * Which vectors, of those they need, all participants kept from one and the same earlier attempt.
 *
 * Protects: honest participants take the same decision as long as all tell all the same, and the transcript they compare
 * next holds it. A liar can make others compute what they have, or claim to have what it has not: then its own shares are
 * wrong, which it could do at any time.
 */
import { exchangeBytes } from "./exchangeVectors.ts";
import type { Network } from "./network.ts";

/** Of a tag: enough that tags of two attempts differ. */
export const TAG_BYTES = 16;

/**
 * Indices of the tags that are equal at all and not zero. 1 round, `TAG_BYTES` per tag to each peer; none without tags.
 * Nothing secret is used or revealed.
 *
 * @param tags as many at every participant, in the same order
 * @throws CodedError NETWORK_*
 */
export async function agreeKept(network: Network, tags: readonly Uint8Array[], step: string): Promise<Set<number>> {
  if (tags.length === 0) return new Set();
  const own = Buffer.concat(tags);
  const received = await exchangeBytes(network, step, own);
  const agreed = tags.flatMap((tag, index) => {
    const isKept = tag.some((byte) => byte !== 0);
    const at = (bytes: Uint8Array): Uint8Array => bytes.subarray(index * TAG_BYTES, (index + 1) * TAG_BYTES);
    const isSame = [...received.values()].every((theirs) => Buffer.compare(at(theirs), tag) === 0);
    return isKept && isSame ? [index] : [];
  });
  return new Set(agreed);
}
