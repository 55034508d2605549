/** A worker as the benchmark needs it: the real field, store, column cache, endpoint, mesh and sessions; no chain. */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { Wallet } from "ethers";
import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import { createWasmField } from "../../../workers/field/wasmField.ts";
import type { WasmField } from "../../../workers/field/wasmField.ts";
import type { EarlierAnswer } from "../../../workers/disclosure/historySets.ts";
import { ColumnCache } from "../../../workers/node/columnCache.ts";
import { IndicatorCache } from "../../../workers/node/indicatorCache.ts";
import { VectorCache } from "../../../workers/node/vectorCache.ts";
import { partyIndex } from "../../../workers/sharing/parties.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { openStore } from "../../../workers/store/openStore.ts";
import type { Store } from "../../../workers/store/openStore.ts";
import { Endpoint } from "../../../workers/transport/endpoint.ts";
import { createTlsIdentity } from "../../../workers/transport/identity.ts";
import type { TlsIdentity } from "../../../workers/transport/identity.ts";
import { Mesh } from "../../../workers/transport/mesh.ts";
import type { Peer } from "../../../workers/transport/mesh.ts";
import { openSession } from "../../../workers/transport/session.ts";
import type { Session } from "../../../workers/transport/session.ts";

export const CHAIN_ID = 31_337n;
export const EPOCH = 1n;
/** A worker's default. */
const CACHE_BYTES = 512 << 20;
const ROUND_TIMEOUT_MS = 60_000;
const MAX_PARTIES = 7;

export class BenchWorker {
  readonly self: PartyIndex;
  readonly identity: TlsIdentity;
  readonly wallet = Wallet.createRandom();
  readonly field: WasmField = createWasmField(BN254_FR_MODULUS);
  readonly store: Store;
  readonly kept: VectorCache;
  readonly columns: ColumnCache;
  readonly indicators: IndicatorCache;
  /** What earlier queries were answered, oldest first. */
  readonly history: EarlierAnswer[] = [];
  readonly #endpoint: Endpoint;
  readonly #peers = new Map<string, Peer>();
  #mesh: Mesh | undefined;

  /** Opens the store in the folder of this index and listens. */
  static async start(index: number, folder: string): Promise<BenchWorker> {
    const hosts = ["127.0.0.1"];
    const identity = await createTlsIdentity({ commonName: `bench ${index}`, hosts, randomBytes, now: Date.now });
    const worker = new BenchWorker(index, folder, identity);
    await worker.#endpoint.start();
    return worker;
  }

  private constructor(index: number, folder: string, identity: TlsIdentity) {
    this.self = partyIndex(index, MAX_PARTIES);
    this.identity = identity;
    const own = join(folder, `worker-${index}`);
    mkdirSync(own, { recursive: true, mode: 0o700 });
    // The same key for every process of this index: a later one reads what an earlier one stored.
    const wrappingKey = Buffer.alloc(32, index);
    this.store = openStore(join(own, "worker.sqlite"), { keyDir: join(own, "keys"), wrappingKey, randomBytes });
    this.kept = new VectorCache(this.field, { budgetBytes: CACHE_BYTES });
    this.columns = new ColumnCache(this.field, this.kept, this.store.shares);
    this.indicators = new IndicatorCache(this.field, this.kept);
    const workerOf = (fingerprint: string): Promise<string | undefined> =>
      Promise.resolve([...this.#peers.values()].find((peer) => peer.fingerprint === fingerprint)?.address);
    this.#endpoint = new Endpoint({ identity, host: "127.0.0.1", port: 0, now: Date.now, workerOf });
  }

  /** What a registry would say of it. */
  get record(): Peer {
    const endpoint = `https://127.0.0.1:${this.#endpoint.port}`;
    return { address: this.wallet.address.toLowerCase(), endpoint, fingerprint: this.identity.fingerprint };
  }

  /** Registry records by party: party 1 first. */
  get registry(): readonly Peer[] {
    return [...this.#peers.values()];
  }

  /** Resolves when there is a link to every other process. */
  async link(peers: readonly Peer[]): Promise<void> {
    const linked = Promise.withResolvers<void>();
    const missing = new Set(peers.map(({ address }) => address).filter((address) => address !== this.record.address));
    for (const peer of peers) this.#peers.set(peer.address, peer);
    const mesh = new Mesh({
      self: this.record.address,
      identity: this.identity,
      chainId: CHAIN_ID,
      endpoint: this.#endpoint,
      peerOf: (address) => Promise.resolve(this.#peers.get(address)),
      now: Date.now,
      random: Math.random,
      onEvent: ({ event, peer }) => {
        if (event === "PeerConnected" && missing.delete(peer) && missing.size === 0) linked.resolve();
      },
    });
    this.#mesh = mesh;
    mesh.setPeers([...this.#peers.keys()]);
    mesh.start();
    await linked.promise;
  }

  /** One attempt's network among the first `size` parties. */
  openSession(session: string, attempt: bigint, size: number, signal?: AbortSignal): Session {
    const members = this.registry.slice(0, size).map(({ address }, i) => [partyIndex(i + 1, size), address] as const);
    return openSession({
      mesh: this.#mesh!,
      session,
      epoch: EPOCH,
      attempt,
      self: this.self,
      members: new Map(members),
      timeoutMs: ROUND_TIMEOUT_MS,
      ...(signal === undefined ? {} : { signal }),
    });
  }
}
