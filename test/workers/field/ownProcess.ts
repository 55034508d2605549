/** A script over the WebAssembly field in a Node of its own, for what depends on how Node was started or how it ends. */
import { execFileSync } from "node:child_process";

/** A script that does not end is ended, and its test fails. */
const TIMEOUT_MS = 60_000;

/**
 * What the script prints.
 *
 * @param script finds `createWasmField` and the modulus `r` imported
 */
export function inOwnProcess(script: string, ...nodeOptions: readonly string[]): string {
  const url = (path: string): string => new URL(`../../../workers/field/${path}`, import.meta.url).href;
  const imports = `
    import { BN254_FR_MODULUS as r } from "${url("bn254.ts")}";
    import { createWasmField } from "${url("wasmField.ts")}";`;
  const words = [...nodeOptions, "--input-type=module", "--eval", imports + script];
  return execFileSync(process.execPath, words, { encoding: "utf8", timeout: TIMEOUT_MS }).trim();
}
