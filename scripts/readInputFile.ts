/** Text files that an option names: a schema, a query, a certificate. */
import { readFileSync } from "node:fs";
import { CodedError } from "#errors";

export interface InputFileErrorDetail {
  readonly code: "FILE_UNREADABLE";
  readonly option: string;
  readonly path: string;
}

/** @param option as typed, without `--`; @throws CodedError FILE_UNREADABLE with the system's reason, or "not UTF-8" */
export function readInputFile(option: string, path: string): string {
  const unreadable = (reason: string): CodedError<InputFileErrorDetail> =>
    new CodedError({ code: "FILE_UNREADABLE", option, path }, `--${option}: ${path} cannot be read (${reason})`);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw unreadable((error as NodeJS.ErrnoException).code ?? "unknown");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw unreadable("not UTF-8");
  }
}
