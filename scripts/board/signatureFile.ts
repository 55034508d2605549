/** What `board sign-verdict` writes and `board post-verdict` collects: one member's signature, with all it covers. */
import { type TypedDataDomain, getAddress } from "ethers";
import { CodedError } from "#errors";
import {
  BOARD_SIGNATURE,
  type BoardSignatureMessage,
  type TrialVerdict,
  ArmState,
  Decision,
  signerOf,
  trialVerdictHash,
} from "#messages";
import { JsonField } from "../jsonFields.ts";
import { jsonOf } from "../printValue.ts";

export interface SignedVerdictFile extends BoardSignatureMessage {
  readonly signature: string;
}

export type SignatureFileErrorDetail =
  /** The signature is not the named member's over what stands beside it, on this chain. */
  | { readonly code: "SIGNATURE_FILE_FORGED"; readonly path: string; readonly member: string }
  /** Two files are about different verdicts. */
  | { readonly code: "SIGNATURE_FILES_DIFFER"; readonly path: string };

const FORMAT = "opaline-board-signature-1";
const MOST_CELLS = 65_535;

export function signatureFileText(file: SignedVerdictFile): string {
  return `${JSON.stringify(JSON.parse(jsonOf({ format: FORMAT, ...file })), null, 2)}\n`;
}

/** @throws CodedError FILE_FIELD_INVALID that names the field */
export function parseSignatureFile(option: string, text: string): SignedVerdictFile {
  const file = JsonField.parse(option, text).fields(
    ...(["format", "verdict", "member", "name", "meaning", "signedAt", "signature"] as const),
  );
  file.format.oneOf(FORMAT);
  const signature = file.signature.text();
  if (!/^0x[0-9a-fA-F]{130}$/.test(signature)) throw file.signature.invalid("a signature of 65 bytes");
  return {
    verdict: parseVerdict(file.verdict),
    member: file.member.address(),
    name: file.name.text(),
    meaning: file.meaning.text(),
    signedAt: readSeconds(file.signedAt, 64n),
    signature,
  };
}

function parseVerdict(field: JsonField): TrialVerdict {
  const found = field.fields(
    ...(["trialId", "look", "decision", "queryHash", "requestId", "outputsHash", "responded"] as const),
    ...(["posteriors", "states", "allocation", "reason", "deadline"] as const),
  );
  const numbers = (list: JsonField, most: number): number[] => list.list().map((item) => item.whole(0, most));
  return {
    trialId: found.trialId.bytes32(),
    look: found.look.whole(1, 255),
    decision: found.decision.whole(Decision.CONTINUE, Decision.STOP) as Decision,
    queryHash: found.queryHash.bytes32(),
    requestId: found.requestId.bytes32(),
    outputsHash: found.outputsHash.bytes32(),
    responded: found.responded.whole(0, 2 ** 32 - 1),
    posteriors: numbers(found.posteriors, MOST_CELLS),
    states: numbers(found.states, ArmState.HALTED) as ArmState[],
    allocation: numbers(found.allocation, MOST_CELLS),
    reason: found.reason.textOrEmpty(),
    deadline: readSeconds(found.deadline, 256n),
  };
}

/** A decimal text: JSON's own numbers end at 2^53. */
function readSeconds(field: JsonField, bits: bigint): bigint {
  const text = field.text();
  const value = /^[0-9]{1,78}$/.test(text) ? BigInt(text) : -1n;
  if (value < 0n || value >= 1n << bits) throw field.invalid("seconds since 1970, as a text,");
  return value;
}

/** Before anything is sent. @param key the member's, now; @throws CodedError SIGNATURE_FILE_FORGED */
export function requireGenuine(path: string, file: SignedVerdictFile, key: string, domain: TypedDataDomain): void {
  const { signature, ...message } = file;
  const signer = signerOf(domain, BOARD_SIGNATURE, message, signature);
  if (signer === getAddress(key)) return;
  throw new CodedError<SignatureFileErrorDetail>(
    { code: "SIGNATURE_FILE_FORGED", path, member: file.member },
    `${path}: the signature is not ${file.member}'s over this verdict and this deployment; ask the member to sign again`,
  );
}

/** All are about one verdict. @throws CodedError SIGNATURE_FILES_DIFFER */
export function requireSameVerdict(files: readonly (readonly [path: string, file: SignedVerdictFile])[]): TrialVerdict {
  const [[, first], ...others] = files as [(typeof files)[number], ...typeof files];
  const hash = trialVerdictHash(first.verdict);
  for (const [path, { verdict }] of others) {
    if (trialVerdictHash(verdict) === hash) continue;
    throw new CodedError<SignatureFileErrorDetail>(
      { code: "SIGNATURE_FILES_DIFFER", path },
      `${path} signs another verdict than the first file; all must sign the same verdict file`,
    );
  }
  return first.verdict;
}
