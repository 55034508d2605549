/**
 * How the calling thread and its helpers hand over work: a few 32-bit words per helper in the kernel's shared memory.
 *
 *   STARTING --helper is up--> IDLE --caller writes a call--> BUSY --helper is done--> IDLE
 *                              IDLE --caller--> STOPPED
 *
 * Invariant: only the caller moves a helper out of IDLE, only the helper moves itself out of STARTING and BUSY.
 */
export const STATE = { STARTING: 0, IDLE: 1, BUSY: 2, STOPPED: 3 } as const;

/** Words of one helper: its state, the function's index, up to MAX_ARGUMENTS arguments. */
export const MAX_ARGUMENTS = 7;
export const CONTROL_WORDS = 16;
export const CONTROL_BYTES = 4 * CONTROL_WORDS;

/** What a helper thread is given at its start. */
export interface HelperStart {
  readonly module: object;
  readonly memory: object;
  /** Address of its control words. */
  readonly control: number;
}

/** Turns of an empty loop before a waiting thread sleeps: some 20 µs, about what waking it would take. */
const SPINS = 4_000;

/** Waits until the word differs from `value`; returns false after `timeoutMs` asleep. */
export function waitWhile(words: Int32Array, index: number, value: number, timeoutMs?: number): boolean {
  for (let spin = 0; spin < SPINS; spin++) if (Atomics.load(words, index) !== value) return true;
  while (Atomics.load(words, index) === value) {
    if (Atomics.wait(words, index, value, timeoutMs) === "timed-out") return false;
  }
  return true;
}
