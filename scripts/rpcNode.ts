/** The chain's node that a command was given with `--rpc`, and how errors name it: host and port, for the rest may hold a key. */
import type { JsonRpcProvider } from "ethers";
import { type ChainErrorDetail, connectProvider, hostOf } from "#chain";
import { CodedError, isCoded } from "#errors";

/**
 * Opens it and makes sure that it is the right chain's.
 *
 * @param source what says which chain is the right one, as the user gave it
 * @throws CodedError CONFIGURATION_RPC_URL | CHAIN_WRONG_ID | CHAIN_UNREACHABLE
 */
export async function openRpcNode(rpc: string, chainId: bigint, source: string): Promise<JsonRpcProvider> {
  requireHttp(rpc);
  try {
    return await connectProvider(rpc, chainId);
  } catch (error) {
    throw namingNode(namingSource(error, source, rpc), rpc);
  }
}

function namingSource(error: unknown, source: string, rpc: string): unknown {
  if (!isCoded(error, "CHAIN_WRONG_ID")) return error;
  const { expected, actual } = error.detail as ChainErrorDetail & { readonly code: "CHAIN_WRONG_ID" };
  return new CodedError(
    error.detail,
    `The node ${hostOf(rpc)} (--rpc) answers for chain ${actual}, but ${source} says chain ${expected}. Nothing was sent.`,
    { cause: error },
  );
}

/** @throws CodedError CONFIGURATION_RPC_URL */
export function requireHttp(rpc: string): void {
  const scheme = URL.canParse(rpc) ? new URL(rpc).protocol : "";
  if (["http:", "https:"].includes(scheme)) return;
  const given = ["ws:", "wss:"].includes(scheme) ? "is a WebSocket's URL" : "is no URL of HTTP";
  throw new CodedError(
    { code: "CONFIGURATION_RPC_URL", option: "rpc" },
    `--rpc ${given}; use the node's http:// or https:// URL, for example http://127.0.0.1:8545`,
  );
}

/** The same error, with the node that is meant and how to name another; any other error unchanged. */
export function namingNode(error: unknown, rpc: string): unknown {
  if (!isCoded(error, "CHAIN_UNREACHABLE")) return error;
  const detail = error.detail as ChainErrorDetail & { readonly code: "CHAIN_UNREACHABLE" };
  if (detail.node !== undefined) return error;
  const node = hostOf(rpc);
  return new CodedError(
    { ...detail, node },
    `${error.message}; the node is ${node} (--rpc; \`npm run chain\` starts a local one at 127.0.0.1:8545)`,
    { cause: error.cause },
  );
}
