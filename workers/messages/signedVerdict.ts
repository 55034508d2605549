/**
 * What workers send each other once they have signed: the verdict and one or more signatures on its statement. The
 * request's context is not sent: every worker takes it from the chain, so that a signature on another context does not
 * verify. abi.encode(tuple verdict, tuple[] signatures), strict: re-encoding must give the same bytes.
 */
import { AbiCoder, getBytes, hexlify } from "ethers";
import { CodedError } from "../errors.ts";
import { BN254_FR_MODULUS } from "../field/bn254.ts";
import { MAX_PARTIES } from "../sharing/parties.ts";
import { type Outcome, Outcome as Outcomes, type Verdict } from "./statement.ts";

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

const TYPES = [
  "tuple(uint64 attempt, uint8 outcome, bytes suppressedBitmap, uint256[] outputs, bytes32 sealedHash)",
  "tuple(uint8 index, bytes signature)[]",
];
const abi = AbiCoder.defaultAbiCoder();

export function encodeSignedVerdict({ verdict, signatures }: SignedVerdict): Uint8Array {
  return getBytes(abi.encode(TYPES, [verdict, signatures]));
}

function invalid(reason: string): CodedError<SignedVerdictErrorDetail> {
  return new CodedError({ code: "SIGNED_VERDICT_INVALID", reason }, `A signed verdict is malformed: ${reason}`);
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
  if (raw.attempt === 0n) throw invalid("attempt");
  if (raw.outputs.some((output) => output >= BN254_FR_MODULUS)) throw invalid("outputs");
  if ((outcome === Outcomes.ANSWERED) !== raw.outputs.length > 0) throw invalid("outputs");
  return {
    attempt: raw.attempt,
    outcome,
    suppressedBitmap: raw.suppressedBitmap,
    outputs: [...raw.outputs],
    sealedHash: raw.sealedHash,
  };
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
