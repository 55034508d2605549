/**
 * Which agreement of keys within an attempt a round belongs to: statistics of the order of values take two, and a worker that has
 * forgotten an attempt may begin it again under the same number.
 */
import { CONTRIBUTIONS_STEP } from "../../workers/protocols/agreeKeys.ts";
import { stepTag } from "../../workers/transport/stepTag.ts";

export const CONTRIBUTIONS = stepTag(CONTRIBUTIONS_STEP);

/** A round's frame as it leaves. */
export interface SentRound {
  readonly from: number;
  readonly to: number;
  /** `session:attempt`. */
  readonly place: string;
  readonly step: number;
  readonly payload: Uint8Array;
}

interface Agreement {
  readonly number: number;
  /** Over which contributions have gone; a second time over one of them is the next agreement. */
  readonly links: Set<string>;
}

export class KeySets {
  /** By attempt. */
  readonly #newest = new Map<string, Agreement>();
  /** By sender and attempt. */
  readonly #own = new Map<string, number>();

  /** To be told of every round. @returns the number of its agreement among those of the attempt; 0 before the first */
  numberOf({ from, to, place, step }: SentRound): number {
    const own = `${from} ${place}`;
    if (step !== CONTRIBUTIONS) return this.#own.get(own) ?? 0;
    const link = `${from}-${to}`;
    let agreement = this.#newest.get(place) ?? { number: 1, links: new Set() };
    if (agreement.links.has(link)) agreement = { number: agreement.number + 1, links: new Set() };
    agreement.links.add(link);
    this.#newest.set(place, agreement);
    this.#own.set(own, agreement.number);
    return agreement.number;
  }
}
