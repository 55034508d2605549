/** `opaline vetter list`: published queries and how far their vetting is. */
import { ZeroAddress } from "ethers";
import { type Remark, queryCatalogue } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { networkOptions, withNetwork } from "../connection.ts";
import { listQueries, sqlLine, sqlOrUnreadable } from "../listQueries.ts";
import { mapBounded } from "../mapBounded.ts";
import { textOf } from "../printValue.ts";
import { instantText } from "../query.ts";
import { readAddress, readBytes32 } from "../readOption.ts";
import { requireStudy } from "../study.ts";
import { isOwnOrganisation } from "./author.ts";

export const command = defineCommand({
  command: "vetter list",
  describe: "List published queries: state, until when, approvals and remarks so far, SQL",
  examples: [
    ["vetter list", "all queries"],
    ["vetter list --study 0x… --pending", "those of one study that still need approvals"],
  ],
  options: {
    ...networkOptions,
    study: { type: "string", describe: "Only queries of this study" },
    vetter: { type: "string", describe: "Your account: marks queries of your own organisation, which you cannot vet" },
    pending: { type: "boolean", describe: "Only queries that wait for approvals: never active yet, or lapsed" },
  },
  handler: (options, context) => {
    const studyId = options.study === undefined ? undefined : readBytes32("study", options.study);
    const vetter = options.vetter === undefined ? undefined : readAddress("vetter", options.vetter);
    return withNetwork(options, context, async (connection) => {
      if (studyId !== undefined) await requireStudy(connection, studyId);
      const listed = await listQueries(
        connection,
        (query, state) =>
          (studyId === undefined || query.studyId === studyId) &&
          (!options.pending || state === "PUBLISHED" || state === "LAPSED"),
      );
      const { deployment, provider } = connection;
      const remarks = await queryCatalogue(deployment, provider).remarks(provider);
      return mapBounded(listed, 1, async (row) => {
        const { queryHash, query, state, unreadable } = row;
        const { studyId, approvals, organisations } = query;
        const queryContract = query.queryContract === ZeroAddress ? null : query.queryContract;
        const own = vetter === undefined ? undefined : await isOwnOrganisation(connection, query.author, vetter);
        const marked = own === undefined ? {} : { ownOrganisation: own };
        const sql = sqlOrUnreadable(row);
        const readable = unreadable === undefined;
        const time = { activeUntil: instantText(query.activeUntil), successor: query.successor ?? null };
        const vetted = { approvals, organisations, ...countRemarks(remarks, queryHash) };
        return { queryHash, studyId, state, ...time, ...vetted, queryContract, ...marked, readable, sql };
      });
    });
  },
  print: (rows) => textOf(rows.map((row) => ({ ...row, sql: sqlLine(row.sql) }))),
});

/** `review` shows them. */
function countRemarks(all: readonly Remark[], queryHash: string): { rejections: number; comments: number } {
  const count = (kind: Remark["kind"]): number =>
    all.filter((remark) => remark.queryHash === queryHash && remark.kind === kind).length;
  return { rejections: count("rejection"), comments: count("comment") };
}

if (import.meta.main) await runAlone(command);
