/** Time and chance as the transport sees them, so that tests can drive both. */

export interface Timers {
  /** Calls `run` once after `ms` milliseconds of monotonic time; the returned function cancels it. */
  after(ms: number, run: () => void): () => void;
}

/**
 * Node's timers. The call is put behind one poll of the sockets: a long computation makes timers late and input wait,
 * and a peer whose answer already lies in the socket has not timed out.
 */
export const nodeTimers: Timers = {
  after(ms, run) {
    let immediate: NodeJS.Immediate | undefined;
    const timer = setTimeout(() => (immediate = setImmediate(run)), ms);
    return () => {
      clearTimeout(timer);
      if (immediate !== undefined) clearImmediate(immediate);
    };
  },
};
