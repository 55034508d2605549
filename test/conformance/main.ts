/**
 * `npm run -s conformance -- DIR [--only ID] [--no-disclosure-control] [--json]`: asks the reference queries of a directory. Exits 0
 * when none fails (and after `--help`), 1 when one does, 2 when the directory or the command line cannot be read.
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

const USAGE = "conformance DIR [--only ID]… [--no-disclosure-control] [--json]";
const HELP = `usage: npm run -s ${USAGE.replace("conformance", "conformance --")}

Asks the reference queries of DIR of the real system: CSV files, datapackage.json that describes them, and
reference.json, edge_reference.json or both. Verdicts go to stderr, what failed and totals to stdout.

  --only ID                this query only; once for each
  --no-disclosure-control  sums are opened without the gate: every value can be compared
  --json                   one JSON object on stdout
  --help                   this text

Exits 0 when nothing fails, 1 when something does, 2 when DIR or the command line cannot be read.`;

async function main(): Promise<number> {
  const asked = readArguments(process.argv.slice(2));
  if (asked === "help") {
    console.log(HELP);
    return 0;
  }
  const { directory, only, json, disclosureControl } = asked;
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
    help: { type: "boolean", short: "h" },
    "no-disclosure-control": { type: "boolean" },
  } as const;
  try {
    const { positionals, values } = parseArgs({ args: [...argv], allowPositionals: true, options });
    if (values.help === true) return "help";
    const [directory, ...rest] = positionals;
    if (directory === undefined || rest.length > 0) throw new Error("one directory is needed");
    const disclosureControl = values["no-disclosure-control"] !== true;
    return { directory, only: values.only, json: values.json === true, disclosureControl };
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    const detail: ConformanceErrorDetail = { code: "CONFORMANCE_USAGE" };
    throw new CodedError(detail, `${problem}; usage: ${USAGE}`, { cause });
  }
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(isCoded(error) ? `${error.code}: ${error.message}` : error);
    process.exitCode = isCoded(error) && error.code.startsWith("CONFORMANCE_") ? EXIT_UNREADABLE : EXIT_FAILED;
  },
);
