/**
 * Input checks in a committee of simulated workers: real desks, stores, share files and MPC; clock and links are simulated.
 * A killed worker loses everything but its store. Everything follows from the seeds; nothing waits in real time.
 */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { keccak256, toBeHex } from "ethers";
import { proveDealing } from "../../../workers/encoding/dealing.ts";
import type { EncodedSegment } from "../../../workers/encoding/encodeTable.ts";
import { shareSegment } from "../../../workers/encoding/shareSegment.ts";
import { bn254Fr } from "../../../workers/field/bn254Fr.ts";
import { sharesRoot } from "../../../workers/messages/datasetRoot.ts";
import { encodeDealingProof } from "../../../workers/messages/dealingProof.ts";
import { type Frame, FrameKind } from "../../../workers/messages/frame.ts";
import { type CheckOutcome, encodeCheckReport, inputCheckId } from "../../../workers/messages/inputCheck.ts";
import { decodeShareFile, shareFileHash } from "../../../workers/messages/shareFile.ts";
import { AttemptCounts } from "../../../workers/node/attemptCounts.ts";
import type { AttemptPlace } from "../../../workers/node/attemptNetwork.ts";
import { checkDealing } from "../../../workers/node/checkDealing.ts";
import { CheckDesk } from "../../../workers/node/checkDesk.ts";
import { runCheck } from "../../../workers/node/checkRun.ts";
import { activationToJson } from "../../../workers/node/datasetActivation.ts";
import type { AttemptNetwork } from "../../../workers/node/queryRun.ts";
import { type LoopbackFrame, type LoopbackNetwork, loopbackNetworks } from "../../../workers/protocols/loopback.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import type { Store } from "../../../workers/store/openStore.ts";
import { seededBytes } from "../encoding/seededBytes.ts";
import { honestSegment, POISONED_STUDY } from "../schema/poisoning.ts";
import { bytes32, type StoreFolder, storeFolder } from "../store/storeFixture.ts";
import { VirtualTime } from "./virtualTime.ts";

export const ATTEMPT_TIMEOUT_MS = 1_000;
const CHAIN_ID = 31337n;
const REGISTRY = `0x${"d1".repeat(20)}`;
const STUDY = bytes32("study");
const LATENCY_MS = 5;

export interface CheckWorldOptions {
  readonly n: number;
  readonly t: number;
  /** Members whose part is played by the test: they are connected, and run nothing. */
  readonly played?: readonly PartyIndex[];
  /** Changes what members send inside a computation; null loses it. */
  readonly tamper?: (frame: LoopbackFrame) => Uint8Array | null;
}

export interface DealingOptions {
  readonly version?: bigint;
  readonly segment?: EncodedSegment;
  /** What each worker is sent instead of its file; the proof is made of these. */
  readonly alter?: (files: readonly Uint8Array[]) => Uint8Array[];
  /** The proof that is published instead. */
  readonly publish?: (proof: string) => string;
  /** Workers that never get their file. */
  readonly withheld?: readonly PartyIndex[];
  readonly rowCount?: bigint;
}

export class CheckWorld {
  readonly time = new VirtualTime();
  readonly stores: Store[];
  readonly logged: { self: PartyIndex; level: string; event: string; reason: unknown }[] = [];
  /** Attempts in which a computation began, per worker. */
  readonly runs: { self: PartyIndex; session: string; attempt: bigint }[] = [];
  readonly #folders: readonly StoreFolder[];
  readonly #options: CheckWorldOptions;
  readonly #alive: (CheckDesk | undefined)[];
  readonly #files = new Map<string, readonly Uint8Array[]>();
  /** Of each dataset's newest version. */
  readonly #checks = new Map<string, string>();
  readonly #meetings = new Map<string, LoopbackNetwork[]>();

  constructor(test: TestContext, options: CheckWorldOptions) {
    this.#options = options;
    this.#folders = Array.from({ length: options.n }, () => storeFolder(test));
    this.stores = this.#folders.map((folder) => folder.open());
    this.#alive = this.stores.map(() => undefined);
  }

