/** One proposer's looks for enough connected peers: when they have been in vain for a while, that is reported, once. */
import { type PartyIndex, partiesOf } from "../sharing/parties.ts";
import type { AttemptModules, AttemptOptions } from "./attemptModules.ts";

/** So often in vain before it is reported that too few are connected: links need no second after a start. */
const TOO_FEW_LOOKS = 10;

export class PeerLooks {
  readonly #modules: Pick<AttemptModules, "tooFew">;
  readonly #options: Pick<AttemptOptions, "self" | "n" | "t">;
  /** Looks in vain since there were enough. */
  #inVain = 0;

  constructor(modules: Pick<AttemptModules, "tooFew">, options: Pick<AttemptOptions, "self" | "n" | "t">) {
    this.#modules = modules;
    this.#options = options;
  }

  /** @param isEnough whether this attempt can be proposed to those who are connected */
  looked(attempt: bigint, connected: readonly PartyIndex[], isEnough: boolean): void {
    this.#inVain = isEnough ? 0 : this.#inVain + 1;
    if (this.#inVain === TOO_FEW_LOOKS) this.#report(attempt, connected);
  }

  #report(attempt: bigint, connected: readonly PartyIndex[]): void {
    const { self, n, t } = this.#options;
    const missing = partiesOf(n).filter((party) => party !== self && !connected.includes(party));
    this.#modules.tooFew({ attempt, needed: 2 * t, connected: connected.length, missing });
  }
}
