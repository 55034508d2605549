/**
 * What can go wrong on the way to the chain. A revert is decoded with every ABI of the deployment, because an error
 * may come from a contract that the called one calls.
 */
import type { Interface } from "ethers";
import { CodedError } from "../errors.ts";

export type ChainErrorDetail =
  /** The deployment folder is missing something or is not ours. */
  | { readonly code: "CHAIN_DEPLOYMENT"; readonly path: string }
  /** The node answers for another chain than the configuration names. */
  | { readonly code: "CHAIN_WRONG_ID"; readonly expected: string; readonly actual: string }
  /**
   * No answer, or none that makes sense; worth trying again. absent: the node has no contract where the call went; node: host
   * and port
   */
  | { readonly code: "CHAIN_UNREACHABLE"; readonly method: string; readonly absent?: true; readonly node?: string }
  /** A contract refused; `error` is the custom error's name, or "Error" with a text, or "unknown". */
  | { readonly code: "CHAIN_REVERTED"; readonly error: string; readonly args: Readonly<Record<string, string>> }
  /** The account that signs cannot pay for the transaction; account and wei where the caller knows them. */
  | { readonly code: "CHAIN_INSUFFICIENT_FUNDS"; readonly account?: string; readonly balance?: string }
  /** Sent, but not mined in time; it may still be. */
  | { readonly code: "CHAIN_TRANSACTION_PENDING"; readonly hash: string }
  /** A block that was confirmed and acted upon is no longer part of the chain. An operator must look. */
  | { readonly code: "CHAIN_REORG"; readonly block: number; readonly stored: string; readonly canonical: string }
  /** An event that a public record promises is not there. */
  | { readonly code: "CHAIN_EVENT_MISSING"; readonly event: string; readonly id: string }
  /** The event is there, but its content is not what its ABI says, e.g. a text that is not UTF-8. */
  | { readonly code: "CHAIN_EVENT_UNREADABLE"; readonly event: string; readonly id: string }
  /** The rules on fields that the node gives do not hash to what the study's policy names. */
  | { readonly code: "CHAIN_RULES_MISMATCH"; readonly studyId: string };

export type KeystoreErrorDetail =
  | { readonly code: "KEYSTORE_MISSING"; readonly path: string }
  | { readonly code: "KEYSTORE_PERMISSIONS"; readonly path: string; readonly mode: string }
  | { readonly code: "KEYSTORE_INVALID"; readonly path: string }
  | { readonly code: "KEYSTORE_WRONG_PASSWORD"; readonly path: string }
  | { readonly code: "KEYSTORE_EMPTY_PASSWORD"; readonly path: string }
  | { readonly code: "KEYSTORE_EXISTS"; readonly path: string };

/** Keys under which ethers and JSON-RPC servers nest one error in another. */
const NESTED = ["error", "info", "cause", "data"] as const;

