/** Random acts (`modelActs.ts` draws them) of data owners on their data: versions, and the terms of their use. */
import { ZeroHash, id } from "ethers";
import type { DatasetSegment } from "../../workers/chain/datasetRegistry.ts";
import { sharesRoot } from "../../workers/messages/datasetRoot.ts";
import { type ActScene, currentEpoch, keyOf, workersAt } from "./actScene.ts";
import { type Account, type Act, OWNERS, STRANGER, act, hashOf, studyIdOf } from "./genesis.ts";
import { receipts } from "./receipts.ts";
import type { Choices } from "./seededChoices.ts";

export async function activate(scene: ActScene): Promise<Act> {
  const { chain, choices, addresses } = scene;
  const workers = workersAt(scene, currentEpoch(scene));
  const n = workers.length;
  const owner = choices.weighted<Account>([
    [12, choices.of(OWNERS)],
    [1, STRANGER],
  ]);
  const earlier = [...chain.newest.state.datasets.values()].find((dataset) => dataset.owner === owner.address);
  const next = (earlier?.segments.length ?? 0) + 1;
  const version = choices.weighted([
    [12, next],
    [1, next + 1],
    [1, 1],
  ]);
  const files = choices.weighted([
    [16, n],
    [1, n - 1],
  ]);
  const name = choices.weighted([
    [16, `version ${next}`],
    [1, "version 1"],
  ]);
  const fileHashes = Array.from({ length: files }, (_, i) => id(`${owner.address} ${name} file ${i}`));
  const segment = drawSegment(choices, name, fileHashes);
  const proof = choices.weighted([
    [19, `0x${"17".repeat(192)}`],
    [1, "0x"],
  ]);
  const signed = await receipts(scene, owner, fileHashes, workers);
  const args = [studyIdOf(addresses), BigInt(version), segment, fileHashes, signed, proof];
  const by = keyOf(scene, "DataOwnerRegistry", owner);
  const value = choices.weighted([
    [30, 0n],
    [1, 1n],
  ]);
  return act(by, addresses["DatasetRegistry"]!, "DatasetRegistry", "activate", args, value);
}

/** @param name what its columns are drawn from */
function drawSegment(choices: Choices, name: string, fileHashes: readonly string[]): DatasetSegment {
  const root = choices.weighted([
    [16, sharesRoot(fileHashes)],
    [1, ZeroHash],
  ]);
  const rowCount = choices.weighted([
    [16, BigInt(choices.whole(1, 9))],
    [1, 0n],
    [1, 5_000n],
  ]);
  const columnsRoot = choices.weighted([
    [16, id(name)],
    [1, ZeroHash],
  ]);
  return { rowCount, columnsRoot, sharesRoot: root };
}

export async function setTerms({ choices, addresses }: ActScene): Promise<Act> {
  const owner = choices.weighted<Account>([
    [6, choices.of(OWNERS)],
    [1, STRANGER],
  ]);
  // Mostly none, so that requests go on.
  const terms = {
    k: choices.weighted([
      [6, 0n],
      [2, 9n],
      [1, 4n],
      [1, 1_001n],
    ]),
    openingsBudget: choices.weighted([
      [5, 0n],
      [2, 40n],
      [1, 1n],
    ]),
    closed: choices.whole(1, 8) === 1,
    purposes: choices.weighted([
      [6, []],
      [1, [id("no such purpose")]],
      [1, Array<string>(17).fill(id("research"))],
    ]),
  };
  return act(owner, addresses["DatasetRegistry"]!, "DatasetRegistry", "setTerms", [studyIdOf(addresses), terms]);
}

export async function vetoOrLift({ chain, choices, addresses, queries }: ActScene): Promise<Act> {
  const owner = choices.weighted<Account>([
    [8, choices.of(OWNERS)],
    [1, STRANGER],
  ]);
  const method = choices.weighted([
    [4, chain.newest.state.vetoes.size > 0 ? "liftVeto" : "veto"],
    [1, "veto"],
    [1, "liftVeto"],
  ]);
  const args = [studyIdOf(addresses), hashOf(choices.of(queries)), ...(method === "veto" ? ["test"] : [])];
  return act(owner, addresses["DatasetRegistry"]!, "DatasetRegistry", method, args);
}
