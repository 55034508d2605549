/** From `opaline <role> <verb>` to `scripts/<role>/<verb>.ts`, imported only when asked for. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { CodedError } from "#errors";
import type { AnyCommand } from "./command.ts";
import { camelCase, kebabCase } from "./names.ts";
import { suggest } from "./suggest.ts";

export type FindCommandError =
  | { readonly code: "CLI_UNKNOWN_ROLE"; readonly role: string; readonly suggestion: string | undefined }
  | {
      readonly code: "CLI_UNKNOWN_VERB";
      readonly role: string;
      readonly verb: string;
      readonly suggestion: string | undefined;
    };

/** Not roles: the demonstration is a program of its own. */
const NOT_ROLES = new Set(["demo"]);

const WORD = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Roles that have a folder, in kebab-case, sorted. */
export function listRoles(scriptsFolder: string): string[] {
  return readdirSync(scriptsFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !NOT_ROLES.has(entry.name))
    .map((entry) => kebabCase(entry.name))
    .sort();
}

/** Every command of a role. Imports each file of its folder: for help and suggestions only. */
export async function listCommands(scriptsFolder: string, role: string): Promise<Map<string, AnyCommand>> {
  const folder = join(scriptsFolder, camelCase(role));
  const files = readdirSync(folder).filter((file) => file.endsWith(".ts"));
  const commands = new Map<string, AnyCommand>();
  for (const file of files.sort()) {
    const command = await importCommand(join(folder, file));
    if (command !== undefined) commands.set(kebabCase(file.slice(0, -".ts".length)), command);
  }
  return commands;
}

/** @throws CodedError CLI_UNKNOWN_ROLE | CLI_UNKNOWN_VERB, with a suggestion where one is near */
export async function findCommand(scriptsFolder: string, role: string, verb: string): Promise<AnyCommand> {
  const roles = listRoles(scriptsFolder);
  if (!roles.includes(role)) {
    const suggestion = suggest(role, roles);
    throw new CodedError(
      { code: "CLI_UNKNOWN_ROLE", role, suggestion },
      `unknown role "${role}"${didYouMean(suggestion)}; roles: ${roles.join(", ")}`,
    );
  }
  const folder = join(scriptsFolder, camelCase(role));
  const file = `${camelCase(verb)}.ts`;
  if (WORD.test(verb) && readdirSync(folder).includes(file)) {
    const command = await importCommand(join(folder, file));
    if (command !== undefined) return command;
  }
  const verbs = [...(await listCommands(scriptsFolder, role)).keys()];
  const suggestion = suggest(verb, verbs);
  throw new CodedError(
    { code: "CLI_UNKNOWN_VERB", role, verb, suggestion },
    `unknown verb "${verb}" of ${role}${didYouMean(suggestion)}; verbs: ${verbs.join(", ")}`,
  );
}

async function importCommand(path: string): Promise<AnyCommand | undefined> {
  const module = (await import(pathToFileURL(path).href)) as { command?: AnyCommand };
  return module.command;
}

function didYouMean(suggestion: string | undefined): string {
  return suggestion === undefined ? "" : `, did you mean "${suggestion}"?`;
}
