/** Random acts (`modelActs.ts` draws them) on members: their keys, and their end. */
import { KEY_ROTATION, type KeyRotation } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { type ActScene, keyOf } from "./actScene.ts";
import {
  type Account,
  type Act,
  CONSORTIUM,
  OWNERS,
  QUERIER,
  SPARE_KEYS,
  STRANGER,
  VETTERS,
  WORKERS,
  act,
} from "./genesis.ts";
import { CHAIN_ID } from "./modelDeployment.ts";
import { damaged } from "./modelSignatures.ts";

/** Whose keys are rotated, by registry. */
export const MEMBERS = [
  ...WORKERS.slice(0, 4).map((member) => ["WorkerRegistry", member] as const),
  ...OWNERS.map((member) => ["DataOwnerRegistry", member] as const),
  ["QuerierRegistry", QUERIER] as const,
];

function drawRotation({ choices, chain }: ActScene, member: Account, oldKey: Account, newKey: Account): KeyRotation {
  return {
    member: choices.weighted([
      [15, member.address],
      [1, STRANGER.address],
      [1, newKey.address],
    ]),
    oldKey: oldKey.address,
    newKey: newKey.address,
    encryptionKey: choices.weighted([
      [12, newKey.wallet.signingKey.compressedPublicKey],
      [1, "0x"],
      [1, "0x02"],
    ]),
    deadline: choices.weighted([
      [12, chain.newest.timestamp + 100n],
      [1, chain.newest.timestamp],
    ]),
  };
}

/** By the member, or by the consortium for it. */
export async function rotateKey(scene: ActScene): Promise<Act> {
  const { choices, addresses } = scene;
  const [registry, member] = choices.of(MEMBERS);
  const oldKey = keyOf(scene, registry, member);
  const newKey = choices.weighted<Account>([
    [8, choices.of(SPARE_KEYS)],
    [1, choices.of(WORKERS)],
    [1, member],
  ]);
  const rotation = drawRotation(scene, member, oldKey, newKey);
  const signer = choices.weighted([
    [12, newKey],
    [1, oldKey],
  ]);
  const domain = opalineDomain(CHAIN_ID, addresses[registry]!);
  const right = await signer.wallet.signTypedData(domain, KEY_ROTATION, rotation);
  const signature = choices.weighted([
    [15, right],
    [1, damaged(right, choices)],
  ]);
  const [method, by] = choices.weighted<readonly ["rotateKey" | "replaceKey", Account]>([
    [6, ["rotateKey", oldKey]],
    [1, ["rotateKey", STRANGER]],
    [4, ["replaceKey", CONSORTIUM]],
    [1, ["replaceKey", oldKey]],
  ]);
  const args = method === "rotateKey" ? [rotation, signature] : [rotation, signature, "test"];
  return act(by, addresses[registry]!, registry, method, args);
}

export async function revokeMember({ choices, addresses }: ActScene): Promise<Act> {
  const by = choices.weighted<Account>([
    [5, CONSORTIUM],
    [1, STRANGER],
  ]);
  const [registry, member] = choices.of([
    ["WorkerRegistry", choices.of(WORKERS.slice(0, 4))],
    ["DataOwnerRegistry", choices.of(OWNERS)],
    ["QuerierRegistry", QUERIER],
    ["VetterRegistry", STRANGER],
    ["VetterRegistry", VETTERS[1]!],
  ] as const);
  return act(by, addresses[registry]!, registry, "revoke", [member.address, "test"]);
}
