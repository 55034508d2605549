/** A private folder for one test, under the system's folder for temporary files. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Short: Unix sockets inside allow some 100 characters. */
export function temporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "opt-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
