/**
 * One worker, from start to stop. It owns every long-lived part and the order in which they begin and end:
 *
 *   store -> control socket, health -> chain (right one, reachable) -> endpoint, mesh -> follower -> requests, checks
 *
 * and stops in the reverse order. `finished` settles when the follower ends: cleanly after `stop`, or with CHAIN_REORG
 * or another error that no retry can mend, or with NODE_KEY_CHANGED; the worker has then already stopped taking part in
 * anything.
 */
import { mkdirSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import type { ChainFollower } from "../chain/follower.ts";
import type { ChainLog } from "../chain/logs.ts";
import { FrameKind } from "../messages/frame.ts";
import { deriveWrappingKey } from "../store/holdingKeys.ts";
import type { Store } from "../store/openStore.ts";
import type { Mesh } from "../transport/mesh.ts";
import { AttemptCounts } from "./attemptCounts.ts";
import { ChainEffects } from "./chainEffects.ts";
import type { CheckDesk } from "./checkDesk.ts";
import { ColumnCache } from "./columnCache.ts";
import { IndicatorCache } from "./indicatorCache.ts";
import { VectorCache } from "./vectorCache.ts";
import { Committees } from "./committees.ts";
import { createFollower } from "./following.ts";
import { HealthServer } from "./health.ts";
import type { ErasureDesk } from "./erasureDesk.ts";
import { errorFields } from "./log.ts";
import { openCheckDesk } from "./openCheckDesk.ts";
import type { KeyPublishing } from "./keyPublishing.ts";
import type { ConfirmationDesk } from "./confirmationDesk.ts";
import { openConfirmationDesk, openDesk, openErasureDesk, openKeyPublishing } from "./openDesk.ts";
import { oneAfterAnother } from "./posting.ts";
import { createEndpoint, createMesh } from "./peering.ts";
import { Registration } from "./registration.ts";
import type { RequestDesk } from "./requestDesk.ts";
import { Roster } from "./roster.ts";
import { type WorkerStatus, statusOf } from "./status.ts";
import { type WorkerChain, chainNode } from "./workerChain.ts";
import type { WorkerEdges } from "./workerEdges.ts";
import type { WorkerModules } from "./workerModules.ts";

export class Worker {
  readonly #modules: WorkerModules;
  readonly #edges: WorkerEdges;
  readonly #stopping = new AbortController();
  readonly #counts = new AttemptCounts();
  readonly #chain: WorkerChain;
  readonly #store: Store;
  readonly #kept: VectorCache;
  readonly #control: ReturnType<WorkerEdges["createControl"]>;
  readonly #health: HealthServer | undefined;
  readonly #registration: Registration;
  readonly #roster: Roster;
  readonly #endpoint: ReturnType<WorkerEdges["createEndpoint"]>;
  readonly #mesh: Mesh;
  readonly #desk: RequestDesk;
  readonly #checks: CheckDesk;
  readonly #keys: KeyPublishing;
  readonly #erasures: ErasureDesk;
  readonly #confirmations: ConfirmationDesk;
  readonly #follower: ChainFollower;
  #isListening = false;
  #stopped: Promise<void> | undefined;
  #following: Promise<void> = Promise.resolve();
  #finished: Promise<void> = Promise.resolve();

  /** Opens the store and makes every part; nothing runs yet. @throws CodedError CHAIN_DEPLOYMENT | STORE_* */
  constructor(modules: WorkerModules, edges: WorkerEdges) {
    this.#modules = modules;
    this.#edges = edges;
    const { timers } = edges;
    const { log, configuration, identity, wallet } = modules;
    const chain = edges.openChain(configuration);
    const store = openWorkerStore(modules, edges);
    const { deployment, workers } = chain;
    const { fingerprint } = identity;
    const registration = new Registration({ key: wallet.address, fingerprint, workers, owner: store.owner, log });
    const self = (): string => registration.member;
    const committees = new Committees(chain.committees, chain.studies, self);
    const endpoint = createEndpoint({ modules, chain, store, committees, registration, edges });
    const stopping = this.#stopping.signal;
    const onConnected = (peer: string): void => this.#onPeerConnected(peer);
    const mesh = createMesh({ modules, chain, registration, endpoint, edges, stopping, onConnected });
    this.#registration = registration;
    this.#roster = new Roster({ deployment, registration, committees, mesh, log, stopping });
    this.#kept = openVectorCache(modules, store);
    const columns = new ColumnCache(modules.field, this.#kept, store.shares);
    const indicators = new IndicatorCache(modules.field, this.#kept);
    const deskParts = { modules, chain, store, committees, mesh, timers, counts: this.#counts };
    const inTurn = oneAfterAnother();
    this.#desk = openDesk({ ...deskParts, columns, indicators, inTurn });
    this.#keys = openKeyPublishing({ ...deskParts, inTurn });
    this.#erasures = openErasureDesk({ ...deskParts, inTurn, self });
    this.#confirmations = openConfirmationDesk({ ...deskParts, inTurn, seats: () => this.#roster.seats });
    this.#checks = openCheckDesk(deskParts);
    const { datasets, studies } = chain;
    const effects = new ChainEffects({ deployment, store, committees, datasets, studies, log });
    const onCommitted = (logs: readonly ChainLog[]): void => this.#onCommitted(logs);
    const onProgress = (newest: number): void => this.#onProgress(newest);
    this.#follower = createFollower({ modules, chain, store, effects, timers, onCommitted, onProgress });
    const status = (): WorkerStatus => this.status();
    const evidence = (): object => store.equivocations.all().map((text) => JSON.parse(text) as object);
    this.#control = edges.createControl(join(configuration.dataDir, "control.sock"), { status, evidence });
    this.#health = this.#createHealth();
    this.#chain = chain;
    this.#store = store;
    this.#endpoint = endpoint;
    this.#mesh = mesh;
  }

  /** This worker's name among peers, in lower case: the member whose key it holds. Settled by `start`. */
  get address(): string {
    return this.#registration.member;
  }

  /** Settles when following ends; rejects when it ends by a failure, or the worker's key changes. Only after `start`. */
  get finished(): Promise<void> {
    return this.#finished;
  }

  /** @throws CodedError CHAIN_WRONG_ID | NODE_KEY_REPLACED | NODE_WRONG_CERTIFICATE | CONTROL_* | HEALTH_* | TRANSPORT_LISTEN_FAILED */
  async start(): Promise<void> {
    const { log, configuration } = this.#modules;
    const signal = this.#stopping.signal;
    await this.#control.start();
    await this.#startHealth();
    const { chainId } = configuration;
    const node = chainNode(configuration);
    await this.#registration.reachChain({ rpc: this.#chain.rpc, node, chainId, timers: this.#edges.timers }, signal);
    if (signal.aborted) return;
    await this.#endpoint.start();
    this.#isListening = true;
    this.#mesh.onFrame(FrameKind.PROPOSE, (from, frame) => this.#desk.onFrame(from, frame));
    this.#mesh.onFrame(FrameKind.SIGNATURE, (from, frame) => this.#desk.onFrame(from, frame));
    this.#mesh.onFrame(FrameKind.PROPOSE_CHECK, (from, frame) => this.#checks.onFrame(from, frame));
    this.#mesh.onFrame(FrameKind.CHECK_REPORT, (from, frame) => this.#checks.onFrame(from, frame));
    this.#mesh.start(signal);
    this.#following = this.#follower.run(signal);
    this.#finished = Promise.race([this.#following, this.#registration.keyChange]);
    this.#finished.catch((error: unknown) => {
      // Nothing may be computed or posted on a chain that this worker no longer understands, or under another name.
      this.#desk.stop();
      this.#checks.stop();
      this.#keys.stop();
      this.#erasures.stop();
      this.#confirmations.stop();
      this.#mesh.stop();
      log("alarm", "following-stopped", errorFields(error));
    });
    const key = this.#modules.wallet.address;
    log("info", "worker-started", { address: this.address, key, port: this.#endpoint.port });
  }

  /** Clean stop; a second call waits for the first. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  status(): WorkerStatus {
    const { deployment } = this.#chain;
    return statusOf({
      version: this.#modules.version,
      address: this.address,
      key: this.#modules.wallet.address,
      organisation: this.#registration.organisation,
      registration: this.#registration.standing,
      port: this.#isListening ? this.#endpoint.port : undefined,
      arithmetic: this.#arithmetic(),
      chainId: deployment.chainId,
      network: deployment.network,
      confirmations: this.#modules.configuration.confirmations,
      follower: this.#follower.status(),
      peers: this.#mesh.peers(),
      seats: this.#roster.seats,
      datasets: this.#store.shares.datasets(),
      holdings: this.#store.shares.holdings(),
      inputChecks: this.#store.inputChecks.all(),
      requests: this.#store.requests.counts(),
      attempts: this.#desk.attempts(),
      keysDue: this.#store.keyCopies.due().length,
      erasures: this.#store.erasures.all(),
    });
  }

  #arithmetic(): WorkerStatus["arithmetic"] {
    const { field, configuration } = this.#modules;
    return { kernel: field.arithmetic, threads: configuration.threads, bytesInUse: field.bytesInUse };
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    this.#desk.stop();
    this.#checks.stop();
    this.#keys.stop();
    this.#erasures.stop();
    this.#confirmations.stop();
    this.#mesh.stop();
    if (this.#isListening) await this.#endpoint.stop();
    this.#isListening = false;
    this.#chain.rpc.destroy();
    await this.#following.catch(() => undefined);
    await this.#health?.stop();
    await this.#control.stop();
    this.#kept.stop();
    this.#store.close();
    this.#modules.log("info", "worker-stopped", { address: this.address });
  }

  #createHealth(): HealthServer | undefined {
    const { healthListen } = this.#modules.configuration;
    if (healthListen === undefined) return undefined;
    return new HealthServer(healthListen, { status: () => this.status(), attempts: () => this.#counts.totals() });
  }

  async #startHealth(): Promise<void> {
    if (this.#health === undefined) return;
    await this.#health.start();
    const host = this.#modules.configuration.healthListen?.host ?? "";
    const level = isLoopback(host) ? "info" : "warn";
    this.#modules.log(level, "health-started", { host, port: this.#health.port, loopback: isLoopback(host) });
  }

  #onCommitted(logs: readonly ChainLog[]): void {
    if (this.#roster.onCommitted(logs)) this.#desk.refreshKeys();
    this.#desk.onCommitted(logs);
  }

  #onProgress(newest: number): void {
    void this.#roster.refresh();
    this.#erasures.onBlock();
    void this.#desk.onBlock(newest);
    void this.#checks.onBlock();
    void this.#confirmations.onBlock();
    this.#keys.onBlock();
  }

  #onPeerConnected(peer: string): void {
    this.#desk.onPeerConnected(peer);
    this.#checks.onPeerConnected(peer);
  }
}

function openWorkerStore({ configuration, storeKey, randomBytes }: WorkerModules, edges: WorkerEdges): Store {
  const { dataDir, keyDir } = configuration;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const wrappingKey = deriveWrappingKey(storeKey);
  const store = edges.openStore(join(dataDir, "worker.sqlite"), { keyDir, wrappingKey, randomBytes });
  try {
    store.shares.checkKeys();
    return store;
  } catch (error) {
    store.close();
    throw error;
  }
}

function openVectorCache({ field, configuration }: WorkerModules, { shares }: Store): VectorCache {
  const kept = new VectorCache(field, { budgetBytes: configuration.vectorCacheBytes });
  shares.onErased((datasetId, epoch) => kept.erase(datasetId, epoch));
  return kept;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
