/**
 * Fixtures of adaptive trials: study -> vetted query -> board -> registered trial -> datasets -> answered request. The order
 * matters: rules are fixed before the first dataset.
 */
import { ZeroHash, id, keccak256 } from "ethers";
import type { HDNodeWallet } from "ethers";
import type { QuerySmartContract } from "../../../types/query/QuerySmartContract.ts";
import {
  ArmState,
  BOARD_SIGNATURE,
  Decision,
  type TrialVerdict,
  UNSTATED_POSTERIOR,
} from "../../../workers/messages/trialVerdict.ts";
import { opalineDomain } from "../../../workers/messages/typedData.ts";
import { account, chainId, ethers, networkHelpers, now } from "./chain.ts";
import {
  OWNERS,
  PARAMETERS,
  QUERIER,
  RECIPIENTS,
  RELAYER,
  VERDICT,
  VETTERS,
  accept,
  activate,
  admissionOf,
  answer,
  ask,
  contextOf,
  publish,
  registerStudy,
  vet,
  type Asked,
  type StudyWorld,
} from "./consortium.ts";
import { outputsHash } from "../../../workers/messages/statement.ts";

/** Ascending, as a trial's board is; the first two are of one organisation. */
export const BOARD = [19, 20, 21]
  .map(account)
  .sort((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1));
export const BOARD_ORGANISATIONS = ["Board One", "Board One", "Board Two"];

export const ARMS = 3;
export const STRATA = 2;
export const CELLS = ARMS * STRATA;
export const [CONTROL, A, B] = [0, 1, 2] as const;
/** The cell of an arm in a stratum. */
export const cell = (stratum: number, arm: number): number => stratum * ARMS + arm;

export const INITIAL = [4_000, 3_000, 3_000, 4_000, 3_000, 3_000];
/** Outputs 0 and 3 of VERDICT are 31 and 29. */
export const RESPONDED = 60;
export const LOOKS = [
  { minimumEnrolled: 250, minimumResponded: 50, futility: 500, graduation: 9_000 },
  { minimumEnrolled: 500, minimumResponded: 60, futility: 1_000, graduation: 8_500 },
];

export function rulesOf(studyId: string, queryHash: string) {
  return {
    studyId,
    protocolHash: id("protocol"),
    analysisPlanHash: id("analysis plan"),
    control: CONTROL as number,
    signatures: 2,
    arms: [
      { name: "control", floor: 2_000, cap: 8_000 },
      { name: "A", floor: 500, cap: 7_000 },
      { name: "B", floor: 0, cap: 6_000 },
    ],
    strata: ["marker negative", "marker positive"],
    allocation: [...INITIAL],
    looks: LOOKS.map((look) => ({ ...look })),
    sources: [{ queryHash, parametersHash: keccak256(PARAMETERS), respondedOutputs: [0, 3] }],
    board: BOARD.map(({ address }) => address),
  };
}
export type Rules = ReturnType<typeof rulesOf>;

async function admitBoard(world: StudyWorld): Promise<void> {
  for (const [i, wallet] of BOARD.entries()) {
    await world.boards.admit(wallet.address, await admissionOf(wallet, BOARD_ORGANISATIONS[i] ?? ""));
    await networkHelpers.setBalance(wallet.address, 10n ** 18n);
  }
}

/** Everything there is before a trial is registered. */
export async function prepareTrial() {
  const study = await registerStudy();
  await admitBoard(study);
  const queryHash = await publish(study, QUERIER);
  const world = { ...study, queryHash, datasetIds: [] as string[] };
  await vet(world, VETTERS[0] as HDNodeWallet);
  await vet(world, VETTERS[2] as HDNodeWallet);
  const { queryContract } = await world.catalogue.query(queryHash);
  const abi = world.implementation.interface;
  const query = new ethers.Contract(queryContract, abi, QUERIER) as unknown as QuerySmartContract;
  const trialId = await world.adaptiveTrial.trialIdOf(world.studyId);
  return { ...world, query, trialId, rules: rulesOf(world.studyId, queryHash) };
}
export type PreparedWorld = Awaited<ReturnType<typeof prepareTrial>>;

export async function registerTrial() {
  const world = await prepareTrial();
  await world.adaptiveTrial.register(world.rules);
  const datasetIds: string[] = [];
  for (const owner of OWNERS) datasetIds.push(await activate(world, owner));
  datasetIds.sort();
  await accept(world, QUERIER);
  return { ...world, datasetIds };
}
export type TrialWorld = Awaited<ReturnType<typeof registerTrial>>;

type Cited = { readonly asked: Asked; readonly datasets: Evidence["datasets"] };
export type Evidence = {
  context: ReturnType<typeof contextOf>;
  querier: string;
  datasets: { datasetId: string; version: bigint; segments: Segment[] }[];
  outputs: bigint[];
};
type Segment = { rowCount: bigint; columnsRoot: string; sharesRoot: string };

