/** `npm test`, after the build. */
import { runTests, total } from "./runTests.ts";
import { seedLine } from "./seed.ts";

const TIMEOUT_MS = 300_000;

console.log(`${seedLine}\n`);
const run = await runTests(TIMEOUT_MS);
// Again, at the end: what a log keeps of a long run is often its last page.
console.log(run.failures);
const counts = (["tests", "pass", "fail", "skipped"] as const).map((name) => `${name} ${total(run, name)}`);
console.log(`\nall processes: ${counts.join(", ")}\n${seedLine}`);
// A run that ran nothing has not passed.
process.exitCode = total(run, "pass") === 0 ? 1 : run.code;
