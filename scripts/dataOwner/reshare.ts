/**
 * `opaline data-owner reshare`: shares the columns of an active version anew, among the committee that is proposed for the
 * study and that the owner has approved. The columns come from the same file as then, in the slots and with the salts that
 * the private folder keeps. Interrupted anywhere, the same command goes on with the same shares.
 */
import { committeeChanges, eventOf } from "#chain";
import { CodedError } from "#errors";
import { runAlone } from "../cli.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { type SignerConnection, signerOptions, withSigner } from "../connection.ts";
import { withFolderLock } from "../folderLock.ts";
import { requireFunds } from "../funds.ts";
import { readBytes32, readWhole } from "../readOption.ts";
import { type OpenStudy, openStudy } from "../study.ts";
import { dealShares } from "./dealShares.ts";
import { encodeKeptColumns } from "./keptColumns.ts";
import { csvOptions, type OwnFiles, ownFilesHash, readOwnFiles } from "./ownFiles.ts";
import { requireOwnFolder } from "./ownFolder.ts";
import { contributionFolder, readContribution } from "./preparedContribution.ts";
import { discardPrepared, readReceipt } from "./preparedFolder.ts";
import { type Resharing, markReshared, readResharing, resharingFolder, writeResharing } from "./preparedResharing.ts";
import { type ProposedChange, openProposedChange } from "./proposedCommittee.ts";
import { requireCommittee, uploadShares } from "./uploadShares.ts";

export type ReshareErrorDetail =
  | { readonly code: "RESHARE_NO_SUCH_VERSION"; readonly version: number; readonly versions: number }
  /** Each of these needs its own file, and the one given is of none of them as it was. */
  | { readonly code: "RESHARE_WHICH_VERSION"; readonly versions: readonly number[] }
  /** The files are the very ones of version `of`. */
  | { readonly code: "RESHARE_OTHER_VERSION"; readonly version: number; readonly of: number }
  /** The chain takes versions in their order. */
  | { readonly code: "RESHARE_WRONG_ORDER"; readonly version: number; readonly next: number };

export interface ReshareReport {
  readonly studyId: string;
  readonly datasetId: string;
  /** Of the proposed committee. */
  readonly epoch: bigint;
  /** Undefined where all were shared anew before, and the file is of none of them as it was. */
  readonly version?: number;
  readonly sharesRoot?: string;
  readonly transaction?: string;
  readonly gasUsed?: bigint;
  /** True: the chain had it before, and nothing was sent. */
  readonly alreadyReshared: boolean;
  /** Versions still to be shared anew before the change can complete. */
  readonly missing: readonly number[];
}

export const command = defineCommand({
  command: "data-owner reshare",
  describe: "Share one version of your data anew, among the committee that is proposed and that you have approved",
  examples: [
    [
      "data-owner reshare --study 0x… --csv patients.csv --directory ~/opaline-private " +
        "--keystore ~/opaline-private/keystore.json --password-file ~/opaline-private/password",
      "the file it was contributed from; repeat the same command if it was interrupted",
    ],
    [
      "data-owner reshare --study 0x… --version 2 --csv later.csv --events adverse_events=ae.csv " +
        "--directory ~/opaline-private --keystore k.json --password-file pw",
      "each version from its own files, in their order",
    ],
  ],
  options: {
    ...signerOptions,
    study: { type: "string", describe: "Study id", required: true },
    version: {
      type: "string",
      describe: "Which version the file is of; may be left out if it is the very file, or one version is left",
    },
    ...csvOptions,
    directory: {
      type: "string",
      describe: "The hospital's private folder, with the salts the version was contributed with",
      required: true,
    },
    again: { type: "boolean", describe: "Share anew a version that was so already, as when the workers rejected it" },
  },
  handler: (options, context) => {
    const studyId = readBytes32("study", options.study);
    const { version, again } = options;
    const asked = version === undefined ? undefined : Number(readWhole("version", version, 1n, 2n ** 32n));
    const files = readOwnFiles(options, context.resolve);
    const privateFolder = context.resolve(options.directory);
    return withSigner(options, context, async (connection): Promise<ReshareReport> => {
      const open = await openStudy(connection, studyId);
      return withFolderLock(privateFolder, context.randomBytes, async () => {
        await requireOwnFolder(connection, privateFolder);
        const change = await openProposedChange(connection, studyId, privateFolder);
        const chosen = chooseVersion(change, asked, again, versionOfFiles(change, privateFolder, files));
        if (chosen === undefined) return report(change, { alreadyReshared: true });
        return reshare(connection, open, { change, version: chosen, again, files, privateFolder }, context);
      });
    });
  },
});

