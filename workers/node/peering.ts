/** This worker's socket for peers and data owners, and the mesh over it: the registries decide who is let in. */
import type { MemberRegistry } from "../chain/memberRegistries.ts";
import type { Store } from "../store/openStore.ts";
import type { Endpoint } from "../transport/endpoint.ts";
import { Mesh, type MeshEvent, type Peer } from "../transport/mesh.ts";
import type { Committees } from "./committees.ts";
import { errorFields } from "./log.ts";
import { Uploads } from "./uploads.ts";
import type { WorkerChain } from "./workerChain.ts";
import type { WorkerEdges } from "./workerEdges.ts";
import type { WorkerModules } from "./workerModules.ts";
import type { Registration } from "./registration.ts";

export interface EndpointParts {
  readonly modules: WorkerModules;
  readonly chain: WorkerChain;
  readonly store: Store;
  readonly committees: Committees;
  readonly registration: Pick<Registration, "member">;
  readonly edges: Pick<WorkerEdges, "createEndpoint" | "timers">;
}

export function createEndpoint(parts: EndpointParts): ReturnType<WorkerEdges["createEndpoint"]> {
  const { modules, chain, store, committees, registration, edges } = parts;
  const { identity, now, configuration, wallet, log } = modules;
  return edges.createEndpoint({
    identity,
    ...configuration.listen,
    now,
    timers: edges.timers,
    workerOf: (fingerprint) => activeWorker(chain.workers, fingerprint),
    uploads: new Uploads({
      chainId: chain.deployment.chainId,
      get self() {
        return registration.member;
      },
      rpc: chain.rpc,
      owners: chain.owners,
      studies: chain.studies,
      datasets: chain.datasets,
      committees,
      store,
      signer: wallet,
      log,
    }),
  });
}

export interface MeshParts {
  readonly modules: WorkerModules;
  readonly chain: WorkerChain;
  readonly registration: Pick<Registration, "member">;
  readonly endpoint: Pick<Endpoint, "onPeer">;
  readonly edges: Pick<WorkerEdges, "openSocket" | "timers">;
  /** Aborted once this worker stops: links then end by intention. */
  readonly stopping: AbortSignal;
  readonly onConnected: (peer: string) => void;
}

export function createMesh(parts: MeshParts): Mesh {
  const { modules, chain, registration, endpoint, edges, stopping, onConnected } = parts;
  const { identity, now, random } = modules;
  return new Mesh({
    get self() {
      return registration.member;
    },
    identity,
    chainId: chain.deployment.chainId,
    endpoint,
    peerOf: (address) => registeredPeer(chain.workers, address),
    now,
    random,
    timers: edges.timers,
    openSocket: edges.openSocket,
    onEvent: (event) => {
      logMeshEvent(event, modules, stopping);
      if (event.event === "PeerConnected") onConnected(event.peer);
    },
  });
}

async function activeWorker(workers: MemberRegistry, fingerprint: string): Promise<string | undefined> {
  const account = await workers.accountOf(fingerprint);
  if (account === undefined || !(await workers.isActive(account))) return undefined;
  return account.toLowerCase();
}

async function registeredPeer(workers: MemberRegistry, address: string): Promise<Peer | undefined> {
  if (!(await workers.isActive(address))) return undefined;
  const { endpoint, tlsFingerprint } = await workers.member(address);
  return { address, endpoint, fingerprint: tlsFingerprint };
}

function logMeshEvent(event: MeshEvent, { log }: WorkerModules, stopping: AbortSignal): void {
  if (event.event === "PeerConnected") return log("info", "peer-connected", { peer: event.peer });
  const name = event.event === "PeerDisconnected" ? "peer-disconnected" : "peer-refused";
  const isExpected = name === "peer-refused" || stopping.aborted;
  log(isExpected ? "debug" : "warn", name, { peer: event.peer, ...errorFields(event.error) });
}
