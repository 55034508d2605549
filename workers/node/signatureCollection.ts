/**
 * The signatures on one request, until enough agree. Each is verified against the request's own context, so a valid
 * signature on anything else counts for nothing, and against the key that its member has at the time; signatures of a key
 * that is replaced meanwhile go.
 *
 * Adversary: up to t members sign what they like, or several things. A member's second statement for one attempt is
 * kept out and reported: two such signatures are what slashing asks for (`firstSignatures.ts`).
 */
import { type RequestContext, statementHash, type Verdict } from "../messages/statement.ts";
import { ANSWER } from "../messages/signedStructs.ts";
import { opalineDomain, signerOf } from "../messages/typedData.ts";
import type { IndexedSignature, SignedVerdict } from "../messages/signedVerdict.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import { MOST_ATTEMPTS } from "./firstSignatures.ts";

export interface CollectionOptions {
  readonly chainId: bigint;
  /** The Query Smart Contract. */
  readonly contract: string;
  readonly context: RequestContext;
  /** keys[j - 1] signs for Shamir point j. */
  readonly keys: readonly string[];
  readonly quorum: number;
}

/** strange: by somebody, but not by the key that this member has as far as is known. */
export type Addition = "added" | "known" | "invalid" | "strange" | "equivocation";

interface Candidate {
  readonly verdict: Verdict;
  readonly signatures: Map<number, string>;
  /** Members whose signature the chain did not accept: none is taken again while they have the same key. */
  readonly dropped: Set<number>;
  isRefused: boolean;
}

export class SignatureCollection {
  readonly #options: CollectionOptions;
  readonly #byStatement = new Map<string, Candidate>();
  readonly #statementsOf = new Map<number, Map<bigint, string>>();
  #keys: readonly string[];

  constructor(options: CollectionOptions) {
    this.#options = options;
    this.#keys = options.keys;
  }

  /** Takes one member's signature on a verdict. */
  add(verdict: Verdict, { index, signature }: IndexedSignature): Addition {
    const statement = this.statementOf(verdict);
    const earlier = this.#statementsOf.get(index)?.get(verdict.attempt);
    const candidate = this.#byStatement.get(statement) ?? newCandidate(verdict);
    const held = candidate.signatures.get(index);
    if (held === signature) return "known";
    const signer = this.signerOf(verdict, { signature });
    const key = this.#keys[index - 1];
    if (signer === undefined || key === undefined) return "invalid";
    if (!isSame(signer, key)) return "strange";
    if (held !== undefined || candidate.dropped.has(index)) return "known";
    if (earlier !== undefined && earlier !== statement) return "equivocation";
    // What is older than all that this member has signed since does not count: it would be forgotten at once.
    if (!this.#remember(index, verdict.attempt, statement)) return "known";
    candidate.signatures.set(index, signature);
    this.#byStatement.set(statement, candidate);
    return "added";
  }

  /** Who signed this verdict; undefined when the signature is none. */
  signerOf(verdict: Verdict, { signature }: Pick<IndexedSignature, "signature">): string | undefined {
    const { chainId, contract } = this.#options;
    return signerOf(opalineDomain(chainId, contract), ANSWER, { statement: this.statementOf(verdict) }, signature);
  }

  /** What a member signed with a key that it has no more does not count, until it signs it again. */
  setKeys(keys: readonly string[]): void {
    const before = this.#keys;
    this.#keys = keys;
    keys.forEach((key, i) => {
      if (isSame(key, before[i] ?? "")) return;
      for (const { signatures, dropped } of this.#byStatement.values()) {
        signatures.delete(i + 1);
        dropped.delete(i + 1);
      }
    });
  }

  /** The first verdict that enough members signed. */
  quorum(): SignedVerdict | undefined {
    return this.quorums().next().value;
  }

  /**
   * Every verdict that enough members signed, each with exactly as many signatures as are needed, ascending. Of one attempt there
   * is at most one unless more than t members sign what they like.
   */
  *quorums(): Generator<SignedVerdict, undefined> {
    for (const { verdict, signatures, isRefused } of this.#byStatement.values()) {
      if (signatures.size < this.#options.quorum || isRefused) continue;
      const ascending = [...signatures].sort(([a], [b]) => a - b).slice(0, this.#options.quorum);
      yield { verdict, signatures: ascending.map(([index, signature]) => ({ index, signature })) };
    }
    return undefined;
  }

  /** The chain did not accept this member's signature (it was revoked): the others' on this verdict still count. */
  drop(verdict: Verdict, index: number): void {
    const candidate = this.#byStatement.get(this.statementOf(verdict));
    candidate?.signatures.delete(index);
    candidate?.dropped.add(index);
  }

  /** The chain did not accept this verdict: only another attempt's may count. */
  discard(verdict: Verdict): void {
    const candidate = this.#byStatement.get(this.statementOf(verdict));
    if (candidate !== undefined) candidate.isRefused = true;
  }

  /** This member's newest verdict and signature, to be sent again. */
  latestOf(index: PartyIndex): SignedVerdict | undefined {
    const statements = [...(this.#statementsOf.get(index) ?? [])].sort(([a], [b]) => (a < b ? 1 : -1));
    const candidate = statements.length === 0 ? undefined : this.#byStatement.get(statements[0]![1]);
    const signature = candidate?.signatures.get(index);
    if (candidate === undefined || signature === undefined) return undefined;
    return { verdict: candidate.verdict, signatures: [{ index, signature }] };
  }

  /** @returns the hash that members sign */
  statementOf(verdict: Verdict): string {
    const { chainId, contract, context } = this.#options;
    return statementHash({ chainId, contract, context, verdict });
  }

  /** @returns whether there is room: of so many attempts a member's newest count */
  #remember(index: number, attempt: bigint, statement: string): boolean {
    const statements = this.#statementsOf.get(index) ?? new Map<bigint, string>();
    this.#statementsOf.set(index, statements);
    if (statements.size >= MOST_ATTEMPTS && !statements.has(attempt)) {
      const oldest = [...statements.keys()].reduce((a, b) => (a < b ? a : b));
      if (attempt < oldest) return false;
      this.#forget(index, statements.get(oldest)!);
      statements.delete(oldest);
    }
    statements.set(attempt, statement);
    return true;
  }

  #forget(index: number, statement: string): void {
    const candidate = this.#byStatement.get(statement);
    candidate?.signatures.delete(index);
    if (candidate?.signatures.size === 0) this.#byStatement.delete(statement);
  }
}

function newCandidate(verdict: Verdict): Candidate {
  return { verdict, signatures: new Map(), dropped: new Set(), isRefused: false };
}

function isSame(account: string, other: string): boolean {
  return account.toLowerCase() === other.toLowerCase();
}
