/**
 * One worker of a simulation: the real `Worker` over simulated edges and a real store. It can be killed at any event, or
 * right after a commit of its store; what was committed is there when it starts again, everything else is gone.
 */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { getBytes, id } from "ethers";
import type { WasmField } from "../../workers/field/wasmField.ts";
import { type Configuration } from "../../workers/node/configuration.ts";
import type { LogFields, LogLevel } from "../../workers/node/log.ts";
import { Worker } from "../../workers/node/worker.ts";
import { workerChain } from "../../workers/node/workerChain.ts";
import type { WorkerEdges } from "../../workers/node/workerEdges.ts";
import type { WorkerModules } from "../../workers/node/workerModules.ts";
import { CodedError } from "../../workers/errors.ts";
import { type Store, type StoreOptions, openStore } from "../../workers/store/openStore.ts";
import { memoryParent } from "../support/memoryParent.ts";
import { type Account, WORKERS, endpointOf, fingerprintOf } from "./genesis.ts";
import { GENESIS_TIME } from "./modelChain.ts";
import { CHAIN_ID, modelDeployment } from "./modelDeployment.ts";
import type { ModelRpc } from "./modelRpc.ts";
import type { Choices } from "./seededChoices.ts";
import type { Incarnation, SimulatedMesh } from "./simulatedMesh.ts";
import { type NodeHealth, SimulatedProvider } from "./simulatedProvider.ts";
import type { VirtualTime } from "./virtualTime.ts";

export const CONFIRMATIONS = 2;
export const ATTEMPT_TIMEOUT_MS = 2_000;
const POLL_MS = 1_000;

/** Commits after which a worker may be told to die. */
export type CommitPoint = "takeAttempt" | "keepKeyCopies" | "recordAboutToOpen" | "recordSigned";

export interface LogEntry {
  readonly index: number;
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields;
}

/** A statement that a worker has recorded, and will sign. */
export interface SignedRecord {
  readonly index: number;
  readonly requestId: string;
  readonly attempt: bigint;
  readonly statement: string;
  readonly resultHash: string;
}

export interface WorkerBackup {
  readonly folder: string;
  /** How often it had been started. */
  readonly starts: number;
}

export interface SimulatedWorkerParts {
  readonly time: VirtualTime;
  readonly choices: Choices;
  readonly mesh: SimulatedMesh;
  readonly rpc: ModelRpc;
  readonly addresses: Readonly<Record<string, string>>;
  readonly field: WasmField;
  onLog(entry: LogEntry): void;
  onSigned(record: SignedRecord): void;
}

export function makeFolder(): string {
  return mkdtempSync(join(memoryParent(), "opaline-simulator-"));
}

export class SimulatedWorker {
  /** Shamir point. */
  readonly index: number;
  readonly health: NodeHealth = { state: "up", lag: 0 };
  readonly #parts: SimulatedWorkerParts;
  readonly #folder: string;
  #running: { readonly incarnation: Incarnation; readonly worker: Worker; readonly store: Store } | undefined;
  #starts = 0;
  #diesAt: CommitPoint | undefined;
  #framesLeft = Infinity;
  /** Of an incarnation that died within an event. */
  #closeStore: () => void = nothing;
  /** full: nothing more can be stored; broken: what it holds of requests cannot be read. */
  disk: "fine" | "full" | "broken" = "fine";
  /** What it signs with from its next start on; its name stays. */
  key: Account;

