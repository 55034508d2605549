/** `opaline vetter sign`: an expert's signed approval or rejection of exactly this query, sent to the catalogue. */
import { Decision, chainTime, queryCatalogue } from "#chain";
import { CodedError } from "#errors";
import { VETTING, type Vetting, opalineDomain, signTypedData } from "#messages";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { memberOfKey } from "../memberOfKey.ts";
import { type OpenQuery, checkSignable, instantText, openQuery, standingOf } from "../query.ts";
import { invalidOption, readBytes32, readLastSecond } from "../readOption.ts";
import { sendOrRelayed } from "../relayed.ts";
import { readComment } from "../remarks.ts";
import { organisationsOf } from "./author.ts";

export type VetterSignErrorDetail =
  /** What is published is not what its SQL compiles to, */
  | { readonly code: "VETTER_QUERY_DIFFERS"; readonly queryHash: string }
  /** or its texts do not show all they hold. */
  | { readonly code: "VETTER_NOT_SIGNABLE"; readonly queryHash: string };

/** The signature is sent at once; a day leaves room for a slow chain. */
const SIGNATURE_SECONDS = 86_400n;
/** How long an approval holds unless the vetter says otherwise: about as long as an ethics approval. */
const YEAR_SECONDS = 31_536_000n;
const APPROVAL = "I have read the SQL text and the disclosure manifest and approve this query for this study";
const REJECTION = "I have read the SQL text and the disclosure manifest and reject this query";

export const command = defineCommand({
  command: "vetter sign",
  describe: "Sign your approval of a query until a day (or --reject it); it is recompiled first",
  examples: [
    ["vetter sign --query 0x… --name 'Dr A. Expert' --keystore k.json --password-file pw", "approve"],
    [
      "vetter sign --query 0x… --name 'Dr A. Expert' --valid-until 2028-06-30 --keystore k.json --password-file pw",
      "approve until the end of that day; sign again with a later day to prolong",
    ],
    [
      "vetter sign --query 0x… --name 'Dr A. Expert' --reject --comment 'Why age in days?' --keystore k.json --password-file pw",
      "reject, for good, and say why",
    ],
  ],
  options: {
    ...signerOptions,
    query: { type: "string", describe: "Query hash", required: true },
    name: { type: "string", describe: "Your name, as it stands on the record", required: true },
    meaning: { type: "string", describe: "What your signature means (default: a plain approval or rejection)" },
    validUntil: {
      type: "string",
      describe:
        "Last day (UTC) on which your approval counts, YYYY-MM-DD, at most three years ahead (default: one year)",
    },
    comment: { type: "string", describe: "What you have to say, signed and public; a rejection needs it: the reason" },
    reject: { type: "boolean", describe: "Reject instead of approve" },
  },
  handler: (options, context) => {
    const queryHash = readBytes32("query", options.query);
    const comment = readSigned(options);
    const validUntil = options.validUntil === undefined ? undefined : readLastSecond("valid-until", options.validUntil);
    return withSigner(options, context, async (connection) => {
      const { deployment, provider, signer } = connection;
      const open = await openQuery(connection, queryHash);
      if (!options.reject) await requireSignable(open);
      const { author } = open.query;
      const organisation = (await organisationsOf(connection, author)).join(", ");
      context.log(`study ${open.study.study.name} (${open.query.studyId}), author ${organisation} (${author})`);
      const catalogue = queryCatalogue(deployment, signer);
      const vetter = await memberOfKey(connection, "vetter", signer.address);
      const signedAt = await chainTime(provider);
      const vetting: Vetting = {
        queryHash,
        vetter,
        approved: !options.reject,
        comment,
        name: options.name,
        meaning: options.meaning ?? (options.reject ? REJECTION : APPROVAL),
        signedAt,
        validUntil: options.reject ? 0n : (validUntil ?? signedAt + YEAR_SECONDS),
        nonce: await catalogue.nonces(vetter),
        deadline: signedAt + SIGNATURE_SECONDS,
      };
      const domain = opalineDomain(deployment.chainId, catalogue.address);
      const isRecorded = async (): Promise<boolean> => {
        const { decision, validUntil } = await catalogue.vettingOf(queryHash, vetter);
        const signed = options.reject ? Decision.REJECTED : Decision.APPROVED;
        return decision === signed && validUntil === vetting.validUntil;
      };
      const before = await isRecorded();
      const signature = await signTypedData(signer, domain, VETTING, vetting);
      const mined = await sendOrRelayed(
        () => catalogue.vet(vetting, signature),
        // The same before: the refusal is about that, not about a relayed copy of this signature.
        async () => !before && (await isRecorded()),
      );
      const query = await catalogue.query(queryHash);
      const { approvals, organisations } = query;
      const value = {
        queryHash,
        approved: vetting.approved,
        validUntil: instantText(vetting.validUntil),
        approvals,
        organisations,
        state: standingOf(query, await chainTime(provider)),
        activeUntil: instantText(query.activeUntil),
      };
      if (mined === undefined) return { ...value, relayedByAnother: true };
      return { ...value, relayedByAnother: false, ...gasReport(mined) };
    });
  },
});

/** The comment. @throws CodedError OPTION_INVALID | TEXT_NOT_LEGIBLE */
function readSigned(options: {
  readonly reject: boolean;
  readonly comment?: string | undefined;
  readonly validUntil?: string | undefined;
}): string {
  if (options.reject && options.validUntil !== undefined) {
    throw invalidOption("valid-until", "no day with --reject (a rejection is for good)");
  }
  if (options.comment !== undefined) return readComment("comment", options.comment);
  if (options.reject) throw invalidOption("comment", "with --reject, the reason (the author reads it)");
  return "";
}

/** @throws CodedError VETTER_QUERY_DIFFERS | VETTER_NOT_SIGNABLE */
async function requireSignable(open: OpenQuery): Promise<void> {
  const { recompiled, problems } = await checkSignable(open);
  if (problems.length === 0) return;
  const { queryHash } = open;
  throw new CodedError<VetterSignErrorDetail>(
    { code: recompiled ? "VETTER_NOT_SIGNABLE" : "VETTER_QUERY_DIFFERS", queryHash },
    `query ${queryHash} must not be signed: ${problems.join("; ")}; nothing was signed`,
  );
}

if (import.meta.main) await runAlone(command);
