/**
 * `npm run coverage`: which lines and statements of the contracts the contracts' tests run, Solidity's and Node's together.
 * Fails when a test fails, or when less than 95 % of either are run, in any file that is deployed or over all of them.
 */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type FileCoverage, readCoverage, tooLow } from "./coverageTable.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LEAST_PERCENT = 95;
/** Code that counts costs more gas, and is not the code that is deployed. */
const NOT_RUN = ["gas.test.ts"];

const files = globSync("test/contracts/*.{test.ts,t.sol}", { cwd: ROOT }).sort();
const chosen = files.filter((file) => !NOT_RUN.some((name) => file.endsWith(name)));
const hardhat = fileURLToPath(new URL("../../node_modules/hardhat/dist/src/cli.js", import.meta.url));
const options = ["--config", "test/coverage/hardhat.config.ts", "test", "--coverage", ...chosen];
const child = spawn(process.execPath, [hardhat, ...options], { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
let output = "";
child.stdout.setEncoding("utf8").on("data", (text: string) => {
  output += text;
  process.stdout.write(text);
});
const code = await new Promise<number>((resolve) => child.once("close", (value) => resolve(value ?? 1)));
const { deployed, total } = readCoverage(output);
const low = tooLow([...deployed, total], LEAST_PERCENT);
for (const file of low) console.log(`too low: ${words(file)}`);
console.log(`coverage of ${deployed.length} files of contracts/ that are deployed or part of it: ${words(total)}`);
process.exitCode = code !== 0 || low.length !== 0 ? 1 : 0;

function words({ name, linePercent, statementPercent }: FileCoverage): string {
  return `${name}: lines ${linePercent} %, statements ${statementPercent} %`;
}