  get parties(): PartyIndex[] {
    return this.stores.map((_, index) => (index + 1) as PartyIndex);
  }

  /** The owner deals a version and activates it; the workers' followers confirm it. */
  activate(dataset: string, options: DealingOptions = {}): string {
    const {
      version = 1n,
      segment = honestSegment(),
      alter = (files) => [...files],
      publish = (proof) => proof,
    } = options;
    const { n, t } = this.#options;
    const datasetId = bytes32(dataset);
    const facts = { studyId: STUDY, datasetId, version, schemaHash: POISONED_STUDY.hash };
    const place = { ...facts, committeeEpoch: 1n, log2N: 10, blinders: 8 };
    const seed = seededBytes(`${dataset} ${version}`);
    const files = alter(shareSegment(bn254Fr, segment, place, { n, t }, seed));
    const fileHashes = files.map(shareFileHash);
    const root = sharesRoot(fileHashes);
    const dealing = { chainId: CHAIN_ID, datasetId, version, sharesRoot: root };
    const ingestProof = publish(encodeDealingProof(proveDealing(bn254Fr, files, dealing)));
    const rowCount = options.rowCount ?? BigInt(segment.rowCount);
    const onChain = { rowCount, columnsRoot: bytes32("columns"), sharesRoot: root };
    const activation = activationToJson({ ...facts, committeeEpoch: 1n, segment: onChain, fileHashes, ingestProof });
    const checkId = inputCheckId(datasetId, version, root);
    this.#checks.set(datasetId, checkId);
    this.#files.set(datasetId, files);
    for (const party of this.parties) {
      const store = this.stores[party - 1]!;
      const hash = fileHashes[party - 1]!;
      const isHere = options.withheld?.includes(party) !== true;
      if (isHere) store.shares.putSegment(decodeShareFile(files[party - 1]!), hash);
      const place = { datasetId, epoch: 1n, version };
      store.shares.activateSegment({ ...place, fileHash: hash });
      store.inputChecks.insert({ checkId, ...place, activation });
    }
    return datasetId;
  }

  /** The check of a dataset's newest version. */
  checkOf(datasetId: string): string {
    return this.#checks.get(datasetId)!;
  }

  /** The file of a dataset's newest version comes after all. */
  deliver(party: PartyIndex, datasetId: string): void {
    const file = this.#files.get(datasetId)![party - 1]!;
    this.stores[party - 1]!.shares.putSegment(decodeShareFile(file), shareFileHash(file));
  }

