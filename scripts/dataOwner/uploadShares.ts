/**
 * Sends every worker its share file and keeps its receipt; workers that have one already are passed over, unless their key
 * was rotated since: the chain takes receipts of current keys only, and the worker signs another for the file it has.
 */
import { readFileSync } from "node:fs";
import { toBigInt } from "ethers";
import { type Member, chainTime, committeeRegistry, memberRegistry } from "#chain";
import { CodedError } from "#errors";
import { RECEIPT, UPLOAD, type Upload, opalineDomain, signTypedData, signerOf } from "#messages";
import { uploadShareFile } from "#transport";
import type { CommandContext } from "../command.ts";
import type { SignerConnection } from "../connection.ts";
import { readTlsIdentity } from "../tlsIdentity.ts";
import { type Contribution, keepReceipt, readReceipt, shareFilePath } from "./preparedContribution.ts";

export type UploadSharesErrorDetail =
  /** Repeat the command: the workers that have the file are not asked again. */
  | { readonly code: "CONTRIBUTE_WORKERS_UNAVAILABLE"; readonly workers: readonly string[] }
  | { readonly code: "CONTRIBUTE_REFUSED"; readonly workers: readonly string[] }
  | { readonly code: "CONTRIBUTE_BAD_RECEIPT"; readonly worker: string }
  /** Prepared for a committee that is no longer the study's. */
  | { readonly code: "CONTRIBUTE_COMMITTEE_CHANGED"; readonly prepared: string; readonly current: string }
  /** Revoked or expired members of the committee: nobody gets a share until there is another committee. */
  | { readonly code: "CONTRIBUTE_WORKERS_INACTIVE"; readonly workers: readonly string[] };

/** How long a signed upload may be used. */
const UPLOAD_SECONDS = 3_600n;
/** For the connection, and again for the receipt, which follows a write to the worker's disk. */
const UPLOAD_TIMEOUT_MS = 60_000;

/**
 * @throws CodedError CONTRIBUTE_COMMITTEE_CHANGED | CONTRIBUTE_WORKERS_INACTIVE before anything is sent
 * @throws CodedError CONTRIBUTE_WORKERS_UNAVAILABLE | CONTRIBUTE_REFUSED | CONTRIBUTE_BAD_RECEIPT after trying all
 */
export async function uploadShares(
  connection: SignerConnection,
  contribution: Contribution,
  folder: string,
  privateFolder: string,
  context: CommandContext,
): Promise<void> {
  if (contribution.activated !== undefined) return;
  const { deployment, provider } = connection;
  const registry = committeeRegistry(deployment, provider);
  const epoch = BigInt(contribution.committeeEpoch);
  const { workers } = await registry.committee(contribution.studyId, epoch);
  const keys = await registry.keys(contribution.studyId, epoch);
  const hasReceipt = workers.map((worker, index) => {
    const receipt = readReceipt(folder, index + 1);
    return receipt !== undefined && receiptSigner(connection, contribution, index + 1, worker, receipt) === keys[index];
  });
  if (hasReceipt.every(Boolean)) return;
  await requireCommittee(connection, contribution, workers);
  const members = memberRegistry(deployment, "worker", provider);
  const results = await Promise.allSettled(
    workers.map(async (account, index) => {
      if (hasReceipt[index] === true) return;
      const worker = await members.member(account);
      const receipt = await uploadTo(worker, index + 1, connection, contribution, folder, privateFolder, context);
      keepReceipt(folder, index + 1, receipt);
      context.log(`worker ${index + 1} (${worker.organisationName}) has its shares and signed the receipt`);
    }),
  );
  reportFailures(workers, results);
}

