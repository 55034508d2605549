/** How often attempts were begun here, and why they failed: counts since the start, for monitoring. */
import { CodedError } from "../errors.ts";

export interface AttemptTotals {
  readonly started: number;
  /** By error code; every code is one of this program's own, so there are few. */
  readonly failed: Readonly<Record<string, number>>;
}

/** What is no `CodedError`: an abort by a higher attempt or by the end of the request, or a bug. */
const OTHER = "OTHER";

export class AttemptCounts {
  #started = 0;
  /** Numbers of the attempts under way. */
  readonly #underWay = new Set<number>();
  readonly #failed = new Map<string, number>();

  /** @returns what is to be called when the attempt is over, and what it held given back */
  start(): () => void {
    const attempt = ++this.#started;
    this.#underWay.add(attempt);
    return () => void this.#underWay.delete(attempt);
  }

  /** @returns whether all attempts that are under way now are over then */
  whenOver(): () => boolean {
    const now = [...this.#underWay];
    return () => now.every((attempt) => !this.#underWay.has(attempt));
  }

  fail(error: unknown): void {
    const code = error instanceof CodedError ? error.code : OTHER;
    this.#failed.set(code, (this.#failed.get(code) ?? 0) + 1);
  }

  totals(): AttemptTotals {
    return { started: this.#started, failed: Object.fromEntries(this.#failed) };
  }
}
