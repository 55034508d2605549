/**
 * Whose turn it is, and who takes part: functions of the request's id and the attempt's number, the same at every worker.
 *
 * n, t: committee size and degree; attempt a is proposed by the member at position (uint(requestId) + a) mod n.
 */
import { type PartyIndex, partiesOf, subsets } from "../sharing/parties.ts";

/** The member that proposes an attempt. */
export function proposerOf(requestId: string, attempt: bigint, n: number): PartyIndex {
  return (Number((BigInt(requestId) + attempt) % BigInt(n)) + 1) as PartyIndex;
}

/**
 * A member's turn to act for the others (post, expire): 0 acts first.
 *
 * @param attempt rotates the duty; 0 for acts outside attempts
 */
export function rankOf(requestId: string, attempt: bigint, member: PartyIndex, n: number): number {
  return (member - proposerOf(requestId, attempt, n) + n) % n;
}

/**
 * The proposer and 2t of its connected peers: the k-th of all such choices, k = floor(attempt / n), which grows by one
 * from turn to turn of one proposer. So every choice has its turn, those without any of up to n - 2t - 1 members that
 * make attempts fail among them, whoever these are: within n · C(n - 1, 2t) attempts for every honest proposer.
 *
 * @returns ascending; undefined when too few are connected
 */
export function chooseParticipants(
  self: PartyIndex,
  attempt: bigint,
  connected: readonly PartyIndex[],
  { n, t }: { n: number; t: number },
): PartyIndex[] | undefined {
  const choices = subsets(
    partiesOf(n).filter((party) => party !== self && connected.includes(party)),
    2 * t,
  );
  if (choices.length === 0) return undefined;
  const chosen = choices[Number((attempt / BigInt(n)) % BigInt(choices.length))]!;
  return [self, ...chosen].sort((a, b) => a - b);
}
