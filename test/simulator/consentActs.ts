/** Random acts (`modelActs.ts` draws them) on consent: forms, rules, and what owners record on paper. */
import { encodeBytes32String, id } from "ethers";
import { type Account, type Act, CONSORTIUM, OWNERS, STRANGER, act, studyIdOf } from "./genesis.ts";
import type { ActScene } from "./actScene.ts";

const PURPOSE = encodeBytes32String("DUO:0000007");

function steward({ choices }: ActScene): Account {
  return choices.weighted<Account>([
    [8, CONSORTIUM],
    [1, STRANGER],
  ]);
}

export async function publishForm(scene: ActScene): Promise<Act> {
  const { choices, addresses } = scene;
  const hash = choices.weighted([
    [8, id(`form ${choices.whole(1, 3)}`)],
    [1, `0x${"00".repeat(32)}`],
  ]);
  const args = [studyIdOf(addresses), hash];
  return act(steward(scene), addresses["ConsentRegistry"]!, "ConsentRegistry", "publishForm", args);
}

export async function setRules(scene: ActScene): Promise<Act> {
  const { choices, addresses } = scene;
  const args = [studyIdOf(addresses), choices.whole(1, 3) === 1, choices.whole(0, 3)];
  return act(steward(scene), addresses["ConsentRegistry"]!, "ConsentRegistry", "setRules", args);
}

export async function recordConsent(scene: ActScene): Promise<Act> {
  const { chain, choices, addresses } = scene;
  const { datasets } = chain.newest.state;
  if (datasets.size === 0) return publishForm(scene);
  const [datasetId, dataset] = choices.of([...datasets]);
  const owner = OWNERS.find(({ address }) => address === dataset.owner) ?? STRANGER;
  const by = choices.weighted<Account>([
    [12, owner],
    [1, choices.of(OWNERS)],
    [1, STRANGER],
  ]);
  const newest = dataset.segments.length;
  const version = choices.weighted([
    [12, choices.whole(1, newest)],
    [1, newest + 1],
    [1, 0],
  ]);
  const slots = choices.weighted([
    [8, [choices.whole(0, 8)]],
    [8, [0]],
    [1, []],
    [1, [1, 0]],
    [1, Array.from({ length: 257 }, (_, slot) => slot)],
  ]);
  const given = choices.whole(1, 2) === 1;
  const isFor = choices.weighted([
    [12, given],
    [1, !given],
  ]);
  const none = { form: 0, purposes: [], futureUse: false, expiry: 0n };
  const scope = {
    form: choices.whole(0, 3),
    purposes: choices.weighted([
      [8, [PURPOSE]],
      [1, Array<string>(17).fill(PURPOSE)],
    ]),
    futureUse: choices.whole(1, 2) === 1,
    expiry: choices.weighted([
      [4, 0n],
      [4, chain.newest.timestamp + BigInt(choices.whole(1, 20))],
      [1, 1n],
    ]),
  };
  const entry = { version, slots, given, ...(isFor ? scope : none) };
  const id32 = choices.weighted([
    [20, datasetId],
    [1, id("no dataset")],
  ]);
  return act(by, addresses["ConsentRegistry"]!, "ConsentRegistry", "record", [id32, entry]);
}
