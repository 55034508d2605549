/**
 * How the rows of one segment fall into parts when requests leave out different rows of it: each part is used, or left out,
 * as a whole by every request. Consent masks are public, so parts and their sizes are, too.
 */
import { createHash } from "node:crypto";

export interface SplitSegment {
  /** Positions in the segment, ascending, disjoint, together all rows; none is empty. */
  readonly parts: readonly Uint32Array[];
  /** Of each list, the parts that it leaves out, as bits. */
  readonly excluded: readonly bigint[];
}

const digests = new WeakMap<Uint32Array, string>();

/** The same for equal lists. O(list), once per array. */
export function digestOf(list: Uint32Array): string {
  const known = digests.get(list);
  if (known !== undefined) return known;
  const bytes = new Uint8Array(list.buffer, list.byteOffset, list.byteLength);
  const digest = createHash("sha256").update(bytes).digest("hex");
  digests.set(list, digest);
  return digest;
}

/**
 * Partition refinement (Paige and Tarjan, SIAM J. Comput. 16(6), 1987): O(rows + sizes of the lists).
 *
 * @param lists positions below `rows`, ascending, distinct
 */
export function splitSegment(rows: number, lists: readonly Uint32Array[]): SplitSegment {
  const partOf = new Uint32Array(rows);
  let count = 1;
  for (const list of lists) {
    const split = new Map<number, number>();
    for (const row of list) {
      const before = partOf[row] as number;
      let inside = split.get(before);
      if (inside === undefined) split.set(before, (inside = count++));
      partOf[row] = inside;
    }
  }
  const sizes = new Uint32Array(count);
  for (const part of partOf) sizes[part]!++;
  const kept = [...sizes.keys()].filter((part) => sizes[part]! > 0);
  const positions = new Map(kept.map((part, position) => [part, position]));
  const excluded = lists.map((list) => {
    const ids = new Set<number>();
    for (const row of list) ids.add(partOf[row] as number);
    return [...ids].reduce((bits, id) => bits | (1n << BigInt(positions.get(id) as number)), 0n);
  });
  return { parts: membersOf(partOf, sizes, kept), excluded };
}

function membersOf(partOf: Uint32Array, sizes: Uint32Array, kept: readonly number[]): Uint32Array[] {
  const members = new Map(kept.map((part) => [part, new Uint32Array(sizes[part] as number)]));
  const filled = new Uint32Array(sizes.length);
  partOf.forEach((part, row) => (members.get(part)![filled[part]!++] = row));
  return [...members.values()];
}
