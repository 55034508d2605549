/** Where a trail stops being the one that was recorded. */
import { type AuditRecord, FIRST_HEAD, nextHead } from "#chain";

export interface TrailFault {
  /** The first record that is not as it was recorded; the trail's length when only its end is wrong. */
  readonly sequence: bigint;
  readonly problem: "missing" | "out of order" | "altered" | "not the recorded head";
}

/**
 * Recomputes the running hash. O(number of records).
 *
 * @param length records the contract has made
 * @param head its running hash over them
 */
export function findTrailFault(records: readonly AuditRecord[], length: bigint, head: string): TrailFault | undefined {
  const present = new Set(records.map(({ sequence }) => sequence));
  let running = FIRST_HEAD;
  for (const [position, record] of records.entries()) {
    const sequence = BigInt(position);
    if (record.sequence !== sequence) {
      return { sequence, problem: present.has(sequence) ? "out of order" : "missing" };
    }
    running = nextHead(running, record);
    if (running !== record.head) return { sequence, problem: "altered" };
  }
  const end = BigInt(records.length);
  if (end < length) return { sequence: end, problem: "missing" };
  return running === head && end === length ? undefined : { sequence: end, problem: "not the recorded head" };
}
