/** `opaline vetter sign`: an expert's signed approval or rejection of exactly this query, sent to the catalogue. */
import { chainTime, queryCatalogue } from "#chain";
import { CodedError } from "#errors";
import { VETTING, type Vetting, opalineDomain, signTypedData } from "#messages";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { memberOfKey } from "../memberOfKey.ts";
import { type OpenQuery, checkSignable, openQuery, stateName } from "../query.ts";
import { readBytes32 } from "../readOption.ts";
import { sendOrRelayed } from "../relayed.ts";
import { organisationsOf } from "./author.ts";

export type VetterSignErrorDetail =
  /** What is published is not what its SQL compiles to, */
  | { readonly code: "VETTER_QUERY_DIFFERS"; readonly queryHash: string }
  /** or its texts do not show all they hold. */
  | { readonly code: "VETTER_NOT_SIGNABLE"; readonly queryHash: string };

/** The signature is sent at once; a day leaves room for a slow chain. */
const SIGNATURE_SECONDS = 86_400n;
const APPROVAL = "I have read the SQL text and the disclosure manifest and approve this query for this study";
const REJECTION = "I have read the SQL text and the disclosure manifest and reject this query";

export const command = defineCommand({
  command: "vetter sign",
  describe: "Sign your approval of a query (or --reject it); it is recompiled first",
  examples: [
    ["vetter sign --query 0x… --name 'Dr A. Expert' --keystore k.json --password-file pw", "approve"],
    ["vetter sign --query 0x… --name 'Dr A. Expert' --reject --keystore k.json --password-file pw", "reject"],
  ],
  options: {
    ...signerOptions,
    query: { type: "string", describe: "Query hash", required: true },
    name: { type: "string", describe: "Your name, as it stands on the record", required: true },
    meaning: { type: "string", describe: "What your signature means (default: a plain approval or rejection)" },
    reject: { type: "boolean", describe: "Reject instead of approve" },
  },
  handler: (options, context) => {
    const queryHash = readBytes32("query", options.query);
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
        name: options.name,
        meaning: options.meaning ?? (options.reject ? REJECTION : APPROVAL),
        signedAt,
        nonce: await catalogue.nonces(vetter),
        deadline: signedAt + SIGNATURE_SECONDS,
      };
      const domain = opalineDomain(deployment.chainId, catalogue.address);
      const before = await catalogue.hasVetted(queryHash, vetter);
      const signature = await signTypedData(signer, domain, VETTING, vetting);
      const mined = await sendOrRelayed(
        () => catalogue.vet(vetting, signature),
        // Vetted before: the refusal is about that, not about a relayed copy of this signature.
        async () => !before && (await catalogue.hasVetted(queryHash, vetter)),
      );
      const { state, approvals, organisations } = await catalogue.query(queryHash);
      const { approved } = vetting;
      const value = { queryHash, approved, approvals, organisations, state: stateName(state) };
      if (mined === undefined) return { ...value, relayedByAnother: true };
      return { ...value, relayedByAnother: false, ...gasReport(mined) };
    });
  },
});

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
