/**
 * Random acts (`modelActs.ts` draws them) of a change of committee. Most go on with the change that is open, which takes a dozen acts in
 * their order; each of them is also drawn at any time, and wrong in any of its parts.
 */
import { ZeroHash, id } from "ethers";
import { committeeHash } from "../../workers/messages/committeeHash.ts";
import { COMMITTEE_APPROVAL } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { type ActScene, keyOf, workersAt } from "./actScene.ts";
import { type Account, type Act, CONSORTIUM, OWNERS, QUERIER, STRANGER, WORKERS, act, studyIdOf } from "./genesis.ts";
import { CHAIN_ID, abiOf } from "./modelDeployment.ts";
import { damaged } from "./modelSignatures.ts";
import { receipts } from "./receipts.ts";

function steward({ choices }: ActScene): Account {
  return choices.weighted<Account>([
    [12, CONSORTIUM],
    [1, STRANGER],
  ]);
}

function anyStudy({ choices, addresses }: ActScene): string {
  return choices.weighted([
    [30, studyIdOf(addresses)],
    [1, id("no study")],
  ]);
}

function proposedEpoch({ chain, addresses }: ActScene): bigint {
  return chain.newest.state.proposedEpochs.get(studyIdOf(addresses)) ?? 0n;
}

/** Mostly the one that is proposed. */
function anyEpoch(scene: ActScene): bigint {
  const proposed = proposedEpoch(scene);
  return scene.choices.weighted([
    [12, proposed],
    [1, proposed + 1n],
    [1, 1n],
  ]);
}

export async function appoint({ choices, addresses }: ActScene): Promise<Act> {
  const by = choices.weighted<Account>([
    [5, CONSORTIUM],
    [1, STRANGER],
  ]);
  const size = choices.whole(2, 7);
  const workers = choices.weighted([
    [4, WORKERS.slice(0, size)],
    [1, [WORKERS[0]!, WORKERS[0]!, WORKERS[1]!]],
    [1, [WORKERS[0]!, WORKERS[1]!, QUERIER]],
  ]);
  const args = [studyIdOf(addresses), workers.map(({ address }) => address), choices.whole(0, 3)];
  return act(by, addresses["CommitteeRegistry"]!, "CommitteeRegistry", "appoint", args);
}

export async function propose(scene: ActScene): Promise<Act> {
  const { choices, addresses } = scene;
  const all = choices.shuffled(WORKERS);
  const workers = choices.weighted([
    [12, all.slice(0, choices.whole(3, 4))],
    [2, all.slice(0, choices.whole(2, 7))],
    [1, [all[0]!, all[0]!, all[1]!]],
    [1, [all[0]!, all[1]!, QUERIER]],
  ]);
  const threshold = choices.weighted([
    [14, 1],
    [1, choices.whole(0, 3)],
  ]);
  const args = [anyStudy(scene), workers.map(({ address }) => address), threshold];
  return act(steward(scene), addresses["CommitteeRegistry"]!, "CommitteeRegistry", "propose", args);
}

async function withdrawProposal(scene: ActScene): Promise<Act> {
  const args = [anyStudy(scene), "test"];
  return act(steward(scene), scene.addresses["CommitteeRegistry"]!, "CommitteeRegistry", "withdrawProposal", args);
}

async function releaseDeposits(scene: ActScene): Promise<Act> {
  const { choices, addresses } = scene;
  const epoch = choices.weighted([
    [6, 1n],
    [1, BigInt(choices.whole(0, 3))],
  ]);
  const args = [anyStudy(scene), epoch];
  return act(STRANGER, addresses["CommitteeRegistry"]!, "CommitteeRegistry", "releaseDeposits", args);
}

async function approve(scene: ActScene, owner = scene.choices.of(OWNERS)): Promise<Act> {
  const { chain, choices, addresses } = scene;
  const { state, timestamp } = chain.newest;
  const to = addresses["CommitteeChanges"]!;
  const studyId = studyIdOf(addresses);
  const oldEpoch = state.currentEpochs.get(studyId)!;
  const newEpoch = anyEpoch(scene);
  const proposed = state.committees.get(studyId)?.[Number(proposedEpoch(scene)) - 1];
  const hash = proposed && committeeHash({ ...proposed, threshold: Number(proposed.threshold) });
  const nonce = state.approvalNonces.get(owner.address) ?? 0n;
  const given = {
    studyId: anyStudy(scene),
    oldEpoch: choices.weighted([
      [20, oldEpoch],
      [1, oldEpoch + 1n],
    ]),
    newEpoch,
    committeeHash: choices.weighted([
      [20, hash ?? ZeroHash],
      [1, id("other workers")],
    ]),
    owner: choices.weighted([
      [20, owner.address],
      [1, STRANGER.address],
    ]),
    name: "Dr. Example",
    meaning: "These workers may.",
    signedAt: timestamp,
    nonce: choices.weighted([
      [20, nonce],
      [1, nonce + 1n],
    ]),
    deadline: choices.weighted([
      [20, timestamp + 100n],
      [1, timestamp],
    ]),
  };
  const signer = keyOf(scene, "DataOwnerRegistry", owner);
  const signed = await signer.wallet.signTypedData(opalineDomain(CHAIN_ID, to), COMMITTEE_APPROVAL, given);
  const signature = choices.weighted([
    [20, signed],
    [1, damaged(signed, choices)],
  ]);
  return act(STRANGER, to, "CommitteeChanges", "approve", [given, signature]);
}

