/** The running record of every act (`contracts/audit/IAuditTrail.sol`), read from its events and checked by its hash. */
import { AbiCoder, type ContractRunner, type Interface, dataSlice, keccak256, toUtf8Bytes } from "ethers";
import type { IAuditTrail } from "../../types/audit/IAuditTrail.ts";
import { CodedError } from "../errors.ts";
import { type Deployment, openContract } from "./deployment.ts";
import type { ChainErrorDetail } from "./errors.ts";
import { type ChainLog, allLogs, latestBlock } from "./logs.ts";
import type { JsonRpc } from "./provider.ts";
import { type Mined, mine, read } from "./transactions.ts";

export interface AuditRecord {
  readonly sequence: bigint;
  /** keccak256 of the act's name. */
  readonly act: string;
  /** What it was done to: an account, study, dataset, query or request id. */
  readonly subject: string;
  readonly actor: string;
  readonly organisation: string;
  readonly oldHash: string;
  readonly newHash: string;
  readonly reason: string;
  readonly head: string;
  readonly block: number;
  readonly transactionHash: string;
}

export interface AuditTrail {
  readonly address: string;
  addRecorder(recorder: string): Promise<Mined>;
  head(): Promise<string>;
  length(): Promise<bigint>;
  /** Every record, oldest first. O(number of records). */
  records(rpc: JsonRpc): Promise<AuditRecord[]>;
}

const NAME = "AuditTrail";
const HEAD_TYPES = [
  "bytes27", // previous head
  "uint64", // sequence
  "bytes32", // act
  "bytes32", // subject
  "address", // actor
  "bytes32", // organisation
  "bytes32", // old hash
  "bytes32", // new hash
  "bytes32", // keccak256(bytes(reason))
  "uint256", // block number
];

/** The running hash before any record: 27 bytes, as it always is. */
export const FIRST_HEAD = `0x${"00".repeat(27)}`;

/** The running hash after one more record, as the contract computes it. */
export function nextHead(previous: string, record: Omit<AuditRecord, "head" | "transactionHash">): string {
  const reasonHash = keccak256(toUtf8Bytes(record.reason));
  const { sequence, act, subject, actor, organisation, oldHash, newHash, block } = record;
  const acted = [previous, sequence, act, subject, actor, organisation];
  const words = [...acted, oldHash, newHash, reasonHash, block];
  return dataSlice(keccak256(AbiCoder.defaultAbiCoder().encode(HEAD_TYPES, words)), 0, 27);
}

/**
 * Recomputes the running hash over all records.
 *
 * @returns true when no record is missing, added, moved or altered and the last head is the contract's
 */
export function verifyRecords(records: readonly AuditRecord[], head: string): boolean {
  let running = FIRST_HEAD;
  for (const record of records) {
    running = nextHead(running, record);
    if (running !== record.head) return false;
  }
  return running === head;
}

async function readRecords(deployment: Deployment, rpc: JsonRpc): Promise<AuditRecord[]> {
  const abi = deployment.abi(NAME);
  const topics = abi.encodeFilterTopics("Recorded", []) as string[];
  const filter = { addresses: [deployment.address(NAME)], topics };
  const logs = await allLogs(rpc, filter, deployment.block, await latestBlock(rpc));
  return logs.map((log) => decodeRecord(abi, log));
}

/** @throws CodedError CHAIN_EVENT_UNREADABLE */
function decodeRecord(abi: Interface, log: ChainLog): AuditRecord {
  try {
    const args = abi.parseLog({ topics: [...log.topics], data: log.data })!.args.toObject();
    const { sequence, act, subject, actor, organisation, oldHash, newHash, reason, head } = args;
    const record = { sequence, act, subject, actor, organisation, oldHash, newHash, reason, head };
    return { ...record, block: log.blockNumber, transactionHash: log.transactionHash };
  } catch {
    throw new CodedError<ChainErrorDetail>(
      { code: "CHAIN_EVENT_UNREADABLE", event: "Recorded", id: log.transactionHash },
      `The audit record in transaction ${log.transactionHash}, log ${log.logIndex}, cannot be decoded`,
    );
  }
}

export function auditTrail(deployment: Deployment, runner: ContractRunner): AuditTrail {
  const contract = openContract<IAuditTrail>(deployment, NAME, runner);
  return {
    address: deployment.address(NAME),
    addRecorder: (recorder) => mine(deployment, `${NAME}.addRecorder`, contract.addRecorder(recorder)),
    head: () => read(deployment, `${NAME}.head`, contract.head()),
    length: () => read(deployment, `${NAME}.length`, contract.length()),
    records: (rpc) => readRecords(deployment, rpc),
  };
}