/** A share in the hands of someone who has left is a share lost: asked before the first one is sent. */
async function requireCommittee(
  { deployment, provider }: SignerConnection,
  { studyId, committeeEpoch }: Contribution,
  workers: readonly string[],
): Promise<void> {
  const current = String(await committeeRegistry(deployment, provider).currentEpoch(studyId));
  if (current !== committeeEpoch) {
    throw new CodedError<UploadSharesErrorDetail>(
      { code: "CONTRIBUTE_COMMITTEE_CHANGED", prepared: committeeEpoch, current },
      `this contribution was prepared for committee ${committeeEpoch}, but the study's committee is now ${current}: ` +
        "nothing was sent; repeat with --discard to prepare the file anew",
    );
  }
  const members = memberRegistry(deployment, "worker", provider);
  const active = await Promise.all(workers.map((account) => members.isActive(account)));
  const inactive = workers.filter((_, index) => !active[index]);
  if (inactive.length === 0) return;
  throw new CodedError<UploadSharesErrorDetail>(
    { code: "CONTRIBUTE_WORKERS_INACTIVE", workers: inactive },
    `${inactive.length} of ${workers.length} workers of the committee are revoked or expired ` +
      `(${inactive.join(", ")}): nothing was sent; ask the consortium for another committee`,
  );
}

async function uploadTo(
  worker: Member,
  party: number,
  connection: SignerConnection,
  contribution: Contribution,
  folder: string,
  privateFolder: string,
  { randomBytes, now, signal }: CommandContext,
): Promise<string> {
  const { deployment, provider, signer } = connection;
  const { studyId, datasetId, fileHashes } = contribution;
  const file = readFileSync(shareFilePath(folder, party));
  const fileHash = fileHashes[party - 1]!;
  const upload: Upload = {
    studyId,
    datasetId,
    worker: worker.account,
    fileHash,
    bytes: BigInt(file.length),
    nonce: toBigInt(randomBytes(32)),
    deadline: (await chainTime(provider)) + UPLOAD_SECONDS,
  };
  const domain = opalineDomain(deployment.chainId, deployment.address("DatasetRegistry"));
  const { receipt } = await uploadShareFile({
    endpoint: worker.endpoint,
    workerFingerprint: worker.tlsFingerprint,
    identity: readTlsIdentity(privateFolder),
    upload,
    signature: await signTypedData(signer, domain, UPLOAD, upload),
    file,
    now,
    timeoutMs: UPLOAD_TIMEOUT_MS,
    signal,
  });
  if (receiptSigner(connection, contribution, party, worker.account, receipt) === worker.key) return receipt;
  throw new CodedError<UploadSharesErrorDetail>(
    { code: "CONTRIBUTE_BAD_RECEIPT", worker: worker.account },
    `worker ${party} (${worker.organisationName}) answered with a receipt that it did not sign`,
  );
}

function receiptSigner(
  { deployment }: SignerConnection,
  { datasetId, fileHashes }: Contribution,
  party: number,
  worker: string,
  receipt: string,
): string | undefined {
  const domain = opalineDomain(deployment.chainId, deployment.address("DatasetRegistry"));
  return signerOf(domain, RECEIPT, { datasetId, worker, fileHash: fileHashes[party - 1]! }, receipt);
}

/** All workers were tried; one error names all that failed, and says whether trying again can help. */
function reportFailures(workers: readonly string[], results: readonly PromiseSettledResult<void>[]): void {
  const failures = results.flatMap((result, index) =>
    result.status === "rejected"
      ? [{ worker: workers[index]!, party: index + 1, reason: result.reason as unknown }]
      : [],
  );
  if (failures.length === 0) return;
  const lines = failures.map(
    ({ party, reason }) => `worker ${party}: ${reason instanceof CodedError ? reason.message : "unexpected error"}`,
  );
  const final = failures.filter(({ reason }) => !isWorthRepeating(reason));
  const code = final.length === 0 ? "CONTRIBUTE_WORKERS_UNAVAILABLE" : "CONTRIBUTE_REFUSED";
  throw new CodedError<UploadSharesErrorDetail>(
    { code, workers: (final.length === 0 ? failures : final).map(({ worker }) => worker) },
    `${failures.length} of ${workers.length} workers have not taken their shares; ${lines.join("; ")}`,
    { cause: failures[0]!.reason },
  );
}

/** A worker that is away or restarting. */
const PASSING = new Set(["TRANSPORT_UNREACHABLE", "TRANSPORT_TIMEOUT", "TRANSPORT_CLOSED"]);

function isWorthRepeating(reason: unknown): boolean {
  if (!(reason instanceof CodedError)) return false;
  const detail = reason.detail as { readonly code: string; readonly retryable?: boolean };
  return detail.retryable === true || PASSING.has(detail.code);
}
