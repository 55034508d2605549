/** `opaline worker evidence`: what a running worker has kept of members that signed two answers to one question. */
import { join } from "node:path";
import { type Equivocation, equivocationFromJson, equivocationToJson, equivocatorsOf } from "#messages";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { makePrivateFolder, writePrivateFile } from "../privateFiles.ts";
import { askWorker, controlSocket } from "./status.ts";

export const command = defineCommand({
  command: "worker evidence",
  describe: "Write out the evidence a running worker has against members that signed two answers to one question",
  examples: [
    ["worker evidence --directory ~/evidence", "one file for `opaline auditor report-equivocation --evidence …` each"],
  ],
  options: {
    dataDir: { type: "string", describe: "The worker's data folder (default: OPALINE_DATA_DIR, also from .env)" },
    directory: { type: "string", describe: "Folder for the files; made if missing", required: true },
  },
  handler: async ({ dataDir, directory }, context) => {
    const kept = (await askWorker(controlSocket(dataDir, context), "evidence", context.signal)) as unknown[];
    const folder = context.resolve(directory);
    makePrivateFolder(folder);
    return kept.map((each) => write(folder, equivocationFromJson(JSON.stringify(each))));
  },
});

function write(folder: string, evidence: Equivocation) {
  const { context, index, first } = evidence;
  const file = join(folder, `equivocation-${context.requestId}-${index}.json`);
  writePrivateFile(file, `${equivocationToJson(evidence)}\n`);
  const keys = [...new Set(equivocatorsOf(evidence))];
  return { requestId: context.requestId, attempt: first.verdict.attempt, worker: index, keys, file };
}

if (import.meta.main) await runAlone(command);
