/** Turns the words after `opaline <role> <verb>` into a command's typed options, by yargs, and writes its help. */
import yargs from "yargs";
import type { Options } from "yargs";
import { CodedError } from "#errors";
import type { AnyCommand, OptionSpec, OptionSpecs } from "./command.ts";
import { kebabCase } from "./names.ts";
import { suggest } from "./suggest.ts";

export type CommandLineError =
  | { readonly code: "CLI_UNKNOWN_OPTION"; readonly option: string; readonly suggestion: string | undefined }
  | { readonly code: "CLI_REPEATED_OPTION"; readonly option: string }
  | { readonly code: "CLI_UNEXPECTED_WORD"; readonly word: string }
  | { readonly code: "CLI_INVALID_OPTIONS" };

export interface ParsedCommandLine {
  readonly json: boolean;
  /** Help text instead of options when `--help` was given. */
  readonly help: string | undefined;
  readonly options: Readonly<Record<string, unknown>>;
}

const JSON_OPTION: OptionSpec = { type: "boolean", describe: "Print exactly one JSON value on stdout" };

/** @throws CodedError CLI_UNKNOWN_OPTION | CLI_REPEATED_OPTION | CLI_UNEXPECTED_WORD | CLI_INVALID_OPTIONS */
export async function parseCommandLine(command: AnyCommand, words: readonly string[]): Promise<ParsedCommandLine> {
  const specs: OptionSpecs = { ...command.options, json: JSON_OPTION };
  let help: string | undefined;
  const given = await parserOf(command, specs).parseAsync([...words], {}, (error, _given, output) => {
    if (error === undefined || error === null) help = output === "" ? undefined : withTwoHyphens(output);
  });
  if (help !== undefined) return { json: false, help, options: {} };
  refuseUnknown(given, specs);
  const options: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(specs)) options[name] = valueOf(name, spec, given[kebabCase(name)]);
  return { json: options["json"] === true, help: undefined, options };
}

function parserOf(command: AnyCommand, specs: OptionSpecs) {
  const parser = yargs()
    .scriptName("opaline")
    // Before the options: some have one of that name, and yargs would keep it for itself.
    .version(false)
    .usage(`opaline ${command.command} [options]\n\n${command.describe}`)
    .options(Object.fromEntries(Object.entries(specs).map(([name, spec]) => [kebabCase(name), yargsOption(spec)])))
    .parserConfiguration({
      "camel-case-expansion": false,
      "dot-notation": false,
      "greedy-arrays": false,
      "parse-numbers": false,
      "parse-positional-numbers": false,
    })
    .help()
    .wrap(110)
    .exitProcess(false)
    .fail((message: string, error: Error | undefined) => {
      throw new CodedError({ code: "CLI_INVALID_OPTIONS" }, asTyped(message ?? error?.message ?? "invalid options"));
    });
  for (const [line, meaning] of command.examples) parser.example(`opaline ${line}`, meaning);
  return parser;
}

/** Options with the two hyphens that are typed before them. */
function asTyped(message: string): string {
  const [, what, names] = /^(Missing required arguments?|Not enough arguments following): (.+)$/.exec(message) ?? [];
  if (what === undefined) return message;
  return `${what}: ${names!
    .split(", ")
    .map((name) => `--${name}`)
    .join(", ")}`;
}

/** Yargs shows an option of one letter with one hyphen; docs and errors write two. */
function withTwoHyphens(help: string): string {
  return help.replace(/^( +)-([a-z]) (?= )/gm, "$1--$2");
}

function yargsOption(spec: OptionSpec): Options {
  if (spec.type === "boolean") return { type: "boolean", describe: spec.describe, default: spec.default };
  if (spec.type === "strings") return { type: "string", array: true, requiresArg: true, describe: spec.describe };
  return {
    type: "string",
    describe: spec.describe,
    requiresArg: true,
    ...("required" in spec ? { demandOption: true } : {}),
    ...("default" in spec ? { default: spec.default } : {}),
  };
}

function refuseUnknown(given: Readonly<Record<string, unknown>>, specs: OptionSpecs): void {
  const known = Object.keys(specs).map(kebabCase);
  for (const name of Object.keys(given)) {
    if (name === "_" || name === "$0" || name === "help" || known.includes(name)) continue;
    const suggestion = suggest(name, [...known, "help"]);
    const hint = suggestion === undefined ? "" : `; did you mean --${suggestion}?`;
    throw new CodedError({ code: "CLI_UNKNOWN_OPTION", option: name, suggestion }, `unknown option --${name}${hint}`);
  }
  const [word] = given["_"] as readonly unknown[];
  if (word === undefined) return;
  throw new CodedError(
    { code: "CLI_UNEXPECTED_WORD", word: String(word) },
    `unexpected word "${String(word)}": everything is given by options, once per value, see --help`,
  );
}

function valueOf(name: string, spec: OptionSpec, given: unknown): unknown {
  if (spec.type === "strings") return valuesOf(name, given);
  if (Array.isArray(given)) {
    throw new CodedError({ code: "CLI_REPEATED_OPTION", option: name }, `--${kebabCase(name)} may be given once only`);
  }
  return spec.type === "boolean" ? given === true : given;
}

/** An option that is given says something: without its value it would mean the opposite, as none. */
function valuesOf(name: string, given: unknown): string[] {
  if (given === undefined) return [];
  const values = Array.isArray(given) ? given.map(String) : [];
  if (values.length > 0 && !values.includes("")) return values;
  throw new CodedError({ code: "CLI_INVALID_OPTIONS" }, `Not enough arguments following: --${kebabCase(name)}`);
}
