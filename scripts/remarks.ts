/** What vetters and the author said about a query: read for those who decide on it, written by `comment`. */
import { type Remark, queryCatalogue } from "#chain";
import { requireLegible } from "#query";
import { defineCommand } from "./command.ts";
import { type Connection, signerOptions, withSigner } from "./connection.ts";
import { gasReport } from "./gasReport.ts";
import { memberOfKey } from "./memberOfKey.ts";
import { instantText } from "./query.ts";
import { invalidOption, readBytes32 } from "./readOption.ts";

/** As the catalogue takes them. */
const MAX_COMMENT_BYTES = 2_000;

export interface DescribedRemark {
  readonly block: number;
  readonly kind: Remark["kind"];
  readonly account: string;
  readonly name: string;
  /** Of an approval. */
  readonly validUntil: string | null;
  readonly text: string;
}

/** Oldest first. */
export async function describeRemarks(connection: Connection, queryHash: string): Promise<DescribedRemark[]> {
  const { deployment, provider } = connection;
  const remarks = await queryCatalogue(deployment, provider).remarks(provider, queryHash);
  return remarks.map(({ block, kind, account, name, validUntil, text }) => ({
    block,
    kind,
    account,
    name: name ?? "",
    validUntil: instantText(validUntil ?? 0n),
    text: text ?? "(unreadable)",
  }));
}

/** @throws CodedError OPTION_INVALID | TEXT_NOT_LEGIBLE */
export function readComment(option: string, text: string): string {
  const { length } = new TextEncoder().encode(text);
  if (length === 0 || length > MAX_COMMENT_BYTES) {
    throw invalidOption(option, `a text of 1 to ${MAX_COMMENT_BYTES} bytes (this one has ${length})`);
  }
  requireLegible(`--${option}`, text);
  return text;
}

/** `opaline <role> comment`, alike for vetters and for authors. */
export function commentCommand(role: "vetter" | "querier") {
  return defineCommand({
    command: `${role} comment`,
    describe: "Comment on a query, in public and for good",
    examples: [
      [
        `${role} comment --query 0x… --text 'Why by single years of age?' --keystore k.json --password-file pw`,
        "all who read the query read it: nothing about any patient",
      ],
    ],
    options: {
      ...signerOptions,
      query: { type: "string", describe: "Query hash", required: true },
      text: { type: "string", describe: "What you have to say; 2,000 bytes at most", required: true },
    },
    handler: (options, context) => {
      const queryHash = readBytes32("query", options.query);
      const text = readComment("text", options.text);
      return withSigner(options, context, async (connection) => {
        const { deployment, signer } = connection;
        // Of a replaced key the catalogue knows nothing: that there is a newer one is said here.
        await memberOfKey(connection, role, signer.address);
        const mined = await queryCatalogue(deployment, signer).comment(queryHash, text);
        return { queryHash, text, ...gasReport(mined) };
      });
    },
  });
}
