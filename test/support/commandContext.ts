/** A command's context for tests: progress is kept, nothing is printed. */
import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { openKeystore, readPassword } from "../../workers/chain/keystore.ts";
import type { CommandContext } from "../../scripts/command.ts";

export interface TestContext extends CommandContext {
  readonly lines: string[];
}

export function testContext(folder: string, signal: AbortSignal = new AbortController().signal): TestContext {
  const lines: string[] = [];
  return {
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    now: () => Date.now(),
    resolve: (path) => resolve(folder, path),
    unlock: (keystore, password) => openKeystore(keystore, readPassword(password)),
    setting: () => undefined,
    log: (line) => lines.push(line),
    signal,
    lines,
  };
}
