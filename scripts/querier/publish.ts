/** `opaline querier publish`: a query as SQL text, compiled and published for vetting. */
import { eventOf, memberRegistry, queryCatalogue } from "#chain";
import { compileForGate } from "#disclosure";
import { authoredAgreement, queryHash as hashQuery, requireLegible } from "#query";
import { runAlone } from "../cli.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { type SignerConnection, signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { describeParameters } from "../query.ts";
import { readInputFile } from "../readInputFile.ts";
import { invalidOption, readBytes32 } from "../readOption.ts";
import { openStudy } from "../study.ts";
import { refusePublished } from "./refusePublished.ts";

const DEFAULT_AGREEMENT =
  "The answer is used for the study's purposes only, is not linked with other data to identify anyone, and is reported " +
  "with its assurance.";

export const command = defineCommand({
  command: "querier publish",
  describe: "Publish a query (SQL text) for vetting",
  examples: [
    [
      "querier publish --study 0x… --sql 'SELECT arm, COUNT(*) FROM trial GROUP BY arm' --keystore k.json --password-file pw",
      "prints the query hash that the vetters sign",
    ],
    ["querier publish --study 0x… --sql-file response.sql --keystore k.json --password-file pw", "SQL from a file"],
  ],
  options: {
    ...signerOptions,
    study: { type: "string", describe: "Study id", required: true },
    sql: { type: "string", describe: "The SQL text" },
    sqlFile: { type: "string", describe: "File with the SQL text, instead of --sql" },
    agreement: {
      type: "string",
      describe: "What a querier must accept before asking; your account is added, by which the query is yours",
      default: DEFAULT_AGREEMENT,
    },
  },
  handler: (options, context) => {
    const studyId = readBytes32("study", options.study);
    const sql = readSql(options, context);
    requireLegible("the agreement", options.agreement);
    return withSigner(options, context, async (connection) => {
      const { schema, permits } = await openStudy(connection, studyId);
      const { descriptorBytes, boundsBytes, bounds, manifest } = await compileForGate(sql, schema, { permits });
      // Names and categories of the study's schema are quoted in it.
      requireLegible("the manifest", manifest);
      const agreement = authoredAgreement(options.agreement, await authorOf(connection));
      const compiledHash = hashQuery(schema.hash, descriptorBytes, sql, boundsBytes, manifest, agreement);
      await refusePublished(connection, compiledHash, studyId);
      const mined = await queryCatalogue(connection.deployment, connection.signer).publish(
        ...([studyId, descriptorBytes, sql, boundsBytes, manifest, agreement] as const),
      );
      const queryHash = String(eventOf(mined, "QueryPublished").args["queryHash"]);
      const parameters = describeParameters(bounds, schema);
      return { queryHash, studyId, sql, parameters, manifest, agrees: queryHash === compiledHash, ...gasReport(mined) };
    });
  },
  succeeded: ({ agrees }) => agrees,
});

/** As the catalogue finds the author; the key's own account where it is no member's, which the catalogue then says. */
async function authorOf({ deployment, provider, signer }: SignerConnection): Promise<string> {
  for (const role of ["querier", "vetter"] as const) {
    const member = await memberRegistry(deployment, role, provider).activeMemberOf(signer.address);
    if (member !== undefined) return member;
  }
  return signer.address;
}

function readSql(
  { sql, sqlFile }: { readonly sql?: string | undefined; readonly sqlFile?: string | undefined },
  { resolve }: CommandContext,
): string {
  if ((sql === undefined) === (sqlFile === undefined)) throw invalidOption("sql", "either --sql or --sql-file");
  return sql ?? readInputFile("sql-file", resolve(sqlFile!)).trim();
}

if (import.meta.main) await runAlone(command);
