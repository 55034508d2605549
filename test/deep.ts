/**
 * `npm run test:deep`: the same tests at the sizes the parts name (test/budget.ts) and on a seed of its own (test/seed.ts), and
 * a report of what was run in docs/deep-report.md.
 */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { budget } from "./budget.ts";
import { runTests, total } from "./runTests.ts";
import { seed, seedLine } from "./seed.ts";

if (!budget.deep) throw new Error("run this as `npm run test:deep`");
console.log(`${seedLine}\n`);
const started = performance.now();
const run = await runTests(3_600_000);
const minutes = ((performance.now() - started) / 60_000).toFixed(1);
console.log(`${run.failures}\n${seedLine}`);

writeFileSync(
  new URL("../docs/deep-report.md", import.meta.url),
  [
    "# Deep test report",
    "",
    `Written by \`npm run test:deep\` on ${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} cores: ${minutes} minutes.`,
    "",
    `${total(run, "pass")} passed, ${total(run, "fail")} failed, ${total(run, "skipped")} skipped. The same cases again: \`OPALINE_SEED=${seed} npm run test:deep\`.`,
    "",
    "| size | value |",
    "| --- | --- |",
    ...Object.entries(budget).map(([name, value]) => `| ${name} | ${value} |`),
    "",
  ].join("\n"),
);
process.exitCode = run.code;
