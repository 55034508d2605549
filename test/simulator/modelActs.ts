/**
 * Random acts on the contracts that workers depend on, right and wrong alike, for the comparison of the model chain with a
 * real one: each contract function with each of its refusals that an act can provoke.
 */
import { ZeroHash, concat, id } from "ethers";
import { BN254_FR_MODULUS } from "../../workers/field/bn254.ts";
import type { QueryRequested } from "../../workers/chain/queryEvents.ts";
import { sharesRoot } from "../../workers/messages/datasetRoot.ts";
import { encodeParameters } from "../../workers/messages/descriptor.ts";
import { type Verdict, outputsHash, statementHash } from "../../workers/messages/statement.ts";
import { ANSWER, ERASURE, KEY_ROTATION, RECEIPT, opalineDomain } from "../../workers/messages/typedData.ts";
import type { FoundedChain } from "./foundedChain.ts";
import { changeReads, drawChange } from "./committeeActs.ts";
import { isOver } from "./modelCommittees.ts";
import { comment, supersede, vet } from "./catalogueActs.ts";
import { publishForm, recordConsent, setRules } from "./consentActs.ts";
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
  hashOf,
  studyIdOf,
} from "./genesis.ts";
import { CHAIN_ID } from "./modelDeployment.ts";
import { damaged } from "./modelSignatures.ts";
import { requestEvents } from "./requestEvents.ts";
import type { Choices } from "./seededChoices.ts";
import type { PublishedQuery } from "./simulatedStudy.ts";

export interface ActScene extends FoundedChain {
  readonly queries: readonly PublishedQuery[];
  readonly choices: Choices;
}

function datasetIdsOf({ chain }: ActScene): string[] {
  return [...chain.newest.state.datasets.keys()].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
}

const MEMBERS = [
  ...WORKERS.slice(0, 4).map((member) => ["WorkerRegistry", member] as const),
  ...OWNERS.map((member) => ["DataOwnerRegistry", member] as const),
  ["QuerierRegistry", QUERIER] as const,
];

/** By Shamir point, of a committee of the study. */
export function workersAt({ chain, addresses }: ActScene, epoch: bigint): Account[] {
  const committee = chain.newest.state.committees.get(studyIdOf(addresses))?.[Number(epoch) - 1];
  return (committee?.workers ?? []).map((worker) => WORKERS.find(({ address }) => address === worker)!);
}

function currentEpoch({ chain, addresses }: ActScene): bigint {
  return chain.newest.state.currentEpochs.get(studyIdOf(addresses))!;
}

/** Who signs for a member now, mostly; sometimes its first key, which may be its key no more. */
export function keyOf({ chain, choices }: ActScene, registry: string, member: Account): Account {
  const key = chain.newest.state.registries[registry]!.members.get(member.address.toLowerCase())?.key;
  const holder = [member, ...SPARE_KEYS].find(({ address }) => address === key) ?? member;
  return choices.weighted([
    [15, holder],
    [1, member],
  ]);
}

