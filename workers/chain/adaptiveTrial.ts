/** Adaptive trials and their boards' verdicts (`contracts/trial/IAdaptiveTrial.sol`). */
import type { ContractRunner, Interface } from "ethers";
import type {
  IAdaptiveTrial,
  TrialRulesStructOutput,
  TrialVerdictStructOutput,
} from "../../types/trial/IAdaptiveTrial.ts";
import type { Segment } from "../messages/datasetRoot.ts";
import type { RequestContext } from "../messages/statement.ts";
import type { ArmState, Decision, TrialState, TrialVerdict } from "../messages/trialVerdict.ts";
import { type Deployment, openContract } from "./deployment.ts";
import { type GovernedCall, governedCall } from "./governedCall.ts";
import { allLogs, latestBlock, type ChainLog } from "./logs.ts";
import type { JsonRpc } from "./provider.ts";
import { type Mined, mine, read } from "./transactions.ts";

/** As `contracts/types/Trial.sol`; allocations and thresholds are basis points, lists of cells row-major by stratum. */
export interface TrialRules {
  readonly studyId: string;
  readonly protocolHash: string;
  readonly analysisPlanHash: string;
  /** Index of the control arm. */
  readonly control: number;
  /** How many of the board must sign. */
  readonly signatures: number;
  readonly arms: readonly { readonly name: string; readonly floor: number; readonly cap: number }[];
  readonly strata: readonly string[];
  readonly allocation: readonly number[];
  readonly looks: readonly TrialLook[];
  readonly sources: readonly TrialSource[];
  readonly board: readonly string[];
}

export interface TrialLook {
  readonly minimumEnrolled: number;
  readonly minimumResponded: number;
  /** 0: no arm can be dropped for futility at this look. */
  readonly futility: number;
  /** 0: no arm can graduate at this look. */
  readonly graduation: number;
}

export interface TrialSource {
  readonly queryHash: string;
  /** Zero: any parameters. */
  readonly parametersHash: string;
  readonly respondedOutputs: readonly number[];
}

export interface Trial {
  readonly studyId: string;
  readonly state: TrialState;
  readonly looksTaken: number;
  readonly decidedBlock: bigint;
  readonly rulesHash: string;
  /** Of the latest verdict, or rulesHash. */
  readonly latestHash: string;
}

/** What is in force, per cell. */
export interface Allocation {
  readonly allocation: readonly number[];
  readonly states: readonly ArmState[];
}

export interface CitedDataset {
  readonly datasetId: string;
  readonly version: bigint;
  readonly segments: readonly Segment[];
}

/** What shows a cited answer to the contract; outputs are empty for a SEALED one. */
export interface Evidence {
  readonly context: RequestContext;
  readonly querier: string;
  readonly datasets: readonly CitedDataset[];
  readonly outputs: readonly bigint[];
}

export interface BoardSignature {
  /** Index in the rules' board. */
  readonly member: number;
  readonly name: string;
  readonly meaning: string;
  readonly signedAt: bigint;
  readonly signature: string;
}

/** A verdict in force or superseded, as its event has it. */
export interface RecordedVerdict {
  readonly verdict: TrialVerdict;
  readonly verdictHash: string;
  /** Rows that the cited answer is over, 0 where none is cited. */
  readonly enrolled: bigint;
  readonly block: number;
  readonly transaction: string;
  readonly signers: readonly {
    readonly member: string;
    readonly name: string;
    readonly meaning: string;
    readonly signedAt: bigint;
  }[];
}

