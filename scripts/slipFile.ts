/**
 * A participant's slip: what the hospital gives one participant, and nobody else. With its salt and the participant's own id
 * it shows that a row is the participant's; with the owner's signature and the participant's key it speaks for that row.
 */
import { HANDLES_ID, HANDLES_KIND } from "#encoding";
import type { Enrolment } from "#messages";
import { JsonField } from "./jsonFields.ts";
import { jsonOf } from "./printValue.ts";

export interface Slip {
  readonly studyId: string;
  readonly enrolment: Enrolment;
  /** The owner's, over the enrolment. */
  readonly ownerSignature: string;
  /** 32 bytes, 0x-hex. Secret: with it a guess at the id can be tested. */
  readonly salt: string;
  /** keccak256 of the version's handles in slot order, as its commitments bind it. */
  readonly handlesHash: string;
  /** Leads from that leaf to the version's columnsRoot. */
  readonly proof: readonly string[];
}

/** The handles of one version. Public, and says nothing of anyone without a slip. */
export interface HandleList {
  readonly datasetId: string;
  readonly version: bigint;
  /** By slot. */
  readonly handles: readonly string[];
}

const SLIP_FORMAT = "opaline-participant-slip-1";
const HANDLES_FORMAT = "opaline-handles-1";
const MOST = 2 ** 32 - 1;

/** The leaf that a slip's proof is of. */
export function handlesLeaf(handlesHash: string): readonly [string, number, string] {
  return [HANDLES_ID, HANDLES_KIND, handlesHash];
}

export function slipText(slip: Slip): string {
  return layOut({ format: SLIP_FORMAT, ...slip });
}

export function handleListText(list: HandleList): string {
  return layOut({ format: HANDLES_FORMAT, ...list });
}

/** Bigints are decimal texts: JSON's own numbers end at 2^53. */
export function layOut(file: object): string {
  return `${JSON.stringify(JSON.parse(jsonOf(file)), null, 2)}\n`;
}

/** @throws CodedError FILE_FIELD_INVALID that names the field */
export function parseSlip(option: string, text: string): Slip {
  const file = JsonField.parse(option, text).fields(
    ...(["format", "studyId", "enrolment", "ownerSignature", "salt", "handlesHash", "proof"] as const),
  );
  file.format.oneOf(SLIP_FORMAT);
  return {
    studyId: file.studyId.bytes32(),
    enrolment: parseEnrolment(file.enrolment),
    ownerSignature: readSignature(file.ownerSignature),
    salt: file.salt.bytes32(),
    handlesHash: file.handlesHash.bytes32(),
    proof: file.proof.list().map((item) => item.bytes32()),
  };
}

/** @throws CodedError FILE_FIELD_INVALID that names the field */
export function parseHandleList(option: string, text: string): HandleList {
  const file = JsonField.parse(option, text).fields("format", "datasetId", "version", "handles");
  file.format.oneOf(HANDLES_FORMAT);
  return {
    datasetId: file.datasetId.bytes32(),
    version: readInteger(file.version, 64n),
    handles: file.handles.list().map((item) => item.bytes32()),
  };
}

export function parseEnrolment(field: JsonField): Enrolment {
  const found = field.fields("datasetId", "version", "slot", "handle", "participant", "nonce");
  return {
    datasetId: found.datasetId.bytes32(),
    version: readInteger(found.version, 64n),
    slot: found.slot.whole(0, MOST),
    handle: found.handle.bytes32(),
    participant: found.participant.address(),
    nonce: readInteger(found.nonce, 256n),
  };
}

export function readSignature(field: JsonField): string {
  const text = field.text();
  if (!/^0x[0-9a-fA-F]{130}$/.test(text)) throw field.invalid("a signature of 65 bytes");
  return text;
}

export function readInteger(field: JsonField, bits: bigint): bigint {
  const text = field.text();
  const value = /^[0-9]{1,78}$/.test(text) ? BigInt(text) : -1n;
  if (value < 0n || value >= 1n << bits) throw field.invalid("a whole number, as a text,");
  return value;
}
