/** What `participant consent` writes and `participant relay` sends: a signed consent, and the enrolment it may need first. */
import { isDeepStrictEqual } from "node:util";
import { consentRegistry, latestBlock } from "#chain";
import { CodedError } from "#errors";
import { CONSENT, type Consent, type Enrolment, ZERO_HASH, opalineDomain, signerOf } from "#messages";
import type { SignerConnection } from "../connection.ts";
import { type GasReport, gasReport } from "../gasReport.ts";
import { JsonField } from "../jsonFields.ts";
import { sendOrRelayed } from "../relayed.ts";
import { layOut, parseEnrolment, readInteger, readSignature } from "../slipFile.ts";

/** Neither names the participant nor holds its salt: it may be given to anyone to be relayed. */
export interface ConsentFile {
  readonly enrolment: Enrolment;
  readonly ownerSignature: string;
  readonly consent: Consent;
  readonly signature: string;
}

export type ConsentFileErrorDetail =
  /** The signature is not that of the slip's key over what stands beside it, on this chain. */
  | { readonly code: "CONSENT_FILE_FORGED"; readonly participant: string }
  /** It was relayed before, or another one that the participant signed with the same nonce was. */
  | { readonly code: "CONSENT_FILE_USED"; readonly participant: string }
  /** Another key speaks for the row by now. */
  | { readonly code: "SLIP_REPLACED"; readonly participant: string; readonly current: string };

const FORMAT = "opaline-consent-1";
const MOST = 2 ** 32 - 1;

export function consentFileText(file: ConsentFile): string {
  return layOut({ format: FORMAT, ...file });
}

/** @throws CodedError FILE_FIELD_INVALID that names the field */
export function parseConsentFile(option: string, text: string): ConsentFile {
  const file = JsonField.parse(option, text).fields("format", "enrolment", "ownerSignature", "consent", "signature");
  file.format.oneOf(FORMAT);
  return {
    enrolment: parseEnrolment(file.enrolment),
    ownerSignature: readSignature(file.ownerSignature),
    consent: parseConsent(file.consent),
    signature: readSignature(file.signature),
  };
}

function parseConsent(field: JsonField): Consent {
  const found = field.fields(
    ...(["datasetId", "version", "slot", "handle", "given", "form", "formHash", "purposes", "futureUse"] as const),
    ...(["expiry", "nonce", "deadline"] as const),
  );
  return {
    datasetId: found.datasetId.bytes32(),
    version: readInteger(found.version, 64n),
    slot: found.slot.whole(0, MOST),
    handle: found.handle.bytes32(),
    given: found.given.flag(),
    form: found.form.whole(0, MOST),
    formHash: found.formHash.bytes32(),
    purposes: found.purposes.list().map((item) => item.bytes32()),
    futureUse: found.futureUse.flag(),
    expiry: readInteger(found.expiry, 64n),
    nonce: readInteger(found.nonce, 256n),
    deadline: readInteger(found.deadline, 256n),
  };
}

export interface Relayed extends Partial<GasReport> {
  readonly enrolled: boolean;
  /** Another's transaction with the same signature was first. */
  readonly relayedByAnother: boolean;
}

/**
 * Enrols the slip's key unless it speaks for the row already, then sends the consent.
 *
 * @throws CodedError CONSENT_FILE_FORGED | CONSENT_FILE_USED | SLIP_REPLACED, and what sending throws
 */
export async function relayConsent(connection: SignerConnection, file: ConsentFile): Promise<Relayed> {
  const { deployment, provider, signer } = connection;
  const { enrolment, ownerSignature, consent, signature } = file;
  const consents = consentRegistry(deployment, signer);
  const key = enrolment.participant;
  if (signerOf(opalineDomain(deployment.chainId, consents.address), CONSENT, consent, signature) !== key) {
    throw new CodedError<ConsentFileErrorDetail>(
      { code: "CONSENT_FILE_FORGED", participant: key },
      `the signature is not ${key}'s over this consent and this deployment; let the participant sign again`,
    );
  }
  const isEnrolled = async (): Promise<boolean> => {
    const found = await consents.participant(enrolment.datasetId, enrolment.version, enrolment.slot);
    return found?.key === key && found.generation > enrolment.nonce;
  };
  if ((await consents.nonces(key)) > consent.nonce) throw usedUp(key);
  const enrolled = !(await isEnrolled());
  if (enrolled) await refuseReplaced(connection, enrolment);
  if (enrolled) await sendOrRelayed(() => consents.enrol(enrolment, ownerSignature), isEnrolled);
  const before = await latestBlock(provider);
  const mined = await sendOrRelayed(
    () => consents.consent(consent, signature),
    async () => isRecorded(connection, consent, before),
  );
  return mined === undefined
    ? { enrolled, relayedByAnother: true }
    : { enrolled, relayedByAnother: false, ...gasReport(mined) };
}

function usedUp(participant: string): CodedError<ConsentFileErrorDetail> {
  return new CodedError(
    { code: "CONSENT_FILE_USED", participant },
    `it was relayed already, or ${participant} has had another one relayed since it signed this: ` +
      "`opaline participant show` says what counts",
  );
}

/** Whether this very consent was recorded after a block, by the participant's own signature. */
async function isRecorded(
  { deployment, provider }: SignerConnection,
  { datasetId, version, slot, given, form, purposes, futureUse, expiry }: Consent,
  before: number,
): Promise<boolean> {
  const last = await latestBlock(provider);
  // No study has the zero id: nothing of any rules is asked.
  const changes = await consentRegistry(deployment, provider).changes(ZERO_HASH, [datasetId], before + 1, last);
  const signed = { version, slots: [slot], given, form, purposes, futureUse, expiry };
  return changes.some((change) => change.kind === "record" && change.own && isDeepStrictEqual(change.record, signed));
}

/** @throws CodedError SLIP_REPLACED */
export async function refuseReplaced(
  { deployment, provider }: Pick<SignerConnection, "deployment" | "provider">,
  { datasetId, version, slot, participant, nonce }: Enrolment,
): Promise<void> {
  const found = await consentRegistry(deployment, provider).participant(datasetId, version, slot);
  if (found === undefined || found.generation <= nonce || found.key === participant) return;
  throw new CodedError<ConsentFileErrorDetail>(
    { code: "SLIP_REPLACED", participant, current: found.key },
    `--slip: ${found.key} speaks for this row by now; ask the hospital for a new slip if that is not yours`,
  );
}
