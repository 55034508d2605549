/** `opaline vetter review`: everything a vetter signs, recompiled from the SQL on this machine. */
import { chainTime } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { networkOptions, withNetwork } from "../connection.ts";
import { quoteGate } from "../gateQuote.ts";
import { legibleLine } from "../legibleText.ts";
import { textOf } from "../printValue.ts";
import { checkSignable, describeParameters, instantText, newestSuccessor, openQuery, standingOf } from "../query.ts";
import { readAddress, readBytes32 } from "../readOption.ts";
import { describeRemarks } from "../remarks.ts";
import { quoteRun } from "../runQuote.ts";
import { isOwnOrganisation, organisationsOf } from "./author.ts";

export const command = defineCommand({
  command: "vetter review",
  describe: "Show a query's SQL, parameters, disclosure manifest and remarks, and recompile it to compare the hash",
  examples: [["vetter review --query 0x…", "read this before you sign"]],
  options: {
    ...networkOptions,
    query: { type: "string", describe: "Query hash", required: true },
    vetter: { type: "string", describe: "Your account: marks a query of your own organisation, which you cannot vet" },
  },
  handler: (options, context) => {
    const queryHash = readBytes32("query", options.query);
    const vetter = options.vetter === undefined ? undefined : readAddress("vetter", options.vetter);
    return withNetwork(options, context, async (connection) => {
      const open = await openQuery(connection, queryHash);
      const { query, publication, bounds, study } = open;
      const organisations = await organisationsOf(connection, query.author);
      const own = vetter === undefined ? undefined : await isOwnOrganisation(connection, query.author, vetter);
      const { recompiled, problems } = await checkSignable(open);
      const reasons = own === true ? [...problems, OWN_ORGANISATION] : problems;
      return {
        study: study.study.name,
        studyId: query.studyId,
        author: query.author,
        authorOrganisation: organisations.join(", "),
        ownOrganisation: own,
        signable: reasons.length === 0,
        problems: reasons,
        youSign: SIGNATURE_COVERS,
        queryHash,
        state: standingOf(query, await chainTime(connection.provider)),
        activeUntil: instantText(query.activeUntil),
        successor: (await newestSuccessor(connection, query)) ?? null,
        approvals: `${query.approvals} of ${study.policy.vettings}`,
        recompiled,
        ...(await quoteRun(connection, open)),
        ...(await quoteGate(connection, open)),
        sql: publication.sql,
        parameters: describeParameters(bounds, study.schema),
        manifest: publication.manifest,
        agreement: publication.agreement,
        remarks: await describeRemarks(connection, queryHash),
      };
    });
  },
  print: (review) => [headline(review), "", textOf(review)].join("\n"),
  succeeded: ({ signable }) => signable,
});

const OWN_ORGANISATION = "it was published by your own organisation: the catalogue refuses your vetting";
/** The hash binds the schema, not the study: studies of equal schemas have equal hashes of equal queries. */
const SIGNATURE_COVERS =
  "the query hash only: it binds schema, compiled query, SQL, bounds, manifest and agreement, which ends with the author's " +
  "account. The study is not in it; it is what the catalogue says today.";

/** Before anything that the author wrote. */
function headline(review: {
  readonly study: string;
  readonly studyId: string;
  readonly author: string;
  readonly authorOrganisation: string;
  readonly problems: readonly string[];
}): string {
  const lines = [
    `STUDY   ${legibleLine(review.study)}  (${review.studyId})`,
    `AUTHOR  ${legibleLine(review.authorOrganisation)}  (${review.author})`,
    ...review.problems.map((problem) => `DO NOT SIGN: ${legibleLine(problem)}`),
  ];
  return lines.join("\n");
}

if (import.meta.main) await runAlone(command);