/** A request over all datasets, and what shows which they were. */
export async function askForLook(world: TrialWorld, recipients: readonly string[] = []): Promise<Cited> {
  const asked = await ask(world, QUERIER, recipients);
  const datasets = await Promise.all(
    world.datasetIds.map(async (datasetId) => {
      const found = await world.datasets.segments(datasetId);
      const segments = found.map(({ rowCount, columnsRoot, sharesRoot }) => ({ rowCount, columnsRoot, sharesRoot }));
      return { datasetId, version: await world.datasets.version(datasetId), segments };
    }),
  );
  return { asked, datasets };
}

export function evidenceOf({ asked, datasets }: Cited, outputs: readonly bigint[] = VERDICT.outputs): Evidence {
  return { context: contextOf(asked.context), querier: asked.querier, datasets, outputs: [...outputs] };
}

/** The first look's request, answered in public. */
export async function answerLook() {
  return cite(await registerTrial());
}

export async function answerSealedLook() {
  const world = await registerTrial();
  const cited = await askForLook(world, RECIPIENTS);
  await answer({ ...world, asked: cited.asked }, [1, 2, 3], { ...VERDICT, sealedHash: id("keys") });
  return { ...world, cited, evidence: evidenceOf(cited, []) };
}

/** Asks and answers once more. */
export async function cite<World extends TrialWorld>(world: World) {
  const cited = await askForLook(world);
  await answer({ ...world, asked: cited.asked });
  return { ...world, cited, evidence: evidenceOf(cited) };
}
export type LookWorld = Awaited<ReturnType<typeof answerLook>>;

/** More patients, then the next look's answer. */
export async function citeNext(world: LookWorld, version = 2n) {
  for (const owner of OWNERS) await activate(world, owner, version);
  return cite(world);
}

export const UNSTATED = new Array<number>(CELLS).fill(UNSTATED_POSTERIOR);
export const ALL_ACTIVE = new Array<ArmState>(CELLS).fill(ArmState.ACTIVE);

/** A verdict that changes nothing, unless told. */
export async function verdictOf(world: LookWorld, change: Partial<TrialVerdict> = {}): Promise<TrialVerdict> {
  return {
    trialId: world.trialId,
    look: 1,
    decision: Decision.CONTINUE,
    queryHash: world.queryHash,
    requestId: world.cited.asked.context.requestId,
    outputsHash: outputsHash(VERDICT.outputs),
    responded: RESPONDED,
    posteriors: UNSTATED,
    states: ALL_ACTIVE,
    allocation: INITIAL,
    reason: "",
    deadline: (await now()) + 86_400n,
    ...change,
  };
}

export const STOPPED = {
  decision: Decision.STOP,
  allocation: new Array<number>(CELLS).fill(0),
  reason: "serious adverse events",
} as const;
export const NOTHING_CITED = { queryHash: ZeroHash, requestId: ZeroHash, outputsHash: ZeroHash, responded: 0 };

/** One element replaced. */
export function replaced<Value>(list: readonly Value[], position: number, value: Value): Value[] {
  return list.map((old, i) => (i === position ? value : old));
}

/** ethers wants mutable arrays. */
export function sendable(verdict: TrialVerdict) {
  return {
    ...verdict,
    posteriors: [...verdict.posteriors],
    states: [...verdict.states],
    allocation: [...verdict.allocation],
  };
}

export const SIGNATURE = {
  name: "Prof. Board Example",
  meaning: "I have reviewed the interim data.",
  signedAt: 1_700_000_000n,
};

export async function boardDomain(world: TrialWorld) {
  return opalineDomain(chainId, await world.adaptiveTrial.getAddress());
}

/** Signatures of the members with these indices. */
export async function signBoard(world: TrialWorld, verdict: TrialVerdict, members: readonly number[] = [0, 2]) {
  const domain = await boardDomain(world);
  return Promise.all(
    members.map(async (member) => {
      const wallet = BOARD[member] as HDNodeWallet;
      const message = { verdict: sendable(verdict), member: wallet.address, ...SIGNATURE };
      return { member, ...SIGNATURE, signature: await wallet.signTypedData(domain, BOARD_SIGNATURE, message) };
    }),
  );
}

export async function record(
  world: LookWorld,
  change: Partial<TrialVerdict> = {},
  members?: readonly number[],
  evidence = world.evidence,
) {
  const verdict = await verdictOf(world, change);
  const signatures = await signBoard(world, verdict, members);
  return world.adaptiveTrial.connect(RELAYER).recordVerdict(sendable(verdict), evidence, signatures);
}