export interface AdaptiveTrial {
  readonly address: string;
  register(rules: TrialRules): GovernedCall;
  /** @param signatures strictly ascending by member */
  recordVerdict(verdict: TrialVerdict, evidence: Evidence, signatures: readonly BoardSignature[]): Promise<Mined>;
  withdrawSignature(verdict: TrialVerdict, member: number): Promise<Mined>;
  /** Reverts as `recordVerdict` would, but for the signatures. @returns rows that the cited answer is over */
  checkVerdict(verdict: TrialVerdict, evidence: Evidence): Promise<bigint>;
  trial(trialId: string): Promise<Trial>;
  rules(trialId: string): Promise<TrialRules>;
  allocation(trialId: string): Promise<Allocation>;
  /** Zero before the look's verdict is recorded. */
  verdictHashOf(trialId: string, look: number): Promise<string>;
  queryContractOf(trialId: string, queryHash: string): Promise<string>;
  hasWithdrawn(verdictHash: string, member: string): Promise<boolean>;
  trialIdOf(studyId: string): Promise<string>;
  count(): Promise<number>;
  trials(offset: number, limit: number): Promise<string[]>;
  /** All verdicts, oldest first, from their events. */
  verdicts(rpc: JsonRpc, trialId: string): Promise<RecordedVerdict[]>;
}

const NAME = "AdaptiveTrial";

export function adaptiveTrial(deployment: Deployment, runner: ContractRunner): AdaptiveTrial {
  const contract = openContract<IAdaptiveTrial>(deployment, NAME, runner);
  return {
    address: deployment.address(NAME),
    register: (rules) =>
      governedCall(
        deployment,
        NAME,
        "register",
        contract.interface.encodeFunctionData("register", [sendableRules(rules)]),
      ),
    recordVerdict: (verdict, evidence, signatures) =>
      mine(
        deployment,
        `${NAME}.recordVerdict`,
        contract.recordVerdict(
          sendableVerdict(verdict),
          sendableEvidence(evidence),
          signatures.map((signature) => ({ ...signature })),
        ),
      ),
    withdrawSignature: (verdict, member) =>
      mine(deployment, `${NAME}.withdrawSignature`, contract.withdrawSignature(sendableVerdict(verdict), member)),
    checkVerdict: (verdict, evidence) =>
      read(
        deployment,
        `${NAME}.checkVerdict`,
        contract.checkVerdict(sendableVerdict(verdict), sendableEvidence(evidence)),
      ),
    async trial(trialId) {
      const found = await read(deployment, `${NAME}.trial`, contract.trial(trialId));
      return {
        studyId: found.studyId,
        state: Number(found.state) as TrialState,
        looksTaken: Number(found.looksTaken),
        decidedBlock: found.decidedBlock,
        rulesHash: found.rulesHash,
        latestHash: found.latestHash,
      };
    },
    rules: async (trialId) => rulesFrom(await read(deployment, `${NAME}.rules`, contract.rules(trialId))),
    async allocation(trialId) {
      const { bps, states } = await read(deployment, `${NAME}.allocation`, contract.allocation(trialId));
      return { allocation: bps.map(Number), states: states.map(Number) as ArmState[] };
    },
    verdictHashOf: (trialId, look) => read(deployment, `${NAME}.verdictHashOf`, contract.verdictHashOf(trialId, look)),
    queryContractOf: (trialId, queryHash) =>
      read(deployment, `${NAME}.queryContractOf`, contract.queryContractOf(trialId, queryHash)),
    hasWithdrawn: (verdictHash, member) =>
      read(deployment, `${NAME}.hasWithdrawn`, contract.hasWithdrawn(verdictHash, member)),
    trialIdOf: (studyId) => read(deployment, `${NAME}.trialIdOf`, contract.trialIdOf(studyId)),
    count: async () => Number(await read(deployment, `${NAME}.count`, contract.count())),
    trials: async (offset, limit) => [...(await read(deployment, `${NAME}.trials`, contract.trials(offset, limit)))],
    verdicts: (rpc, trialId) => readVerdicts(deployment, rpc, trialId),
  };
}

