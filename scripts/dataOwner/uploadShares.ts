/**
 * Sends every worker its share file and keeps its receipt; workers that have one already are passed over, unless their key
 * was rotated since: the chain takes receipts of current keys only, and the worker signs another for the file it has.
 */
import { readFileSync } from "node:fs";
import { toBigInt } from "ethers";
import { type Member, chainTime, committeeRegistry, hostOf, memberRegistry } from "#chain";
import { CodedError } from "#errors";
import { RECEIPT, UPLOAD, type Upload, opalineDomain, signTypedData, signerOf } from "#messages";
import { uploadShareFile } from "#transport";
import type { CommandContext } from "../command.ts";
import type { SignerConnection } from "../connection.ts";
import { readTlsIdentity } from "../tlsIdentity.ts";
import { type DealtShares, keepReceipt, readReceipt, shareFilePath } from "./preparedFolder.ts";

/** To the committee that serves, or to the one that is proposed. */
export type Act = "CONTRIBUTE" | "RESHARE";

export type UploadSharesErrorDetail =
  /** Repeat the command: the workers that have the file are not asked again. */
  | { readonly code: `${Act}_WORKERS_UNAVAILABLE`; readonly workers: readonly string[] }
  | { readonly code: `${Act}_REFUSED`; readonly workers: readonly string[] }
  | { readonly code: `${Act}_BAD_RECEIPT`; readonly worker: string }
  /** Prepared for a committee that no longer serves, or is no longer proposed. current: the one that does or is; 0 for none */
  | { readonly code: `${Act}_COMMITTEE_CHANGED`; readonly prepared: string; readonly current: string }
  /** Revoked or expired members of the committee: nobody gets a share until there is another committee. */
  | { readonly code: `${Act}_WORKERS_INACTIVE`; readonly workers: readonly string[] };

export interface Delivery {
  readonly act: Act;
  readonly dealt: DealtShares;
  /** Where the share files are, and receipts go. */
  readonly folder: string;
  readonly privateFolder: string;
}

/** How long a signed upload may be used. */
const UPLOAD_SECONDS = 3_600n;
/** For the connection, and again for the receipt, which follows a write to the worker's disk. */
const UPLOAD_TIMEOUT_MS = 60_000;

/**
 * @throws CodedError *_COMMITTEE_CHANGED | *_WORKERS_INACTIVE before anything is sent
 * @throws CodedError *_WORKERS_UNAVAILABLE | *_REFUSED after trying all
 */
export async function uploadShares(
  connection: SignerConnection,
  delivery: Delivery,
  context: CommandContext,
): Promise<void> {
  const { act, dealt, folder } = delivery;
  const { deployment, provider } = connection;
  const registry = committeeRegistry(deployment, provider);
  const epoch = BigInt(dealt.committeeEpoch);
  const { workers } = await registry.committee(dealt.studyId, epoch);
  const keys = await registry.keys(dealt.studyId, epoch);
  const hasReceipt = workers.map((worker, index) => {
    const receipt = readReceipt(folder, index + 1);
    return receipt !== undefined && receiptSigner(connection, dealt, index + 1, worker, receipt) === keys[index];
  });
  if (hasReceipt.every(Boolean)) return;
  await requireCommittee(connection, act, dealt);
  await requireActive(connection, act, workers);
  const members = memberRegistry(deployment, "worker", provider);
  const committee = await Promise.all(workers.map((account) => members.member(account)));
  const results = await Promise.allSettled(
    committee.map(async (worker, index) => {
      if (hasReceipt[index] === true) return;
      const receipt = await uploadTo(worker, index + 1, connection, delivery, context);
      keepReceipt(folder, index + 1, receipt);
      context.log(`worker ${index + 1} (${worker.organisationName}) has its shares and signed the receipt`);
    }),
  );
  reportFailures(act, committee, results);
}

/**
 * Shares go to the committee they were made for as long as it serves, or is proposed: to no other, and not after that.
 *
 * @throws CodedError *_COMMITTEE_CHANGED
 */
