/** What a change of committee still lacks, and who has to do what about it. */
import { committeeChanges, committeeRegistry, datasetRegistry, memberRegistry } from "#chain";
import type { Connection } from "../connection.ts";
import { mapBounded } from "../mapBounded.ts";
import { readAll } from "../study.ts";

/** A study's committee that is proposed. */
export interface Proposal {
  readonly studyId: string;
  readonly epoch: bigint;
}

const AT_ONCE = 8;
const NOTHING = `0x${"00".repeat(32)}`;

/** One line for each step; none once anyone can complete the change. Workers can confirm only once all data are shared anew. */
export async function missingSteps(connection: Connection, proposal: Proposal): Promise<string[]> {
  const { deployment, provider } = connection;
  const registry = datasetRegistry(deployment, provider);
  const { studyId } = proposal;
  const ids = await readAll(registry.count(studyId), (offset, limit) => registry.datasets(studyId, offset, limit));
  const owners = await mapBounded(ids, AT_ONCE, (datasetId) => missingOfOwner(connection, proposal, datasetId));
  const missing = owners.filter((step) => step !== undefined);
  const isShared = missing.length === 0;
  const content = isShared ? (await committeeChanges(deployment, provider).contentOf(studyId)).content : undefined;
  return [...missing, ...(await missingOfWorkers(connection, proposal, content))];
}

async function missingOfOwner(
  { deployment, provider }: Connection,
  { studyId, epoch }: Proposal,
  datasetId: string,
): Promise<string | undefined> {
  const [registry, changes] = [datasetRegistry(deployment, provider), committeeChanges(deployment, provider)];
  if (await registry.isRetired(datasetId)) return undefined;
  const owner = await registry.ownerOf(datasetId);
  const members = memberRegistry(deployment, "dataOwner", provider);
  const { organisationName, revoked } = await members.member(owner);
  const who = `${organisationName} (${owner})`;
  const isApproved = await changes.isApproved(studyId, epoch, owner);
  const [reshared, version] = await Promise.all([changes.reshared(datasetId, epoch), registry.version(datasetId)]);
  if (isApproved && reshared === version) return undefined;
  const lacks = isApproved ? `has shared ${reshared} of ${version} versions of its data anew` : "has not approved";
  if (revoked) {
    return `${who} ${lacks}, and is revoked: \`opaline admin retire-dataset --dataset ${datasetId} …\` leaves its data out`;
  }
  if (!(await members.isActive(owner))) {
    return `${who} ${lacks}, and its credential has expired: \`opaline admin admit --role data-owner …\` prolongs it`;
  }
  const command = isApproved ? "reshare" : "approve-committee";
  return `${who} ${lacks}: \`opaline data-owner ${command} --study ${studyId} …\`, or \`opaline data-owner retire …\``;
}

/** @param content what the workers are to confirm; undefined while they cannot */
async function missingOfWorkers(
  { deployment, provider }: Connection,
  { studyId, epoch }: Proposal,
  content: string | undefined,
): Promise<string[]> {
  const { workers } = await committeeRegistry(deployment, provider).committee(studyId, epoch);
  const [members, changes] = [memberRegistry(deployment, "worker", provider), committeeChanges(deployment, provider)];
  const steps = workers.map(async (worker, j) => {
    const [{ organisationName, revoked }, isActive] = [await members.member(worker), await members.isActive(worker)];
    const who = `worker ${j + 1}, ${organisationName} (${worker}),`;
    if (revoked)
      return `${who} is revoked: \`opaline admin withdraw-proposal --study ${studyId} …\`, and propose others`;
    if (!isActive)
      return `${who} has a credential that has expired: \`opaline admin admit --role worker …\` prolongs it`;
    if (content === undefined) return undefined;
    const confirmed = await changes.confirmed(studyId, epoch, j + 1);
    if (confirmed === content) return undefined;
    const lacks = confirmed === NOTHING ? "has not confirmed" : "has confirmed what there was before the last change";
    return `${who} ${lacks}: its service does so once its checks have passed; \`opaline worker status\` there`;
  });
  return (await Promise.all(steps)).filter((step) => step !== undefined);
}
