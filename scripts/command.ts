/**
 * The shape every `scripts/<role>/<verb>.ts` exports as `command`. A handler parses nothing and prints nothing: it gets
 * typed options and everything that comes from outside (clock, randomness, paths, keys) through its context, and
 * returns a value that `cli.ts` prints and tests assert.
 */
import type { BaseWallet } from "ethers";

export type OptionSpec =
  | { readonly type: "string"; readonly describe: string; readonly required: true }
  | { readonly type: "string"; readonly describe: string; readonly default: string }
  | { readonly type: "string"; readonly describe: string }
  /** May be given several times. */
  | { readonly type: "strings"; readonly describe: string }
  /** False unless given; with `default: true` it is switched off by `--no-…`. */
  | { readonly type: "boolean"; readonly describe: string; readonly default?: true };

type OptionValue<Spec> = Spec extends { type: "boolean" }
  ? boolean
  : Spec extends { type: "strings" }
    ? string[]
    : Spec extends { required: true } | { default: string }
      ? string
      : string | undefined;

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;
/** Names of options that may be left out: texts without a default. */
type OptionalName<Specs extends OptionSpecs> = {
  [Name in keyof Specs]: undefined extends OptionValue<Specs[Name]> ? Name : never;
}[keyof Specs];
export type OptionValues<Specs extends OptionSpecs> = {
  readonly [Name in Exclude<keyof Specs, OptionalName<Specs>>]: OptionValue<Specs[Name]>;
} & { readonly [Name in OptionalName<Specs>]?: OptionValue<Specs[Name]> };

export interface CommandContext {
  readonly randomBytes: (length: number) => Uint8Array;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** An absolute path from one the user wrote. */
  readonly resolve: (path: string) => string;
  /** The signing key in a V3 keystore; the password is the first line of a file only its owner can read. */
  readonly unlock: (keystorePath: string, passwordPath: string) => Promise<BaseWallet>;
  /** A setting from the environment or the working folder's `.env`: paths and addresses, never a secret. */
  readonly setting: (name: string) => string | undefined;
  /** One line of progress, on stderr. */
  readonly log: (line: string) => void;
  /** Aborted when the user interrupts; long waits end then. */
  readonly signal: AbortSignal;
}

export interface Command<Specs extends OptionSpecs = OptionSpecs, Value = unknown> {
  /** `<role> <verb>`, as typed. */
  readonly command: string;
  readonly describe: string;
  /** Pairs of command line (without `opaline`) and what it does. */
  readonly examples: readonly (readonly [string, string])[];
  readonly options: Specs;
  readonly handler: (options: OptionValues<Specs>, context: CommandContext) => Promise<Value>;
  /** Text for a person; without it the value is laid out by its shape. */
  readonly print?: (value: Value) => string;
  /** What `--json` prints, where that is not the value itself. */
  readonly json?: (value: Value) => unknown;
  /** False: the value is printed as always, and the command exits 1. */
  readonly succeeded?: (value: Value) => boolean;
}

/** A command whose types are forgotten, as the dispatcher holds it. */
export type AnyCommand = Omit<Command, "handler" | "print" | "json" | "succeeded"> & {
  readonly handler: (options: never, context: CommandContext) => Promise<unknown>;
  readonly print?: (value: never) => string;
  readonly json?: (value: never) => unknown;
  readonly succeeded?: (value: never) => boolean;
};

/** Infers the types of a command's options and value. */
export function defineCommand<const Specs extends OptionSpecs, Value>(
  command: Command<Specs, Value>,
): Command<Specs, Value> {
  return command;
}
