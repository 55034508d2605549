/** The owner's files: the study's CSV and, where its schema derives fields, one file for each event table. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { concat, keccak256 } from "ethers";
import type { EventFile } from "#encoding";
import { CodedError } from "#errors";
import { invalidOption } from "../readOption.ts";

export interface OwnFiles {
  readonly csv: Uint8Array;
  readonly fileName: string;
  readonly eventFiles: readonly EventFile[];
}

export const csvOptions = {
  csv: { type: "string", describe: "The CSV file, one row per patient", required: true },
  events: {
    type: "strings",
    describe: "NAME=FILE: the CSV file of one of the schema's event tables; once for each",
  },
} as const;

/** @throws CodedError OPTION_INVALID | CSV_UNREADABLE */
export function readOwnFiles(
  { csv, events }: { readonly csv: string; readonly events: readonly string[] },
  resolve: (path: string) => string,
): OwnFiles {
  const named = events.map((given) => {
    const [, table, path] = /^([^=]+)=(.+)$/s.exec(given) ?? [];
    if (table === undefined || path === undefined) throw invalidOption("events", "NAME=FILE");
    return { table, path };
  });
  return {
    csv: readOwnFile(resolve(csv)),
    fileName: basename(csv),
    eventFiles: named.map(({ table, path }) => ({
      table,
      csv: readOwnFile(resolve(path)),
      fileName: basename(path),
    })),
  };
}

/** keccak256 that tells one set of files from another, whatever their order: of the CSV alone, where there is no other. */
export function ownFilesHash({ csv, eventFiles }: OwnFiles): string {
  if (eventFiles.length === 0) return keccak256(csv);
  const events = eventFiles.map((file) => [keccak256(Buffer.from(file.table)), keccak256(file.csv)] as const);
  return keccak256(concat([keccak256(csv), ...events.sort(([a], [b]) => (a < b ? -1 : 1)).flat()]));
}

function readOwnFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? "unknown";
    throw new CodedError({ code: "CSV_UNREADABLE", path }, `${path} cannot be read (${reason})`, { cause });
  }
}
