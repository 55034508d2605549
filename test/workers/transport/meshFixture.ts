/** Workers on 127.0.0.1, each with an endpoint and a mesh of its own, and one registry that tests may edit. */
import { randomBytes } from "node:crypto";
import type { TestContext } from "node:test";
import { partyIndex, type PartyIndex } from "../../../workers/sharing/parties.ts";
import { Endpoint, type EndpointOptions } from "../../../workers/transport/endpoint.ts";
import { createTlsIdentity, type TlsIdentity } from "../../../workers/transport/identity.ts";
import { Mesh, type MeshEvent, type MeshOptions, type Peer } from "../../../workers/transport/mesh.ts";
import { openSession, type Session, type SessionOptions } from "../../../workers/transport/session.ts";

export const CHAIN_ID = 31337n;
export const now = (): number => Date.now();

/** Addresses neither ascend nor descend with the index, so that both dialling directions occur. */
export function addressOf(index: number): string {
  return `0x${String((index * 7) % 10).repeat(40)}`;
}

const identities = new Map<string, Promise<TlsIdentity>>();

/** One identity per name and process: a key takes a few milliseconds. */
export function identityOf(name: string): Promise<TlsIdentity> {
  const made = identities.get(name) ?? makeIdentity(name);
  identities.set(name, made);
  return made;
}

export function makeIdentity(name: string, at: () => number = now, validDays = 30): Promise<TlsIdentity> {
  return createTlsIdentity({ commonName: name, hosts: ["127.0.0.1", "localhost"], randomBytes, now: at, validDays });
}

export interface TestWorker {
  readonly address: string;
  readonly identity: TlsIdentity;
  readonly endpoint: Endpoint;
  readonly mesh: Mesh;
  readonly events: MeshEvent[];
  /** Resolves when an event, past or to come, satisfies `wanted`. */
  until(wanted: (event: MeshEvent) => boolean): Promise<MeshEvent>;
}

export interface TestNet {
  readonly workers: readonly TestWorker[];
  /** What the chain would say; edits count at once. */
  readonly registry: Map<string, Peer>;
  close(): Promise<void>;
}

export interface NetOptions {
  readonly mesh?: (index: number) => Partial<MeshOptions>;
  readonly endpoint?: (index: number) => Partial<EndpointOptions>;
}

/** Quick enough for tests, slow enough for two busy cores. */
const LIMITS = { minBackoffMs: 10, maxBackoffMs: 50 };

/** Started, and linked with each other unless `linked` is false. */
export async function startNet(size: number, options: NetOptions = {}, linked = true): Promise<TestNet> {
  const registry = new Map<string, Peer>();
  const workers = await Promise.all(Array.from({ length: size }, (_, i) => startWorker(i + 1, registry, options)));
  for (const { address, identity, endpoint } of workers) {
    registry.set(address, {
      address,
      endpoint: `https://127.0.0.1:${endpoint.port}`,
      fingerprint: identity.fingerprint,
    });
  }
  for (const { mesh } of workers) {
    mesh.setPeers([...registry.keys()]);
    mesh.start();
  }
  if (linked) await Promise.all(workers.map((worker) => allConnected(worker, workers)));
  return {
    workers,
    registry,
    async close() {
      for (const { mesh } of workers) mesh.stop();
      await Promise.all(workers.map(({ endpoint }) => endpoint.stop()));
    },
  };
}

/** Closed when the test ends. */
export async function netFor(test: TestContext, size: number, options?: NetOptions, linked = true): Promise<TestNet> {
  const net = await startNet(size, options, linked);
  test.after(() => net.close());
  return net;
}

export function fingerprintLookUp(registry: ReadonlyMap<string, Peer>): EndpointOptions["workerOf"] {
  return (fingerprint) =>
    Promise.resolve([...registry.values()].find((peer) => peer.fingerprint === fingerprint)?.address);
}

async function startWorker(
  index: number,
  registry: ReadonlyMap<string, Peer>,
  options: NetOptions,
): Promise<TestWorker> {
  const [address, identity] = [addressOf(index), await identityOf(`worker ${index}`)];
  const workerOf = fingerprintLookUp(registry);
  const endpoint = new Endpoint({ identity, host: "127.0.0.1", port: 0, now, workerOf, ...options.endpoint?.(index) });
  await endpoint.start();
  const { onEvent, until, events } = eventLog();
  const peerOf = (peer: string): Promise<Peer | undefined> => Promise.resolve(registry.get(peer));
  const base = { self: address, identity, chainId: CHAIN_ID, endpoint, peerOf, now, random: Math.random, onEvent };
  const mesh = new Mesh({ ...base, limits: LIMITS, ...options.mesh?.(index) });
  return { address, identity, endpoint, mesh, events, until };
}

function eventLog(): Pick<TestWorker, "until" | "events"> & { onEvent: (event: MeshEvent) => void } {
  const events: MeshEvent[] = [];
  let waiting: (() => void)[] = [];
  return {
    events,
    onEvent(event) {
      events.push(event);
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    },
    async until(wanted) {
      for (;;) {
        const found = events.find(wanted);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
  };
}

async function allConnected(worker: TestWorker, workers: readonly TestWorker[]): Promise<void> {
  for (const { address } of workers) {
    if (address !== worker.address)
      await worker.until(({ event, peer }) => event === "PeerConnected" && peer === address);
  }
}

export const SESSION = `0x${"5e".repeat(32)}`;

/** A session among these workers, worker i being party i + 1 (or as `indices` says). */
export function sessionAt(
  net: TestNet,
  position: number,
  options: Partial<SessionOptions> = {},
  indices: readonly number[] = net.workers.map((_, i) => i + 1),
): Session {
  const members = new Map(indices.map((index, i) => [partyIndex(index, 7), net.workers[i]!.address] as const));
  const self = partyIndex(indices[position]!, 7);
  const { mesh } = net.workers[position]!;
  return openSession({ mesh, session: SESSION, epoch: 1n, attempt: 1n, self, members, timeoutMs: 20_000, ...options });
}

export function party(index: number): PartyIndex {
  return partyIndex(index, 7);
}
