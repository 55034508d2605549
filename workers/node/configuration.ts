/**
 * A worker's configuration: environment variables (`.env.example` documents each), read once at the start. Every error
 * is reported at once, naming the variable and what to do. Paths are made absolute against the working directory.
 */
import { resolve } from "node:path";
import { CodedError } from "../errors.ts";
import { LOG_LEVELS, type LogLevel } from "./log.ts";

export interface Configuration {
  /** Share store, cursor, control socket. Backed up. */
  readonly dataDir: string;
  /** Keys of the datasets at rest. Kept out of the backups of `dataDir`: erasing a key erases its dataset there too. */
  readonly keyDir: string;
  /** The secret that those keys are sealed under. */
  readonly storeKey: string;
  readonly keystore: string;
  readonly passwordFile: string;
  readonly tlsKey: string;
  readonly tlsCertificate: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly rpcUrl: string;
  readonly chainId: bigint;
  /** Folder with contracts.json and abi/. */
  readonly deployment: string;
  readonly confirmations: number;
  readonly pollMs: number;
  readonly attemptTimeoutMs: number;
  /** Threads that arithmetic over long columns is split over. */
  readonly threads: number;
  /** Columns kept decrypted between queries; 0 = none. */
  readonly vectorCacheBytes: number;
  readonly logLevel: LogLevel;
  /** Plain HTTP for supervisors (health.ts); undefined = off. */
  readonly healthListen: { readonly host: string; readonly port: number } | undefined;
}

export interface ConfigurationProblem {
  readonly variable: string;
  readonly problem: string;
}

/** The file that settings may stand in, besides the environment. */
export interface SettingsFile {
  readonly path: string;
  /** Undefined when there is none. */
  readonly variables: readonly string[] | undefined;
}

export interface ConfigurationErrorDetail {
  readonly code: "CONFIGURATION_INVALID";
  /** None when the settings' file cannot be read. */
  readonly problems: readonly ConfigurationProblem[];
}

const MEBIBYTE = 1 << 20;

type Environment = Readonly<Record<string, string | undefined>>;
/** Returns the parsed value, or throws an `Error` whose message says what to do. */
type Parse<Value> = (text: string) => Value;

function parseListen(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s]+)):([0-9]{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new Error('is not "host:port", for example 0.0.0.0:7443 or [::1]:7443');
  return { host: (match[1] ?? match[2])!, port };
}

function parseUrl(text: string): string {
  const valid = URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol);
  if (!valid) throw new Error("is not an http(s) URL, for example http://127.0.0.1:8545");
  return text;
}

function parseChainId(text: string): bigint {
  if (!/^[1-9][0-9]{0,18}$/.test(text)) throw new Error("is not a positive whole number, for example 31337");
  return BigInt(text);
}

function wholeNumber(least: number, most: number): Parse<number> {
  return (text) => {
    const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : NaN;
    if (!(value >= least && value <= most)) throw new Error(`is not a whole number between ${least} and ${most}`);
    return value;
  };
}

function parseLogLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level === undefined) throw new Error(`is none of ${LOG_LEVELS.join(", ")}`);
  return level;
}

const PREFIX = "OPALINE_";
/** Letters after the prefix that are no coincidence. */
const ALIKE = PREFIX.length + 3;

/** Of the file only: the environment has variables of other programs, tests among them. */
function unknownIn({ variables }: SettingsFile, known: ReadonlySet<string>): ConfigurationProblem[] {
  const unknown = (variables ?? []).filter((variable) => variable.startsWith(PREFIX) && !known.has(variable));
  return unknown.map((variable) => {
    const close = [...known].filter((name) => name.slice(0, ALIKE) === variable.slice(0, ALIKE));
    const hint = close.length > 0 ? `did you mean ${close.join(" or ")}?` : ".env.example explains every variable";
    return { variable, problem: `is no setting; ${hint}` };
  });
}

