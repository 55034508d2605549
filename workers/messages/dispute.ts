/**
 * A quorum that contradicts the chain: a verdict on a request, other than the one that ended it, with the signatures of as many
 * members as end a request. At most t members that sign what they like cannot make one; where there is one, more did. Anybody can
 * have it recorded (`contracts/query/Disputes.sol`), from a JSON file:
 *
 *   {"verdict": {"attempt": "2", "outcome": 1, "suppressedBitmap": "0x", "outputs": ["40", "7"], "sealedHash": "0x00…"},
 *    "signatures": [{"index": 1, "signature": "0x…"}, {"index": 3, "signature": "0x…"}]}
 *
 * `attempt` and `outputs` are decimal text, `outcome` and `index` numbers, `sealedHash` 32 and `signature` 65 bytes; `index` is the
 * signer's Shamir point, and they ascend. Nothing in it is secret: a SEALED answer's outputs are under their mask. The request's
 * context is not in it: the chain has it.
 */
import { EvidenceFields, evidenceToJson, readVerdict } from "./evidenceFields.ts";
import type { IndexedSignature, SignedVerdict } from "./signedVerdict.ts";
import { Outcome, ReleaseClass, type Verdict, outputsHash } from "./statement.ts";

const MAX_INDEX = 255;

export function disputeToJson({ verdict, signatures }: SignedVerdict): string {
  return evidenceToJson({ verdict, signatures });
}

/** @throws CodedError EVIDENCE_INVALID; who signed, and whether the verdict has a meaning, are for the reader to see */
export function disputeFromJson(text: string): SignedVerdict {
  const fields = EvidenceFields.parse("for a dispute", text).only("verdict", "signatures");
  const verdict = fields.object("verdict").only("attempt", "outcome", "suppressedBitmap", "outputs", "sealedHash");
  const signatures = fields.objects("signatures").map((each) => readSignature(each.only("index", "signature")));
  if (signatures.length === 0) throw fields.invalid("signatures", "at least one");
  signatures.forEach(({ index }, i) => {
    const previous = signatures[i - 1];
    if (previous === undefined || index > previous.index) return;
    throw fields.invalid(`signatures[${i}].index`, `more than ${previous.index}, as indices ascend,`);
  });
  return { verdict: readVerdict(verdict), signatures };
}

function readSignature(fields: EvidenceFields): IndexedSignature {
  const index = Number(fields.whole("index", 8));
  if (index < 1) throw fields.invalid("index", `a whole number from 1 to ${MAX_INDEX}`);
  return { index, signature: fields.hex("signature", 65) };
}

/** How a request ended, by the word of a quorum. */
export interface SignedEnd {
  readonly outcome: Outcome;
  /** Of the outputs; of no meaning unless it was answered. */
  readonly outputsHash: string;
}

/**
 * Whether the two cannot both be the request's: another outcome, or other outputs of a PUBLIC answer. A SEALED one's are masked
 * anew in every attempt; the attempt, and which outputs are hidden, do not count, as hidden ones are 0.
 */
export function contradicts(verdict: Verdict, end: SignedEnd, releaseClass: ReleaseClass): boolean {
  if (verdict.outcome !== end.outcome) return true;
  if (verdict.outcome !== Outcome.ANSWERED || releaseClass === ReleaseClass.SEALED) return false;
  return outputsHash(verdict.outputs) !== end.outputsHash;
}
