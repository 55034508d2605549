/** Files that an option names: a schema, a query, a certificate. */
import { readFileSync } from "node:fs";
import { CodedError } from "#errors";

export interface InputFileErrorDetail {
  readonly code: "FILE_UNREADABLE";
  readonly option: string;
  readonly path: string;
}

/** @param option as typed, without `--`; @throws CodedError FILE_UNREADABLE with the system's reason */
export function readInputBytes(option: string, path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw unreadable(option, path, (error as NodeJS.ErrnoException).code ?? "unknown");
  }
}

/** The same for a text. @throws CodedError FILE_UNREADABLE with the system's reason, or "not UTF-8" */
export function readInputFile(option: string, path: string): string {
  const bytes = readInputBytes(option, path);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw unreadable(option, path, "not UTF-8");
  }
}

function unreadable(option: string, path: string, reason: string): CodedError<InputFileErrorDetail> {
  return new CodedError({ code: "FILE_UNREADABLE", option, path }, `--${option}: ${path} cannot be read (${reason})`);
}
