/**
 * What each member signed first in each attempt of one request, by whichever of its keys. It stays when the key is replaced
 * and when the chain refuses the signature: a member that signs something else afterwards gives the other half of what
 * slashing asks for, and changing keys in between must not hide it.
 */
import type { OneSigned } from "../messages/equivocation.ts";

/** Attempts remembered per member, newest first: bounds what a member that signs at random can make us hold. */
export const MOST_ATTEMPTS = 8;

interface First {
  readonly statement: string;
  readonly signed: OneSigned;
}

export class FirstSignatures {
  readonly #firsts = new Map<number, Map<bigint, First>>();

  /**
   * @param statement of the verdict that was signed
   * @returns what this member signed first in the attempt, if that was another statement
   */
  note(index: number, statement: string, signed: OneSigned): OneSigned | undefined {
    const { attempt } = signed.verdict;
    const firsts = this.#firsts.get(index) ?? new Map<bigint, First>();
    this.#firsts.set(index, firsts);
    const first = firsts.get(attempt);
    if (first !== undefined) return first.statement === statement ? undefined : first.signed;
    if (firsts.size < MOST_ATTEMPTS) firsts.set(attempt, { statement, signed });
    else {
      const oldest = [...firsts.keys()].reduce((a, b) => (a < b ? a : b));
      if (attempt > oldest && firsts.delete(oldest)) firsts.set(attempt, { statement, signed });
    }
    return undefined;
  }
}
