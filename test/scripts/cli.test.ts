/** What a command line writes: nothing a terminal acts on, and of unexpected errors only the name. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { join } from "node:path";
import { CodedError } from "../../workers/errors.ts";
import { runCommand, runCommandLine } from "../../scripts/cli.ts";
import { defineCommand } from "../../scripts/command.ts";
import { runProgram } from "../support/runProgram.ts";
import { temporaryFolder } from "../support/temporaryFolder.ts";

async function written(handler: (log: (line: string) => void) => Promise<unknown>, words: string[] = []) {
  const out: string[] = [];
  const err: string[] = [];
  const command = defineCommand({
    ...{ command: "test run", describe: "a test", examples: [], options: {} },
    handler: (_options, { log }) => handler(log),
  });
  const terminal = { out: (text: string) => out.push(text), err: (text: string) => err.push(text) };
  const code = await runCommand(command, words, terminal);
  return { code, out: out.join("\n"), err: err.join("\n") };
}

describe("a command line", () => {
  it("finds relative paths where its user is, not where the package is", async () => {
    const { path, remove } = temporaryFolder();
    try {
      const words = ["vetter", "create-key", "--directory", "key", "--json"];
      const { code, stdout, stderr } = await runProgram("scripts/cli.ts", words, { INIT_CWD: path });
      assert.equal(code, 0, stderr);
      assert.equal((JSON.parse(stdout) as { keystore: string }).keystore, join(path, "key", "keystore.json"));
    } finally {
      remove();
    }
  });

  it("lists each role's verbs apart from what they do", async () => {
    const out: string[] = [];
    assert.equal(await runCommandLine(["data-owner"], { out: (text) => out.push(text), err: () => undefined }), 0);
    const verbs = out
      .join("\n")
      .split("\n")
      .filter((line) => line.startsWith("  "));
    assert.ok(verbs.length > 10);
    for (const line of verbs) assert.match(line, /^ {2}[a-z-]+ {2,}[A-Z]/);
    assert.equal(new Set(verbs.map((line) => /^ {2}[a-z-]+ +/.exec(line)![0].length)).size, 1, "in one column");
  });

  it("says its version", async () => {
    const out: string[] = [];
    const terminal = { out: (text: string) => out.push(text), err: () => undefined };
    assert.equal(await runCommandLine(["--version"], terminal), 0);
    assert.match(out.join(), /^[0-9]+\.[0-9]+\.[0-9]+$/);
  });

  for (const words of [[], ["--json"]]) {
    it(`keeps an unexpected error's text to itself (${words.join("") || "text"})`, async () => {
      const parse = async (): Promise<unknown> => JSON.parse('["PATIENT-4711", oops');
      const { code, out, err } = await written(parse, words);
      assert.deepEqual([code, out], [1, ""]);
      assert.match(err, /INTERNAL.*unexpected SyntaxError/);
      assert.doesNotMatch(err, /4711|oops/);
    });

    it(`escapes what errors and progress quote (${words.join("") || "text"})`, async () => {
      const { err } = await written(async (log) => {
        log("worker \u001b]0;x\u0007\u009b2J has its shares");
        throw new CodedError({ code: "TEST", name: "\u202e" }, "\u001b[2Jall is well\r");
      }, words);
      assert.doesNotMatch(err, /(?!\n)[\p{C}]/u);
      assert.match(err, /all is well/);
    });
  }
});
