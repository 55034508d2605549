/**
 * `opaline auditor report-equivocation`: brings two signatures of one worker under one question before the chain. In two
 * transactions: the first announces a report that it hides, so that nobody who copies the second can have its reward.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  committeeRegistry,
  equivocationCommitment,
  eventOf,
  latestBlock,
  memberRegistry,
  workerDeposits,
} from "#chain";
import { CodedError, isCoded } from "#errors";
import { type Equivocation, type EvidenceErrorDetail, equivocationFromJson, equivocatorsOf } from "#messages";
import { runAlone } from "../cli.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { type Connection, type SignerConnection, signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { readInputFile } from "../readInputFile.ts";

export type ReportErrorDetail =
  | { readonly code: "EVIDENCE_OTHER_CHAIN"; readonly chainId: string; readonly expected: string }
  | { readonly code: "EVIDENCE_PROVES_NOTHING" }
  | { readonly code: "EVIDENCE_NOT_MEMBER"; readonly key: string; readonly worker: string };

/** Blocks come once a second or slower; asking oftener would only load the node. */
const POLL_MS = 250;

export const command = defineCommand({
  command: "auditor report-equivocation",
  describe: "Prove that a worker signed two answers to one question: its deposit is burnt, a twentieth is yours",
  examples: [
    [
      "auditor report-equivocation --evidence equivocation-0x….json --keystore k.json --password-file pw",
      "a file of `opaline worker evidence`; anyone may report it; `auditor withdraw` takes the reward",
    ],
  ],
  options: {
    ...signerOptions,
    evidence: { type: "string", describe: "JSON file with both signed verdicts", required: true },
  },
  handler: (options, context) => {
    const evidence = readEvidence(context.resolve(options.evidence));
    return withSigner(options, context, async (connection) => {
      const worker = await convicted(connection, evidence);
      const { requestId } = evidence.context;
      const { attempt } = evidence.first.verdict;
      const deposits = workerDeposits(connection.deployment, connection.signer);
      const place = { worker, requestId, attempt };
      if (await deposits.isProven(worker, evidence)) return { ...place, alreadyProven: true };
      await announce(connection, evidence, context);
      const mined = await deposits.reportEquivocation(evidence);
      const { slashed, reward } = eventOf(mined, "EquivocationProven").args;
      return { ...place, alreadyProven: false, slashed, reward, ...gasReport(mined) };
    });
  },
});

/** @throws CodedError FILE_UNREADABLE | EVIDENCE_INVALID, which name the file */
function readEvidence(file: string): Equivocation {
  const text = readInputFile("evidence", file);
  try {
    return equivocationFromJson(text);
  } catch (error) {
    if (!isCoded(error, "EVIDENCE_INVALID")) throw error;
    throw new CodedError(error.detail as EvidenceErrorDetail, `--evidence ${file}: ${error.message}`, { cause: error });
  }
}

/** Before anything is paid: whom the evidence convicts, as the contract will see it. */
async function convicted({ deployment, provider }: Connection, evidence: Equivocation): Promise<string> {
  const { chainId, context, index } = evidence;
  if (chainId !== deployment.chainId) {
    throw refused(
      { code: "EVIDENCE_OTHER_CHAIN", chainId: String(chainId), expected: String(deployment.chainId) },
      `is of chain ${chainId}, this deployment of chain ${deployment.chainId}: give that one's --deployment and --rpc`,
    );
  }
  const keys = equivocatorsOf(evidence);
  if (keys === undefined) {
    throw refused(
      { code: "EVIDENCE_PROVES_NOTHING" },
      "does not hold two signatures on two verdicts of one attempt: there is nothing to report",
    );
  }
  const registry = committeeRegistry(deployment, provider);
  const { worker } = await registry.signer(context.studyId, context.committeeEpoch, index);
  const members = memberRegistry(deployment, "worker", provider);
  for (const key of keys) {
    if ((await members.everMemberOf(key)) === worker) continue;
    throw refused(
      { code: "EVIDENCE_NOT_MEMBER", key, worker },
      `is signed by ${key}, which is and was no key of worker ${index} of the request's committee on this deployment`,
    );
  }
  return worker;
}

function refused(detail: ReportErrorDetail, what: string): CodedError<ReportErrorDetail> {
  return new CodedError(detail, `--evidence: the file ${what}`);
}

/** Announced once, also by an earlier, interrupted call; back when the report may follow. */
async function announce(
  { deployment, provider, signer }: SignerConnection,
  evidence: Equivocation,
  { log, signal }: CommandContext,
): Promise<void> {
  const deposits = workerDeposits(deployment, signer);
  const commitment = equivocationCommitment(signer.address, evidence);
  if ((await deposits.announcedAt(commitment)) === 0n) await deposits.announceEquivocation(commitment);
  const announcedAt = await deposits.announcedAt(commitment);
  log(`announced in block ${announcedAt}; the report follows in a later one`);
  while (BigInt(await latestBlock(provider)) <= announcedAt) await sleep(POLL_MS, undefined, { signal });
}

if (import.meta.main) await runAlone(command);
