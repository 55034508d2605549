/**
 * One worker as a background service. Everything from outside enters here: environment (with `.env` of the working
 * directory), clock, randomness, signals. Log lines go to standard error as JSON.
 *
 * Exit codes (sysexits.h):
 *    0  stopped by SIGTERM or SIGINT
 *   70  a bug: an error that is not one of ours
 *   75  try again: the data folder is in use, the port is taken, a disk is full; the worker's key was rotated meanwhile
 *   76  the chain reorganised deeper than the confirmations, or became another chain: an operator must look
 *   78  the configuration, a key, a password, the certificate or the deployment is wrong: starting again will not help
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { config as readDotenv } from "dotenv";
import { openKeystore, readPassword, readPrivateFile } from "./chain/keystore.ts";
import { CodedError } from "./errors.ts";
import { BN254_FR_MODULUS } from "./field/bn254.ts";
import { createWasmField } from "./field/wasmField.ts";
import {
  type Configuration,
  type ConfigurationErrorDetail,
  type SettingsFile,
  readConfiguration,
} from "./node/configuration.ts";
import { type Log, createLog, errorFields } from "./node/log.ts";
import { nodeError } from "./node/nodeError.ts";
import { SECURITY_STATEMENT } from "./node/security.ts";
import { readStoreKey } from "./node/storeKey.ts";
import { Worker } from "./node/worker.ts";
import { MACHINE_EDGES } from "./node/workerEdges.ts";
import type { WorkerModules } from "./node/workerModules.ts";
import { type TlsIdentity, fingerprintOf } from "./transport/identity.ts";

const EXIT = { STOPPED: 0, BUG: 70, TRY_AGAIN: 75, CHAIN: 76, CONFIGURATION: 78 } as const;
const TRY_AGAIN = new Set([
  ...["STORE_LOCKED", "STORE_FULL", "STORE_IO", "CHAIN_UNREACHABLE"],
  ...["CONTROL_ALREADY_RUNNING", "CONTROL_LISTEN_FAILED", "HEALTH_LISTEN_FAILED", "TRANSPORT_LISTEN_FAILED"],
  ...["NODE_KEY_CHANGED", "NODE_FOREIGN_STORE"],
]);

function exitCodeOf(error: unknown, hasStarted: boolean): number {
  if (!(error instanceof CodedError)) return EXIT.BUG;
  if (TRY_AGAIN.has(error.code)) return EXIT.TRY_AGAIN;
  if (hasStarted && (error.code === "CHAIN_REORG" || error.code === "CHAIN_WRONG_ID")) return EXIT.CHAIN;
  return EXIT.CONFIGURATION;
}

/** Puts the file's settings into the environment, where they are not set already. @throws CodedError CONFIGURATION_INVALID */
function loadSettings(path: string): SettingsFile {
  const { parsed, error } = readDotenv({ path, quiet: true });
  if (error === undefined) return { path, variables: Object.keys(parsed ?? {}) };
  if (error.code === "ENOENT") return { path, variables: undefined };
  const detail: ConfigurationErrorDetail = { code: "CONFIGURATION_INVALID", problems: [] };
  throw new CodedError(detail, `${path} cannot be read (${error.code})`, { cause: error });
}

function readIdentity({ tlsKey, tlsCertificate }: Configuration): TlsIdentity {
  const keyPem = readPrivateFile(tlsKey);
  try {
    const certificatePem = readFileSync(tlsCertificate, "utf8");
    return { keyPem, certificatePem, fingerprint: fingerprintOf(certificatePem) };
  } catch (cause) {
    const detail = { code: "NODE_BAD_CERTIFICATE", path: tlsCertificate } as const;
    throw nodeError(detail, `${tlsCertificate} cannot be read as a PEM certificate`, cause);
  }
}

function packageVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

async function createWorker(configuration: Configuration, log: Log): Promise<Worker> {
  const version = packageVersion();
  log("info", "worker-starting", { version, chainId: configuration.chainId, security: SECURITY_STATEMENT });
  const identity = readIdentity(configuration);
  const storeKey = readStoreKey(configuration.storeKey);
  const wallet = await openKeystore(configuration.keystore, readPassword(configuration.passwordFile));
  const field = createWasmField(BN254_FR_MODULUS, { threads: configuration.threads });
  log("info", "field-ready", { arithmetic: field.arithmetic, threads: configuration.threads });
  const modules: WorkerModules = {
    configuration,
    field,
    wallet,
    storeKey,
    identity,
    version,
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    random: () => randomBytes(4).readUInt32BE() / 2 ** 32,
    now: () => Date.now(),
    monotonic: () => performance.now(),
    log,
  };
  return new Worker(modules, MACHINE_EDGES);
}

/** Resolves at the first SIGTERM or SIGINT; later ones change nothing. */
function stopRequested(): Promise<void> {
  return new Promise((resolve) => {
    process.on("SIGTERM", () => resolve());
    process.on("SIGINT", () => resolve());
  });
}

async function main(): Promise<number> {
  const stopped = stopRequested();
  const sink = (line: string): void => void process.stderr.write(`${line}\n`);
  let log = createLog({ level: "info", now: () => Date.now(), sink });
  let hasStarted = false;
  let worker: Worker | undefined;
  try {
    const file = loadSettings(join(process.cwd(), ".env"));
    const configuration = readConfiguration(process.env, process.cwd(), file);
    log = createLog({ level: configuration.logLevel, now: () => Date.now(), sink });
    worker = await createWorker(configuration, log);
    const running = worker.start().then(() => (hasStarted = true));
    await Promise.race([stopped, running.then(() => worker?.finished)]);
    await worker.stop();
    return EXIT.STOPPED;
  } catch (error) {
    log("alarm", "worker-failed", errorFields(error));
    await worker?.stop();
    return exitCodeOf(error, hasStarted);
  }
}

// Not exitCode: a library's forgotten timer must not keep a stopped worker alive.
process.exit(await main());
