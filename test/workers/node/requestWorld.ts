/**
 * One request in a committee of simulated workers: real `ActiveRequest`s and real signatures; clock, network, disk,
 * chain and MPC are simulated. A killed worker loses everything but its records.
 */
import assert from "node:assert/strict";
import { Wallet, keccak256, toBeHex } from "ethers";
import { CodedError } from "../../../workers/errors.ts";
import { quorumOf } from "../../../workers/chain/committeeRegistry.ts";
import type { QueryRequested } from "../../../workers/chain/queryEvents.ts";
import { RequestState } from "../../../workers/chain/querySmartContract.ts";
import type { Mined } from "../../../workers/chain/transactions.ts";
import type { Equivocation } from "../../../workers/messages/equivocation.ts";
import { type Frame, FrameKind } from "../../../workers/messages/frame.ts";
import { type Proposal, encodeParticipants } from "../../../workers/messages/proposal.ts";
import type { SignedVerdict } from "../../../workers/messages/signedVerdict.ts";
import { Outcome, ReleaseClass, type Verdict, ZERO_HASH, statementHash } from "../../../workers/messages/statement.ts";
import { ANSWER } from "../../../workers/messages/signedStructs.ts";
import { opalineDomain, signTypedData, signerOf } from "../../../workers/messages/typedData.ts";
import { AttemptCounts } from "../../../workers/node/attemptCounts.ts";
import { ActiveRequest } from "../../../workers/node/activeRequest.ts";
import { oneAfterAnother } from "../../../workers/node/posting.ts";
import { ProposedRunCount } from "../../../workers/node/proposedRuns.ts";
import type { ActiveRequestModules, TakenRequest } from "../../../workers/node/requestModules.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { VirtualTime } from "./virtualTime.ts";

export const CHAIN_ID = 31337n;
export const CONTRACT = "0x00000000000000000000000000000000000000C1";
export const ATTEMPT_TIMEOUT_MS = 1_000;
const TAKEOVER_MS = 300;
const LATENCY_MS = 5;
/** A run of the simulated MPC, once all participants have joined. */
const RUN_MS = 50;
const CONFIRMATION_MS = 40;

/** Signing keys are slow to make; every world uses the same. The first seven are the members' first keys, and names. */
const WALLETS = Array.from({ length: 14 }, (_, i) => new Wallet(toBeHex(i + 1, 32)));

export interface Records {
  last: bigint;
  taken: bigint[];
  signed: Map<bigint, string>;
  verdict: Verdict | undefined;
  result: string | undefined;
}

interface Meeting {
  readonly joined: Map<PartyIndex, { resolve: () => void; reject: (error: Error) => void }>;
  readonly participants: readonly PartyIndex[];
}

export interface WorldOptions {
  readonly n: number;
  readonly t: number;
  readonly requestId?: string;
  readonly outcome?: Outcome;
  readonly deadlineBlock?: bigint;
  /** Frames for which this returns true are lost. */
  readonly loses?: (frame: Frame, from: PartyIndex, to: PartyIndex) => boolean;
  /** What a worker computes; by default the same everywhere. */
  readonly outputs?: (self: PartyIndex, attempt: bigint) => readonly bigint[];
  /** Members whose part is played by the test: they are connected, and run nothing. */
  readonly played?: readonly PartyIndex[];
  /** Throws when this worker's store is to fail. */
  readonly onTake?: (self: PartyIndex, attempt: bigint) => void;
  /** Throws when this worker's store is to fail as it keeps evidence. */
  readonly onKeep?: (self: PartyIndex) => void;
  /** Called when a worker has recorded its signature and before it leaves; may kill it. */
  readonly onSigned?: (self: PartyIndex, attempt: bigint) => void;
}

export class RequestWorld {
  readonly time = new VirtualTime();
  readonly records: Records[];
  readonly alive: (ActiveRequest | undefined)[];
  readonly kept: { readonly self: PartyIndex; readonly evidence: Equivocation }[] = [];
  readonly disputes: { readonly self: PartyIndex; readonly signed: SignedVerdict }[] = [];
  readonly logged: { self: PartyIndex; level: string; event: string }[] = [];
  /** What each of them said besides. */
  readonly fields: unknown[] = [];
  /** Every transaction that was accepted, and those that came too late. */
  readonly posted: { by: PartyIndex; act: string; verdict: Verdict | undefined }[] = [];
  late = 0;
  /** Members whose signatures the contract no longer takes, and how often it refused one. */
  readonly revoked = new Set<PartyIndex>();
  refusals = 0;
  /** Who signs for each member, as the registry has it; and how often it was asked. */
  readonly wallets = WALLETS.slice(0, 7);
  keyReads = 0;
  isChainAway = false;
  /** Longest a round may take, as each run was told. */
  readonly runs: { self: PartyIndex; attempt: bigint; timeoutMs: number }[] = [];
  readonly proposedRuns = new ProposedRunCount();
  state: RequestState = RequestState.REQUESTED;
  newestBlock = 10;
  readonly #options: WorldOptions;
  readonly #event: QueryRequested;
  readonly #meetings = new Map<bigint, Meeting>();

