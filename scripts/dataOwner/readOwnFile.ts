/** The owner's CSV, or an error that says why it cannot be read. */
import { readFileSync } from "node:fs";
import { CodedError } from "#errors";

/** @throws CodedError CSV_UNREADABLE */
export function readOwnFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new CodedError({ code: "CSV_UNREADABLE", path }, `${path} cannot be read`, { cause });
  }
}