async function cancelNonce({ choices, addresses }: ActScene): Promise<Act> {
  const by = choices.of([...OWNERS, STRANGER]);
  return act(by, addresses["CommitteeChanges"]!, "CommitteeChanges", "cancelNonce", []);
}

async function reshare(scene: ActScene, owner = scene.choices.of(OWNERS), next?: number): Promise<Act> {
  const { chain, choices, addresses } = scene;
  const { state } = chain.newest;
  const [datasetId] = [...state.datasets].find(([, dataset]) => dataset.owner === owner.address) ?? [""];
  const done = state.resharings.get(`${datasetId} ${proposedEpoch(scene)}`)?.length ?? 0;
  const version = choices.weighted([
    [12, next ?? done + 1],
    [1, done],
    [1, done + 2],
    [1, 1],
    [1, 0],
  ]);
  const workers = workersAt(scene, proposedEpoch(scene) || 1n);
  const name = choices.weighted([
    [12, `shared anew ${version} ${choices.whole(1, 9)}`],
    [1, "shared anew"],
  ]);
  const files = choices.weighted([
    [20, workers.length],
    [1, workers.length - 1],
  ]);
  const fileHashes = Array.from({ length: files }, (_, i) => id(`${owner.address} ${name} file ${i}`));
  const signed = await receipts(scene, owner, fileHashes, workers);
  const proof = choices.weighted([
    [19, `0x${"17".repeat(192)}`],
    [1, "0x"],
  ]);
  const by = choices.weighted([
    [20, keyOf(scene, "DataOwnerRegistry", owner)],
    [1, STRANGER],
  ]);
  const args = [anyStudy(scene), BigInt(version), fileHashes, signed, proof];
  return act(by, addresses["CommitteeChanges"]!, "CommitteeChanges", "reshare", args);
}

/** What the proposed committee is to confirm; zeros while something is missing. */
function contentOf({ chain, addresses }: ActScene): string {
  const to = addresses["CommitteeChanges"]!;
  const outcome = chain.read(act(QUERIER, to, "CommitteeChanges", "contentOf", [studyIdOf(addresses)]));
  if (!outcome.ok) return ZeroHash;
  return String(abiOf("CommitteeChanges").decodeFunctionResult("contentOf", outcome.result)[1]);
}

async function confirm(scene: ActScene, index = scene.choices.whole(1, 4)): Promise<Act> {
  const { choices, addresses } = scene;
  const worker = workersAt(scene, proposedEpoch(scene) || 1n)[index - 1] ?? STRANGER;
  const by = choices.weighted([
    [12, keyOf(scene, "WorkerRegistry", worker)],
    [1, choices.of(WORKERS)],
  ]);
  const point = choices.weighted([
    [20, index],
    [1, choices.whole(0, 8)],
  ]);
  const content = choices.weighted([
    [20, contentOf(scene)],
    [1, id("other content")],
  ]);
  const args = [anyStudy(scene), point, content];
  return act(by, addresses["CommitteeChanges"]!, "CommitteeChanges", "confirm", args);
}

async function complete(scene: ActScene): Promise<Act> {
  return act(STRANGER, scene.addresses["CommitteeChanges"]!, "CommitteeChanges", "complete", [anyStudy(scene)]);
}

/** What the change waits for. */
async function goOn(scene: ActScene): Promise<Act> {
  const { chain, addresses } = scene;
  const { state } = chain.newest;
  const studyId = studyIdOf(addresses);
  const epoch = proposedEpoch(scene);
  if (epoch === 0n) return propose(scene);
  for (const [datasetId, { owner, segments }] of state.datasets) {
    const account = OWNERS.find(({ address }) => address === owner)!;
    if (state.retired.has(datasetId)) continue;
    if (!state.approvals.has(`${studyId} ${epoch} ${owner}`)) return approve(scene, account);
    const done = state.resharings.get(`${datasetId} ${epoch}`)?.length ?? 0;
    if (done < segments.length) return reshare(scene, account, done + 1);
  }
  const content = contentOf(scene);
  const missing = workersAt(scene, epoch).findIndex(
    (_, i) => state.confirmations.get(`${studyId} ${epoch} ${i + 1}`) !== content,
  );
  return missing < 0 ? complete(scene) : confirm(scene, missing + 1);
}

const ACTS = [
  [24, (scene: ActScene) => goOn(scene)],
  [1, propose],
  [0.7, withdrawProposal],
  [1, releaseDeposits],
  [1, (scene: ActScene) => approve(scene)],
  [0.3, cancelNonce],
  [1.5, (scene: ActScene) => reshare(scene)],
  [1, (scene: ActScene) => confirm(scene)],
  [1, complete],
] as const;

/** One act of a change. */
export function drawChange(scene: ActScene): Promise<Act> {
  return scene.choices.weighted<(scene: ActScene) => Promise<Act>>(ACTS)(scene);
}
