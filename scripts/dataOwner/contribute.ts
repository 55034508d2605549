/**
 * `opaline data-owner contribute`: reads, encodes, commits and shares a CSV, uploads each worker its file, collects the
 * signed receipts, and activates the dataset on chain. Interrupted anywhere, the same command goes on where it was.
 */
import { existsSync } from "node:fs";
import { committeeRegistry, datasetRegistry, eventOf, memberRegistry, studyAgreements, studyRegistry } from "#chain";
import { commitColumns, encodeTable, readTable } from "#encoding";
import { CodedError } from "#errors";
import { runAlone } from "../cli.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { type SignerConnection, signerOptions, withSigner } from "../connection.ts";
import { withFolderLock } from "../folderLock.ts";
import { requireFunds } from "../funds.ts";
import { memberOfKey } from "../memberOfKey.ts";
import { readBytes32 } from "../readOption.ts";
import { type OpenStudy, openStudy } from "../study.ts";
import {
  type Contribution,
  contributionFolder,
  knownSubjects,
  markActivated,
  readContribution,
  segmentOf,
  writeContribution,
} from "./preparedContribution.ts";
import { dealShares } from "./dealShares.ts";
import { discardPrepared, readReceipt } from "./preparedFolder.ts";
import { requireOwnFolder } from "./ownFolder.ts";
import { csvOptions, type OwnFiles, ownFilesHash, readOwnFiles } from "./ownFiles.ts";
import { uploadShares } from "./uploadShares.ts";

export type ContributeErrorDetail =
  | { readonly code: "CONTRIBUTE_AGREEMENT_NOT_SIGNED"; readonly studyId: string; readonly owner: string }
  | { readonly code: "CONTRIBUTE_DATASET_RETIRED"; readonly datasetId: string }
  | { readonly code: "CONTRIBUTE_ANOTHER_PREPARED"; readonly version: number }
  | { readonly code: "CONTRIBUTE_NO_COMMITTEE"; readonly studyId: string }
  | { readonly code: "CONTRIBUTE_TOO_MANY_ROWS"; readonly rowCount: number; readonly maximum: number }
  | { readonly code: "CONTRIBUTE_KNOWN_SUBJECTS"; readonly rows: number };

export const command = defineCommand({
  command: "data-owner contribute",
  describe: "Contribute a CSV file: encode, commit, share, upload to every worker, activate on chain",
  examples: [
    [
      "data-owner contribute --study 0x… --csv patients.csv --directory ~/opaline-private " +
        "--keystore ~/opaline-private/keystore.json --password-file ~/opaline-private/password",
      "repeat the same command if it was interrupted",
    ],
    [
      "data-owner contribute --study 0x… --csv patients.csv --events adverse_events=ae.csv --events visits=visits.csv " +
        "--directory ~/opaline-private --keystore ~/opaline-private/keystore.json --password-file ~/opaline-private/password",
      "where the schema computes fields from events",
    ],
  ],
  options: {
    ...signerOptions,
    study: { type: "string", describe: "Study id", required: true },
    ...csvOptions,
    directory: {
      type: "string",
      describe: "The hospital's private folder (from init); salts are kept here",
      required: true,
    },
    discard: {
      type: "boolean",
      describe: "Give up a prepared, not yet active contribution of another file, or for an earlier committee",
    },
  },
  handler: (options, context) => {
    const studyId = readBytes32("study", options.study);
    const files = readOwnFiles(options, context.resolve);
    const privateFolder = context.resolve(options.directory);
    return withSigner(options, context, async (connection) => {
      const study = await openStudy(connection, studyId);
      await requireSigned(connection, studyId);
      await requireNotRetired(connection, studyId);
      return withFolderLock(privateFolder, context.randomBytes, async () => {
        await requireOwnFolder(connection, privateFolder);
        const place = await findPlace(connection, studyId, privateFolder, ownFilesHash(files), options.discard);
        if (!existsSync(place.folder)) {
          context.log(`reading ${[files, ...files.eventFiles].map(({ fileName }) => fileName).join(", ")}`);
          await prepare(connection, study, { ...place, privateFolder, files }, context);
        }
        const contribution = readContribution(place.folder)!;
        if (contribution.activated === undefined) {
          // Before any worker has a share: the activation that follows must be paid.
          await requireFunds(connection.provider, connection.signer.address);
          const delivery = { act: "CONTRIBUTE", dealt: contribution, folder: place.folder, privateFolder } as const;
          await uploadShares(connection, delivery, context);
        }
        return activate(connection, contribution, place.folder, context);
      });
    });
  },
});