/**
 * @param environment with what the file says
 * @throws CodedError CONFIGURATION_INVALID listing every problem
 */
export function readConfiguration(
  environment: Environment,
  workingDirectory: string,
  file: SettingsFile = { path: resolve(workingDirectory, ".env"), variables: undefined },
): Configuration {
  const problems: ConfigurationProblem[] = [];
  const known = new Set<string>();
  const path: Parse<string> = (text) => resolve(workingDirectory, text);

  function take<Value>(variable: string, what: string, parse: Parse<Value>, otherwise?: string): Value {
    known.add(variable);
    const text = environment[variable]?.trim() || otherwise;
    try {
      if (text === undefined) throw new Error(`is not set. Set it to ${what}`);
      return parse(text);
    } catch (error) {
      problems.push({ variable, problem: (error as Error).message });
      return undefined as Value;
    }
  }

  function takeOptional<Value>(variable: string, parse: Parse<Value>): Value | undefined {
    known.add(variable);
    return environment[variable]?.trim() ? take(variable, "", parse) : undefined;
  }

  const configuration: Configuration = {
    dataDir: take("OPALINE_DATA_DIR", "a folder for the share store", path),
    keyDir: take("OPALINE_KEY_DIR", "a folder for the datasets' keys, outside the data folder's backups", path),
    storeKey: take("OPALINE_STORE_KEY", "the path of the store key (mode 0600) that `opaline worker init` made", path),
    keystore: take("OPALINE_KEYSTORE", "the path of the worker's V3 keystore", path),
    passwordFile: take("OPALINE_PASSWORD_FILE", "the path of a file (mode 0600) with the keystore's password", path),
    tlsKey: take("OPALINE_TLS_KEY", "the path of the TLS private key (PEM, mode 0600)", path),
    tlsCertificate: take("OPALINE_TLS_CERTIFICATE", "the path of the TLS certificate (PEM)", path),
    listen: take("OPALINE_LISTEN", "host:port to listen on", parseListen),
    rpcUrl: take("OPALINE_RPC_URL", "the URL of the chain's JSON-RPC", parseUrl),
    chainId: take("OPALINE_CHAIN_ID", "the number of the chain", parseChainId),
    deployment: take("OPALINE_DEPLOYMENT", "the folder of the deployment (contracts.json, abi/)", path),
    confirmations: take("OPALINE_CONFIRMATIONS", "a number of blocks", wholeNumber(0, 10_000), "2"),
    pollMs: take("OPALINE_POLL_MS", "milliseconds", wholeNumber(20, 600_000), "500"),
    attemptTimeoutMs: take("OPALINE_ATTEMPT_TIMEOUT_MS", "milliseconds", wholeNumber(500, 3_600_000), "15000"),
    threads: take("OPALINE_THREADS", "a number of threads", wholeNumber(1, 64), "1"),
    vectorCacheBytes: MEBIBYTE * take("OPALINE_VECTOR_CACHE_MIB", "mebibytes", wholeNumber(0, 2_048), "512"),
    logLevel: take("OPALINE_LOG_LEVEL", "a level", parseLogLevel, "info"),
    healthListen: takeOptional("OPALINE_HEALTH_LISTEN", parseListen),
  };
  problems.push(...unknownIn(file, known));
  if (problems.length === 0) return configuration;
  const lines = problems.map(({ variable, problem }) => `  ${variable} ${problem}`);
  throw new CodedError<ConfigurationErrorDetail>(
    { code: "CONFIGURATION_INVALID", problems },
    `The configuration has ${problems.length} error${problems.length === 1 ? "" : "s"} (${whereFrom(file)}):\n${lines.join("\n")}`,
  );
}

/** A worker that is started in another folder than its own finds nothing. */
function whereFrom({ path, variables }: SettingsFile): string {
  return variables === undefined ? `there is no ${path}: start the worker in its own folder` : `${path} was read`;
}
