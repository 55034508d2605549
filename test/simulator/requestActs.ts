/** Random acts (`modelActs.ts` draws them) of whoever asks: requests, and their end where nobody answered. */
import { ZeroHash, concat, id } from "ethers";
import { encodeParameters } from "../../workers/messages/descriptor.ts";
import { type ActScene, datasetIdsOf, keyOf } from "./actScene.ts";
import { type Account, type Act, QUERIER, STRANGER, WORKERS, act } from "./genesis.ts";
import { anyRequest, querierOf } from "./madeRequests.ts";
import type { Choices } from "./seededChoices.ts";

export async function request(scene: ActScene): Promise<Act> {
  const { choices, queries, contracts } = scene;
  const query = choices.whole(0, queries.length - 1);
  const right = queries[query]!.draw(choices);
  const values = choices.weighted([
    [8, right],
    [1, right.map(() => 19n)],
    [1, [...right, 1n]],
  ]);
  const encoded = encodeParameters(values);
  const parameters = choices.weighted([
    [12, encoded],
    [1, concat([encoded, ZeroHash])],
    [1, "0x"],
  ]);
  const all = datasetIdsOf(scene);
  const datasetIds = choices.weighted([
    [8, all],
    [1, []],
    [1, [...all].reverse()],
    [1, [id("no dataset")]],
  ]);
  const [releaseClass, recipients] = drawRelease(choices);
  const by = choices.weighted<Account>([
    [12, keyOf(scene, "QuerierRegistry", QUERIER)],
    [1, STRANGER],
  ]);
  const value = choices.weighted([
    [12, 0n],
    [1, 5n],
  ]);
  const args = [BigInt(choices.whole(0, 9)), parameters, datasetIds, releaseClass, recipients];
  return act(by, contracts[query]!, "QuerySmartContract", "request", args, value);
}

/** The class of the answer, and who may read it. */
function drawRelease(choices: Choices): readonly [releaseClass: number, recipients: readonly string[]] {
  const keys = WORKERS.map(({ wallet }) => wallet.signingKey.compressedPublicKey).sort();
  return choices.weighted<readonly [number, readonly string[]]>([
    [12, [0, []]],
    [8, [1, keys.slice(0, choices.whole(1, 7))]],
    [1, [0, keys]],
    [1, [1, []]],
    [1, [1, [...keys].reverse()]],
    [1, [1, [keys[0]!, keys[0]!]]],
    [1, [1, [keys[0]!, "0x03"]]],
    [1, [1, Array.from({ length: 17 }, () => keys[0]!)]],
  ]);
}

export async function expire(scene: ActScene): Promise<Act> {
  const found = anyRequest(scene);
  if (found === undefined) return request(scene);
  const { event, contract } = found;
  const context = scene.choices.weighted([
    [8, event.context],
    [1, { ...event.context, requestId: id("no request") }],
  ]);
  return act(STRANGER, contract, "QuerySmartContract", "expire", [context, querierOf(scene, event)]);
}
