/**
 * `npm run coverage`: which lines and statements of the contracts the contracts' tests run, Solidity's and Node's together.
 * Fails when a test fails, or when less than 95 % of either are run, in any file that is deployed or over all of them.
 */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type FileCoverage, failedTests, readCoverage, tooLow } from "./coverageTable.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LEAST_PERCENT = 95;
const NOT_RUN = ["gas.test.ts"];
/** About what code costs, or how large it may be: they cannot pass with code that counts what it runs. */
const OF_OTHER_CODE = [
  "costs per row what its event costs, and no more for a dataset with many records than with ten",
  "puts code at every address and says what it cost",
  "refuses a descriptor that does not fit in one contract",
  "of very many vetters ends at 64 approvals that stand together, and can be paid until then",
  "takes many arms and strata, and rules of no more than fits into a contract's code",
];

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
await new Promise((resolve) => child.once("close", resolve));
const failed = failedTests(output).filter((name) => !OF_OTHER_CODE.includes(name));
const { deployed, total } = readCoverage(output);
const low = tooLow([...deployed, total], LEAST_PERCENT);
for (const name of failed) console.log(`failed: ${name}`);
for (const file of low) console.log(`too low: ${words(file)}`);
console.log(`coverage of ${deployed.length} files of contracts/ that are deployed or part of it: ${words(total)}`);
process.exitCode = failed.length === 0 && low.length === 0 ? 0 : 1;

function words({ name, linePercent, statementPercent }: FileCoverage): string {
  return `${name}: lines ${linePercent} %, statements ${statementPercent} %`;
}
