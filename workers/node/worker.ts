/**
 * One worker, from start to stop. It owns every long-lived part and the order in which they begin and end:
 *
 *   store -> control socket -> chain (right one, reachable) -> endpoint, mesh -> follower -> requests
 *
 * and stops in the reverse order. `finished` settles when the follower ends: cleanly after `stop`, or with CHAIN_REORG
 * or another error that no retry can mend; the worker has then already stopped taking part in anything.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type BaseWallet, type JsonRpcProvider, getBytes } from "ethers";
import { committeeRegistry } from "../chain/committeeRegistry.ts";
import { datasetRegistry } from "../chain/datasetRegistry.ts";
import { type Deployment, readDeployment } from "../chain/deployment.ts";
import { ChainFollower } from "../chain/follower.ts";
import type { ChainLog } from "../chain/logs.ts";
import { type MemberRegistry, memberRegistry } from "../chain/memberRegistries.ts";
import { checkChainId, openProvider } from "../chain/provider.ts";
import { queryCatalogue } from "../chain/queryCatalogue.ts";
import { querySmartContract } from "../chain/querySmartContract.ts";
import { studyRegistry } from "../chain/studyRegistry.ts";
import { CodedError, isCoded } from "../errors.ts";
import { bn254Fr } from "../field/bn254.ts";
import type { RandomBytes } from "../field/field.ts";
import { type Frame, FrameKind } from "../messages/frame.ts";
import { deriveWrappingKey } from "../store/datasetKeys.ts";
import { type Store, openStore } from "../store/openStore.ts";
import { Endpoint } from "../transport/endpoint.ts";
import type { TlsIdentity } from "../transport/identity.ts";
import { Mesh, type MeshEvent, type Peer } from "../transport/mesh.ts";
import { openSession } from "../transport/session.ts";
import { type Timers, nodeTimers } from "../transport/timers.ts";
import { ChainEffects, discoverQueryContract } from "./chainEffects.ts";
import { Committees, type Seat } from "./committees.ts";
import type { Configuration } from "./configuration.ts";
import { ControlSocket } from "./control.ts";
import { type Log, errorFields } from "./log.ts";
import { nodeError } from "./nodeError.ts";
import { oneAfterAnother } from "./posting.ts";
import { planQuery } from "./queryPlan.ts";
import { runQuery } from "./queryRun.ts";
import { RequestDesk } from "./requestDesk.ts";
import { type WorkerStatus, statusOf } from "./status.ts";
import { Uploads } from "./uploads.ts";

export interface WorkerModules {
  readonly configuration: Configuration;
  readonly wallet: BaseWallet;
  readonly identity: TlsIdentity;
  readonly version: string;
  readonly randomBytes: RandomBytes;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  /** Milliseconds since 1970, for certificates and log lines. */
  readonly now: () => number;
  /** Milliseconds that never run backwards. */
  readonly monotonic: () => number;
  readonly log: Log;
}

/** How this worker stands in the registry: `active` is the only one in which peers accept it. */
export type Registration = "unknown" | "not registered" | "wrong certificate" | "active";

const CHAIN_RETRY_MS = 2_000;
const CURSOR = "chain";

export class Worker {
  readonly #modules: WorkerModules;
  readonly #timers: Timers = nodeTimers;
  readonly #stopping = new AbortController();
  readonly #deployment: Deployment;
  readonly #provider: JsonRpcProvider;
  readonly #store: Store;
  readonly #control: ControlSocket;
  readonly #workers: MemberRegistry;
  readonly #committees: Committees;
  readonly #endpoint: Endpoint;
  readonly #mesh: Mesh;
  readonly #desk: RequestDesk;
  readonly #follower: ChainFollower;
  readonly #effects: ChainEffects;
  #seats: readonly Seat[] = [];
  #organisation: string | undefined;
  #registration: Registration = "unknown";
  #isRosterStale = true;
  #refreshing = false;
  #isListening = false;
  #stopped: Promise<void> | undefined;
  #finished: Promise<void> = Promise.resolve();

