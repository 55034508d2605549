/**
 * Products of many factors each, of unequal numbers of factors, all in step: a balanced tree per product.
 *
 * Malicious workers, at most t of 2t + 1: every node may be off by an error that a liar chose, and is a claim on the
 * session's ledger until it is verified.
 */
import assert from "node:assert/strict";

import type { FieldVector } from "../field/field.ts";
import { multiplyVectors } from "./multiply.ts";
import type { ProtocolSession } from "./session.ts";

/**
 * Per tree the product of its leaves. Degree t in and out. 2 rounds for each of ⌈log₂(largest count)⌉ levels, all trees
 * together; Σ(count − 1) products, so a party sends about 3t/(2t+1)·Σ(count − 1) elements. A new vector; the leaves stay the
 * caller's. If it throws, peers hold masked values only.
 *
 * @param leaves of the first tree, then of the second, …
 * @param counts leaves per tree, each at least 1: public
 * @param step names the rounds and the masks: unique within the session's keys
 * @throws CodedError PROTOCOL_WRONG_PARTICIPANTS | PROTOCOL_BAD_PAYLOAD | NETWORK_*
 */
export async function multiplyTrees(
  session: ProtocolSession,
  leaves: FieldVector,
  counts: readonly number[],
  step: string,
): Promise<FieldVector> {
  const { field } = session;
  let widths = counts;
  let nodes = field.view(leaves, 0, leaves.length);
  for (let level = 1; widths.some((width) => width > 1); level++) {
    const { left, right, next } = pairUp(widths);
    const pair = { left: field.gather(nodes, left), right: field.gather(nodes, right) };
    const [product] = (await multiplyVectors(session, [pair], `${step}/${level}`)) as [FieldVector];
    const above = field.scope(() => field.gather(field.concat([product, nodes]), next));
    field.release(nodes, pair.left, pair.right, product);
    [nodes, widths] = [above, widths.map((width) => Math.ceil(width / 2))];
  }
  assert.equal(nodes.length, counts.length, "one product per tree");
  return nodes;
}

/** Neighbours are multiplied, an odd last one is carried up: `next` indexes (products, then the nodes below). */
function pairUp(widths: readonly number[]): { left: number[]; right: number[]; next: number[] } {
  const [left, right, next]: [number[], number[], number[]] = [[], [], []];
  const pairs = widths.reduce((total, width) => total + Math.floor(width / 2), 0);
  let from = 0;
  for (const width of widths) {
    for (let node = from; node + 1 < from + width; node += 2) {
      next.push(left.length);
      left.push(node);
      right.push(node + 1);
    }
    if (width % 2 === 1) next.push(pairs + from + width - 1);
    from += width;
  }
  return { left, right, next };
}