async function readVerdicts(deployment: Deployment, rpc: JsonRpc, trialId: string): Promise<RecordedVerdict[]> {
  const abi = deployment.abi(NAME);
  const addresses = [deployment.address(NAME)];
  const to = await latestBlock(rpc);
  const topicsOf = (event: string, id: string) => abi.encodeFilterTopics(event, [id]) as string[];
  const filter = { addresses, topics: topicsOf("VerdictRecorded", trialId) };
  const found: RecordedVerdict[] = [];
  for (const log of await allLogs(rpc, filter, deployment.block, to)) {
    const args = argsOf(abi, log);
    const verdictHash = String(args["verdictHash"]);
    const signed = { addresses, topics: topicsOf("VerdictSigned", verdictHash) };
    const signers = (await allLogs(rpc, signed, log.blockNumber, log.blockNumber)).map((each) => signerFrom(abi, each));
    const { blockNumber: block, transactionHash: transaction } = log;
    const verdict = verdictFrom(args["verdict"] as TrialVerdictStructOutput);
    found.push({ verdict, verdictHash, enrolled: BigInt(args["enrolled"] as bigint), block, transaction, signers });
  }
  return found;
}

function argsOf(abi: Interface, log: ChainLog): Record<string, unknown> {
  return abi.parseLog({ topics: [...log.topics], data: log.data })!.args as unknown as Record<string, unknown>;
}

function signerFrom(abi: Interface, log: ChainLog): RecordedVerdict["signers"][number] {
  const args = argsOf(abi, log);
  return {
    member: String(args["member"]),
    name: String(args["name"]),
    meaning: String(args["meaning"]),
    signedAt: BigInt(args["signedAt"] as bigint),
  };
}

function rulesFrom(found: TrialRulesStructOutput): TrialRules {
  return {
    studyId: found.studyId,
    protocolHash: found.protocolHash,
    analysisPlanHash: found.analysisPlanHash,
    control: Number(found.control),
    signatures: Number(found.signatures),
    arms: found.arms.map(({ name, floor, cap }) => ({ name, floor: Number(floor), cap: Number(cap) })),
    strata: [...found.strata],
    allocation: found.allocation.map(Number),
    looks: found.looks.map(({ minimumEnrolled, minimumResponded, futility, graduation }) => ({
      minimumEnrolled: Number(minimumEnrolled),
      minimumResponded: Number(minimumResponded),
      futility: Number(futility),
      graduation: Number(graduation),
    })),
    sources: found.sources.map(({ queryHash, parametersHash, respondedOutputs }) => ({
      queryHash,
      parametersHash,
      respondedOutputs: respondedOutputs.map(Number),
    })),
    board: [...found.board],
  };
}

function verdictFrom(found: TrialVerdictStructOutput): TrialVerdict {
  return {
    trialId: found.trialId,
    look: Number(found.look),
    decision: Number(found.decision) as Decision,
    queryHash: found.queryHash,
    requestId: found.requestId,
    outputsHash: found.outputsHash,
    responded: Number(found.responded),
    posteriors: found.posteriors.map(Number),
    states: found.states.map(Number) as ArmState[],
    allocation: found.allocation.map(Number),
    reason: found.reason,
    deadline: found.deadline,
  };
}

/** ethers wants mutable arrays. */
function sendableRules(rules: TrialRules) {
  return {
    ...rules,
    arms: rules.arms.map((arm) => ({ ...arm })),
    strata: [...rules.strata],
    allocation: [...rules.allocation],
    looks: rules.looks.map((look) => ({ ...look })),
    sources: rules.sources.map((source) => ({ ...source, respondedOutputs: [...source.respondedOutputs] })),
    board: [...rules.board],
  };
}

function sendableVerdict(verdict: TrialVerdict) {
  const { posteriors, states, allocation } = verdict;
  return { ...verdict, posteriors: [...posteriors], states: [...states], allocation: [...allocation] };
}

function sendableEvidence({ context, querier, datasets, outputs }: Evidence) {
  return {
    context: { ...context, datasetRoots: [...context.datasetRoots] },
    querier,
    datasets: datasets.map((dataset) => ({
      ...dataset,
      segments: dataset.segments.map((segment) => ({ ...segment })),
    })),
    outputs: [...outputs],
  };
}
