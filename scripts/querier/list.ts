/** `opaline querier list`: the queries that may be asked now. */
import { studyRegistry } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { networkOptions, withNetwork } from "../connection.ts";
import { listQueries, sqlLine, sqlOrUnreadable } from "../listQueries.ts";
import { mapBounded } from "../mapBounded.ts";
import { textOf } from "../printValue.ts";
import { instantText, newestSuccessor } from "../query.ts";
import { readBytes32 } from "../readOption.ts";
import { requireStudy } from "../study.ts";

export const command = defineCommand({
  command: "querier list",
  describe: "List vetted queries that can be requested (--all: the others too)",
  examples: [
    ["querier list", "what can be asked"],
    ["querier list --study 0x… --all", "everything published for one study"],
  ],
  options: {
    ...networkOptions,
    study: { type: "string", describe: "Only queries of this study" },
    all: { type: "boolean", describe: "Also queries that take no requests: in vetting, lapsed, superseded, revoked" },
  },
  handler: (options, context) => {
    const studyId = options.study === undefined ? undefined : readBytes32("study", options.study);
    return withNetwork(options, context, async (connection) => {
      if (studyId !== undefined) await requireStudy(connection, studyId);
      const studies = studyRegistry(connection.deployment, connection.provider);
      const listed = await listQueries(
        connection,
        (query, state) => (studyId === undefined || query.studyId === studyId) && (options.all || state === "ACTIVE"),
      );
      return mapBounded(listed, 1, async (row) => {
        const { queryHash, query, state, unreadable } = row;
        const study = (await studies.study(query.studyId)).name;
        const readable = unreadable === undefined;
        const successor = (await newestSuccessor(connection, query)) ?? null;
        const activeUntil = instantText(query.activeUntil);
        const sql = sqlOrUnreadable(row);
        return { queryHash, study, studyId: query.studyId, state, activeUntil, successor, readable, sql };
      });
    });
  },
  print: (rows) => textOf(rows.map((row) => ({ ...row, sql: sqlLine(row.sql) }))),
});

if (import.meta.main) await runAlone(command);
