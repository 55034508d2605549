/**
 * `opaline <role> <verb>`: the one place of the scripts where argv, the clock, randomness, the working directory and
 * key files come in. It finds the command, parses its options, prints its value, and turns errors into exit codes.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parse as parseDotenv } from "dotenv";
import { CodedError, isCoded } from "#errors";
import { openKeystore, readPassword } from "#chain";
import type { AnyCommand, CommandContext } from "./command.ts";
import { parseCommandLine } from "./commandLine.ts";
import { EXIT_FAILED, exitCodeOf } from "./exitCode.ts";
import { findCommand, listCommands, listRoles } from "./findCommand.ts";
import { legibleText } from "./legibleText.ts";
import { jsonOf, textOf } from "./printValue.ts";
import { revertHint } from "./revertHints.ts";

const SCRIPTS_FOLDER = dirname(fileURLToPath(import.meta.url));

/** Where a command writes; both end their text with a line break. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

const processTerminal: Terminal = {
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
};

/** Whatever a command, its progress or its errors quote of others: nothing reaches a terminal that it would act on. */
function legible({ out, err }: Terminal): Terminal {
  return { out: (text) => out(legibleText(text)), err: (text) => err(legibleText(text)) };
}

/** The context of a command run by a person or a program. */
export function processContext(signal: AbortSignal, terminal: Terminal = processTerminal): CommandContext {
  return {
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    now: () => Date.now(),
    resolve: (path) => resolve(callersFolder(), path),
    unlock: (keystorePath, passwordPath) => openKeystore(keystorePath, readPassword(passwordPath)),
    setting: (name) => process.env[name] ?? dotenvSettings()[name],
    log: terminal.err,
    signal,
  };
}

/** Where the user is: `npm run` changes to the package's folder and keeps the user's in INIT_CWD. */
function callersFolder(): string {
  return process.env["INIT_CWD"] ?? process.cwd();
}

/** The working folder's `.env`, as a worker started there reads it; nothing is put into the environment. */
function dotenvSettings(): Readonly<Record<string, string>> {
  const path = resolve(callersFolder(), ".env");
  return existsSync(path) ? parseDotenv(readFileSync(path)) : {};
}

/** Runs one command line (the words after `opaline`). Returns the exit code. */
export async function runCommandLine(words: readonly string[], given: Terminal = processTerminal): Promise<number> {
  const terminal = legible(given);
  const json = words.includes("--json");
  try {
    const [role, verb, ...rest] = words;
    if (role === "--version") {
      terminal.out(json ? jsonOf({ version: packageVersion() }) : packageVersion());
      return 0;
    }
    if (role === undefined || isHelp(role)) return await printHelp(terminal, listRoles(SCRIPTS_FOLDER));
    if (verb === undefined || isHelp(verb)) {
      const roles = listRoles(SCRIPTS_FOLDER);
      if (!roles.includes(role)) await findCommand(SCRIPTS_FOLDER, role, "");
      return await printHelp(terminal, [role]);
    }
    return await runCommand(await findCommand(SCRIPTS_FOLDER, role, verb), rest, terminal);
  } catch (error) {
    return printError(error, json, terminal);
  }
}

function packageVersion(): string {
  const text = readFileSync(join(SCRIPTS_FOLDER, "..", "package.json"), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}

/** Runs one command with the words after its verb. Returns the exit code. */
export async function runCommand(
  command: AnyCommand,
  words: readonly string[],
  given: Terminal = processTerminal,
): Promise<number> {
  const terminal = legible(given);
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort(new CodedError({ code: "COMMAND_INTERRUPTED" }, "interrupted"));
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    const parsed = await parseCommandLine(command, words);
    if (parsed.help !== undefined) {
      terminal.out(parsed.help);
      return 0;
    }
    const value = await command.handler(parsed.options as never, processContext(interruption.signal, terminal));
    terminal.out(parsed.json ? jsonOf(asJson(command, value)) : (command.print ?? textOf)(value as never));
    return (command.succeeded ?? (() => true))(value as never) ? 0 : EXIT_FAILED;
  } catch (error) {
    // Whatever an interrupted command died of, it was the interruption.
    const { aborted, reason } = interruption.signal;
    return printError(aborted ? reason : error, words.includes("--json"), terminal);
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

function asJson(command: AnyCommand, value: unknown): unknown {
  return command.json === undefined ? value : command.json(value as never);
}

/** What a verb's own file does when it is started by itself. */
export async function runAlone(command: AnyCommand): Promise<void> {
  process.exitCode = await runCommand(command, process.argv.slice(2));
}

/** Of an error that is not coded only the name: libraries' messages may quote rows, subject ids, URLs with keys. */
function printError(error: unknown, json: boolean, terminal: Terminal): number {
  const detail = isCoded(error) ? error.detail : { code: "INTERNAL" };
  const message = isCoded(error) ? withHint(error) : unexpected(error);
  terminal.err(json ? jsonOf({ error: { ...detail, message } }) : `error ${detail.code}: ${message}`);
  return exitCodeOf(error);
}

function withHint({ detail, message }: CodedError): string {
  const hint = revertHint(detail);
  return hint === undefined ? message : `${message}; ${hint}`;
}

function unexpected(error: unknown): string {
  const name = error instanceof Error && /^[A-Za-z]{1,40}$/.test(error.name) ? error.name : "Error";
  return `unexpected ${name}; its text is withheld, as it may quote private data. This is a defect: please report it.`;
}

async function printHelp(terminal: Terminal, roles: readonly string[]): Promise<number> {
  const lines = ["opaline <role> <verb> [options]", ""];
  for (const role of roles) {
    lines.push(role);
    const commands = await listCommands(SCRIPTS_FOLDER, role);
    const width = Math.max(...[...commands.keys()].map((verb) => verb.length));
    for (const [verb, command] of commands) lines.push(`  ${verb.padEnd(width)}  ${command.describe}`);
  }
  lines.push(
    "",
    "opaline <role> <verb> --help shows a command's options and examples; --json prints one JSON value; opaline --version.",
  );
  terminal.out(lines.join("\n"));
  return 0;
}

function isHelp(word: string): boolean {
  return word === "--help" || word === "-h" || word === "help";
}

if (import.meta.main) {
  // Not awaited at top level: verb files import this module, and would wait for it while it waits for them.
  void runCommandLine(process.argv.slice(2)).then((code) => {
    process.exitCode = code;
  });
}
