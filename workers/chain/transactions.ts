/** Calls and transactions with one kind of failure: a `CodedError` that names the custom error. */
import { type Log, type TransactionReceipt, type TransactionResponse, makeError } from "ethers";
import { CodedError } from "../errors.ts";
import type { Deployment } from "./deployment.ts";
import { type ChainErrorDetail, chainError, isConnectionError, printableCause } from "./errors.ts";

/** After this long an unmined transaction is reported; it may still be mined. */
const MINING_TIMEOUT_MS = 120_000;
/** Between two looks for a receipt at first, doubled up to the longest: a local chain answers at once, others in seconds. */
const FIRST_RECEIPT_MS = 50;
const MOST_RECEIPT_MS = 800;

export interface EmittedEvent {
  /** Address of the contract that emitted it. */
  readonly contract: string;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** A transaction that was mined and did not revert. */
export interface Mined {
  readonly hash: string;
  readonly block: number;
  readonly gasUsed: bigint;
  readonly events: readonly EmittedEvent[];
}

function decodeEvent(deployment: Deployment, log: Log): EmittedEvent | undefined {
  for (const abi of deployment.interfaces) {
    const parsed = abi.parseLog(log);
    if (parsed !== null) return { contract: log.address, name: parsed.name, args: parsed.args.toObject() };
  }
  return undefined;
}

function minedFrom(deployment: Deployment, receipt: TransactionReceipt): Mined {
  const events = receipt.logs.map((log) => decodeEvent(deployment, log)).filter((event) => event !== undefined);
  return { hash: receipt.hash, block: receipt.blockNumber, gasUsed: receipt.gasUsed, events };
}

/**
 * The receipt, looked for by this function itself: ethers' `wait` asks the node again in an event listener, where a failure
 * is nobody's to catch and ends the process.
 *
 * @returns undefined when it was not mined in time
 */
async function receiptOf({ provider, hash }: TransactionResponse): Promise<TransactionReceipt | undefined> {
  let pauseMs = FIRST_RECEIPT_MS;
  for (let waitedMs = 0; waitedMs < MINING_TIMEOUT_MS; waitedMs += pauseMs) {
    const receipt = await provider.getTransactionReceipt(hash);
    if (receipt !== null) return receipt;
    pauseMs = Math.min(MOST_RECEIPT_MS, 2 * pauseMs);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return undefined;
}

/** As ethers says it; a receipt does not tell why. */
function revertedWithout({ to, from }: TransactionReceipt): Error {
  const transaction = { to, from, data: "" };
  const nothing = { data: null, reason: null, invocation: null, revert: null };
  return makeError("transaction execution reverted", "CALL_EXCEPTION", { action: "call", ...nothing, transaction });
}

/**
 * Waits until a transaction is in a block.
 *
 * @throws CodedError CHAIN_REVERTED | CHAIN_INSUFFICIENT_FUNDS | CHAIN_UNREACHABLE | CHAIN_TRANSACTION_PENDING
 */
export async function mine(deployment: Deployment, what: string, sent: Promise<TransactionResponse>): Promise<Mined> {
  let hash: string | undefined;
  try {
    const response = await sent;
    hash = response.hash;
    const receipt = await receiptOf(response);
    if (receipt === undefined)
      throw makeError("no receipt in time", "TIMEOUT", { operation: "receipt", reason: "timeout" });
    if (receipt.status === 0) throw revertedWithout(receipt);
    return minedFrom(deployment, receipt);
  } catch (error) {
    if (hash !== undefined && isConnectionError(error)) {
      throw new CodedError<ChainErrorDetail>(
        { code: "CHAIN_TRANSACTION_PENDING", hash },
        `${what}: transaction ${hash} was sent but is not seen mined yet`,
        { cause: printableCause(error) },
      );
    }
    throw chainError(error, deployment.interfaces, what);
  }
}

/**
 * A read.
 *
 * @throws CodedError CHAIN_REVERTED | CHAIN_UNREACHABLE
 */
export async function read<Value>(deployment: Deployment, what: string, call: Promise<Value>): Promise<Value> {
  try {
    return await call;
  } catch (error) {
    throw chainError(error, deployment.interfaces, what);
  }
}

/** The one event of that name in a transaction. */
export function eventOf(mined: Mined, name: string): EmittedEvent {
  const found = mined.events.find((event) => event.name === name);
  if (found !== undefined) return found;
  throw new CodedError<ChainErrorDetail>(
    { code: "CHAIN_EVENT_MISSING", event: name, id: mined.hash },
    `Transaction ${mined.hash} emitted no ${name}`,
  );
}
