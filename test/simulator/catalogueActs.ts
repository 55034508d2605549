/** Random acts (`modelActs.ts` draws them) on the catalogue: vettings again and again, comments, supersessions, revocations. */
import { id } from "ethers";
import { VETTING } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { type Account, type Act, CONSORTIUM, QUERIER, STRANGER, VETTERS, act, hashOf } from "./genesis.ts";
import type { ActScene } from "./actScene.ts";
import { CHAIN_ID } from "./modelDeployment.ts";
import { damaged } from "./modelSignatures.ts";

const DAY = 86_400n;

/** Mostly those that exist. */
function anyQuery({ choices, queries }: ActScene): string {
  return choices.weighted([
    [16, hashOf(choices.of(queries))],
    [1, id("no query")],
  ]);
}

export async function vet(scene: ActScene): Promise<Act> {
  const { choices, addresses, chain } = scene;
  const { timestamp, state } = chain.newest;
  const vetter = choices.weighted<Account>([
    [12, choices.of(VETTERS)],
    [1, STRANGER],
  ]);
  const approved = choices.weighted([
    [12, true],
    [1, false],
  ]);
  const comment = choices.weighted([
    [6, approved ? "" : "The cells are too small."],
    [2, "Read again."],
    [1, ""],
    [0.5, "x".repeat(2_001)],
  ]);
  const validUntil = choices.weighted([
    [8, approved ? timestamp + BigInt(choices.whole(20, 1_000)) * DAY : 0n],
    [4, timestamp + BigInt(choices.whole(1, 9))],
    [1, timestamp + 2_000n * DAY],
    [1, timestamp],
    [1, 0n],
  ]);
  const nonce =
    (state.vettingNonces.get(vetter.address) ?? 0n) + choices.weighted([[16, 0n] as const, [1, 1n] as const]);
  const deadline = choices.weighted([
    [16, timestamp + 100n],
    [1, timestamp],
  ]);
  const said = { approved, comment, name: "Dr. Example", meaning: "I have read it.", signedAt: timestamp, validUntil };
  const vetting = { queryHash: anyQuery(scene), vetter: vetter.address, ...said, nonce, deadline };
  const catalogue = addresses["QueryCatalogue"]!;
  const signature = await vetter.wallet.signTypedData(opalineDomain(CHAIN_ID, catalogue), VETTING, vetting);
  const given = choices.weighted([
    [16, signature],
    [1, damaged(signature, choices)],
  ]);
  return act(QUERIER, catalogue, "QueryCatalogue", "vet", [vetting, given]);
}

export async function comment(scene: ActScene): Promise<Act> {
  const { choices, addresses } = scene;
  const by = choices.of([QUERIER, VETTERS[0]!, STRANGER]);
  const text = choices.weighted([
    [6, "A remark."],
    [1, ""],
    [1, "x".repeat(2_001)],
  ]);
  return act(by, addresses["QueryCatalogue"]!, "QueryCatalogue", "comment", [anyQuery(scene), text]);
}

export async function supersede(scene: ActScene): Promise<Act> {
  const { choices, addresses } = scene;
  const [by, method] = choices.of([
    [QUERIER, "supersede"],
    [STRANGER, "supersede"],
    [CONSORTIUM, "supersedeForAuthor"],
    [QUERIER, "supersedeForAuthor"],
  ] as const);
  return act(by, addresses["QueryCatalogue"]!, "QueryCatalogue", method, [anyQuery(scene), anyQuery(scene)]);
}

export async function revokeQuery({ choices, addresses, queries }: ActScene): Promise<Act> {
  const by = choices.weighted<Account>([
    [5, CONSORTIUM],
    [1, STRANGER],
  ]);
  const queryHash = choices.weighted([
    [5, hashOf(choices.of(queries))],
    [1, id("no query")],
  ]);
  return act(by, addresses["QueryCatalogue"]!, "QueryCatalogue", "revoke", [queryHash, "test"]);
}