/** The version that was contributed from these very files. */
function versionOfFiles(
  { datasetId, segments }: ProposedChange,
  privateFolder: string,
  files: OwnFiles,
): number | undefined {
  const csvHash = ownFilesHash(files);
  const versions = segments.map((_, index) => index + 1);
  return versions.find((v) => readContribution(contributionFolder(privateFolder, datasetId, v))?.csvHash === csvHash);
}

/**
 * The one that is asked for; or that the file was contributed as; or the only one there is to do.
 *
 * @returns undefined when nothing is left to do
 */
function chooseVersion(
  change: ProposedChange,
  asked: number | undefined,
  again: boolean,
  ofFiles: number | undefined,
): number | undefined {
  const versions = change.segments.length;
  if (asked !== undefined && asked > versions) throw noSuchVersion(asked, versions);
  // Before anything is read: no subject is in two versions.
  if (asked !== undefined && ofFiles !== undefined && asked !== ofFiles) throw otherVersion(asked, ofFiles);
  const left = again ? change.segments.map((_, index) => index + 1) : missingVersions(change);
  const version = asked ?? ofFiles ?? left[0];
  if (asked === undefined && ofFiles === undefined && left.length > 1) throw whichVersion(left);
  const next = change.reshared + 1;
  if (version !== undefined && version > next) throw wrongOrder(version, next);
  return version;
}

function missingVersions({ segments, reshared }: ProposedChange): number[] {
  return segments.map((_, index) => index + 1).slice(reshared);
}

interface Work {
  readonly change: ProposedChange;
  readonly version: number;
  readonly again: boolean;
  readonly files: OwnFiles;
  readonly privateFolder: string;
}

async function reshare(
  connection: SignerConnection,
  open: OpenStudy,
  work: Work,
  context: CommandContext,
): Promise<ReshareReport> {
  const { change, version, privateFolder } = work;
  const folder = resharingFolder(privateFolder, change.datasetId, version, change.committee.epoch);
  const done = await findDone(connection, work, folder, context);
  if (done !== undefined) return done;
  // Before any worker has a share: the transaction that follows must be paid.
  await requireFunds(connection.provider, connection.signer.address);
  const prepared = readResharing(folder);
  const resharing =
    prepared === undefined || prepared.reshared !== undefined
      ? prepare(connection, open, work, folder, context)
      : prepared;
  await uploadShares(connection, { act: "RESHARE", dealt: resharing, folder, privateFolder }, context);
  return tellChain(connection, work, resharing, folder, context);
}

/**
 * What the chain has of the version already, unless it is to be shared once more. Notes what an interruption left unnoted, also
 * where another resharing has replaced it since, as one from a copy of the folder: the chain takes no files a second time.
 */
async function findDone(
  { deployment, provider }: SignerConnection,
  { change, version, again }: Work,
  folder: string,
  { log }: CommandContext,
): Promise<ReshareReport | undefined> {
  if (version > change.reshared) return undefined;
  const { datasetId, committee } = change;
  const changes = committeeChanges(deployment, provider);
  const all = await changes.resharings(provider, datasetId, committee.epoch, BigInt(version));
  const [known, prepared] = [all.at(-1), readResharing(folder)];
  const isUnnoted = prepared !== undefined && prepared.reshared === undefined;
  const sent = isUnnoted ? all.find(({ sharesRoot }) => sharesRoot === prepared.sharesRoot) : undefined;
  if (sent !== undefined) markReshared(folder, sent.transaction);
  const isInterrupted = sent !== undefined && sent === known;
  if (again && !isInterrupted) return undefined;
  if (isInterrupted) log(`version ${version} had been shared anew before the interruption; nothing was sent again`);
  else if (isUnnoted && sent === undefined)
    log(`version ${version} is prepared once more, and not sent: --again goes on with it`);
  else log(`version ${version} was shared anew already; --again does it once more, with fresh shares`);
  return report(change, { version, ...known, alreadyReshared: true });
}

