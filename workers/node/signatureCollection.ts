/**
 * The signatures on one request, until enough agree. Each is verified against the request's own context, so a valid
 * signature on anything else counts for nothing.
 *
 * Adversary: up to t members sign what they like, or several things. A member's second statement for one attempt is
 * kept out and reported: two such signatures are what slashing asks for (`signedBy` has the first).
 */
import type { OneSigned } from "../messages/equivocation.ts";
import { type RequestContext, statementHash, type Verdict } from "../messages/statement.ts";
import { ANSWER, opalineDomain, signerOf } from "../messages/typedData.ts";
import type { IndexedSignature, SignedVerdict } from "../messages/signedVerdict.ts";
import type { PartyIndex } from "../sharing/parties.ts";

/** Attempts remembered per member, newest first: bounds what a member that signs at random can make us hold. */
const MOST_ATTEMPTS = 8;

export interface CollectionOptions {
  readonly chainId: bigint;
  /** The Query Smart Contract. */
  readonly contract: string;
  readonly context: RequestContext;
  /** workers[j - 1] is Shamir point j. */
  readonly workers: readonly string[];
  readonly quorum: number;
}

export type Addition = "added" | "known" | "invalid" | "equivocation";

interface Candidate {
  readonly verdict: Verdict;
  readonly signatures: Map<number, string>;
  isRefused: boolean;
}

export class SignatureCollection {
  readonly #options: CollectionOptions;
  readonly #byStatement = new Map<string, Candidate>();
  readonly #statementsOf = new Map<number, Map<bigint, string>>();

  constructor(options: CollectionOptions) {
    this.#options = options;
  }

  /** Takes one member's signature on a verdict. */
  add(verdict: Verdict, { index, signature }: IndexedSignature): Addition {
    const { chainId, contract, workers } = this.#options;
    const statement = this.#statementOf(verdict);
    const earlier = this.#statementsOf.get(index)?.get(verdict.attempt);
    if (earlier === statement) return "known";
    const signer = signerOf(opalineDomain(chainId, contract), ANSWER, { statement }, signature);
    const member = workers[index - 1];
    if (signer === undefined || member === undefined || signer.toLowerCase() !== member.toLowerCase()) return "invalid";
    if (earlier !== undefined) return "equivocation";
    this.#remember(index, verdict.attempt, statement);
    const candidate = this.#byStatement.get(statement) ?? {
      verdict,
      signatures: new Map<number, string>(),
      isRefused: false,
    };
    candidate.signatures.set(index, signature);
    this.#byStatement.set(statement, candidate);
    return "added";
  }

  /** What this member signed first in an attempt; undefined when it signed nothing, or the chain refused its signature. */
  signedBy(index: number, attempt: bigint): OneSigned | undefined {
    const statement = this.#statementsOf.get(index)?.get(attempt);
    const candidate = statement === undefined ? undefined : this.#byStatement.get(statement);
    const signature = candidate?.signatures.get(index);
    return candidate === undefined || signature === undefined ? undefined : { verdict: candidate.verdict, signature };
  }

  /** The first verdict that enough members signed, with exactly as many signatures as are needed, ascending. */
  quorum(): SignedVerdict | undefined {
    for (const { verdict, signatures, isRefused } of this.#byStatement.values()) {
      if (signatures.size < this.#options.quorum || isRefused) continue;
      const ascending = [...signatures].sort(([a], [b]) => a - b).slice(0, this.#options.quorum);
      return { verdict, signatures: ascending.map(([index, signature]) => ({ index, signature })) };
    }
    return undefined;
  }

  /** The chain did not accept this member's signature (it was revoked): the others' on this verdict still count. */
  drop(verdict: Verdict, index: number): void {
    this.#byStatement.get(this.#statementOf(verdict))?.signatures.delete(index);
  }

  /** The chain did not accept this verdict: only another attempt's may count. */
  discard(verdict: Verdict): void {
    const candidate = this.#byStatement.get(this.#statementOf(verdict));
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

  #statementOf(verdict: Verdict): string {
    const { chainId, contract, context } = this.#options;
    return statementHash({ chainId, contract, context, verdict });
  }

  #remember(index: number, attempt: bigint, statement: string): void {
    const statements = this.#statementsOf.get(index) ?? new Map<bigint, string>();
    statements.set(attempt, statement);
    this.#statementsOf.set(index, statements);
    if (statements.size <= MOST_ATTEMPTS) return;
    const oldest = [...statements.keys()].reduce((a, b) => (a < b ? a : b));
    const dropped = statements.get(oldest)!;
    statements.delete(oldest);
    const candidate = this.#byStatement.get(dropped);
    candidate?.signatures.delete(index);
    if (candidate?.signatures.size === 0) this.#byStatement.delete(dropped);
  }
}
