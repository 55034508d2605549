/**
 * Two signatures of one worker under one question: what a worker that receives both keeps, hands out as a JSON file, and
 * anybody can bring before the chain (`contracts/fees/IWorkerDeposits.sol`). Nothing in it is secret but of a SEALED
 * answer's outputs, which are under their mask.
 *
 * The file is written by others: its form is checked here, and `equivocatorsOf` by whose keys it is signed.
 */
import { EvidenceFields, evidenceToJson, readVerdict } from "./evidenceFields.ts";
import { ReleaseClass, type RequestContext, type Verdict, statementHash } from "./statement.ts";
import { ANSWER } from "./signedStructs.ts";
import { opalineDomain, signerOf } from "./typedData.ts";

export interface OneSigned {
  readonly verdict: Verdict;
  /** 0x-hex, 65 bytes. */
  readonly signature: string;
}

export interface Equivocation {
  readonly chainId: bigint;
  readonly queryContract: string;
  /** The signer's Shamir point. */
  readonly index: number;
  readonly context: RequestContext;
  readonly first: OneSigned;
  readonly second: OneSigned;
}

/** The JSON of the file; whole numbers are decimal text. */
export function equivocationToJson(evidence: Equivocation): string {
  return evidenceToJson(evidence);
}

function readContext(fields: EvidenceFields): RequestContext {
  return {
    studyId: fields.hex("studyId", 32),
    requestId: fields.hex("requestId", 32),
    queryHash: fields.hex("queryHash", 32),
    parametersHash: fields.hex("parametersHash", 32),
    policyHash: fields.hex("policyHash", 32),
    datasetRoots: fields.hexes("datasetRoots", 32),
    committeeEpoch: fields.whole("committeeEpoch", 64),
    requestBlock: fields.whole("requestBlock", 64),
    consentMaskRoot: fields.hex("consentMaskRoot", 32),
    releaseClass: fields.oneOf<ReleaseClass>("releaseClass", ReleaseClass),
    recipientsHash: fields.hex("recipientsHash", 32),
  };
}

function readSigned(fields: EvidenceFields): OneSigned {
  return { verdict: readVerdict(fields.object("verdict")), signature: fields.hex("signature", 65) };
}

/** @throws CodedError EVIDENCE_INVALID; whether it convicts anybody is for {@link equivocatorsOf} and the worker registry to say */
export function equivocationFromJson(text: string): Equivocation {
  const fields = EvidenceFields.parse("of an equivocation", text);
  return {
    chainId: fields.whole("chainId", 256),
    queryContract: fields.hex("queryContract", 20),
    index: Number(fields.whole("index", 8)),
    context: readContext(fields.object("context")),
    first: readSigned(fields.object("first")),
    second: readSigned(fields.object("second")),
  };
}

/**
 * The keys that signed the first and the second statement, checksummed: the same, or two that one worker had one after the
 * other. Whose they are, the worker registry knows.
 *
 * @returns undefined when they are not two statements of one attempt, both signed
 */
export function equivocatorsOf(evidence: Equivocation): readonly [first: string, second: string] | undefined {
  const { chainId, queryContract, context, first, second } = evidence;
  if (first.verdict.attempt !== second.verdict.attempt) return undefined;
  const domain = opalineDomain(chainId, queryContract);
  const [one, other] = [first, second].map(({ verdict, signature }) => {
    const statement = statementHash({ chainId, contract: queryContract, context, verdict });
    return { statement, signer: signerOf(domain, ANSWER, { statement }, signature) };
  });
  if (one!.statement === other!.statement) return undefined;
  return one!.signer === undefined || other!.signer === undefined ? undefined : [one!.signer, other!.signer];
}
