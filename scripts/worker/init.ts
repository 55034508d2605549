/**
 * `opaline worker init`: a worker's folder: key, password file, TLS identity and `.env`. `workers/main.ts` started in
 * that folder is the worker.
 */
import { join } from "node:path";
import { hexlify } from "ethers";
import { readDeployment } from "#chain";
import { CodedError } from "#errors";
import { runAlone } from "../cli.ts";
import { requireHttp } from "../rpcNode.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { networkOptions } from "../connection.ts";
import { type MemberKey, createMemberKey, keyOptions } from "../memberKey.ts";
import { makePrivateFolder, writePrivateFile } from "../privateFiles.ts";
import { readEndpoint } from "../readEndpoint.ts";
import { invalidOption } from "../readOption.ts";
import { writeTlsIdentity } from "../tlsIdentity.ts";

export const command = defineCommand({
  command: "worker init",
  describe: "Make a worker's folder: key, password file, TLS certificate and configuration (.env)",
  examples: [
    [
      "worker init --directory /srv/opaline --name 'University A' --listen 0.0.0.0:7443 --host mpc.a.edu",
      "give account, endpoint and fingerprint to the consortium",
    ],
  ],
  options: {
    ...networkOptions,
    ...keyOptions,
    name: { type: "string", describe: "The operator's organisation, for the certificate", required: true },
    listen: { type: "string", describe: "host:port to listen on", default: "0.0.0.0:7443" },
    host: {
      type: "string",
      describe: "Name under which others reach it (default: the host of --listen, unless that is 0.0.0.0)",
    },
  },
  handler: (options, context) => initWorker(options, context),
});

export interface InitWorkerOptions {
  readonly deployment: string;
  readonly rpc: string;
  readonly directory: string;
  readonly name: string;
  readonly listen: string;
  readonly host?: string | undefined;
}

export interface InitializedWorker extends MemberKey {
  readonly endpoint: string;
  readonly certificate: string;
  readonly fingerprint: string;
  /** The `.env` file. */
  readonly configuration: string;
}

/** What the shares at rest are sealed under: not the signing key, which may be replaced while they stay. */
const STORE_KEY_BYTES = 32;
const MOST_PORT = 65_535;
/** Good to listen on, not to be reached under. */
const EVERY_ADDRESS = new Set(["0.0.0.0", "::", "[::]", "0", "*"]);

/** @param scryptN cost of the keystore's password; tests ask for less than the default */
export async function initWorker(
  options: InitWorkerOptions,
  context: CommandContext,
  scryptN?: number,
): Promise<InitializedWorker> {
  requireHttp(options.rpc);
  const folder = context.resolve(options.directory);
  const { host, port } = parseListen(options.listen);
  const publicHost = options.host ?? host;
  if (EVERY_ADDRESS.has(publicHost)) {
    throw new CodedError(
      { code: "OPTION_INVALID", option: "host" },
      `give --host: the name under which other organisations reach this worker (${publicHost} is no one's name)`,
    );
  }
  const named = options.host === undefined ? "listen" : "host";
  const endpoint = readEndpoint(
    named,
    `https://${publicHost}:${port}`,
    "a host's name or address that others can dial",
  );
  const deploymentFolder = context.resolve(options.deployment);
  const { chainId } = readDeployment(deploymentFolder);
  const key = await createMemberKey(folder, context, scryptN);
  const tls = await writeTlsIdentity(folder, options.name, [publicHost], context);
  const environment = {
    OPALINE_DATA_DIR: join(folder, "store"),
    OPALINE_KEY_DIR: join(folder, "keys"),
    OPALINE_STORE_KEY: join(folder, "store.key"),
    OPALINE_KEYSTORE: key.keystore,
    OPALINE_PASSWORD_FILE: key.passwordFile,
    OPALINE_TLS_KEY: tls.key,
    OPALINE_TLS_CERTIFICATE: tls.certificate,
    OPALINE_LISTEN: options.listen,
    OPALINE_RPC_URL: options.rpc,
    OPALINE_CHAIN_ID: String(chainId),
    OPALINE_DEPLOYMENT: deploymentFolder,
  };
  writePrivateFile(environment.OPALINE_STORE_KEY, `${hexlify(context.randomBytes(STORE_KEY_BYTES)).slice(2)}\n`);
  makePrivateFolder(environment.OPALINE_DATA_DIR);
  makePrivateFolder(environment.OPALINE_KEY_DIR);
  const configuration = join(folder, ".env");
  writePrivateFile(configuration, envText(environment));
  return { ...key, endpoint, certificate: tls.certificate, fingerprint: tls.fingerprint, configuration };
}

function parseListen(text: string): { host: string; port: string } {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:\s]+):([0-9]{1,5})$/.exec(text);
  if (match === null || Number(match[2]) > MOST_PORT) throw invalidOption("listen", "host:port");
  return { host: match[1]!, port: match[2]! };
}

/** Quoted, as dotenv reads it: paths may hold spaces. */
function envText(environment: Readonly<Record<string, string>>): string {
  const lines = Object.entries(environment).map(([name, value]) => `${name}="${value}"`);
  return ["# Made by `opaline worker init`; .env.example explains every variable.", ...lines, ""].join("\n");
}

if (import.meta.main) await runAlone(command);
