/**
 * What this worker owes the chain, each by a transaction of its own account that nobody waits for: tried until the confirmed
 * chain shows it. What is due is what the store says, so a restart goes on where it was.
 */
import type { Mined } from "../chain/transactions.ts";
import { CodedError } from "../errors.ts";
import { type Log, type LogFields, errorFields } from "./log.ts";

/** Between tries while the node is away or the account cannot pay; doubled up to the most. */
const RETRY_MS = 1_000;
const MOST_RETRY_MS = 60_000;
/** How long a transaction has to be confirmed before another is sent, which costs gas again: 50 blocks of 12 s. */
const CONFIRMATION_MS = 600_000;

export interface PostingEnvironment {
  readonly log: Log;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Transactions of one account go one after the other, so that their nonces have no gaps. */
  readonly inTurn: <Value>(send: () => Promise<Value>) => Promise<Value>;
}

export interface DuePostsModules<Due> extends PostingEnvironment {
  /** What is logged when it was sent, and when it could not be. */
  readonly events: { readonly sent: string; readonly delayed: string };
  /** @throws CodedError STORE_* */
  due(): readonly Due[];
  /** Unlike any other's. */
  keyOf(due: Due): string;
  /** Said of it in the log. */
  fieldsOf(due: Due): LogFields;
  /** Undefined: it is on the chain already, though not confirmed. */
  post(due: Due): Promise<Mined | undefined>;
}

interface Turn {
  readonly notBefore: number;
  readonly failures: number;
}

export class DuePosts<Due> {
  readonly #modules: DuePostsModules<Due>;
  /** By key: when to try again. */
  readonly #turns = new Map<string, Turn>();
  readonly #underWay = new Set<string>();
  #stopped = false;

  constructor(modules: DuePostsModules<Due>) {
    this.#modules = modules;
  }

  /** After the follower has moved. Sends what is due; a store that cannot be read puts it off. */
  onBlock(): void {
    const { due: dueNow, keyOf, log, events } = this.#modules;
    try {
      const due = new Map(dueNow().map((each) => [keyOf(each), each]));
      for (const key of this.#turns.keys()) if (!due.has(key)) this.#turns.delete(key);
      for (const [key, each] of due) if (this.#isTurn(key)) void this.#post(key, each);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      log("warn", events.delayed, errorFields(error));
    }
  }

  /** A transaction already sent stays sent. */
  stop(): void {
    this.#stopped = true;
  }

  #isTurn(key: string): boolean {
    const turn = this.#turns.get(key);
    const isEarly = turn !== undefined && this.#modules.now() < turn.notBefore;
    return !this.#stopped && !isEarly && !this.#underWay.has(key);
  }

  async #post(key: string, due: Due): Promise<void> {
    const { log, events, inTurn, now, post, fieldsOf } = this.#modules;
    this.#underWay.add(key);
    const failures = this.#turns.get(key)?.failures ?? 0;
    try {
      const mined = await inTurn(async () => (this.#stopped ? undefined : post(due)));
      if (this.#stopped && mined === undefined) return;
      this.#turns.set(key, { notBefore: now() + CONFIRMATION_MS, failures: 0 });
      if (mined === undefined) return;
      log("info", events.sent, { ...fieldsOf(due), transaction: mined.hash, gasUsed: mined.gasUsed });
    } catch (error) {
      const waitMs = Math.min(MOST_RETRY_MS, RETRY_MS * 2 ** Math.min(failures, 6));
      this.#turns.set(key, { notBefore: now() + waitMs, failures: failures + 1 });
      if (!this.#stopped) log("warn", events.delayed, { ...fieldsOf(due), ...errorFields(error) });
    } finally {
      this.#underWay.delete(key);
    }
  }
}