/** Before anything is prepared: the registry takes no data of an owner who has not signed. */
async function requireSigned(connection: SignerConnection, studyId: string): Promise<void> {
  const { deployment, provider, signer } = connection;
  const owner = await memberOfKey(connection, "dataOwner", signer.address);
  // Who is no owner is told so by whom it concerns.
  if (!(await memberRegistry(deployment, "dataOwner", provider).isActive(owner))) return;
  if (await studyAgreements(deployment, provider).isSigned(studyId, owner)) return;
  throw new CodedError<ContributeErrorDetail>(
    { code: "CONTRIBUTE_AGREEMENT_NOT_SIGNED", studyId, owner },
    `the newest version of the study's agreement is not signed by ${owner}: ` +
      `\`opaline data-owner sign-agreement --study ${studyId} --document FILE --name NAME\`; nothing was sent`,
  );
}

/** Retirement is for good: neither a version that was active nor a new one counts as contributed. */
async function requireNotRetired(connection: SignerConnection, studyId: string): Promise<void> {
  const { deployment, provider, signer } = connection;
  const registry = datasetRegistry(deployment, provider);
  const datasetId = await registry.datasetIdOf(studyId, await memberOfKey(connection, "dataOwner", signer.address));
  if (!(await registry.isRetired(datasetId))) return;
  throw new CodedError<ContributeErrorDetail>(
    { code: "CONTRIBUTE_DATASET_RETIRED", datasetId },
    `dataset ${datasetId} was retired, for good: it takes no version any more, and nothing was prepared or sent. ` +
      "It was your one dataset in this study; give another study's --study",
  );
}

interface Place {
  readonly folder: string;
  readonly datasetId: string;
  readonly version: number;
}

/** The folder of this file's contribution: a prepared one to go on with, or the next version's. */
async function findPlace(
  connection: SignerConnection,
  studyId: string,
  privateFolder: string,
  csvHash: string,
  discard: boolean,
): Promise<Place> {
  const { deployment, provider, signer } = connection;
  const registry = datasetRegistry(deployment, provider);
  const owner = await memberOfKey(connection, "dataOwner", signer.address);
  const datasetId = await registry.datasetIdOf(studyId, owner);
  const active = Number(await registry.version(datasetId));
  const placeOf = (version: number): Place => ({
    folder: contributionFolder(privateFolder, datasetId, version),
    datasetId,
    version,
  });
  // Activated on chain, but interrupted before it was noted here: go on with that one.
  const last = placeOf(active);
  const lastContribution = readContribution(last.folder);
  if (lastContribution?.csvHash === csvHash) return last;
  const next = placeOf(active + 1);
  const prepared = readContribution(next.folder);
  if (prepared === undefined) return next;
  if (prepared.csvHash === csvHash) {
    // For the committee of today it goes on as it is, with or without --discard: the same shares, never two sharings.
    if (!discard || BigInt(prepared.committeeEpoch) === (await currentEpoch(connection, studyId))) return next;
  } else if (!discard) {
    throw new CodedError<ContributeErrorDetail>(
      { code: "CONTRIBUTE_ANOTHER_PREPARED", version: next.version },
      `version ${next.version} is prepared from another file and not yet active; finish it, or give it up with --discard`,
    );
  }
  discardPrepared(next.folder);
  return next;
}

function currentEpoch({ deployment, provider }: SignerConnection, studyId: string): Promise<bigint> {
  return committeeRegistry(deployment, provider).currentEpoch(studyId);
}

