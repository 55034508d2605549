/** Counts the runs under way that this worker proposed. */
import { strict as assert } from "node:assert";
import type { ProposedRuns } from "./requestModules.ts";

/**
 * Attempts that this worker proposes at once. A participant joins whatever it is asked to, so at most this many times n
 * run here; limiting joins as well could make two workers wait for each other.
 */
export const MOST_PROPOSED = 4;

export class ProposedRunCount implements ProposedRuns {
  #count = 0;

  mayBegin(): boolean {
    return this.#count < MOST_PROPOSED;
  }

  began(): void {
    this.#count += 1;
  }

  ended(): void {
    assert(this.#count > 0, "no run ends that did not begin");
    this.#count -= 1;
  }
}