  constructor(options: WorldOptions) {
    this.#options = options;
    const requestId = options.requestId ?? keccak256("0x01");
    this.records = Array.from({ length: options.n }, () => ({
      last: 0n,
      taken: [],
      signed: new Map(),
      verdict: undefined,
      result: undefined,
    }));
    this.alive = Array.from({ length: options.n }, () => undefined);
    this.#event = {
      requestId,
      querier: WALLETS[0]!.address,
      parameters: "0x",
      datasetIds: [],
      deadlineBlock: options.deadlineBlock ?? 1_000n,
      recipients: [],
      k: 11,
      context: {
        studyId: ZERO_HASH,
        requestId,
        queryHash: ZERO_HASH,
        parametersHash: ZERO_HASH,
        policyHash: ZERO_HASH,
        datasetRoots: [],
        committeeEpoch: 1n,
        requestBlock: 9n,
        consentMaskRoot: ZERO_HASH,
        releaseClass: ReleaseClass.PUBLIC,
        recipientsHash: ZERO_HASH,
      },
    };
  }

  get parties(): PartyIndex[] {
    return this.records.map((_, i) => (i + 1) as PartyIndex);
  }

  start(party: PartyIndex): void {
    if (this.alive[party - 1] !== undefined || this.#isPlayed(party) || this.state !== RequestState.REQUESTED) return;
    const request = new ActiveRequest(this.#confirmed(party), this.#modules(party), {
      attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
      takeoverMs: TAKEOVER_MS,
    });
    this.alive[party - 1] = request;
    request.start();
    this.time.after(LATENCY_MS, () => this.#connect(party));
  }

  /** Links between a worker that was started and all that run. */
  #connect(party: PartyIndex): void {
    for (const other of this.parties) {
      if (other === party) continue;
      this.alive[other - 1]?.onPeerConnected(WALLETS[party - 1]!.address);
      this.alive[party - 1]?.onPeerConnected(WALLETS[other - 1]!.address);
    }
  }

  #isPlayed(party: PartyIndex): boolean {
    return this.#options.played?.includes(party) ?? false;
  }

  /** A played member's signature on a verdict of this request. */
  async signatureOf(index: PartyIndex, verdict: Verdict): Promise<{ index: number; signature: string }> {
    const { context } = this.#event;
    const statement = statementHash({ chainId: CHAIN_ID, contract: CONTRACT, context, verdict });
    const domain = opalineDomain(CHAIN_ID, CONTRACT);
    return { index, signature: await WALLETS[index - 1]!.signTypedData(domain, ANSWER, { statement }) };
  }

  /** A frame of a member that the test plays arrives now. @throws what makes the receiver close the link */
  deliver(from: PartyIndex, to: PartyIndex, frame: Pick<Frame, "kind" | "attempt" | "payload">): void | Promise<void> {
    const place = { session: this.#event.requestId, epoch: 1n, step: 0, sender: 0, receiver: 0, seq: 0 };
    return this.alive[to - 1]?.onFrame(WALLETS[from - 1]!.address, { ...place, ...frame });
  }

  propose(from: PartyIndex, to: PartyIndex, attempt: bigint, participants: readonly PartyIndex[]): void {
    void this.deliver(from, to, { kind: FrameKind.PROPOSE, attempt, payload: encodeParticipants(participants) });
  }

  startAll(): void {
    for (const party of this.parties) this.start(party);
  }

  /** kill -9: timers, sessions and collected signatures are gone. */
  kill(party: PartyIndex): void {
    this.alive[party - 1]?.end();
    this.alive[party - 1] = undefined;
    for (const [attempt, { participants }] of this.#meetings)
      if (participants.includes(party)) this.#endMeeting(attempt);
  }

  mine(block: number): void {
    this.newestBlock = block;
    for (const request of this.alive) request?.onBlock(block);
  }

  settled(): boolean {
    return this.state !== RequestState.REQUESTED;
  }

  /** The statements signed anywhere, by attempt: must be one each. */
  statementsByAttempt(): Map<bigint, Set<string>> {
    const byAttempt = new Map<bigint, Set<string>>();
    for (const { signed } of this.records) {
      for (const [attempt, statement] of signed) {
        byAttempt.set(attempt, (byAttempt.get(attempt) ?? new Set()).add(statement));
      }
    }
    return byAttempt;
  }

  /** The member's name is this key's account. */
  firstKeyOf(party: PartyIndex): Wallet {
    return WALLETS[party - 1]!;
  }

  sign(verdict: Verdict, by: Wallet): Promise<string> {
    const statement = statementHash({ chainId: CHAIN_ID, contract: CONTRACT, context: this.#event.context, verdict });
    return signTypedData(by, opalineDomain(CHAIN_ID, CONTRACT), ANSWER, { statement });
  }

  /** The member takes its other key: who runs goes on with the old one until it is started again. */
  rotate(party: PartyIndex): void {
    this.wallets[party - 1] = WALLETS[6 + party]!;
  }

  #keys(): string[] {
    return this.wallets.slice(0, this.#options.n).map(({ address }) => address);
  }

  #confirmed(self: PartyIndex): TakenRequest {
    const { n, t } = this.#options;
    const workers = WALLETS.slice(0, n).map(({ address }) => address);
    return {
      event: this.#event,
      contract: CONTRACT,
      self,
      keys: this.#keys(),
      committee: { epoch: 1n, threshold: t, demonstration: true, workers },
    };
  }

  #modules(self: PartyIndex): ActiveRequestModules {
    const records = this.records[self - 1]!;
    const incarnation = (): ActiveRequest | undefined => this.alive[self - 1];
    return {
      chainId: CHAIN_ID,
      timers: this.time,
      log: (level, event, fields) => {
        this.logged.push({ self, level, event });
        this.fields.push(fields);
      },
      records: {
        lastAttempt: () => records.last,
        takeAttempt: (_requestId, attempt) => {
          this.#options.onTake?.(self, attempt);
          assert.ok(attempt > records.last, `worker ${self} uses attempt ${attempt} after ${records.last}`);
          records.last = attempt;
          records.taken.push(attempt);
        },
        recordSigned: (_requestId, verdict, { statement, resultHash: result }) => {
          const { attempt } = verdict;
          if (records.signed.get(attempt) === statement) return;
          if (records.result !== undefined && records.result !== result) {
            throw new CodedError({ code: "STORE_RESULT_CHANGED" }, "another result was signed before");
          }
          assert.ok(!records.signed.has(attempt), `worker ${self} signs attempt ${attempt} twice`);
          records.result = result;
          records.verdict = verdict;
          records.signed.set(attempt, statement);
          this.#options.onSigned?.(self, attempt);
        },
        signedVerdict: () => records.verdict,
        keepEquivocation: (evidence) => {
          this.#options.onKeep?.(self);
          this.kept.push({ self, evidence });
        },
        keepDispute: (_requestId, signed) => {
          this.#options.onKeep?.(self);
          this.disputes.push({ self, signed });
          return "disputes/dispute.json";
        },
      },
      counts: new AttemptCounts(),
      signer: this.wallets[self - 1]!,
      keysOf: () => {
        this.keyReads += 1;
        if (this.isChainAway) return Promise.reject(new CodedError({ code: "CHAIN_UNREACHABLE" }, "no node"));
        return Promise.resolve(this.#keys());
      },
      isKeyOf: (worker, account) => {
        const party = this.#indexOf(worker);
        return Promise.resolve([worker, this.wallets[party - 1]!.address].includes(account));
      },
      inTurn: oneAfterAnother(),
      isConnected: (address) => {
        const party = this.#indexOf(address);
        return this.#isPlayed(party) || this.alive[party - 1] !== undefined;
      },
      send: (address, frame) => {
        const sender = incarnation();
        const to = this.#indexOf(address);
        if (sender === undefined || this.#options.loses?.(frame, self, to)) return;
        this.time.after(LATENCY_MS, () => void this.alive[to - 1]?.onFrame(WALLETS[self - 1]!.address, frame));
      },
      proposed: this.proposedRuns,
      compute: (_request, proposal, signal, timeoutMs) => {
        this.runs.push({ self, attempt: proposal.attempt, timeoutMs });
        return this.#compute(self, proposal, signal, timeoutMs);
      },
      stateOf: () => Promise.resolve(this.state),
      answer: (_request, verdict, signatures) => this.#answer(self, verdict, signatures),
      expire: () => this.#expire(self),
    };
  }

  #indexOf(address: string): PartyIndex {
    return (WALLETS.findIndex((wallet) => wallet.address === address) + 1) as PartyIndex;
  }

  /** All participants must meet; one that dies or aborts ends the attempt for all. */
  async #compute(
    self: PartyIndex,
    { attempt, participants }: Proposal,
    signal: AbortSignal,
    timeoutMs: number,
  ): Promise<Verdict> {
    const meeting = this.#meetings.get(attempt) ?? { joined: new Map(), participants };
    this.#meetings.set(attempt, meeting);
    assert.deepEqual(meeting.participants, participants, "one attempt, one set of participants");
    assert.ok(!meeting.joined.has(self), `worker ${self} joins attempt ${attempt} twice`);
    const ended = new Promise<void>((resolve, reject) => meeting.joined.set(self, { resolve, reject }));
    const cancel = this.time.after(timeoutMs, () => this.#endMeeting(attempt));
    signal.addEventListener("abort", () => this.#endMeeting(attempt), { once: true });
    if (meeting.joined.size === participants.length) {
      this.time.after(RUN_MS, () => meeting.joined.forEach(({ resolve }) => resolve()));
    }
    await ended.finally(cancel);
    const { outcome = Outcome.ANSWERED, outputs = () => [7n] } = this.#options;
    const answered = outcome === Outcome.ANSWERED;
    const opened = answered ? outputs(self, attempt) : [];
    return { attempt, outcome, suppressedBitmap: "0x", outputs: opened, sealedHash: ZERO_HASH };
  }

  #endMeeting(attempt: bigint): void {
    const error = new CodedError({ code: "NETWORK_ABORTED" }, "a participant is gone");
    this.#meetings.get(attempt)?.joined.forEach(({ reject }) => reject(error));
  }

  /** The contract's own checks. */
  #answer(
    by: PartyIndex,
    verdict: Verdict,
    signatures: readonly { index: number; signature: string }[],
  ): Promise<Mined> {
    const { n, t } = this.#options;
    if (this.settled()) return this.#refuse("QuerySmartContractNotOpen");
    const statement = statementHash({ chainId: CHAIN_ID, contract: CONTRACT, context: this.#event.context, verdict });
    const domain = opalineDomain(CHAIN_ID, CONTRACT);
    assert.equal(signatures.length, quorumOf(n, t));
    signatures.forEach(({ index }, i) => assert.ok(i === 0 || index > signatures[i - 1]!.index));
    const signerAt = (signature: string): string | undefined => signerOf(domain, ANSWER, { statement }, signature);
    const outdated = signatures.find(({ index, signature }) => signerAt(signature) !== this.#keys()[index - 1]);
    if (outdated !== undefined) return this.#refuseSigner(outdated.index);
    const refused = signatures.find(({ index }) => this.revoked.has(index as PartyIndex));
    if (refused !== undefined) return this.#refuseSigner(refused.index);
    const isAnswer = verdict.outcome === Outcome.ANSWERED;
    return this.#settle(by, "answer", isAnswer ? RequestState.ANSWERED : RequestState.REFUSED, verdict);
  }

  #expire(by: PartyIndex): Promise<Mined> {
    if (this.settled()) return this.#refuse("QuerySmartContractNotOpen");
    return this.#settle(by, "expire", RequestState.EXPIRED, undefined);
  }

  #refuse(error: string): Promise<Mined> {
    this.late += 1;
    return Promise.reject(new CodedError({ code: "CHAIN_REVERTED", error }, error));
  }

  #refuseSigner(index: number): Promise<Mined> {
    this.refusals += 1;
    const error = "QuerySmartContractInvalidSigner";
    return Promise.reject(new CodedError({ code: "CHAIN_REVERTED", error, args: { index: String(index) } }, error));
  }

  #settle(by: PartyIndex, act: string, state: RequestState, verdict: Verdict | undefined): Promise<Mined> {
    this.state = state;
    this.posted.push({ by, act, verdict });
    this.time.after(CONFIRMATION_MS, () => this.alive.forEach((request) => request?.end()));
    return Promise.resolve({ hash: "0x", block: this.newestBlock, gasUsed: 1n, events: [] });
  }
}
