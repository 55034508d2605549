/**
 * The worker's log: one JSON object per line. Events and fields carry ids, codes and counts, never a share, seed, key
 * or row. Of an error only what `errors.ts` allows in messages is written; errors of libraries may quote what they were
 * given, so only their name and code are.
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
  return (level, event, fields = {}) => {
    if (LOG_LEVELS.indexOf(level) < lowest) return;
    const entry = { time: new Date(now()).toISOString(), level, event, ...fields };
    sink(JSON.stringify(entry, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value)));
  };
}
