/** Compiles the contracts where that is needed; nothing is downloaded (the compiler is an npm package). */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { CodedError } from "#errors";

const PACKAGE_ROOT = fileURLToPath(new URL("../../", import.meta.url));
const HARDHAT = fileURLToPath(new URL("./cli.js", import.meta.resolve("hardhat")));

/** @throws CodedError CONTRACTS_BUILD_FAILED with the compiler's words */
export async function buildContracts(): Promise<void> {
  const child = spawn(process.execPath, [HARDHAT, "build", "--quiet"], {
    cwd: PACKAGE_ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output = (output + text).slice(-4_000)));
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code === 0) return;
  throw new CodedError({ code: "CONTRACTS_BUILD_FAILED" }, `hardhat build ended with ${code}: ${output.trim()}`);
}
