/** `npm test`, after the build and the Solidity tests. */
import { runTests, total } from "./runTests.ts";

const TIMEOUT_MS = 300_000;

const run = await runTests(TIMEOUT_MS);
// Again, at the end: what a log keeps of a long run is often its last page.
console.log(run.failures);
const counts = (["tests", "pass", "fail", "skipped"] as const).map((name) => `${name} ${total(run, name)}`);
console.log(`\nall processes: ${counts.join(", ")}`);
// A run that ran nothing has not passed.
process.exitCode = total(run, "pass") === 0 ? 1 : run.code;
