/** Calls and transactions with one kind of failure: a `CodedError` that names the custom error. */
import { type Log, type TransactionReceipt, type TransactionResponse, isError, makeError } from "ethers";
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
 * The receipt of a transaction that was mined and did not revert. Looked for by this function itself: ethers' `wait` asks the
 * node again in an event listener, where a failure is nobody's to catch and ends the process.
 *
 * It waits for the node's head, too: a node may show a receipt before it answers from the state after that block, and what is
 * read or sent next would be about the state before it.
 *
 * @throws ethers' errors: TIMEOUT when it was not mined in time, CALL_EXCEPTION when it reverted
 */
export async function receiptOf(sent: TransactionResponse): Promise<TransactionReceipt> {
  const { provider, hash } = sent;
  let pauseMs = FIRST_RECEIPT_MS;
  for (let waitedMs = 0; waitedMs < MINING_TIMEOUT_MS; waitedMs += pauseMs) {
    const receipt = await provider.getTransactionReceipt(hash);
    if (receipt !== null && (await provider.getBlockNumber()) >= receipt.blockNumber) {
      if (receipt.status === 0) throw await whyReverted(sent, receipt);
      return receipt;
    }
    pauseMs = Math.min(MOST_RECEIPT_MS, 2 * pauseMs);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  throw makeError("no receipt in time", "TIMEOUT", { operation: "receipt", reason: "timeout" });
}

/**
 * A receipt does not tell why. The same call on the state before its block does, unless it was refused for something earlier in
 * that block, or for want of gas, or the node has forgotten that state.
 */
async function whyReverted(sent: TransactionResponse, { blockNumber }: TransactionReceipt): Promise<unknown> {
  const { to, from, data, value } = sent;
  try {
    await sent.provider.call({ to, from, data, value, blockTag: blockNumber - 1 });
  } catch (error) {
    if (isError(error, "CALL_EXCEPTION")) return error;
  }
  const nothing = { data: null, reason: null, invocation: null, revert: null };
  const transaction = { to, from, data: "" };
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
    return minedFrom(deployment, await receiptOf(response));
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
