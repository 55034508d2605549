/** `opaline data-owner sign-agreement`: the owner's signature under exactly the document it has. */
import { keccak256 } from "ethers";
import { chainTime, studyAgreements } from "#chain";
import { CodedError } from "#errors";
import { STUDY_SIGNATURE, type StudySignature, opalineDomain, signTypedData } from "#messages";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { memberOfKey } from "../memberOfKey.ts";
import { readInputBytes } from "../readInputFile.ts";
import { readBytes32 } from "../readOption.ts";
import { sendOrRelayed } from "../relayed.ts";
import { requireStudy } from "../study.ts";

export type AgreementErrorDetail =
  | { readonly code: "AGREEMENT_NONE"; readonly studyId: string }
  /** The file is not what was published. */
  | { readonly code: "AGREEMENT_OTHER_DOCUMENT"; readonly documentHash: string; readonly published: string };

/** The signature is sent at once; a day leaves room for a slow chain. */
const SIGNATURE_SECONDS = 86_400n;
const MEANING = "I have read this agreement and sign it for my organisation";

export const command = defineCommand({
  command: "data-owner sign-agreement",
  describe: "Sign the study's agreement: the newest version, and only the very document you have",
  examples: [
    [
      "data-owner sign-agreement --study 0x… --document agreement.pdf --name 'Dr A. Director' --keystore k.json " +
        "--password-file pw",
      "afterwards you may contribute",
    ],
  ],
  options: {
    ...signerOptions,
    study: { type: "string", describe: "Study id", required: true },
    document: { type: "string", describe: "The agreement as the consortium gave it to you", required: true },
    name: { type: "string", describe: "Your name, as it stands on the record", required: true },
    meaning: { type: "string", describe: "What your signature means", default: MEANING },
  },
  handler: (options, context) => {
    const studyId = readBytes32("study", options.study);
    const documentHash = keccak256(readInputBytes("document", context.resolve(options.document)));
    return withSigner(options, context, async (connection) => {
      await requireStudy(connection, studyId);
      const { deployment, provider, signer } = connection;
      const agreements = studyAgreements(deployment, signer);
      const newest = await agreements.newest(studyId);
      if (newest === undefined) throw noAgreement(studyId);
      if (newest.documentHash !== documentHash) throw otherDocument(documentHash, newest.documentHash);
      const owner = await memberOfKey(connection, "dataOwner", signer.address);
      const signedAt = await chainTime(provider);
      const given: StudySignature = {
        studyId,
        version: newest.version,
        documentHash,
        owner,
        name: options.name,
        meaning: options.meaning,
        signedAt,
        nonce: await agreements.nonces(owner),
        deadline: signedAt + SIGNATURE_SECONDS,
      };
      const before = await agreements.isSigned(studyId, owner);
      const domain = opalineDomain(deployment.chainId, agreements.address);
      const signature = await signTypedData(signer, domain, STUDY_SIGNATURE, given);
      const mined = await sendOrRelayed(
        () => agreements.sign(given, signature),
        async () => !before && (await agreements.isSigned(studyId, owner)),
      );
      const value = { studyId, version: newest.version, jurisdiction: newest.jurisdiction, documentHash, owner };
      if (mined === undefined) return { ...value, relayedByAnother: true };
      return { ...value, relayedByAnother: false, ...gasReport(mined) };
    });
  },
});

function noAgreement(studyId: string): CodedError<AgreementErrorDetail> {
  return new CodedError(
    { code: "AGREEMENT_NONE", studyId },
    "the study has no agreement yet: the consortium publishes it with `opaline admin publish-agreement`",
  );
}

function otherDocument(documentHash: string, published: string): CodedError<AgreementErrorDetail> {
  return new CodedError(
    { code: "AGREEMENT_OTHER_DOCUMENT", documentHash, published },
    `--document: its hash is ${documentHash}, but the newest version published is ${published}; nothing was signed`,
  );
}

if (import.meta.main) await runAlone(command);