async function activate(scene: ActScene): Promise<Act> {
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
  const root = choices.weighted([
    [16, sharesRoot(fileHashes)],
    [1, ZeroHash],
  ]);
  const rowCount = choices.weighted([
    [16, BigInt(choices.whole(1, 9))],
    [1, 0n],
    [1, 5_000n],
  ]);
  const segment = {
    rowCount,
    columnsRoot: choices.weighted([
      [16, id(name)],
      [1, ZeroHash],
    ]),
    sharesRoot: root,
  };
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

async function request(scene: ActScene): Promise<Act> {
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
  const keys = WORKERS.map(({ wallet }) => wallet.signingKey.compressedPublicKey).sort();
  const [releaseClass, recipients] = choices.weighted<readonly [number, readonly string[]]>([
    [12, [0, []]],
    [8, [1, keys.slice(0, choices.whole(1, 7))]],
    [1, [0, keys]],
    [1, [1, []]],
    [1, [1, [...keys].reverse()]],
    [1, [1, [keys[0]!, keys[0]!]]],
    [1, [1, [keys[0]!, "0x03"]]],
    [1, [1, Array.from({ length: 17 }, () => keys[0]!)]],
  ]);
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

/** Any request ever made, open or not. */
/** @param isEnded only those that a quorum has signed something of */
function anyRequest(
  { chain, choices }: ActScene,
  isEnded = false,
): { readonly event: QueryRequested; readonly contract: string } | undefined {
  const { contracts } = chain.newest.state;
  const hasOutcome = (contract: string, requestId: string): boolean =>
    contracts.get(contract.toLowerCase())?.requests.get(requestId)?.outcome !== 0;
  const made = chain.blocks.flatMap(requestEvents).flatMap(({ event, contract }) => {
    const isMeant = event.name === "QueryRequested" && (!isEnded || hasOutcome(contract, event.requestId));
    return isMeant ? [{ event, contract }] : [];
  });
  return made.length === 0 ? undefined : choices.of(made);
}

/** Of the answer that the chain has of the request, or not. */
function answeredHash({ chain, choices }: ActScene, requestId: string): string {
  const events = chain.blocks.flatMap(requestEvents).map(({ event }) => event);
  const found = events.find((event) => event.name === "QueryAnswered" && event.requestId === requestId);
  const outputs = found?.name === "QueryAnswered" ? found.outputs : undefined;
  return choices.weighted([
    [20, outputs === undefined ? ZeroHash : outputsHash(outputs)],
    [1, id("other outputs")],
  ]);
}

function querierOf({ choices }: ActScene, { querier }: QueryRequested): string {
  return choices.weighted([
    [20, querier],
    [1, STRANGER.address],
  ]);
}

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

async function answer(scene: ActScene, method: "answer" | "dispute" = "answer"): Promise<Act> {
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
  const domain = opalineDomain(CHAIN_ID, contract);
  const workers = workersAt(scene, event.context.committeeEpoch);
  const n = workers.length;
  const all = Array.from({ length: n }, (_, i) => i + 1);
  const points = choices.weighted([
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
  const signer = (index: number): Account => keyOf(scene, "WorkerRegistry", workers[index - 1] ?? STRANGER);
  const signatures = await Promise.all(
    points.map(async (index) => {
      const signature = await signer(index).wallet.signTypedData(domain, ANSWER, { statement });
      return {
        index,
        signature: choices.weighted([
          [40, signature],
          [1, damaged(signature, choices)],
        ]),
      };
    }),
  );
  const words = [context, querierOf(scene, event)];
  const answered = method === "dispute" ? [answeredHash(scene, event.requestId)] : [];
  return act(STRANGER, contract, "QuerySmartContract", method, [...words, ...answered, verdict, signatures]);
}

/** Mostly of a request that has ended; of two verdicts drawn many say the same. */
function dispute(scene: ActScene): Promise<Act> {
  return answer(scene, "dispute");
}

async function publishKeys(scene: ActScene): Promise<Act> {
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

async function expire(scene: ActScene): Promise<Act> {
  const found = anyRequest(scene);
  if (found === undefined) return request(scene);
  const { event, contract } = found;
  const context = scene.choices.weighted([
    [8, event.context],
    [1, { ...event.context, requestId: id("no request") }],
  ]);
  return act(STRANGER, contract, "QuerySmartContract", "expire", [context, querierOf(scene, event)]);
}

/** By the member, or by the consortium for it. */
async function rotateKey(scene: ActScene): Promise<Act> {
  const { choices, addresses, chain } = scene;
  const [registry, member] = choices.of(MEMBERS);
  const oldKey = keyOf(scene, registry, member);
  const newKey = choices.weighted<Account>([
    [8, choices.of(SPARE_KEYS)],
    [1, choices.of(WORKERS)],
    [1, member],
  ]);
  const rotation = {
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

async function revokeMember({ choices, addresses }: ActScene): Promise<Act> {
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

async function revokeQuery({ choices, addresses, queries }: ActScene): Promise<Act> {
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

async function appoint({ choices, addresses }: ActScene): Promise<Act> {
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

async function stopOrResume({ chain, choices, addresses }: ActScene): Promise<Act> {
  const by = choices.weighted<Account>([
    [5, CONSORTIUM],
    [1, STRANGER],
  ]);
  // Mostly what changes something, and sooner resumed than stopped: stopped, little else can happen.
  const { isStopped } = chain.newest.state;
  const method = choices.weighted([
    [8, isStopped ? "resume" : "stop"],
    [1, isStopped ? "stop" : "resume"],
  ]);
  return act(by, addresses["EmergencyStop"]!, "EmergencyStop", method, ["test"]);
}

async function setTerms({ choices, addresses }: ActScene): Promise<Act> {
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

async function vetoOrLift({ chain, choices, addresses, queries }: ActScene): Promise<Act> {
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

/** Rarely: it ends most of what can happen. */
async function retire({ choices, addresses, chain }: ActScene): Promise<Act> {
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

export async function confirmErasure(scene: ActScene): Promise<Act> {
  const { choices, addresses, chain } = scene;
  const to = addresses["DatasetRegistry"]!;
  const { number, state } = chain.newest;
  const { retired, holders, shares } = state;
  const all = [...holders].flatMap(([datasetId, epochs]) => epochs.map((epoch) => ({ datasetId, epoch })));
  if (all.length === 0) return request(scene);
  const isDue = ({ datasetId, epoch }: (typeof all)[number]): boolean =>
    retired.has(datasetId) || isOver(state, studyIdOf(addresses), epoch, BigInt(number + 1));
  const due = all.filter(isDue);
  if (due.length === 0 && choices.chance(0.8)) return drawChange(scene);
  const { datasetId, epoch: held } = choices.weighted([
    [8, choices.of(due.length > 0 ? due : all)],
    [1, choices.of(all)],
  ]);
  const workers = workersAt(scene, held);
  const { confirmed } = shares.get(`${datasetId} ${held}`)!;
  const points = workers.map((_, i) => i + 1);
  const missing = points.filter((point) => (confirmed & (1n << BigInt(point - 1))) === 0n);
  const index = choices.weighted([
    [8, missing[0] ?? 1],
    [1, choices.of(points)],
  ]);
  const version = shares.get(`${datasetId} ${held}`)!.versions;
  const epoch = choices.weighted([
    [12, held],
    [1, held + 1n],
  ]);
  const message = {
    datasetId,
    epoch: choices.weighted([
      [12, epoch],
      [1, held],
    ]),
    worker: workers[index - 1]!.address,
    version: choices.weighted([
      [8, version],
      [1, version + 1n],
    ]),
  };
  const signer = keyOf(scene, "WorkerRegistry", workers[index - 1]!);
  const signed = await signer.wallet.signTypedData(opalineDomain(CHAIN_ID, to), ERASURE, message);
  const signature = choices.weighted([
    [12, signed],
    [1, damaged(signed, choices)],
  ]);
  const point = choices.weighted([
    [12, index],
    [1, 0],
    [1, 5],
    [1, 1 + (index % workers.length)],
  ]);
  return act(STRANGER, to, "DatasetRegistry", "confirmErasure", [datasetId, epoch, point, signature]);
}

/** More often while all is stopped. */
async function endStop(scene: ActScene): Promise<Act> {
  return scene.chain.newest.state.isStopped ? stopOrResume(scene) : request(scene);
}

const ACTS = [
  [5, activate],
  [3, request],
  [9, (scene: ActScene) => answer(scene)],
  [1.5, dispute],
  [3, publishKeys],
  [3, expire],
  [1.5, rotateKey],
  [4, vet],
  [1, comment],
  [0.6, supersede],
  [0.3, revokeMember],
  [0.3, revokeQuery],
  [1, appoint],
  [0.5, drawChange],
  [1, publishForm],
  [0.6, setRules],
  [2, recordConsent],
  [0.5, setTerms],
  [0.7, vetoOrLift],
  [0.1, retire],
  [0.8, confirmErasure],
  [0.3, stopOrResume],
  [4, endStop],
] as const;

export function drawAct(scene: ActScene): Promise<Act> {
  return scene.choices.weighted<(scene: ActScene) => Promise<Act>>(ACTS)(scene);
}

const OF_CHANGES = [
  [6, drawChange],
  [1, activate],
  [2, confirmErasure],
  [0.4, request],
  [0.2, (scene: ActScene) => answer(scene)],
  [0.1, rotateKey],
  [0.05, revokeMember],
  [0.03, retire],
] as const;

/** Of changes of the committee, and what goes on meanwhile. */
export function drawActOfChange(scene: ActScene): Promise<Act> {
  return scene.choices.weighted<(scene: ActScene) => Promise<Act>>(OF_CHANGES)(scene);
}

/** Every read that a worker makes, of whatever there is now. */
export function reads(scene: ActScene): Act[] {
  const { addresses, queries, contracts, chain } = scene;
  const studyId = studyIdOf(addresses);
  const of = (name: string, method: string, ...args: unknown[]): Act =>
    act(QUERIER, addresses[name]!, name, method, args);
  const datasets = datasetIdsOf(scene).flatMap((datasetId) => [
    ...["ownerOf", "version", "segments", "datasetRoot", "termsOf", "isRetired", "holders"].map((method) =>
      of("DatasetRegistry", method, datasetId),
    ),
    ...["erasures", "versionsOf"].flatMap((method) =>
      [0n, 1n, 2n, 3n].map((epoch) => of("DatasetRegistry", method, datasetId, epoch)),
    ),
  ]);
  const requests = [...chain.newest.state.contracts].flatMap(([, { queryHash, requests: made }]) => {
    const contract = contracts[queries.findIndex((query) => hashOf(query) === queryHash)]!;
    const call = (method: string, argument: string): Act =>
      act(QUERIER, contract, "QuerySmartContract", method, [argument]);
    const own = [call("nonces", QUERIER.address), call("hasAccepted", QUERIER.address)];
    return [
      ...own,
      ...[...made.keys()].map((requestId) => call("requestOf", requestId)),
      ...[...made.keys()].map((requestId) => call("isDisputed", requestId)),
    ];
  });
  return [
    ...WORKERS.flatMap(({ address }) => [
      of("WorkerRegistry", "member", address),
      of("WorkerRegistry", "isActive", address),
    ]),
    ...WORKERS.map((worker) => of("WorkerRegistry", "accountOf", id(`certificate of ${worker.address}`))),
    of("WorkerRegistry", "member", QUERIER.address),
    of("EmergencyStop", "isStopped"),
    ...MEMBERS.flatMap(([registry, member]) => [
      of(registry, "keyOf", member.address),
      of(registry, "signerOf", member.address),
      of(registry, "activeKeysOf", [member.address, QUERIER.address]),
    ]),
    ...["WorkerRegistry", "DataOwnerRegistry", "QuerierRegistry"].flatMap((registry) =>
      [...WORKERS, ...SPARE_KEYS].flatMap(({ address }) =>
        ["memberOf", "activeMemberOf", "everMemberOf"].map((method) => of(registry, method, address)),
      ),
    ),
    ...["study", "policy"].map((method) => of("StudyRegistry", method, studyId)),
    of("StudyRegistry", "study", id("no study")),
    of("StudyRegistry", "count"),
    of("StudyRegistry", "studies", 0, 100),
    ...["currentEpoch", "isFrozen"].map((method) => of("CommitteeRegistry", method, studyId)),
    ...[1, 9].flatMap((epoch) => [
      of("CommitteeRegistry", "committee", studyId, epoch),
      of("CommitteeRegistry", "quorum", studyId, epoch),
      of("CommitteeRegistry", "keys", studyId, epoch),
      ...[0, 1, 8].map((index) => of("CommitteeRegistry", "signer", studyId, epoch, index)),
    ]),
    ...queries.flatMap((query) =>
      ["query", "descriptor", "isActive", "successorOf"].map((method) => of("QueryCatalogue", method, hashOf(query))),
    ),
    ...VETTERS.flatMap(({ address }) => [
      of("QueryCatalogue", "nonces", address),
      ...queries.map((query) => of("QueryCatalogue", "vettingOf", hashOf(query), address)),
    ]),
    of("ConsentRegistry", "rules", studyId),
    of("ConsentRegistry", "formCount", studyId),
    ...datasetIdsOf(scene).map((datasetId) => of("ConsentRegistry", "head", datasetId)),
    ...datasets,
    ...requests,
    ...changeReads(scene),
  ];
}
