/** The committee that is proposed for a study, and whether the owner's data may and must be shared among it. */
import { type Committee, type DatasetSegment, committeeChanges, committeeRegistry, datasetRegistry } from "#chain";
import { CodedError } from "#errors";
import type { SignerConnection } from "../connection.ts";
import { memberOfKey } from "../memberOfKey.ts";
import { discardOtherResharings } from "./preparedResharing.ts";

export type ProposedCommitteeErrorDetail =
  | { readonly code: "RESHARE_NO_DATA"; readonly studyId: string; readonly owner: string }
  | { readonly code: "RESHARE_RETIRED"; readonly datasetId: string }
  | { readonly code: "RESHARE_NOTHING_PROPOSED"; readonly studyId: string }
  | { readonly code: "RESHARE_NOT_APPROVED"; readonly epoch: bigint; readonly workers: readonly string[] }
  /** The proposal that the owner approved was withdrawn, and another one stands. */
  | {
      readonly code: "RESHARE_OTHER_COMMITTEE";
      readonly approved: bigint;
      readonly epoch: bigint;
      readonly workers: readonly string[];
    };

/** A change of committee, as one owner's dataset sees it. */
export interface ProposedChange {
  readonly studyId: string;
  readonly datasetId: string;
  /** Version v is segments[v - 1]. */
  readonly segments: readonly DatasetSegment[];
  readonly committee: Committee;
  /** The committee was given versions 1 to this one. */
  readonly reshared: number;
}

/**
 * What was prepared for a committee that is no longer proposed is removed from the private folder on the way, also where
 * the end is an error.
 *
 * @throws CodedError RESHARE_NO_DATA | RESHARE_RETIRED | RESHARE_NOTHING_PROPOSED | RESHARE_NOT_APPROVED | RESHARE_OTHER_COMMITTEE
 */
export async function openProposedChange(
  connection: SignerConnection,
  studyId: string,
  privateFolder: string,
): Promise<ProposedChange> {
  const { deployment, provider, signer } = connection;
  const datasets = datasetRegistry(deployment, provider);
  const owner = await memberOfKey(connection, "dataOwner", signer.address);
  const datasetId = await datasets.datasetIdOf(studyId, owner);
  const segments = await datasets.segments(datasetId);
  if (segments.length === 0) throw noData(studyId, owner);
  const retired = await datasets.isRetired(datasetId);
  const committees = committeeRegistry(deployment, provider);
  const epoch = await committees.proposedEpoch(studyId);
  discardOtherResharings(privateFolder, datasetId, retired ? 0n : epoch);
  if (retired) throw isRetired(datasetId);
  if (epoch === 0n) throw nothingProposed(studyId);
  const committee = await committees.committee(studyId, epoch);
  await requireApproval(connection, studyId, owner, committee);
  const reshared = Number(await committeeChanges(deployment, provider).reshared(datasetId, epoch));
  return { studyId, datasetId, segments, committee, reshared };
}

/** An approval is for one proposal: of another, even of the same workers, it says nothing. */
async function requireApproval(
  { deployment, provider }: SignerConnection,
  studyId: string,
  owner: string,
  { epoch, workers, threshold }: Committee,
): Promise<void> {
  const changes = committeeChanges(deployment, provider);
  if (await changes.isApproved(studyId, epoch, owner)) return;
  const named = workers.map((account) => `--worker ${account}`).join(" ");
  const remedy =
    "if they may hold your data, approve them first: `opaline data-owner approve-committee " +
    `--study ${studyId} ${named} --threshold ${threshold} --name NAME\`; nothing was sent`;
  const serving = await committeeRegistry(deployment, provider).currentEpoch(studyId);
  for (let earlier = epoch - 1n; earlier > serving; earlier -= 1n) {
    if (!(await changes.isApproved(studyId, earlier, owner))) continue;
    throw new CodedError<ProposedCommitteeErrorDetail>(
      { code: "RESHARE_OTHER_COMMITTEE", approved: earlier, epoch, workers },
      `you approved proposal ${earlier}, which was withdrawn; now ${epoch} is proposed, and ${remedy}`,
    );
  }
  throw new CodedError<ProposedCommitteeErrorDetail>(
    { code: "RESHARE_NOT_APPROVED", epoch, workers },
    `you have not approved the proposed committee ${epoch}; ${remedy}`,
  );
}

function noData(studyId: string, owner: string): CodedError<ProposedCommitteeErrorDetail> {
  return new CodedError(
    { code: "RESHARE_NO_DATA", studyId, owner },
    `${owner} has no active data in this study: there is nothing to share anew; \`contribute\` comes first`,
  );
}

function isRetired(datasetId: string): CodedError<ProposedCommitteeErrorDetail> {
  return new CodedError(
    { code: "RESHARE_RETIRED", datasetId },
    "your data are retired, for good: they take no part in a change of committee; nothing was sent",
  );
}

function nothingProposed(studyId: string): CodedError<ProposedCommitteeErrorDetail> {
  return new CodedError(
    { code: "RESHARE_NOTHING_PROPOSED", studyId },
    "no other committee is proposed for the study, or the change is complete: there is nobody to share your data anew with",
  );
}