  start(party: PartyIndex): void {
    if (this.#isPlayed(party) || this.#alive[party - 1] !== undefined) return;
    const desk = this.#createDesk(party);
    this.#alive[party - 1] = desk;
    void desk.onBlock();
    for (const other of this.parties) {
      this.#alive[other - 1]?.onPeerConnected(addressOf(party));
      if (other !== party) desk.onPeerConnected(addressOf(other));
    }
  }

  startAll(): void {
    for (const party of this.parties) this.start(party);
  }

  /** kill -9: the store's file is all that is left, and is opened again. */
  kill(party: PartyIndex): void {
    this.#alive[party - 1]?.stop();
    this.#alive[party - 1] = undefined;
    for (const networks of this.#meetings.values()) networks.find(({ self }) => self === party)?.close();
    this.stores[party - 1]!.close();
    this.stores[party - 1] = this.#folders[party - 1]!.open();
  }

  /** The followers have moved. */
  mine(): void {
    for (const desk of this.#alive) void desk?.onBlock();
  }

  /** A member that the test plays says how the check ended. */
  report(from: PartyIndex, datasetId: string, outcome: CheckOutcome): void {
    const payload = encodeCheckReport(outcome);
    const frame = { kind: FrameKind.CHECK_REPORT, session: this.checkOf(datasetId), payload, ...OUTSIDE };
    for (const desk of this.#alive) desk?.onFrame(addressOf(from), frame);
  }

  /** "checked", "rejected: why" or "unchecked", by worker. */
  states(datasetId: string, version = 1n): string[] {
    return this.stores.map(({ inputChecks }) => {
      const check = inputChecks.ofVersion(datasetId, 1n, version);
      assert(check !== undefined);
      return check.reason === undefined ? check.state : `${check.state}: ${check.reason}`;
    });
  }

  async untilStates(datasetId: string, expected: readonly string[], deadlineMs = 600_000): Promise<void> {
    const done = (): boolean => this.states(datasetId).join() === expected.join();
    await this.time.until(done, this.time.nowMs + deadlineMs);
    assert.deepEqual(this.states(datasetId), expected);
  }

  #createDesk(self: PartyIndex): CheckDesk {
    const { n, t } = this.#options;
    const store = this.stores[self - 1]!;
    const workers = this.parties.map(addressOf);
    const committee = { epoch: 1n, threshold: t, demonstration: true, workers };
    const randomBytes = seededBytes(`worker ${self} ${this.time.nowMs}`);
    const { shares } = store;
    const run = { field: bn254Fr, chainId: CHAIN_ID, registry: REGISTRY, randomBytes };
    return new CheckDesk(
      {
        committees: { seat: (studyId) => Promise.resolve({ studyId, committee, self }) },
        store,
        timers: this.time,
        now: () => this.time.nowMs,
        log: (level, event, fields) => this.logged.push({ self, level, event, reason: fields?.["error"] }),
        counts: new AttemptCounts(),
        isConnected: (address) => {
          const party = workers.indexOf(address) + 1;
          return this.#isPlayed(party as PartyIndex) || this.#alive[party - 1] !== undefined;
        },
        send: (address, frame) => this.#send(self, (workers.indexOf(address) + 1) as PartyIndex, frame),
        schemaOf: () => Promise.resolve(POISONED_STUDY),
        checkDealing: (check) => checkDealing(check, { field: bn254Fr, chainId: CHAIN_ID, shares }),
        compute: (check, proposal, signal) => {
          assert.equal(committee.workers.length, n);
          const { datasetId, committeeEpoch, version } = check.activation;
          return runCheck(check, proposal, signal, {
            ...run,
            loadRows: (...rows) => shares.loadRows(datasetId, committeeEpoch, version, ...rows),
            openNetwork: (place, ended) => this.#join(place, ended),
          });
        },
      },
      ATTEMPT_TIMEOUT_MS,
    );
  }

  #isPlayed(party: PartyIndex): boolean {
    return this.#options.played?.includes(party) ?? false;
  }

  #send(from: PartyIndex, to: PartyIndex, frame: Frame): void {
    if (this.#alive[from - 1] === undefined) return;
    this.time.after(LATENCY_MS, () => this.#alive[to - 1]?.onFrame(addressOf(from), frame));
  }

  #join({ session, attempt, self, members }: AttemptPlace, signal: AbortSignal): AttemptNetwork {
    const key = `${session}/${attempt}`;
    assert(!this.runs.some((run) => run.self === self && run.session === session && run.attempt === attempt), "once");
    this.runs.push({ self, session, attempt });
    const { tamper } = this.#options;
    const options = tamper === undefined ? {} : { intercept: tamper };
    const networks = this.#meetings.get(key) ?? loopbackNetworks([...members.keys()], options);
    this.#meetings.set(key, networks);
    const network = networks.find((each) => each.self === self)!;
    signal.addEventListener("abort", () => network.close(), { once: true });
    return Object.assign(network, { abort: () => network.close() });
  }
}

const OUTSIDE = { epoch: 1n, attempt: 0n, step: 0, sender: 0, receiver: 0, seq: 0 } as const;

function addressOf(party: PartyIndex): string {
  return `0x${keccak256(toBeHex(party)).slice(-40)}`;
}
