/** `opaline participant consent`: gives consent for one's own row, or takes it back, by one's own signature. */
import { existsSync } from "node:fs";
import { ZeroHash, keccak256 } from "ethers";
import { chainTime, consentRegistry, studyRegistry } from "#chain";
import { CodedError } from "#errors";
import { CONSENT, type Consent, opalineDomain, signTypedData } from "#messages";
import { runAlone } from "../cli.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { type SignerConnection, signerOptions, withSigner } from "../connection.ts";
import { type Scope, readScope, requireFuture, scopeOptions, uncovered, usableForm } from "../consentScope.ts";
import { writePrivateFile } from "../privateFiles.ts";
import { purposeText } from "../purposes.ts";
import { instantText } from "../query.ts";
import { readInputBytes } from "../readInputFile.ts";
import { invalidOption } from "../readOption.ts";
import type { Slip } from "../slipFile.ts";
import { consentFileText, refuseReplaced, relayConsent } from "./consentFile.ts";
import { readSlip, slipOption } from "./slip.ts";

export type ConsentErrorDetail =
  | { readonly code: "SLIP_OTHER_KEY"; readonly participant: string; readonly key: string }
  /** No published form that the rules still take has this hash. */
  | { readonly code: "CONSENT_OTHER_FORM"; readonly formHash: string };

/** A file may travel by hand before someone relays it. */
const SIGNATURE_SECONDS = 30n * 86_400n;

export const command = defineCommand({
  command: "participant consent",
  describe: "Give consent for your row, or take it back; in force for every later request",
  examples: [
    [
      "participant consent --slip slip.json --withdraw --out withdrawal.json --keystore k.json --password-file pw",
      "whoever gets the file relays it: `participant relay`; it does not say who you are",
    ],
    [
      "participant consent --slip slip.json --give --document consent.pdf --purpose DUO:0000007 --send " +
        "--keystore k.json --password-file pw",
      "sends it itself, which your account pays for",
    ],
  ],
  options: {
    ...signerOptions,
    ...slipOption,
    ...scopeOptions,
    document: { type: "string", describe: "The consent form that you have read (with --give)" },
    out: { type: "string", describe: "File for the signed consent, for anyone to relay" },
    send: { type: "boolean", describe: "Send it now; your account pays" },
  },
  handler: (options, context) => {
    const slip = readSlip(options.slip, context);
    const scope = readScope(options);
    const formHash = readForm(options.document, scope, context);
    if (options.send === (options.out !== undefined)) throw invalidOption("send", "either --send or --out FILE");
    const out = options.out === undefined ? undefined : context.resolve(options.out);
    if (out !== undefined && existsSync(out)) throw invalidOption("out", "a file that does not exist yet");
    return withSigner(options, context, async (connection) => {
      requireOwnKey(slip, connection.signer.address);
      await refuseReplaced(connection, slip.enrolment);
      await requireFuture(connection.provider, scope);
      await warnUncovered(connection, slip, scope, context);
      const consent = await consentFor(connection, slip, scope, formHash);
      const { deployment, signer } = connection;
      const domain = opalineDomain(deployment.chainId, deployment.address("ConsentRegistry"));
      const signature = await signTypedData(signer, domain, CONSENT, consent);
      const { enrolment, ownerSignature } = slip;
      const file = { enrolment, ownerSignature, consent, signature };
      const { datasetId, version, slot, given, form } = consent;
      const value = { datasetId, version, slot, given, form, deadline: instantText(consent.deadline) };
      if (out === undefined) return { ...value, ...(await relayConsent(connection, file)) };
      writePrivateFile(out, consentFileText(file));
      return { ...value, file: out };
    });
  },
});

function readForm(document: string | undefined, { given }: Scope, { resolve }: CommandContext): string {
  if (given !== (document !== undefined)) {
    const expected = given ? "the form that you have read" : "nothing: --withdraw needs no form";
    throw invalidOption("document", expected);
  }
  return document === undefined ? ZeroHash : keccak256(readInputBytes("document", resolve(document)));
}

function requireOwnKey({ enrolment: { participant } }: Slip, key: string): void {
  if (participant === key) return;
  throw new CodedError<ConsentErrorDetail>(
    { code: "SLIP_OTHER_KEY", participant, key },
    `--slip: it is for the key ${participant}, and --keystore holds ${key}; give that key's, or ask for another slip`,
  );
}

async function warnUncovered(
  { deployment, provider }: SignerConnection,
  { studyId }: Slip,
  scope: Scope,
  { log }: CommandContext,
): Promise<void> {
  const { purposes } = await studyRegistry(deployment, provider).policy(studyId);
  const missing = uncovered(scope, purposes).map(purposeText);
  if (missing.length > 0) log(`warning: without ${missing.join(", ")} your row is not used at all in this study`);
}

/** @throws CodedError CONSENT_OTHER_FORM */
async function consentFor(
  { deployment, provider }: SignerConnection,
  { studyId, enrolment }: Slip,
  scope: Scope,
  formHash: string,
): Promise<Consent> {
  const consents = consentRegistry(deployment, provider);
  const found = scope.given
    ? await usableForm(consents, studyId, (each) => each.formHash === formHash)
    : { form: 0, formHash: ZeroHash };
  if (found === undefined) {
    throw new CodedError<ConsentErrorDetail>(
      { code: "CONSENT_OTHER_FORM", formHash },
      `--document: its hash is ${formHash}, which is no consent form of this study that still counts; ` +
        "ask the hospital for the newest form; nothing was signed",
    );
  }
  const { datasetId, version, slot, handle, participant } = enrolment;
  const nonce = await consents.nonces(participant);
  const deadline = (await chainTime(provider)) + SIGNATURE_SECONDS;
  return { datasetId, version, slot, handle, ...scope, form: found.form, formHash, nonce, deadline };
}

if (import.meta.main) await runAlone(command);