interface Preparation extends Place {
  readonly privateFolder: string;
  readonly files: OwnFiles;
}

async function prepare(
  { deployment, provider }: SignerConnection,
  open: OpenStudy,
  { folder, datasetId, version, privateFolder, files: own }: Preparation,
  { randomBytes }: CommandContext,
): Promise<void> {
  const { studyId, study, schema } = open;
  const registry = committeeRegistry(deployment, provider);
  const epoch = await registry.currentEpoch(studyId);
  if (epoch === 0n) {
    throw new CodedError<ContributeErrorDetail>(
      { code: "CONTRIBUTE_NO_COMMITTEE", studyId },
      `study ${studyId} has no committee yet: there is no one to send shares to`,
    );
  }
  const committee = await registry.committee(studyId, epoch);
  const table = readTable(own.csv, schema, own.fileName, own.eventFiles);
  refuseTooManyRows(table.rowCount, study.log2N);
  refuseKnownSubjects(table.subjects, knownSubjects(privateFolder, datasetId));
  const segment = encodeTable(table, schema, randomBytes);
  const commitments = commitColumns(segment, randomBytes);
  const { columnsRoot } = commitments;
  const dealing = { chainId: deployment.chainId, open, datasetId, version, committee, segment, columnsRoot };
  const { dealt, files } = dealShares(dealing, randomBytes);
  const contribution = { ...dealt, csvHash: ownFilesHash(own) };
  writeContribution(folder, contribution, segment, commitments, files);
}

function refuseTooManyRows(rowCount: number, log2N: number): void {
  const maximum = 2 ** log2N;
  if (rowCount <= maximum) return;
  throw new CodedError<ContributeErrorDetail>(
    { code: "CONTRIBUTE_TOO_MANY_ROWS", rowCount, maximum },
    `the file has ${rowCount} rows; this study takes ${maximum} per dataset`,
  );
}

/** One row per subject, over all versions: the same person twice would be counted twice. */
function refuseKnownSubjects(subjects: readonly string[], known: ReadonlyMap<string, number>): void {
  const rows = subjects.filter((subject) => known.has(subject)).length;
  if (rows === 0) return;
  throw new CodedError<ContributeErrorDetail>(
    { code: "CONTRIBUTE_KNOWN_SUBJECTS", rows },
    `${rows} subjects of this file are in an earlier version already; a new version holds new subjects only`,
  );
}

async function activate(
  { deployment, provider, signer }: SignerConnection,
  contribution: Contribution,
  folder: string,
  { log }: CommandContext,
) {
  const { studyId, datasetId, version, rowCount, columnsRoot, sharesRoot, fileHashes } = contribution;
  const value = { datasetId, version, rowCount, columnsRoot, sharesRoot, workers: fileHashes.length };
  if (contribution.activated !== undefined)
    return { ...value, transaction: contribution.activated, alreadyActive: true };
  const registry = datasetRegistry(deployment, signer);
  const onChain = (await datasetRegistry(deployment, provider).segments(datasetId))[version - 1];
  // Salted, so of this contribution alone; the shares root changes with the committee.
  if (onChain !== undefined && onChain.columnsRoot === columnsRoot) {
    markActivated(folder, "seen on chain");
    return { ...value, transaction: "seen on chain", alreadyActive: true };
  }
  const receipts = fileHashes.map((_, index) => readReceipt(folder, index + 1)!);
  const segment = segmentOf(contribution);
  const { ingestProof } = contribution;
  const { storageFeePerRow } = await studyRegistry(deployment, provider).policy(studyId);
  const fee = storageFeePerRow * segment.rowCount;
  const mined = await registry.activate(studyId, BigInt(version), segment, fileHashes, receipts, ingestProof, fee);
  eventOf(mined, "DatasetActivated");
  markActivated(folder, mined.hash);
  log(`dataset ${datasetId} version ${version} is active; the workers check it before they answer queries over it`);
  return { ...value, transaction: mined.hash, gasUsed: mined.gasUsed, storageFee: fee, alreadyActive: false };
}

if (import.meta.main) await runAlone(command);
