/** Random acts (`modelActs.ts` draws them) that end data: retired datasets, and workers' word that they erased what is over. */
import { id } from "ethers";
import { ERASURE } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { type ActScene, keyOf, workersAt } from "./actScene.ts";
import { drawChange } from "./committeeActs.ts";
import { type Account, type Act, CONSORTIUM, OWNERS, STRANGER, act, studyIdOf } from "./genesis.ts";
import { isOver } from "./modelCommittees.ts";
import { CHAIN_ID } from "./modelDeployment.ts";
import { damaged } from "./modelSignatures.ts";
import { request } from "./requestActs.ts";

/** Rarely: it ends most of what can happen. */
export async function retire({ choices, addresses, chain }: ActScene): Promise<Act> {
  const to = addresses["DatasetRegistry"]!;
  const known = [...chain.newest.state.datasets.keys()];
  const byOwner = choices.weighted([
    [2, true],
    [1, known.length === 0],
  ]);
  const by = byOwner ? choices.of([...OWNERS, STRANGER]) : choices.of([CONSORTIUM, STRANGER]);
  const what = byOwner ? studyIdOf(addresses) : choices.of([...known, id("no dataset")]);
  return act(by, to, "DatasetRegistry", byOwner ? "retire" : "retireFor", [what, "test"]);
}

interface HeldShares {
  readonly datasetId: string;
  readonly epoch: bigint;
}

/** Mostly of shares that are over, of a worker that has not said so yet. */
export async function confirmErasure(scene: ActScene): Promise<Act> {
  const { choices, addresses, chain } = scene;
  const { number, state } = chain.newest;
  const all = [...state.holders].flatMap(([datasetId, epochs]) => epochs.map((epoch) => ({ datasetId, epoch })));
  if (all.length === 0) return request(scene);
  const isDue = ({ datasetId, epoch }: HeldShares): boolean =>
    state.retired.has(datasetId) || isOver(state, studyIdOf(addresses), epoch, BigInt(number + 1));
  const due = all.filter(isDue);
  if (due.length === 0 && choices.chance(0.8)) return drawChange(scene);
  const held = choices.weighted([
    [8, choices.of(due.length > 0 ? due : all)],
    [1, choices.of(all)],
  ]);
  return confirmErasureOf(scene, held);
}

async function confirmErasureOf(scene: ActScene, held: HeldShares): Promise<Act> {
  const { choices, addresses, chain } = scene;
  const to = addresses["DatasetRegistry"]!;
  const { datasetId } = held;
  const workers = workersAt(scene, held.epoch);
  const points = workers.map((_, i) => i + 1);
  const { confirmed, versions } = chain.newest.state.shares.get(`${datasetId} ${held.epoch}`)!;
  const missing = points.filter((point) => (confirmed & (1n << BigInt(point - 1))) === 0n);
  const index = choices.weighted([
    [8, missing[0] ?? 1],
    [1, choices.of(points)],
  ]);
  const epoch = choices.weighted([
    [12, held.epoch],
    [1, held.epoch + 1n],
  ]);
  const signedEpoch = choices.weighted([
    [12, epoch],
    [1, held.epoch],
  ]);
  const signature = await signErasure(scene, { datasetId, epoch: signedEpoch }, workers[index - 1]!, versions);
  const point = choices.weighted([
    [12, index],
    [1, 0],
    [1, 5],
    [1, 1 + (index % workers.length)],
  ]);
  return act(STRANGER, to, "DatasetRegistry", "confirmErasure", [datasetId, epoch, point, signature]);
}

/** @param newest version that the committee was given */
async function signErasure(scene: ActScene, held: HeldShares, worker: Account, newest: bigint): Promise<string> {
  const { choices, addresses } = scene;
  const version = choices.weighted([
    [8, newest],
    [1, newest + 1n],
  ]);
  const signer = keyOf(scene, "WorkerRegistry", worker);
  const domain = opalineDomain(CHAIN_ID, addresses["DatasetRegistry"]!);
  const signed = await signer.wallet.signTypedData(domain, ERASURE, { ...held, worker: worker.address, version });
  return choices.weighted([
    [12, signed],
    [1, damaged(signed, choices)],
  ]);
}
