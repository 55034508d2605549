/** The file of `opaline auditor dispute`: its form is in `workers/messages/dispute.ts`, whether it shows anything is seen here. */
import { committeeRegistry, memberRegistry, signedEndOf } from "#chain";
import { CodedError, isCoded } from "#errors";
import {
  ANSWER,
  type EvidenceErrorDetail,
  type SignedVerdict,
  contradicts,
  disputeFromJson,
  opalineDomain,
  signerOf,
  statementHash,
  verdictFault,
} from "#messages";
import type { Connection } from "../connection.ts";
import type { RequestEvents } from "../querier/requestEvents.ts";
import { readInputFile } from "../readInputFile.ts";

export type DisputeErrorDetail =
  /** A field of the file is missing, has another form, or a value that no verdict on this request can have. */
  | { readonly code: "DISPUTE_FILE_INVALID"; readonly file: string; readonly field: string }
  /** Nobody signed its end: it is open (then its state is REQUESTED), or it expired. */
  | { readonly code: "DISPUTE_NOTHING_SIGNED"; readonly requestId: string; readonly state: "REQUESTED" | "EXPIRED" }
  /** The file says what the chain says. */
  | { readonly code: "DISPUTE_NO_CONFLICT"; readonly requestId: string }
  | { readonly code: "DISPUTE_NO_QUORUM"; readonly valid: number; readonly needed: number };

/** @throws CodedError FILE_UNREADABLE | DISPUTE_FILE_INVALID */
export function readDisputeFile(file: string): SignedVerdict {
  const text = readInputFile("evidence", file);
  try {
    return disputeFromJson(text);
  } catch (error) {
    if (!isCoded(error, "EVIDENCE_INVALID")) throw error;
    throw invalidFile(file, (error.detail as EvidenceErrorDetail).field, error.message);
  }
}

/**
 * Whether the contract will record it, asked before anything is paid.
 *
 * @returns the file's signatures that count: one that does not would have the contract refuse all
 * @throws CodedError DISPUTE_*
 */
export async function checkDispute(
  connection: Connection,
  events: RequestEvents,
  { file, signed }: { readonly file: string; readonly signed: SignedVerdict },
  log: (line: string) => void,
): Promise<SignedVerdict> {
  const { requestId, context } = events.requested;
  const { verdict } = signed;
  const end = events.ending === undefined ? undefined : signedEndOf(events.ending);
  if (end === undefined) {
    const state = events.ending === undefined ? "REQUESTED" : "EXPIRED";
    const why = state === "REQUESTED" ? "has not ended yet" : "expired";
    const detail = { code: "DISPUTE_NOTHING_SIGNED", requestId, state } as const;
    throw new CodedError<DisputeErrorDetail>(
      detail,
      `request ${requestId} ${why}: the chain has nothing to contradict`,
    );
  }
  const fault = verdictFault(verdict, context.releaseClass);
  if (fault !== undefined) {
    throw invalidFile(file, `verdict.${fault}`, `verdict.${fault} is none that a verdict on this request can have`);
  }
  if (!contradicts(verdict, end, context.releaseClass)) {
    throw new CodedError<DisputeErrorDetail>(
      { code: "DISPUTE_NO_CONFLICT", requestId },
      `--evidence ${file}: the verdict does not contradict the chain: the same outcome, and the same or a sealed answer's outputs`,
    );
  }
  const faults = new Map<number, string>();
  for (const each of signed.signatures) {
    const found = await signatureFault(connection, events, verdict, each);
    if (found !== undefined) faults.set(each.index, found);
  }
  const reasons = [...faults].map(([index, reason]) => `signature of worker ${index} ${reason}`);
  const signatures = signed.signatures.filter(({ index }) => !faults.has(index));
  const registry = committeeRegistry(connection.deployment, connection.provider);
  const needed = await registry.quorum(context.studyId, context.committeeEpoch);
  if (signatures.length < needed) {
    throw new CodedError<DisputeErrorDetail>(
      { code: "DISPUTE_NO_QUORUM", valid: signatures.length, needed },
      `--evidence ${file}: ${signatures.length} of its signatures count, ${needed} are needed` +
        reasons.map((reason) => `; ${reason}`).join(""),
    );
  }
  for (const reason of reasons) log(`left out: ${reason}`);
  return { verdict, signatures };
}

/** Why the contract would not take it; undefined: it does. */
async function signatureFault(
  { deployment, provider }: Connection,
  { queryContract, requested: { context } }: RequestEvents,
  verdict: SignedVerdict["verdict"],
  { index, signature }: SignedVerdict["signatures"][number],
): Promise<string | undefined> {
  const { chainId } = deployment;
  const { workers } = await committeeRegistry(deployment, provider).committee(context.studyId, context.committeeEpoch);
  if (index > workers.length) return `is of nobody: the committee has ${workers.length}`;
  const statement = statementHash({ chainId, contract: queryContract, context, verdict });
  const account = signerOf(opalineDomain(chainId, queryContract), ANSWER, { statement }, signature);
  const registry = committeeRegistry(deployment, provider);
  const { worker, key, active } = await registry.signer(context.studyId, context.committeeEpoch, index);
  if (account !== key) return await foreignSignature({ deployment, provider }, account, worker);
  return active ? undefined : "does not count: the worker is not active now";
}

async function foreignSignature({ deployment, provider }: Connection, account: string | undefined, worker: string) {
  if (account === undefined) return "is none";
  const member = await memberRegistry(deployment, "worker", provider).everMemberOf(account);
  if (member === worker) return "is by a key that the worker has no more";
  return "is not on this verdict and request, or not this worker's";
}

function invalidFile(file: string, field: string, what: string): CodedError<DisputeErrorDetail> {
  return new CodedError({ code: "DISPUTE_FILE_INVALID", file, field }, `--evidence ${file}: ${what}`);
}