export async function requireCommittee(
  { deployment, provider }: SignerConnection,
  act: Act,
  { studyId, committeeEpoch }: DealtShares,
): Promise<void> {
  const registry = committeeRegistry(deployment, provider);
  const epoch = act === "CONTRIBUTE" ? await registry.currentEpoch(studyId) : await registry.proposedEpoch(studyId);
  const current = String(epoch);
  if (current === committeeEpoch) return;
  const why =
    act === "CONTRIBUTE"
      ? `this contribution was prepared for committee ${committeeEpoch}, but the study's committee is now ${current}: ` +
        "nothing was sent; repeat with --discard to prepare the file anew"
      : `these shares were prepared for committee ${committeeEpoch}, which is no longer proposed: ` +
        "nothing more was sent; repeat the command for the one that is, if any";
  const detail = { code: `${act}_COMMITTEE_CHANGED`, prepared: committeeEpoch, current } as const;
  throw new CodedError<UploadSharesErrorDetail>(detail, why);
}

/** A share in the hands of someone who has left is a share lost: asked before the first one is sent. */
async function requireActive(
  { deployment, provider }: SignerConnection,
  act: Act,
  workers: readonly string[],
): Promise<void> {
  const members = memberRegistry(deployment, "worker", provider);
  const active = await Promise.all(workers.map((account) => members.isActive(account)));
  const inactive = workers.filter((_, index) => !active[index]);
  if (inactive.length === 0) return;
  throw new CodedError<UploadSharesErrorDetail>(
    { code: `${act}_WORKERS_INACTIVE`, workers: inactive },
    `${inactive.length} of ${workers.length} workers of the committee are revoked or expired ` +
      `(${inactive.join(", ")}): nothing was sent; ask the consortium for another committee`,
  );
}

async function uploadTo(
  worker: Member,
  party: number,
  connection: SignerConnection,
  { act, dealt, folder, privateFolder }: Delivery,
  { randomBytes, now, signal }: CommandContext,
): Promise<string> {
  const { deployment, provider, signer } = connection;
  const { studyId, datasetId, fileHashes } = dealt;
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
  if (receiptSigner(connection, dealt, party, worker.account, receipt) === worker.key) return receipt;
  throw new CodedError<UploadSharesErrorDetail>(
    { code: `${act}_BAD_RECEIPT`, worker: worker.account },
    `worker ${party} (${worker.organisationName}) answered with a receipt that it did not sign`,
  );
}

function receiptSigner(
  { deployment }: SignerConnection,
  { datasetId, fileHashes }: DealtShares,
  party: number,
  worker: string,
  receipt: string,
): string | undefined {
  const domain = opalineDomain(deployment.chainId, deployment.address("DatasetRegistry"));
  return signerOf(domain, RECEIPT, { datasetId, worker, fileHash: fileHashes[party - 1]! }, receipt);
}

/** All workers were tried; one error names all that failed, and says whether trying again can help. */
function reportFailures(act: Act, workers: readonly Member[], results: readonly PromiseSettledResult<void>[]): void {
  const failures = results.flatMap((result, index) =>
    result.status === "rejected" ? [{ ...workers[index]!, party: index + 1, reason: result.reason as unknown }] : [],
  );
  if (failures.length === 0) return;
  const lines = failures.map(
    ({ party, organisationName, endpoint, reason }) =>
      `worker ${party} (${organisationName}, ${hostOf(endpoint)}): ` +
      (reason instanceof CodedError ? reason.message : "unexpected error"),
  );
  const final = failures.filter(({ reason }) => !isWorthRepeating(reason));
  const code = final.length === 0 ? (`${act}_WORKERS_UNAVAILABLE` as const) : (`${act}_REFUSED` as const);
  throw new CodedError<UploadSharesErrorDetail>(
    { code, workers: (final.length === 0 ? failures : final).map(({ account }) => account) },
    `${failures.length} of ${workers.length} workers have not taken their shares; ${lines.join("; ")}` +
      (final.length === 0
        ? "; run the same command again once they are up: who has its shares is not asked again"
        : ""),
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
