/** `opaline data-owner check`: reads a CSV, and files of events, against the study's schema, on this machine; nothing is sent. */
import { parse } from "csv-parse/sync";
import { readTable, summarizeTable } from "#encoding";
import { type StudySchema, columnsOf } from "#schema";
import { runAlone } from "../cli.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { networkOptions, withNetwork } from "../connection.ts";
import { readSchemaFile } from "../schemaFile.ts";
import { invalidOption, readBytes32 } from "../readOption.ts";
import { openStudy } from "../study.ts";
import { csvOptions, readOwnFiles } from "./ownFiles.ts";

export const command = defineCommand({
  command: "data-owner check",
  describe: "Check a CSV file against a study's schema; nothing leaves this machine",
  examples: [
    ["data-owner check --study 0x… --csv patients.csv", "with the schema registered on chain"],
    ["data-owner check --schema schema.json --csv patients.csv", "with a schema file, no chain needed"],
    [
      "data-owner check --study 0x… --csv patients.csv --events adverse_events=ae.csv",
      "where fields are computed from events",
    ],
  ],
  options: {
    ...networkOptions,
    ...csvOptions,
    study: { type: "string", describe: "Study id; the schema is read from the chain" },
    schema: { type: "string", describe: "Schema file (JSON), instead of --study" },
  },
  handler: async (options, context) => {
    const schema = await readSchema(options, context);
    const { csv, fileName, eventFiles } = readOwnFiles(options, context.resolve);
    const table = readTable(csv, schema, fileName, eventFiles);
    for (const { table: name, rows, ignored, subjects } of table.events) {
      if (subjects === 0)
        context.log(`warning: no subject of ${fileName} has any event of ${name}: ${why(rows, ignored)}`);
    }
    const { rowCount, fields } = summarizeTable(table, schema);
    return {
      file: fileName,
      schemaHash: schema.hash,
      rowCount,
      columns: columnsOf(schema).length,
      ignoredColumns: countIgnored(csv, schema),
      fields,
      events: table.events,
    };
  },
});

/** Nearly always another spelling of the ids, and every derived field would say that nobody had an event. */
function why(rows: number, ignored: number): string {
  if (rows === 0) return "its file has no rows";
  return `all ${ignored} rows are of other subjects; are subjects called the same in both files?`;
}

/** Columns of the file that the schema does not name. Their names are not repeated: a header may say more than is meant to be shared. */
function countIgnored(csv: Uint8Array, schema: StudySchema): number {
  const options = { to: 1, skip_empty_lines: true, record_delimiter: ["\r\n", "\n"] };
  const [header = []] = parse(new TextDecoder().decode(csv), options) as string[][];
  const used = new Set([schema.subject, ...schema.fields.map(({ name }) => name)]);
  return header.filter((name) => !used.has(name)).length;
}

function readSchema(
  options: {
    readonly deployment: string;
    readonly rpc: string;
    readonly study?: string | undefined;
    readonly schema?: string | undefined;
  },
  context: CommandContext,
): Promise<StudySchema> {
  const { study, schema } = options;
  if ((study === undefined) === (schema === undefined)) throw invalidOption("study", "either --study or --schema");
  if (schema !== undefined) return Promise.resolve(readSchemaFile(context.resolve(schema)).schema);
  const studyId = readBytes32("study", study!);
  return withNetwork(options, context, async (connection) => (await openStudy(connection, studyId)).schema);
}

if (import.meta.main) await runAlone(command);
