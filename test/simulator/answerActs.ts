/** Random acts (`modelActs.ts` draws them) of workers on requests: answers, disputes of them, and the keys of sealed ones. */
import { ZeroHash, id } from "ethers";
import { BN254_FR_MODULUS } from "../../workers/field/bn254.ts";
import { type Verdict, statementHash } from "../../workers/messages/statement.ts";
import { ANSWER } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { type ActScene, keyOf, workersAt } from "./actScene.ts";
import { type Account, type Act, QUERIER, STRANGER, act } from "./genesis.ts";
import { anyRequest, answeredHash, querierOf } from "./madeRequests.ts";
import { CHAIN_ID } from "./modelDeployment.ts";
import { damaged } from "./modelSignatures.ts";
import { request } from "./requestActs.ts";
import type { Choices } from "./seededChoices.ts";

/** @param isSealed the request's class, of which the answer has a hash of keys */
function drawVerdict(choices: Choices, isSealed: boolean): Verdict {
  const outcome = choices.weighted([
    [8, 1],
    [2, 2],
    [1, 3],
    [1, 4],
    [1, 0],
  ] as const);
  const answers = choices.weighted([
    [9, outcome === 1],
    [1, outcome !== 1],
  ]);
  const output = choices.weighted([
    [8, BigInt(choices.whole(0, 99))],
    [1, BN254_FR_MODULUS],
  ]);
  return {
    attempt: BigInt(choices.whole(1, 9)),
    outcome,
    suppressedBitmap: choices.weighted([
      [16, "0x"],
      [2, "0x01"],
      [1, "0x05"],
      [1, "0x0100"],
      [1, "0x00"],
    ]),
    outputs: answers ? [1n, output] : [],
    sealedHash: choices.weighted([
      [12, isSealed && outcome === 1],
      [1, !isSealed],
    ])
      ? id("sealed")
      : ZeroHash,
  };
}

/** Of which members of a committee a statement's signatures are: mostly a quorum, ascending. @param n the committee's size */
function drawPoints(choices: Choices, n: number): number[] {
  const all = Array.from({ length: n }, (_, i) => i + 1);
  return choices.weighted([
    [
      8,
      choices
        .shuffled(all)
        .slice(0, choices.whole(n - 1, n))
        .sort((a, b) => a - b),
    ],
    [1, all.slice(0, 1)],
    [1, [...all].reverse()],
    [1, [0, ...all]],
    [1, [...all, n + 1]],
  ]);
}

async function signStatement(
  scene: ActScene,
  { contract, statement }: { readonly contract: string; readonly statement: string },
  member: Account,
): Promise<string> {
  const key = keyOf(scene, "WorkerRegistry", member);
  const signature = await key.wallet.signTypedData(opalineDomain(CHAIN_ID, contract), ANSWER, { statement });
  return scene.choices.weighted([
    [40, signature],
    [1, damaged(signature, scene.choices)],
  ]);
}

export async function answer(scene: ActScene, method: "answer" | "dispute" = "answer"): Promise<Act> {
  const { choices } = scene;
  const found = (method === "dispute" ? anyRequest(scene, choices.chance(0.9)) : undefined) ?? anyRequest(scene);
  if (found === undefined) return request(scene);
  const { event, contract } = found;
  const verdict = drawVerdict(choices, event.context.releaseClass === 1);
  const context = choices.weighted([
    [8, event.context],
    [1, { ...event.context, requestBlock: 1n }],
  ]);
  const statement = statementHash({ chainId: CHAIN_ID, contract, context, verdict });
  const workers = workersAt(scene, event.context.committeeEpoch);
  const signatures = await Promise.all(
    drawPoints(choices, workers.length).map(async (index) => {
      const signature = await signStatement(scene, { contract, statement }, workers[index - 1] ?? STRANGER);
      return { index, signature };
    }),
  );
  const words = [context, querierOf(scene, event)];
  const answered = method === "dispute" ? [answeredHash(scene, event.requestId)] : [];
  return act(STRANGER, contract, "QuerySmartContract", method, [...words, ...answered, verdict, signatures]);
}

/** Mostly of a request that has ended; of two verdicts drawn many say the same. */
export function dispute(scene: ActScene): Promise<Act> {
  return answer(scene, "dispute");
}

export async function publishKeys(scene: ActScene): Promise<Act> {
  const { choices } = scene;
  const found = anyRequest(scene);
  if (found === undefined) return request(scene);
  const { event, contract } = found;
  const context = choices.weighted([
    [12, event.context],
    [1, { ...event.context, requestBlock: 1n }],
    [1, { ...event.context, requestId: id("no request") }],
  ]);
  const workers = workersAt(scene, event.context.committeeEpoch);
  const index = choices.whole(1, workers.length);
  const by = choices.weighted<Account>([
    [8, keyOf(scene, "WorkerRegistry", workers[index - 1]!)],
    [1, STRANGER],
    [1, QUERIER],
  ]);
  const point = choices.weighted([
    [12, index],
    [1, 0],
    [1, 9],
  ]);
  const copies = choices.weighted([
    [8, ["0x0102", "0x"].slice(0, choices.whole(0, 2))],
    [1, [`0x${"11".repeat(690)}`]],
  ]);
  const words = [context, querierOf(scene, event), answeredHash(scene, event.requestId)];
  const args = [...words, point, [id("key"), id("other key")], copies];
  return act(by, contract, "QuerySmartContract", "publishKeyCopies", args);
}
