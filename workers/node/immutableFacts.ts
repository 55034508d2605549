/**
 * Facts that can never change once they are there, so that the chain is asked for each once. Kept for as long as the
 * worker lives: callers remember what is few and small (vetted queries, versions of datasets, earlier answers).
 */
export class ImmutableFacts<Fact> {
  readonly #known = new Map<string, Promise<Fact | undefined>>();

  /**
   * @param ask asked by the first of several readers, for all; what throws, or is not there yet, is asked for again
   * @returns what `ask` gives
   */
  read(key: string, ask: () => Promise<Fact | undefined>): Promise<Fact | undefined> {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const asked = ask();
    this.#known.set(key, asked);
    asked.then(
      (fact) => fact === undefined && this.#known.delete(key),
      () => this.#known.delete(key),
    );
    return asked;
  }
}