function revertData(error: unknown, depth = 0): string | undefined {
  if (depth > 5 || typeof error !== "object" || error === null) return undefined;
  for (const key of NESTED) {
    const value = (error as Record<string, unknown>)[key];
    if (key === "data" && typeof value === "string" && /^0x([0-9a-f]{2})*$/i.test(value)) return value;
    const found = revertData(value, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function ethersCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "NETWORK_ERROR",
  "SERVER_ERROR",
  "TIMEOUT",
  "UNSUPPORTED_OPERATION",
]);

/** What geth, Besu, Hardhat and EthereumJS say; ethers recognises geth's text in some of its calls only. */
const CANNOT_PAY =
  /insufficient (funds|balance)|upfront cost exceeds account balance|(doesn't|does not) have enough (funds|balance)/i;

function saysCannotPay(error: unknown, depth = 0): boolean {
  if (depth > 5 || typeof error !== "object" || error === null) return false;
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  // Only what the node itself answered: a JSON-RPC error has a number, ethers' own have a text that quotes requests.
  if (code === "INSUFFICIENT_FUNDS") return true;
  if (typeof code === "number" && typeof message === "string" && CANNOT_PAY.test(message)) return true;
  return NESTED.some((key) => saysCannotPay((error as Record<string, unknown>)[key], depth + 1));
}

/** True when the node did not answer at all (refused, reset, timed out), as opposed to answering with an error. */
export function isConnectionError(error: unknown): boolean {
  const code = ethersCode(error);
  return code !== undefined && UNREACHABLE.has(code);
}

/** An account without code answers every call, with nothing. */
function saysNothing(error: unknown): boolean {
  return ethersCode(error) === "BAD_DATA" && (error as { readonly value?: unknown }).value === "0x";
}

function textArguments(
  fragment: { inputs: readonly { name: string }[] },
  args: readonly unknown[],
): Record<string, string> {
  return Object.fromEntries(fragment.inputs.map((input, i) => [input.name || String(i), String(args[i])]));
}

function parseRevert(data: string, interfaces: readonly Interface[]): ChainErrorDetail & { code: "CHAIN_REVERTED" } {
  for (const abi of interfaces) {
    const parsed = data === "0x" ? null : abi.parseError(data);
    if (parsed === null) continue;
    return { code: "CHAIN_REVERTED", error: parsed.name, args: textArguments(parsed.fragment, [...parsed.args]) };
  }
  return { code: "CHAIN_REVERTED", error: "unknown", args: { data: data.slice(0, 10) } };
}

/** `https://user:pw@host:1/v3/KEY?x` is `https://host:1`: a node's URL may hold its user's key. */
export function withoutUrlSecrets(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*):\/\/[^\s"'`<>()[\]{}\\]+/gi, (url: string, scheme: string) => {
    const host = URL.canParse(url) ? new URL(url).host : "";
    return `${scheme}://${host === "" ? "…" : host}`;
  });
}

/**
 * What may be said of an error of ethers, Node or a server: its short message and its codes. Their messages, stacks and
 * fields quote whole requests and answers, and with them the node's URL and what it was sent.
 */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  const {
    code,
    shortMessage,
    error: answered,
  } = error as {
    readonly code?: unknown;
    readonly shortMessage?: unknown;
    readonly error?: { readonly code?: unknown } | null;
  };
  const text = typeof shortMessage === "string" ? shortMessage : typeof code === "string" ? code : error.name;
  const rpcCode = typeof answered?.code === "number" ? `, JSON-RPC error ${answered.code}` : "";
  return withoutUrlSecrets(`${text}${rpcCode}`);
}

/** A cause that may be logged and printed whole: name, code and short message of the original, nothing else. */
export function printableCause(error: unknown): Error {
  const cause = new Error(reasonOf(error));
  const code = ethersCode(error);
  if (error instanceof Error) cause.name = error.name;
  return code === undefined ? cause : Object.assign(cause, { code });
}

/** Turns whatever a call or a transaction threw into a `CodedError`; coded errors pass unchanged. */
export function chainError(
  error: unknown,
  interfaces: readonly Interface[],
  what: string,
): CodedError<ChainErrorDetail> {
  if (error instanceof CodedError) return error as CodedError<ChainErrorDetail>;
  const cause = printableCause(error);
  const data = revertData(error);
  // A contract's own text may say the same; it comes as revert data.
  if ((data === undefined || data === "0x") && saysCannotPay(error)) {
    return new CodedError({ code: "CHAIN_INSUFFICIENT_FUNDS" }, `${what}: the signing account cannot pay for it`, {
      cause,
    });
  }
  if (data !== undefined || ethersCode(error) === "CALL_EXCEPTION") {
    const detail = parseRevert(data ?? "0x", interfaces);
    const args = Object.entries(detail.args).map(([name, value]) => `${name} ${value}`);
    return new CodedError(detail, `${what} was refused on chain: ${detail.error}(${args.join(", ")})`, { cause });
  }
  if (saysNothing(error)) {
    return new CodedError(
      { code: "CHAIN_UNREACHABLE", method: what, absent: true },
      `${what}: the chain's node knows no contract there: it has not caught up, or the deployment is not of this chain`,
      { cause },
    );
  }
  return new CodedError(
    { code: "CHAIN_UNREACHABLE", method: what },
    `${what}: the chain's node did not answer as it should (${reasonOf(error)})`,
    { cause },
  );
}
