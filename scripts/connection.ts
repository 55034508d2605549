/** What nearly every command needs first: the deployment, the chain it is on, and where it signs, a key. */
import { join } from "node:path";
import type { BaseWallet, JsonRpcProvider } from "ethers";
import {
  type ChainErrorDetail,
  type Deployment,
  auditTrail,
  chainError,
  contractsHashOf,
  deploymentRegistry,
  hostOf,
  isConnectionError,
  namedContracts,
  readDeployment,
} from "#chain";
import { CodedError, isCoded } from "#errors";
import { namingNode, openRpcNode } from "./rpcNode.ts";
import type { CommandContext } from "./command.ts";
import { namePayer } from "./funds.ts";

export const networkOptions = {
  deployment: {
    type: "string",
    describe: "Folder with the deployment's addresses and ABIs",
    default: "deployments/local",
  },
  rpc: { type: "string", describe: "URL of the chain's JSON-RPC", default: "http://127.0.0.1:8545" },
} as const;

export const signerOptions = {
  ...networkOptions,
  keystore: { type: "string", describe: "V3 keystore of the account that signs", required: true },
  passwordFile: { type: "string", describe: "File with the keystore's password, mode 0600", required: true },
} as const;

export interface NetworkOptionValues {
  readonly deployment: string;
  readonly rpc: string;
}
export interface SignerOptionValues extends NetworkOptionValues {
  readonly keystore: string;
  readonly passwordFile: string;
}

export interface Connection {
  readonly deployment: Deployment;
  readonly provider: JsonRpcProvider;
}
export interface SignerConnection extends Connection {
  /** Connected to the provider. */
  readonly signer: BaseWallet;
}

/**
 * A chain without the contracts has no events either: without this, lists would be empty instead of failing.
 *
 * @throws CodedError CHAIN_DEPLOYMENT | CHAIN_UNREACHABLE
 */
async function requireContracts({ deployment, provider }: Connection, folder: string, rpc: string): Promise<void> {
  const trail = auditTrail(deployment, provider);
  try {
    await trail.length();
  } catch (error) {
    if (!isAbsent(error) && !isCoded(error, "CHAIN_REVERTED")) throw error;
    const path = join(folder, "contracts.json");
    throw new CodedError(
      { code: "CHAIN_DEPLOYMENT", path },
      `there is no contract AuditTrail at ${trail.address} on chain ${deployment.chainId} (${hostOf(rpc)}). ` +
        `Has the node caught up, and is ${path} of this chain? If the chain was started anew, deploy again with --replace`,
      { cause: error },
    );
  }
}

/** Whether the node answered that it has no contract where the call went. */
function isAbsent(error: unknown): boolean {
  if (!isCoded(error, "CHAIN_UNREACHABLE")) return false;
  return (error.detail as ChainErrorDetail & { readonly code: "CHAIN_UNREACHABLE" }).absent === true;
}

/**
 * Reads only. The chain's id, and that it has the contracts, are checked before anything else.
 *
 * @throws CodedError CHAIN_DEPLOYMENT | CONFIGURATION_RPC_URL | CHAIN_WRONG_ID | CHAIN_UNREACHABLE, and what `act` throws
 */
export async function withNetwork<Value>(
  options: NetworkOptionValues,
  context: CommandContext,
  act: (connection: Connection) => Promise<Value>,
): Promise<Value> {
  const folder = context.resolve(options.deployment);
  const deployment = readDeployment(folder);
  const provider = await openRpcNode(options.rpc, deployment.chainId, `--deployment ${folder}`);
  try {
    await requireContracts({ deployment, provider }, folder, options.rpc);
    return await act({ deployment, provider });
  } catch (error) {
    // A raw error of the node's connection quotes its URL, which may hold a key.
    const coded =
      !isCoded(error) && isConnectionError(error) ? chainError(error, deployment.interfaces, "chain") : error;
    throw namingNode(coded, options.rpc);
  } finally {
    provider.destroy();
  }
}

/** What is open on a superseded deployment still comes to its end there: a warning, not a refusal. */
async function warnUnlessCurrent({ deployment, provider }: Connection, folder: string, { log }: CommandContext) {
  const registry = deploymentRegistry(deployment, provider);
  const count = await registry.count();
  if (count === 0n) return;
  const { contractsHash, version, access } = await registry.deployment(count);
  if (contractsHash === contractsHashOf(namedContracts(deployment))) return;
  log(
    `warning: deployment ${folder} is not the current one: that is version ${version} ` +
      `(ConsortiumAccess at ${access}); \`opaline admin list-deployments\``,
  );
}

/**
 * Reads and signs. The key is unlocked after the chain id has been checked.
 *
 * @throws CodedError KEYSTORE_* | CHAIN_INSUFFICIENT_FUNDS, and what `withNetwork` throws
 */
export function withSigner<Value>(
  options: SignerOptionValues,
  context: CommandContext,
  act: (connection: SignerConnection) => Promise<Value>,
): Promise<Value> {
  return withNetwork(options, context, async (connection) => {
    const wallet = await context.unlock(context.resolve(options.keystore), context.resolve(options.passwordFile));
    const signer = wallet.connect(connection.provider) as BaseWallet;
    try {
      await warnUnlessCurrent(connection, options.deployment, context);
      return await act({ ...connection, signer });
    } catch (error) {
      throw await namePayer(error, connection.provider, signer);
    }
  });
}