  /** Opens the store and makes every part; nothing runs yet. @throws CodedError CHAIN_DEPLOYMENT | STORE_* */
  constructor(modules: WorkerModules) {
    this.#modules = modules;
    const { configuration, log } = modules;
    const { dataDir, chainId } = configuration;
    this.#deployment = readDeployment(configuration.deployment);
    if (this.#deployment.chainId !== chainId) throw wrongDeployment(chainId, this.#deployment.chainId);
    this.#provider = openProvider(configuration.rpcUrl, chainId);
    this.#store = this.#openStore();
    this.#workers = memberRegistry(this.#deployment, "worker", this.#provider);
    const studies = studyRegistry(this.#deployment, this.#provider);
    const committees = committeeRegistry(this.#deployment, this.#provider);
    this.#committees = new Committees(committees, studies, this.address);
    this.#endpoint = this.#createEndpoint();
    this.#mesh = this.#createMesh();
    this.#desk = this.#createDesk();
    this.#effects = new ChainEffects({
      deployment: this.#deployment,
      store: this.#store,
      committees: this.#committees,
      self: this.address,
      log,
    });
    this.#follower = this.#createFollower();
    this.#control = new ControlSocket(join(dataDir, "control.sock"), { status: () => this.status() });
  }

  get address(): string {
    return this.#modules.wallet.address.toLowerCase();
  }

  /** Settles when following ends; rejects when it ends by a failure. Only after `start`. */
  get finished(): Promise<void> {
    return this.#finished;
  }

  /** @throws CodedError CHAIN_WRONG_ID | NODE_WRONG_CERTIFICATE | CONTROL_* | TRANSPORT_LISTEN_FAILED */
  async start(): Promise<void> {
    const { log } = this.#modules;
    const signal = this.#stopping.signal;
    await this.#control.start();
    await this.#reachChain(signal);
    if (signal.aborted) return;
    await this.#endpoint.start();
    this.#isListening = true;
    this.#mesh.onFrame(FrameKind.PROPOSE, (from, frame) => this.#desk.onFrame(from, frame));
    this.#mesh.onFrame(FrameKind.SIGNATURE, (from, frame) => this.#desk.onFrame(from, frame));
    this.#mesh.start(signal);
    this.#finished = this.#follower.run(signal);
    this.#finished.catch((error: unknown) => {
      // Nothing may be computed or posted on a chain that this worker no longer understands.
      this.#desk.stop();
      this.#mesh.stop();
      log("alarm", "following-stopped", errorFields(error));
    });
    log("info", "worker-started", { address: this.address, port: this.#endpoint.port });
  }

  /** Clean stop; a second call waits for the first. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  status(): WorkerStatus {
    return statusOf({
      version: this.#modules.version,
      address: this.address,
      organisation: this.#organisation,
      registration: this.#registration,
      port: this.#isListening ? this.#endpoint.port : undefined,
      chainId: this.#deployment.chainId,
      network: this.#deployment.network,
      confirmations: this.#modules.configuration.confirmations,
      follower: this.#follower.status(),
      peers: this.#mesh.peers(),
      seats: this.#seats,
      datasets: this.#store.shares.datasets(),
      requests: this.#store.requests.counts(),
      attempts: this.#desk.attempts(),
    });
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    this.#desk.stop();
    this.#mesh.stop();
    if (this.#isListening) await this.#endpoint.stop();
    this.#isListening = false;
    this.#provider.destroy();
    await this.#finished.catch(() => undefined);
    await this.#control.stop();
    this.#store.close();
    this.#modules.log("info", "worker-stopped", { address: this.address });
  }

  #openStore(): Store {
    const { configuration, wallet, randomBytes } = this.#modules;
    mkdirSync(configuration.dataDir, { recursive: true, mode: 0o700 });
    const wrappingKey = deriveWrappingKey(getBytes(wallet.privateKey));
    return openStore(join(configuration.dataDir, "worker.sqlite"), {
      keyDir: configuration.keyDir,
      wrappingKey,
      randomBytes,
    });
  }

  #createEndpoint(): Endpoint {
    const { identity, now, configuration, wallet, log } = this.#modules;
    return new Endpoint({
      identity,
      ...configuration.listen,
      now,
      workerOf: async (fingerprint) => {
        const account = await this.#workers.accountOf(fingerprint);
        if (account === undefined || !(await this.#workers.isActive(account))) return undefined;
        return account.toLowerCase();
      },
      uploads: new Uploads({
        chainId: this.#deployment.chainId,
        self: this.address,
        rpc: this.#provider,
        owners: memberRegistry(this.#deployment, "dataOwner", this.#provider),
        studies: studyRegistry(this.#deployment, this.#provider),
        datasets: datasetRegistry(this.#deployment, this.#provider),
        committees: this.#committees,
        store: this.#store,
        signer: wallet,
        log,
      }),
    });
  }

  #createMesh(): Mesh {
    const { identity, now, random } = this.#modules;
    return new Mesh({
      self: this.address,
      identity,
      chainId: this.#deployment.chainId,
      endpoint: this.#endpoint,
      peerOf: (address) => this.#peerOf(address),
      now,
      random,
      timers: this.#timers,
      onEvent: (event) => this.#onMeshEvent(event),
    });
  }

  async #peerOf(address: string): Promise<Peer | undefined> {
    if (!(await this.#workers.isActive(address))) return undefined;
    const { endpoint, tlsFingerprint } = await this.#workers.member(address);
    return { address, endpoint, fingerprint: tlsFingerprint };
  }

  #onMeshEvent(event: MeshEvent): void {
    const { log } = this.#modules;
    if (event.event === "PeerConnected") log("info", "peer-connected", { peer: event.peer });
    else {
      const name = event.event === "PeerDisconnected" ? "peer-disconnected" : "peer-refused";
      const isExpected = name === "peer-refused" || this.#stopping.signal.aborted;
      log(isExpected ? "debug" : "warn", name, { peer: event.peer, ...errorFields(event.error) });
    }
  }

  #createDesk(): RequestDesk {
    const { configuration, wallet, log, monotonic } = this.#modules;
    const signer = wallet.connect(this.#provider);
    const contractOf = (address: string) => querySmartContract(this.#deployment, address, signer);
    return new RequestDesk(
      {
        chainId: this.#deployment.chainId,
        deployment: this.#deployment,
        committees: this.#committees,
        store: this.#store,
        timers: this.#timers,
        now: monotonic,
        log,
        signer: wallet,
        records: {
          lastAttempt: (requestId) => this.#store.requests.get(requestId)?.lastAttempt ?? 0n,
          takeAttempt: (requestId, attempt) => this.#store.requests.takeAttempt(requestId, attempt),
          recordSigned: (requestId, attempt, statement, resultHash) =>
            this.#store.requests.recordSigned(requestId, { attempt, statement, resultHash }),
        },
        inTurn: oneAfterAnother(),
        isConnected: (address) => this.#mesh.isConnected(address),
        send: (address, frame) => this.#send(address, frame),
        compute: (request, proposal, signal) => this.#compute(request, proposal, signal),
        stateOf: async ({ contract, event }) => (await contractOf(contract).requestOf(event.requestId)).state,
        answer: ({ contract, event }, verdict, signatures) =>
          contractOf(contract).answer(event.context, verdict, signatures),
        expire: ({ contract, event }) => contractOf(contract).expire(event.requestId),
      },
      {
        attemptTimeoutMs: configuration.attemptTimeoutMs,
        takeoverMs: Math.ceil(configuration.attemptTimeoutMs / 3),
      },
    );
  }

  readonly #compute: RequestDeskCompute = (request, proposal, signal) => {
    const { randomBytes, configuration } = this.#modules;
    const rpc = this.#provider;
    const plan = {
      rpc,
      deployment: this.#deployment,
      catalogue: queryCatalogue(this.#deployment, rpc),
      studies: studyRegistry(this.#deployment, rpc),
      datasets: datasetRegistry(this.#deployment, rpc),
      storedSegments: (datasetId: string) => this.#store.shares.segments(datasetId),
    };
    return runQuery(request, proposal, signal, {
      field: bn254Fr,
      chainId: this.#deployment.chainId,
      randomBytes,
      plan: (confirmed) => planQuery(confirmed, plan),
      loadColumn: (datasetId, version, columnId) => this.#store.shares.loadColumn(datasetId, version, columnId),
      openNetwork: ({ event, self }, attempt, members, abort) =>
        openSession({
          mesh: this.#mesh,
          session: event.requestId.toLowerCase(),
          epoch: event.context.committeeEpoch,
          attempt,
          self,
          members: new Map([...members].map(([party, address]) => [party, address.toLowerCase()])),
          timeoutMs: configuration.attemptTimeoutMs,
          signal: abort,
        }),
    });
  };

  #send(address: string, frame: Frame): void {
    this.#mesh.send(address.toLowerCase(), frame).catch((error: unknown) => {
      this.#modules.log("debug", "frame-not-sent", { peer: address, ...errorFields(error) });
    });
  }

  #createFollower(): ChainFollower {
    const { configuration, log } = this.#modules;
    const names = ["QueryCatalogue", "CommitteeRegistry", "WorkerRegistry", "DatasetRegistry"];
    return new ChainFollower(
      {
        rpc: this.#provider,
        store: {
          cursor: () => this.#store.cursors.read(CURSOR),
          commit: (logs, cursor) => {
            this.#store.transaction(() => {
              this.#effects.apply(logs);
              this.#store.cursors.write(CURSOR, cursor);
            });
            if (logs.length > 0) this.#onCommitted(logs);
          },
        },
        addresses: names.map((name) => this.#deployment.address(name)),
        discover: (entry) => discoverQueryContract(this.#deployment, entry),
        prepare: (logs) => this.#effects.prepare(logs),
        onProgress: (_confirmed, newest) => this.#onProgress(newest),
        onOutage: (error, retryMs) => log("warn", "chain-outage", { retryMs, ...errorFields(error) }),
        wait: (ms, signal) => this.#wait(ms, signal),
      },
      {
        chainId: configuration.chainId,
        startBlock: this.#deployment.block,
        confirmations: configuration.confirmations,
        pollMs: configuration.pollMs,
      },
    );
  }

  #onCommitted(logs: readonly ChainLog[]): void {
    const roster = ["CommitteeRegistry", "WorkerRegistry"].map((name) => this.#deployment.address(name).toLowerCase());
    if (logs.some((entry) => roster.includes(entry.address.toLowerCase()))) this.#isRosterStale = true;
    this.#desk.endSettled();
  }

  #onProgress(newest: number): void {
    if (this.#isRosterStale && !this.#refreshing) void this.#refreshRoster();
    void this.#desk.onBlock(newest);
  }

  /** Seats, peers and this worker's own standing. A failure leaves the roster stale: the next block tries again. */
  async #refreshRoster(): Promise<void> {
    this.#refreshing = true;
    this.#isRosterStale = false;
    try {
      await this.#checkRegistration();
      this.#seats = await this.#committees.seats();
      this.#mesh.setPeers([
        ...new Set(this.#seats.flatMap(({ committee }) => committee.workers.map((each) => each.toLowerCase()))),
      ]);
    } catch (error) {
      this.#isRosterStale = true;
      this.#modules.log("warn", "roster-delayed", errorFields(error));
    } finally {
      this.#refreshing = false;
    }
  }

  async #checkRegistration(): Promise<void> {
    const before = this.#registration;
    const own = this.#modules.identity.fingerprint;
    let registered: string | undefined;
    try {
      const member = await this.#workers.member(this.address);
      this.#organisation = member.organisationName;
      registered = member.tlsFingerprint;
    } catch (error) {
      if (!isCoded(error, "CHAIN_REVERTED")) throw error;
    }
    const isActive = registered !== undefined && (await this.#workers.isActive(this.address));
    this.#registration = !isActive ? "not registered" : registered === own ? "active" : "wrong certificate";
    if (this.#registration === before) return;
    const level = this.#registration === "active" ? "info" : "alarm";
    this.#modules.log(level, "registration", { registration: this.#registration, own, registered });
  }

  /** Waits for the node; refuses another chain, and a certificate that is not the registered one. */
  async #reachChain(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await checkChainId(this.#provider, this.#modules.configuration.chainId);
        await this.#checkRegistration();
        break;
      } catch (error) {
        if (!isCoded(error, "CHAIN_UNREACHABLE")) throw error;
        this.#modules.log("warn", "chain-outage", { retryMs: CHAIN_RETRY_MS, ...errorFields(error) });
        await this.#wait(CHAIN_RETRY_MS, signal);
      }
    }
    if (this.#registration === "wrong certificate") throw await this.#wrongCertificate();
  }

  async #wrongCertificate(): Promise<CodedError> {
    const own = this.#modules.identity.fingerprint;
    const { tlsFingerprint: registered } = await this.#workers.member(this.address);
    const detail = { code: "NODE_WRONG_CERTIFICATE", own, registered } as const;
    return nodeError(
      detail,
      `The TLS certificate's fingerprint is ${own}, but ${registered} is registered for ${this.address}. ` +
        "Use the registered certificate, or register the new one first (setEndpoint).",
    );
  }

  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const end = (): void => {
        cancel();
        signal.removeEventListener("abort", end);
        resolve();
      };
      const cancel = this.#timers.after(ms, end);
      signal.addEventListener("abort", end, { once: true });
    });
  }
}

type RequestDeskCompute = ConstructorParameters<typeof RequestDesk>[0]["compute"];

function wrongDeployment(configured: bigint, deployed: bigint): CodedError {
  return new CodedError(
    { code: "CHAIN_WRONG_ID", expected: String(configured), actual: String(deployed) },
    `OPALINE_CHAIN_ID is ${configured}, but the deployment folder is of chain ${deployed}`,
  );
}
