/**
 * The worker's log: one JSON object per line. Events and fields carry ids, codes and counts, never a share, seed, key
 * or row. Of an error only what `errors.ts` allows in messages is written; errors of libraries may quote what they were
 * given, so only their name and code are.
 *
 * Warnings about a peer are written once a minute for each peer and event, with the number left out: what a peer sends
 * must not fill the disk.
 */
import { CodedError } from "../errors.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "alarm"] as const;
/** alarm: an operator must look. */
export type LogLevel = (typeof LOG_LEVELS)[number];

export type LogFields = Readonly<
  Record<string, string | number | boolean | bigint | readonly (string | number)[] | undefined>
>;

/** @param event kebab-case with the subject first: "request-answered" */
export type Log = (level: LogLevel, event: string, fields?: LogFields) => void;

/** Between two warnings of one event about one peer. */
const REPEAT_MS = 60_000;
/** Peers' warnings remembered; far more than events times registered workers. */
const MOST_REMEMBERED = 4_096;

/** What may be written about an error, causes included. */
export function errorFields(error: unknown): LogFields {
  if (error instanceof CodedError) {
    const cause = error.cause === undefined ? undefined : errorFields(error.cause)["error"];
    return { error: error.code, message: error.message, cause };
  }
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
  return { error: typeof code === "string" ? code : typeof name === "string" ? name : "unknown" };
}

export interface LogOptions {
  readonly level: LogLevel;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Gets one line without its end. */
  readonly sink: (line: string) => void;
}

export function createLog({ level: least, now, sink }: LogOptions): Log {
  const lowest = LOG_LEVELS.indexOf(least);
  const repeats = new Repeats();
  return (level, event, fields = {}) => {
    if (LOG_LEVELS.indexOf(level) < lowest) return;
    const at = now();
    const peer = fields["from"] ?? fields["peer"];
    const isLimited = peer !== undefined && LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf("warn");
    const leftOut = isLimited ? repeats.leftOut(`${event} ${String(peer)}`, at) : 0;
    if (leftOut === undefined) return;
    const entry = { time: new Date(at).toISOString(), level, event, ...fields, ...(leftOut > 0 && { leftOut }) };
    sink(JSON.stringify(entry, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value)));
  };
}

/** When each kind of entry was written last, and how many came since. */
class Repeats {
  readonly #written = new Map<string, { atMs: number; leftOut: number }>();

  /** @returns how many entries of this kind were left out before this one; undefined when this one is to be, too */
  leftOut(kind: string, now: number): number | undefined {
    const last = this.#written.get(kind);
    // A clock that was set back must not silence the log.
    if (last !== undefined && now >= last.atMs && now - last.atMs < REPEAT_MS) {
      last.leftOut += 1;
      return undefined;
    }
    this.#written.delete(kind);
    this.#written.set(kind, { atMs: now, leftOut: 0 });
    if (this.#written.size > MOST_REMEMBERED) this.#written.delete(this.#written.keys().next().value!);
    return last?.leftOut ?? 0;
  }
}
