/** What workers sign in random acts, of the files that an owner dealt, for a new version or for another committee. */
import { RECEIPT } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { type ActScene, keyOf } from "./actScene.ts";
import { type Account, act, studyIdOf } from "./genesis.ts";
import { CHAIN_ID } from "./modelDeployment.ts";
import { damaged } from "./modelSignatures.ts";

/** @param workers of the committee, by point */
export async function receipts(
  scene: ActScene,
  owner: Account,
  fileHashes: readonly string[],
  workers: readonly Account[],
): Promise<string[]> {
  const { chain, choices, addresses } = scene;
  const call = act(owner, addresses["DatasetRegistry"]!, "DatasetRegistry", "datasetIdOf", [
    studyIdOf(addresses),
    owner.address,
  ]);
  const outcome = chain.read(call);
  if (!outcome.ok) throw new Error(outcome.error);
  const signers = choices.weighted([
    [8, workers.map((worker) => keyOf(scene, "WorkerRegistry", worker))],
    [1, [...workers].reverse()],
  ]);
  const domain = opalineDomain(CHAIN_ID, addresses["DatasetRegistry"]!);
  const signed = await Promise.all(
    fileHashes.map((fileHash, i) => {
      const worker = workers[i]!.address;
      return signers[i]!.wallet.signTypedData(domain, RECEIPT, { datasetId: outcome.result, worker, fileHash });
    }),
  );
  return signed.map((signature) =>
    choices.weighted([
      [30, signature],
      [1, damaged(signature, choices)],
    ]),
  );
}
