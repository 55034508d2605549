/**
 * `npm run test:deep`: the same tests at the sizes the parts name (test/budget.ts), and a report of what was run in
 * docs/deep-report.md.
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { budget } from "./budget.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

async function run(args: readonly string[]): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    process.stdout.write(text);
  });
  const code = await new Promise<number>((resolve) => child.once("close", (value) => resolve(value ?? 1)));
  return { code, output };
}

if (!budget.deep) throw new Error("run this as `npm run test:deep`");
const started = performance.now();
const { code, output } = await run([
  "--test",
  "--test-reporter=spec",
  "--test-concurrency=2",
  "--test-timeout=3600000",
  "test/**/*.test.ts",
]);
const minutes = ((performance.now() - started) / 60_000).toFixed(1);
const count = (name: string): string => new RegExp(`^ℹ ${name} (\\d+)$`, "m").exec(output)?.[1] ?? "?";

writeFileSync(
  new URL("../docs/deep-report.md", import.meta.url),
  [
    "# Deep test report",
    "",
    `Written by \`npm run test:deep\` on ${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} cores: ${minutes} minutes.`,
    "",
    `${count("pass")} passed, ${count("fail")} failed, ${count("skipped")} skipped.`,
    "",
    "| size | value |",
    "| --- | --- |",
    ...Object.entries(budget).map(([name, value]) => `| ${name} | ${value} |`),
    "",
  ].join("\n"),
);
process.exitCode = code;
