/** What a command line writes: nothing a terminal acts on, and of unexpected errors only the name. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CodedError } from "../../workers/errors.ts";
import { runCommand } from "../../scripts/cli.ts";
import { defineCommand } from "../../scripts/command.ts";

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