/** Nothing of what was prepared before is touched until all that can be refused is checked. */
function prepare(
  { deployment }: SignerConnection,
  open: OpenStudy,
  { change, version, files, privateFolder }: Work,
  folder: string,
  { randomBytes, log }: CommandContext,
): Resharing {
  const { datasetId, committee, segments } = change;
  log(`reading ${[files, ...files.eventFiles].map(({ fileName }) => fileName).join(", ")}`);
  const onChain = segments[version - 1]!;
  const kept = { version, folder: contributionFolder(privateFolder, datasetId, version), onChain };
  const segment = encodeKeptColumns(open.schema, kept, files, log);
  const { columnsRoot } = onChain;
  const dealing = { chainId: deployment.chainId, open, datasetId, version, committee, segment, columnsRoot };
  const { dealt, files: shareFiles } = dealShares(dealing, randomBytes);
  discardPrepared(folder);
  writeResharing(folder, dealt, shareFiles);
  return dealt;
}

async function tellChain(
  connection: SignerConnection,
  { change, version }: Work,
  resharing: Resharing,
  folder: string,
  { log }: CommandContext,
): Promise<ReshareReport> {
  const { studyId, committee } = change;
  const { fileHashes, ingestProof, sharesRoot } = resharing;
  // The chain would take these files for whichever committee is proposed by now.
  await requireCommittee(connection, "RESHARE", resharing);
  const receipts = fileHashes.map((_, index) => readReceipt(folder, index + 1)!);
  const changes = committeeChanges(connection.deployment, connection.signer);
  const mined = await changes.reshare(studyId, BigInt(version), fileHashes, receipts, ingestProof);
  eventOf(mined, "DatasetReshared");
  markReshared(folder, mined.hash);
  const done = { ...change, reshared: Math.max(change.reshared, version) };
  const missing = missingVersions(done);
  log(
    `version ${version} is shared among committee ${committee.epoch}, too, which checks it before it confirms; ` +
      (missing.length === 0 ? "all versions are shared anew" : `still to be shared anew: ${missing.join(", ")}`),
  );
  const { hash: transaction, gasUsed } = mined;
  return report(done, { version, sharesRoot, transaction, gasUsed, alreadyReshared: false });
}

function report(
  change: ProposedChange,
  what: Omit<ReshareReport, "studyId" | "datasetId" | "epoch" | "missing">,
): ReshareReport {
  const { studyId, datasetId, committee } = change;
  return { studyId, datasetId, epoch: committee.epoch, ...what, missing: missingVersions(change) };
}

function noSuchVersion(version: number, versions: number): CodedError<ReshareErrorDetail> {
  return new CodedError(
    { code: "RESHARE_NO_SUCH_VERSION", version, versions },
    `--version: your dataset has ${versions === 1 ? "version 1 only" : `versions 1 to ${versions}`}; nothing was sent`,
  );
}

function otherVersion(version: number, of: number): CodedError<ReshareErrorDetail> {
  return new CodedError(
    { code: "RESHARE_OTHER_VERSION", version, of },
    `this is the file of version ${of}, not of version ${version}; nothing was sent`,
  );
}

function whichVersion(versions: readonly number[]): CodedError<ReshareErrorDetail> {
  return new CodedError(
    { code: "RESHARE_WHICH_VERSION", versions },
    `versions ${versions.join(", ")} can be shared anew, each from the file it was contributed from, and this is not the very ` +
      `file of any: say which with --version, ${versions[0]} first; nothing was sent`,
  );
}

function wrongOrder(version: number, next: number): CodedError<ReshareErrorDetail> {
  return new CodedError(
    { code: "RESHARE_WRONG_ORDER", version, next },
    `versions are shared anew in their order, and version ${next} comes before ${version}: ` +
      `give its file, with --version ${next}; nothing was sent`,
  );
}

if (import.meta.main) await runAlone(command);
