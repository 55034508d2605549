/**
 * `npm run -s conformance -- DIR [--only ID] [--no-disclosure-control] [--json]`: asks the reference queries of a directory. Exits 0
 * when none fails, 1 when one does, 2 when the directory or the command line cannot be read.
 */
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";

import { CodedError, isCoded } from "../../workers/errors.ts";
import type { ConformanceErrorDetail } from "./conformanceError.ts";
import { runConformance } from "./conformanceRun.ts";
import { readDirectory } from "./referenceDirectory.ts";
import { reportText } from "./reportText.ts";

const EXIT_FAILED = 1;
const EXIT_UNREADABLE = 2;

async function main(): Promise<number> {
  const { directory, only, json, disclosureControl } = readArguments(process.argv.slice(2));
  const report = await runConformance(readDirectory(directory), {
    ...(only === undefined ? {} : { only }),
    disclosureControl,
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    progress: (line) => console.error(line),
  });
  console.log(json ? JSON.stringify(report) : reportText(report));
  return report.fail === 0 ? 0 : EXIT_FAILED;
}

function readArguments(argv: readonly string[]) {
  const options = {
    only: { type: "string", multiple: true },
    json: { type: "boolean" },
    "no-disclosure-control": { type: "boolean" },
  } as const;
  try {
    const { positionals, values } = parseArgs({ args: [...argv], allowPositionals: true, options });
    const [directory, ...rest] = positionals;
    if (directory === undefined || rest.length > 0) throw new Error("one directory is needed");
    const disclosureControl = values["no-disclosure-control"] !== true;
    return { directory, only: values.only, json: values.json === true, disclosureControl };
  } catch (cause) {
    const usage = "conformance DIR [--only ID]… [--no-disclosure-control] [--json]";
    const problem = cause instanceof Error ? cause.message : String(cause);
    const detail: ConformanceErrorDetail = { code: "CONFORMANCE_USAGE" };
    throw new CodedError(detail, `${problem}; usage: ${usage}`, { cause });
  }
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(isCoded(error) ? `${error.code}: ${error.message}` : error);
    process.exitCode = isCoded(error) && error.code.startsWith("CONFORMANCE_") ? EXIT_UNREADABLE : EXIT_FAILED;
  },
);
