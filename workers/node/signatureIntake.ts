/**
 * The signatures that arrive on one request, each judged by the key that its member has now. Keys are read when the request
 * is taken up, when the worker registry changed, and for every signature that fits none of those read: only the chain can
 * tell a forgery from a key that is newer than what was read.
 *
 * Adversary: up to t members send what they like. A signature by a key that its member has replaced does not count, as an
 * honest member may pass it on that has not seen the rotation yet, but is evidence like any other when it contradicts another
 * of its member's; any signature that is not the member's closes the link. A peer whose key is so new that this worker's node
 * does not know of it loses its link, too, and sends again when it is back.
 */
import { CodedError } from "../errors.ts";
import type { OneSigned } from "../messages/equivocation.ts";
import type { IndexedSignature, SignedVerdict } from "../messages/signedVerdict.ts";
import type { Verdict } from "../messages/statement.ts";
import { FirstSignatures } from "./firstSignatures.ts";
import { type Log, errorFields } from "./log.ts";
import type { SignatureCollection } from "./signatureCollection.ts";

export type SignatureErrorDetail = {
  readonly code: "SIGNATURE_INVALID";
  readonly index: number;
  readonly attempt: bigint;
};

export interface SignatureIntakeModules {
  readonly requestId: string;
  readonly collection: SignatureCollection;
  readonly log: Log;
  /** keys[j - 1] signs for point j now. @throws CodedError CHAIN_* */
  keys(): Promise<readonly string[]>;
  /** Whether the account is a key that the member at this point had, or has. @throws CodedError CHAIN_* */
  isKeyOf(index: number, account: string): Promise<boolean>;
  /** The member signed two statements in one attempt, with the same key or with two that it had or has. */
  onEquivocation(index: number, first: OneSigned, second: OneSigned): void;
  /** Something was added, or does not count any more. */
  onChanged(): void;
}

export class SignatureIntake {
  readonly #modules: SignatureIntakeModules;
  readonly #firsts = new FirstSignatures();
  #reading: Promise<void> | undefined;

  constructor(modules: SignatureIntakeModules) {
    this.#modules = modules;
  }

  /**
   * @param from the peer whose link it came through; undefined for this worker's own
   * @returns a promise when the chain must be asked first
   * @throws CodedError SIGNATURE_INVALID, or rejects with it: an honest member verifies what it passes on
   */
  take({ verdict, signatures }: SignedVerdict, from?: string): void | Promise<void> {
    const strange = this.#add(verdict, signatures, from);
    this.#modules.onChanged();
    if (strange.length > 0) return this.#askChain(verdict, strange, from);
  }

  /** Signatures by keys that are no longer their members' count no more. Never rejects: the chain has the last word anyway. */
  async refreshKeys(): Promise<void> {
    try {
      await this.#readKeys();
      this.#modules.onChanged();
    } catch (error) {
      const { log, requestId } = this.#modules;
      log("debug", "keys-not-read", { requestId, ...errorFields(error) });
    }
  }

  /** @returns those of a key that was not read */
  #add(verdict: Verdict, signatures: readonly IndexedSignature[], from: string | undefined): IndexedSignature[] {
    return signatures.filter((signature) => {
      const addition = this.#modules.collection.add(verdict, signature);
      if (addition === "invalid") throw invalidSignature(signature.index, verdict.attempt);
      if (addition === "added" || addition === "equivocation") this.#note(verdict, signature, from);
      return addition === "strange";
    });
  }

  /** Of a signature that is its member's, by whichever key. */
  #note(verdict: Verdict, { index, signature }: IndexedSignature, from: string | undefined): void {
    const { collection, log, requestId, onEquivocation } = this.#modules;
    const second = { verdict, signature };
    const first = this.#firsts.note(index, collection.statementOf(verdict), second);
    if (first === undefined) return;
    log("alarm", "signature-equivocation", { requestId, attempt: verdict.attempt, index, from });
    onEquivocation(index, first, second);
  }

  async #askChain(verdict: Verdict, strange: readonly IndexedSignature[], from: string | undefined): Promise<void> {
    const { collection, log, requestId, isKeyOf, onChanged } = this.#modules;
    const { attempt } = verdict;
    try {
      await this.#readKeys();
      for (const signature of this.#add(verdict, strange, from)) {
        const { index } = signature;
        if (!(await isKeyOf(index, collection.signerOf(verdict, signature)!))) throw invalidSignature(index, attempt);
        log("debug", "signature-outdated", { requestId, attempt, index, from });
        this.#note(verdict, signature, from);
      }
      onChanged();
    } catch (error) {
      if (!(error instanceof CodedError) || error.code === "SIGNATURE_INVALID") throw error;
      // Its sender repeats it.
      log("debug", "signature-not-judged", { requestId, attempt, from, ...errorFields(error) });
    }
  }

  /** One reading at a time, for all who wait for it; it began after they asked, or it is made again. */
  async #readKeys(): Promise<void> {
    await this.#reading?.catch(() => undefined);
    this.#reading ??= this.#readOnce().finally(() => (this.#reading = undefined));
    await this.#reading;
  }

  async #readOnce(): Promise<void> {
    const { keys, collection } = this.#modules;
    collection.setKeys(await keys());
  }
}

function invalidSignature(index: number, attempt: bigint): CodedError<SignatureErrorDetail> {
  const detail = { code: "SIGNATURE_INVALID", index, attempt } as const;
  return new CodedError(detail, `The signature of member ${index} on attempt ${attempt} is not that member's`);
}
