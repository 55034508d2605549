/** Products of shared vectors: local products and one degree reduction for all. What holds of it is in `reduceDegree.ts`. */
import assert from "node:assert/strict";

import type { FieldVector } from "../field/field.ts";
import { ledgerOf } from "./claimLedger.ts";
import { multiplyUnreduced } from "./doubleShare.ts";
import { reduceDegree } from "./reduceDegree.ts";
import type { ProtocolSession } from "./session.ts";

export interface FactorPair {
  readonly left: FieldVector;
  readonly right: FieldVector;
}

/**
 * Elementwise products of all pairs in one reduction. Degrees t, t in, t out; rounds, elements and errors are those of
 * `reduceDegree` over all elements. Unverified: an error of a lying worker's choice may be in any of them, so the products
 * are entered as claims in the session's ledger, which keeps views of factors and products: the caller may release its own.
 *
 * @param step names the rounds and the masks: unique within the session's keys
 * @throws CodedError PROTOCOL_WRONG_PARTICIPANTS | PROTOCOL_BAD_PAYLOAD | NETWORK_*
 */
export async function multiplyVectors(
  session: ProtocolSession,
  pairs: readonly FactorPair[],
  step: string,
): Promise<FieldVector[]> {
  const { field } = session;
  for (const { left, right } of pairs) assert.equal(left.length, right.length, "factors of unequal length");
  const unreduced = field.scope(() => {
    const [only, ...more] = pairs;
    if (only !== undefined && more.length === 0) return multiplyUnreduced(field, only.left, only.right).unreduced;
    const left = field.concat(pairs.map((pair) => pair.left));
    const right = field.concat(pairs.map((pair) => pair.right));
    return multiplyUnreduced(field, left, right).unreduced;
  });
  const products = await reduceDegree(session, { unreduced }, step);
  const parts = splitLike(session, products, pairs);
  field.release(unreduced, products); // the parts keep what they show
  const claims = pairs.map((pair, index) => ({ ...pair, product: parts[index] as FieldVector }));
  ledgerOf(session).claimProducts(field, claims);
  return parts;
}

function splitLike({ field }: ProtocolSession, joined: FieldVector, pairs: readonly FactorPair[]): FieldVector[] {
  let from = 0;
  return pairs.map(({ left }) => {
    const part = field.view(joined, from, from + left.length);
    from += left.length;
    return part;
  });
}
