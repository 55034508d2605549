import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { defineCommand } from "../../scripts/command.ts";
import { parseCommandLine } from "../../scripts/commandLine.ts";

const command = defineCommand({
  command: "querier example",
  describe: "An example",
  examples: [["querier example --query-hash 0x12", "does it"]],
  options: {
    queryHash: { type: "string", describe: "which query", required: true },
    network: { type: "string", describe: "which network", default: "local" },
    note: { type: "string", describe: "a note" },
    parameter: { type: "strings", describe: "name=value" },
    dryRun: { type: "boolean", describe: "change nothing" },
  },
  handler: (options) => Promise.resolve(options),
});

describe("parseCommandLine", () => {
  it("reads kebab-case options into camelCase values", async () => {
    const words = ["--query-hash", "0x12", "--parameter", "lo=1", "--parameter", "hi=2", "--dry-run", "--json"];
    const parsed = await parseCommandLine(command, words);
    assert.equal(parsed.json, true);
    assert.deepEqual(parsed.options, {
      queryHash: "0x12",
      network: "local",
      note: undefined,
      parameter: ["lo=1", "hi=2"],
      dryRun: true,
      json: true,
    });
  });

  it("keeps digits as text, so that no number is rounded", async () => {
    const parsed = await parseCommandLine(command, ["--query-hash", "123456789012345678901", "--note", "007"]);
    assert.equal(parsed.options["queryHash"], "123456789012345678901");
    assert.equal(parsed.options["note"], "007");
  });

  it("shows the options and examples on --help, even without required options", async () => {
    const { help } = await parseCommandLine(command, ["--help"]);
    assert.match(help!, /--query-hash/);
    assert.match(help!, /opaline querier example --query-hash 0x12/);
  });

  it("writes options with two hyphens wherever it names them", async () => {
    const k = { type: "string", describe: "smallest set", default: "11" } as const;
    const named = defineCommand({
      ...command,
      options: { ...command.options, k },
      handler: (given) => Promise.resolve(given),
    });
    const { help } = await parseCommandLine(named, ["--help"]);
    assert.match(help!, /^ +--k  +smallest set/m);
    assert.doesNotMatch(help!, /(^| )-k/);
    const refused = (words: string[], message: string) =>
      assert.rejects(parseCommandLine(named, words), { detail: { code: "CLI_INVALID_OPTIONS" }, message });
    await refused([], "Missing required argument: --query-hash");
    await refused(["--query-hash", "0x1", "--note"], "Not enough arguments following: --note");
    await refused(["--query-hash", "0x1", "--parameter", ""], "Not enough arguments following: --parameter");
  });

  it("lets a command have an option --version of its own", async () => {
    const version = { type: "string", describe: "which version" } as const;
    const options = { ...command.options, version };
    const versioned = defineCommand({ ...command, options, handler: (given) => Promise.resolve(given) });
    const parsed = await parseCommandLine(versioned, ["--query-hash", "0x12", "--version", "2"]);
    assert.equal(parsed.options["version"], "2");
    assert.match((await parseCommandLine(versioned, ["--help"])).help!, /--version +which version/);
  });

  it("refuses an unknown option and suggests the nearest", async () => {
    await assert.rejects(parseCommandLine(command, ["--query-hash", "0x1", "--netwrok", "x"]), {
      detail: { code: "CLI_UNKNOWN_OPTION", option: "netwrok", suggestion: "network" },
    });
  });

  it("refuses a missing required option", async () => {
    await assert.rejects(parseCommandLine(command, []), {
      detail: { code: "CLI_INVALID_OPTIONS" },
      message: /query-hash/,
    });
  });

  it("refuses an option that may be given several times without its value, in every way to forget it", async () => {
    for (const words of [
      ["--parameter"],
      ["--parameter="],
      ["--parameter", ""],
      ["--parameter", "--dry-run"],
      ["--parameter=", "--dry-run"],
      ["--parameter", "--note", "x"],
      ["--parameter", "lo=1", "--parameter"],
      ["--parameter", "lo=1", "--parameter="],
    ])
      await assert.rejects(
        parseCommandLine(command, ["--query-hash", "0x1", ...words]),
        { detail: { code: "CLI_INVALID_OPTIONS" }, message: /parameter/ },
        words.join(" "),
      );
    const { options } = await parseCommandLine(command, ["--query-hash", "0x1"]);
    assert.deepEqual(options["parameter"], []);
  });

  it("refuses an option without its value", async () => {
    await assert.rejects(parseCommandLine(command, ["--query-hash"]), { detail: { code: "CLI_INVALID_OPTIONS" } });
  });

  it("refuses an option given twice unless it may be", async () => {
    await assert.rejects(parseCommandLine(command, ["--query-hash", "0x1", "--query-hash", "0x2"]), {
      detail: { code: "CLI_REPEATED_OPTION", option: "queryHash" },
    });
  });

  it("refuses stray words", async () => {
    await assert.rejects(parseCommandLine(command, ["--query-hash", "0x1", "now"]), {
      detail: { code: "CLI_UNEXPECTED_WORD", word: "now" },
    });
  });
});
