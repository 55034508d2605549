/** Work that would keep a worker's thread for seconds, in pieces: its sockets and timers have a turn between two. */

/** Rejects when nobody waits for the work any more. */
export type Pause = () => Promise<void>;

/** Counts what was done, not time: where it pauses is the same on every machine. */
export class Pieces {
  readonly #pause: Pause | undefined;
  readonly #size: number;
  #done = 0;

  /** @param size of one piece, in units of the work */
  constructor(pause: Pause | undefined, size: number) {
    this.#pause = pause;
    this.#size = size;
  }

  /** Pauses when a piece is full. @throws what the pause throws */
  async did(work: number): Promise<void> {
    this.#done += work;
    if (this.#done < this.#size) return;
    this.#done = 0;
    await this.#pause?.();
  }
}
