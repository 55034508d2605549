/**
 * What workers send each other once they have signed: the verdict and one or more signatures on its statement. The
 * request's context is not sent: every worker takes it from the chain, so that a signature on another context does not
 * verify. abi.encode(tuple verdict, tuple[] signatures), strict: re-encoding must give the same bytes.
 *
 * The encoding has one layout for each number of outputs and signatures, and that is checked before anything is decoded:
 * a decoder that follows the offsets it is sent can be made to work far longer than the bytes are worth.
 */
import { AbiCoder, getBytes, hexlify } from "ethers";
import { CodedError } from "../errors.ts";
import { BN254_FR_MODULUS } from "../field/bn254.ts";
import { MAX_PARTIES } from "../sharing/parties.ts";
import { type Outcome, Outcome as Outcomes, type Verdict, ZERO_HASH } from "./statement.ts";
import { bitmapBytes, decodeSuppressed } from "./suppressedBitmap.ts";

export interface IndexedSignature {
  /** The signer's Shamir point. */
  readonly index: number;
  /** 0x-hex, 65 bytes. */
  readonly signature: string;
}

export interface SignedVerdict {
  readonly verdict: Verdict;
  /** At least one, strictly ascending by index. */
  readonly signatures: readonly IndexedSignature[];
}

export type SignedVerdictErrorDetail = { readonly code: "SIGNED_VERDICT_INVALID"; readonly reason: string };

/** Most that is ever decoded; 1,024 outputs and 7 signatures take 35 KB. */
const MAX_BYTES = 64 << 10;
/** As many values as a query may open. */
const MAX_VERDICT_OUTPUTS = 1_024;
/** Attempts are seconds apart and end with their request. */
const MAX_VERDICT_ATTEMPT = (1n << 32n) - 1n;

const WORD = 32;
/** Words before the first output, the bitmap's own left out: two offsets, the verdict's five, two lengths. */
const HEAD_WORDS = 9;
/** Where the bitmap's length stands. */
const BITMAP_WORD = 7;
/** Words of one signature: its offset, its index, its bytes' offset and length, 65 bytes. */
const SIGNATURE_WORDS = 7;
/** A refusal with one signature: 17 words. The longest bitmap has 4, so its answer's number of outputs is within. */
const MIN_BYTES = (HEAD_WORDS + 1 + SIGNATURE_WORDS) * WORD;

const TYPES = [
  "tuple(uint64 attempt, uint8 outcome, bytes suppressedBitmap, uint256[] outputs, bytes32 sealedHash)",
  "tuple(uint8 index, bytes signature)[]",
];
const abi = AbiCoder.defaultAbiCoder();

export function encodeSignedVerdict({ verdict, signatures }: SignedVerdict): Uint8Array {
  return getBytes(abi.encode(TYPES, [verdict, signatures]));
}

function invalid(reason: string, cause?: unknown): CodedError<SignedVerdictErrorDetail> {
  const detail = { code: "SIGNED_VERDICT_INVALID", reason } as const;
  return new CodedError(detail, `A signed verdict is malformed: ${reason}`, { cause });
}

/** @returns the word's value; Infinity, equal to no length, when it is not below 2^48 */
function word(payload: Uint8Array, position: number): number {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset + position * WORD, WORD);
  return bytes.subarray(0, WORD - 6).some((byte) => byte !== 0) ? Infinity : bytes.readUIntBE(WORD - 6, 6);
}

/** O(1): the offsets and lengths from which the time and the memory of decoding follow. */
function checkLayout(payload: Uint8Array): void {
  if (payload.length > MAX_BYTES || payload.length < MIN_BYTES) throw invalid("length");
  const [verdictAt, signaturesAt, bitmapAt, outputsAt] = [0, 1, 4, 5].map((position) => word(payload, position));
  if (verdictAt !== 2 * WORD || bitmapAt !== 5 * WORD) throw invalid("layout");
  const bitmap = word(payload, BITMAP_WORD);
  // Before it places anything: no word is read past MIN_BYTES.
  if (bitmap > bitmapBytes(MAX_VERDICT_OUTPUTS)) throw invalid("suppressedBitmap");
  const head = HEAD_WORDS + Math.ceil(bitmap / WORD);
  if (outputsAt !== (head - 3) * WORD) throw invalid("layout");
  const outputs = word(payload, head - 1);
  if (outputs > MAX_VERDICT_OUTPUTS) throw invalid("outputs");
  if (bitmap !== 0 && bitmap !== bitmapBytes(outputs)) throw invalid("suppressedBitmap");
  if (signaturesAt !== (head + outputs) * WORD || signaturesAt >= payload.length) throw invalid("layout");
  const signatures = word(payload, head + outputs);
  if (signatures === 0 || signatures > MAX_PARTIES) throw invalid("signatures");
  if (payload.length !== (head + outputs + 1 + signatures * SIGNATURE_WORDS) * WORD) throw invalid("length");
}

interface RawVerdict {
  readonly attempt: bigint;
  readonly outcome: bigint;
  readonly suppressedBitmap: string;
  readonly outputs: readonly bigint[];
  readonly sealedHash: string;
}

function checkVerdict(raw: RawVerdict): Verdict {
  const outcome = Number(raw.outcome) as Outcome;
  if (outcome === Outcomes.NONE || !Object.values<number>(Outcomes).includes(outcome)) throw invalid("outcome");
  if (raw.attempt === 0n || raw.attempt > MAX_VERDICT_ATTEMPT) throw invalid("attempt");
  if (raw.outputs.some((output) => output >= BN254_FR_MODULUS)) throw invalid("outputs");
  if ((outcome === Outcomes.ANSWERED) !== raw.outputs.length > 0) throw invalid("outputs");
  if (outcome !== Outcomes.ANSWERED && raw.sealedHash !== ZERO_HASH) throw invalid("sealedHash");
  checkSuppressed(raw);
  return {
    attempt: raw.attempt,
    outcome,
    suppressedBitmap: raw.suppressedBitmap,
    outputs: [...raw.outputs],
    sealedHash: raw.sealedHash,
  };
}

/** The layout leaves a refusal, which has no outputs, no bitmap. */
function checkSuppressed({ suppressedBitmap, outputs, sealedHash }: RawVerdict): void {
  try {
    decodeSuppressed(suppressedBitmap, outputs, sealedHash !== ZERO_HASH);
  } catch (cause) {
    throw invalid("suppressedBitmap", cause);
  }
}

function checkSignatures(raw: readonly { index: bigint; signature: string }[]): IndexedSignature[] {
  if (raw.length === 0 || raw.length > MAX_PARTIES) throw invalid("signatures");
  const signatures = raw.map(({ index, signature }) => ({ index: Number(index), signature }));
  signatures.forEach(({ index, signature }, i) => {
    if (index < 1 || index > MAX_PARTIES || (i > 0 && index <= signatures[i - 1]!.index)) throw invalid("index");
    if (signature.length !== 132) throw invalid("signature");
  });
  return signatures;
}

/** @throws CodedError SIGNED_VERDICT_INVALID; signatures are not verified here, that needs the request */
export function decodeSignedVerdict(payload: Uint8Array): SignedVerdict {
  checkLayout(payload);
  const hex = hexlify(payload);
  try {
    const [verdict, signatures] = abi.decode(TYPES, hex);
    if (abi.encode(TYPES, [verdict, signatures]) !== hex) throw invalid("encoding");
    return { verdict: checkVerdict(verdict as RawVerdict), signatures: checkSignatures([...signatures]) };
  } catch (error) {
    if (error instanceof CodedError) throw error;
    throw invalid("encoding");
  }
}