  constructor(index: number, folder: string, parts: SimulatedWorkerParts) {
    this.index = index;
    this.#parts = parts;
    this.#folder = join(folder, String(index));
    this.key = WORKERS[index - 1]!;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Undefined while it is down. */
  get worker(): Worker | undefined {
    return this.#running?.worker;
  }

  /** Undefined while it is down. */
  get store(): Store | undefined {
    return this.#running?.store;
  }

  start(): void {
    if (this.#running !== undefined) return;
    this.#closeStore();
    this.#starts += 1;
    const address = WORKERS[this.index - 1]!.address.toLowerCase();
    const incarnation: Incarnation = { index: this.index, address, alive: true };
    const choices = this.#parts.choices.stream(`worker ${this.index}, start ${this.#starts}`);
    let store: Store | undefined;
    const keep = (opened: Store): void => void (store = opened);
    const worker = new Worker(this.#modules(choices), this.#edges(incarnation, choices, keep));
    this.#running = { incarnation, worker, store: store! };
    worker.start().catch((error: unknown) => {
      if (incarnation.alive) throw error;
    });
  }

  /** kill -9, and its machine's sockets with it. */
  crash(): void {
    this.#die();
    this.#closeStore();
  }

  /** Its code may still run to the end of this event: it writes nothing more, and what it says reaches nobody. */
  #die(): void {
    if (this.#running === undefined) return;
    const { incarnation, store } = this.#running;
    this.#running = undefined;
    this.#diesAt = undefined;
    this.#framesLeft = Infinity;
    incarnation.alive = false;
    this.#parts.mesh.crashed(incarnation);
    this.#closeStore = () => {
      this.#closeStore = nothing;
      store.close();
    };
    this.#parts.time.after(0, () => this.#closeStore());
  }

  /** Of all it has stored, while it is down. */
  backUp(): WorkerBackup {
    const folder = `${this.#folder} backup ${this.#starts}`;
    cpSync(this.#folder, folder, { recursive: true });
    return { folder, starts: this.#starts };
  }

  /** While it is down. @param withChance its randomness begins again too, as that of a machine's snapshot may */
  restore({ folder, starts }: WorkerBackup, withChance = false): void {
    rmSync(this.#folder, { recursive: true });
    cpSync(folder, this.#folder, { recursive: true });
    if (withChance) this.#starts = starts;
  }

  /** It dies as soon as this is on disk, before anything of it leaves; undefined: it does not. */
  crashAfter(point: CommitPoint | undefined): void {
    this.#diesAt = point;
  }

  /** It dies when it has sent this many frames more. */
  crashAfterFrames(frames: number): void {
    this.#framesLeft = frames;
  }

  /** A frame is about to leave. */
  sending(): void {
    this.#framesLeft -= 1;
    if (this.#framesLeft < 0) this.#die();
  }

  #modules(choices: Choices): WorkerModules {
    const { time, field, onLog } = this.#parts;
    const account = WORKERS[this.index - 1]!;
    return {
      configuration: this.#configuration(),
      wallet: this.key.wallet,
      storeKey: getBytes(id(`store key of ${account.address}`)),
      identity: { keyPem: "", certificatePem: "", fingerprint: fingerprintOf(account) },
      version: "simulated",
      field,
      randomBytes: choices.stream("bytes").bytes,
      random: () => choices.unit(),
      now: () => Number(GENESIS_TIME) * 1_000 + time.nowMs,
      monotonic: () => time.nowMs,
      log: (level, event, fields = {}) => {
        if (this.#running !== undefined || event === "worker-starting")
          onLog({ index: this.index, level, event, fields });
      },
    };
  }

  #configuration(): Configuration {
    const folders = { dataDir: this.#folder, keyDir: join(this.#folder, "keys") };
    const unused = {
      storeKey: "",
      keystore: "",
      passwordFile: "",
      tlsKey: "",
      tlsCertificate: "",
      rpcUrl: "",
      deployment: "",
    };
    return {
      ...folders,
      ...unused,
      listen: { host: "simulated", port: 7443 },
      chainId: CHAIN_ID,
      confirmations: CONFIRMATIONS,
      pollMs: POLL_MS,
      attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
      threads: 1,
      vectorCacheBytes: 1 << 24,
      logLevel: "debug",
      healthListen: undefined,
    };
  }

  #edges(incarnation: Incarnation, choices: Choices, keep: (store: Store) => void): WorkerEdges {
    const { time, mesh, rpc, addresses } = this.#parts;
    const { health } = this;
    const provider = { time, choices: choices.stream("node"), rpc, incarnation, health };
    const done = (): Promise<void> => Promise.resolve();
    return {
      timers: { after: (ms, run) => time.after(ms, () => void (incarnation.alive && run())) },
      openChain: () => workerChain(modelDeployment(addresses), new SimulatedProvider(provider)),
      openStore: (path, options) => {
        const store = this.#openStore(path, options, incarnation);
        keep(store);
        return store;
      },
      createEndpoint: (options) => mesh.createEndpoint(endpointOf(this.index), incarnation, options),
      createControl: () => ({ start: done, stop: done }),
      openSocket: (target) => mesh.dial(incarnation, target),
    };
  }

  /** The real store; what it records of attempts and signatures is watched, and may be the last thing that happens. */
  #openStore(path: string, options: StoreOptions, incarnation: Incarnation): Store {
    const store = openStore(path, options);
    const { requests, disclosures, keyCopies } = store;
    const takeAttempt = requests.takeAttempt.bind(requests);
    const recordSigned = requests.recordSigned.bind(requests);
    const pending = requests.pending.bind(requests);
    const get = requests.get.bind(requests);
    const { transaction } = store;
    requests.pending = () => {
      if (this.disk === "broken") throw unreadable();
      return pending();
    };
    requests.get = (requestId) => {
      if (this.disk === "broken") throw unreadable();
      return get(requestId);
    };
    requests.takeAttempt = (requestId, attempt) => {
      this.#checkDisk(incarnation);
      takeAttempt(requestId, attempt);
      this.#committed("takeAttempt");
    };
    const recordAboutToOpen = disclosures.recordAboutToOpen.bind(disclosures);
    disclosures.recordAboutToOpen = (opening) => {
      this.#checkDisk(incarnation);
      recordAboutToOpen(opening);
      this.#committed("recordAboutToOpen");
    };
    const put = keyCopies.put.bind(keyCopies);
    keyCopies.put = (requestId, attempt, copies) => {
      this.#checkDisk(incarnation);
      put(requestId, attempt, copies);
      this.#committed("keepKeyCopies");
    };
    requests.recordSigned = (requestId, signed, verdict) => {
      this.#checkDisk(incarnation);
      recordSigned(requestId, signed, verdict);
      const { attempt, statement, resultHash } = signed;
      this.#parts.onSigned({ index: this.index, requestId, attempt, statement, resultHash });
      this.#committed("recordSigned");
    };
    return Object.assign(store, {
      transaction: <Result>(work: () => Result): Result => {
        this.#checkDisk(incarnation);
        return transaction(work);
      },
    });
  }

  #checkDisk({ alive }: Incarnation): void {
    if (!alive) throw unreadable();
    if (this.disk === "full") throw new CodedError({ code: "STORE_FULL" }, "no space left for the store");
  }

  #committed(point: CommitPoint): void {
    if (this.#diesAt === point) this.#die();
  }
}

function unreadable(): CodedError {
  return new CodedError({ code: "STORE_IO", errcode: 10 }, "the disk does not answer");
}

function nothing(): void {}
