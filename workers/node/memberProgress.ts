/**
 * How far the other members of one request's committee have shown to be, and how often each was followed on its word
 * alone.
 *
 * Adversary: up to t members show what they like. An attempt that t + 1 members have shown or passed, an honest worker
 * has reached; what fewer say may be a lie that leaves this worker alone at a number nobody else will use.
 */
import type { PartyIndex } from "../sharing/parties.ts";

/**
 * Attempts are seconds apart and requests end at their deadlines: no honest worker comes near. Keeps numbers exact
 * wherever they are stored.
 */
export const MAX_ATTEMPT = (1n << 32n) - 1n;

interface Jumps {
  made: number;
  /** Attempts that others began in order since the last one. */
  inOrderSince: number;
}

export class MemberProgress {
  readonly #others: number;
  readonly #t: number;
  readonly #shown = new Map<PartyIndex, bigint>();
  readonly #jumps = new Map<PartyIndex, Jumps>();

  constructor({ n, t }: { readonly n: number; readonly t: number }) {
    this.#others = n - 1;
    this.#t = t;
  }

  /** A member said, through its own link, that it is at this attempt. */
  show(member: PartyIndex, attempt: bigint): void {
    if (attempt > (this.#shown.get(member) ?? 0n)) this.#shown.set(member, attempt);
  }

  /** The highest attempt that t + 1 members have shown or passed; 0 for none. */
  get floor(): bigint {
    const descending = [...this.#shown.values()].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0));
    return descending[this.#t] ?? 0n;
  }

  /** Whether, with this worker, 2t + 1 have reached this attempt: with fewer nothing can be computed. */
  enoughAt(attempt: bigint): boolean {
    const there = attempt <= 0n ? this.#others : [...this.#shown.values()].filter((shown) => shown >= attempt).length;
    return there >= 2 * this.#t;
  }

  /**
   * Whether a member's word may take this worker past others' turns. The first time it may; again once other members
   * have begun 1, 2, 4, ... attempts in order since: sooner or later all others have had their turns many times over.
   */
  mayJump(member: PartyIndex): boolean {
    const jumps = this.#jumps.get(member);
    return jumps === undefined || jumps.inOrderSince >= 2 ** (jumps.made - 1);
  }

  jumped(member: PartyIndex): void {
    this.#jumps.set(member, { made: (this.#jumps.get(member)?.made ?? 0) + 1, inOrderSince: 0 });
  }

  beganInOrder(proposer: PartyIndex): void {
    for (const [member, jumps] of this.#jumps) if (member !== proposer) jumps.inOrderSince += 1;
  }
}
