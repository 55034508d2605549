/**
 * The input check of one version among its committee: its name, and what a member tells the others once it has ended
 * there. The check's id stands in the frame's own header (`session`), so that a report cannot be replayed into another.
 */
import { AbiCoder, id, keccak256 } from "ethers";
import { CodedError } from "../errors.ts";

export const CheckOutcome = {
  /** The columns are well-formed. */
  WELL_FORMED: 1,
  /** Some row of the columns is none that an honest owner could have encoded. */
  MALFORMED_COLUMNS: 2,
  /** The reporter's own file is not the one that the dealing proof speaks of. */
  INCONSISTENT_DEALING: 3,
} as const;
export type CheckOutcome = (typeof CheckOutcome)[keyof typeof CheckOutcome];

export type CheckReportErrorDetail = { readonly code: "CHECK_REPORT_INVALID"; readonly bytes: number };

const DOMAIN = id("Opaline.InputCheck.v2");
const abi = AbiCoder.defaultAbiCoder();

/**
 * keccak256(abi.encode(bytes32 domain, bytes32 datasetId, uint64 version, bytes32 sharesRoot)); the dataset's id binds chain and
 * registry. The root tells which sharing of the version it is: a version may be shared anew, among another committee or again.
 */
export function inputCheckId(datasetId: string, version: bigint, sharesRoot: string): string {
  const types = ["bytes32", "bytes32", "uint64", "bytes32"];
  return keccak256(abi.encode(types, [DOMAIN, datasetId, version, sharesRoot]));
}

/** One byte. */
export function encodeCheckReport(outcome: CheckOutcome): Uint8Array {
  return Uint8Array.of(outcome);
}

/** @throws CodedError CHECK_REPORT_INVALID */
export function decodeCheckReport(payload: Uint8Array): CheckOutcome {
  const outcome = Object.values(CheckOutcome).find((known) => payload.length === 1 && payload[0] === known);
  if (outcome !== undefined) return outcome;
  const detail = { code: "CHECK_REPORT_INVALID", bytes: payload.length } as const;
  throw new CodedError<CheckReportErrorDetail>(detail, "A report of an input check is malformed");
}
