/**
 * The live sockets between this worker and its peers, one per pair, keyed by worker ADDRESS: one worker may sit in
 * several committees under different indices. Of two workers the one with the numerically higher address dials.
 *
 * Each side pins the other's certificate to the current registry: the dialler by `peerOf`, asked at every dial; the
 * other by `Endpoint.workerOf`, asked at every upgrade. `setPeers` re-asks for the links that live.
 *
 * Invariants
 * 1. At most one open link per address; a newer one, once greeted, replaces the older (which is then half-dead).
 * 2. A link exists only to an address in the peer set, over a certificate the registry named when it was last asked.
 * 3. A peer that should be dialled by us is refused when it dials.
 * 4. A dialled peer is dialled again, with jittered exponential backoff, as long as it is in the set and unlinked.
 */
import type WebSocket from "ws";
import type { Frame, FrameKind } from "../messages/frame.ts";
import type { Endpoint } from "./endpoint.ts";
import { transportError } from "./errors.ts";
import { PROTOCOL_VERSION } from "./hello.ts";
import type { TlsIdentity } from "./identity.ts";
import { type OpenSocket, openPinnedSocket } from "./openSocket.ts";
import { CLOSE_GRACE_MS, CLOSE_REFUSED, LINK_LIMITS, PeerLink, type LinkLimits } from "./peerLink.ts";
import { SessionTable, type SessionLimits } from "./sessionTable.ts";
import { nodeTimers, type Timers } from "./timers.ts";

/** What the registry says of an active worker. */
export interface Peer {
  readonly address: string;
  /** https://host:port */
  readonly endpoint: string;
  /** 0x-hex SHA-256 of its DER certificate. */
  readonly fingerprint: string;
}

export interface MeshLimits extends LinkLimits {
  readonly connectTimeoutMs: number;
  /** First wait before dialling again; doubles up to the longest, each drawn between half and all of it. */
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
}

export const MESH_LIMITS: MeshLimits = {
  ...LINK_LIMITS,
  connectTimeoutMs: 10_000,
  minBackoffMs: 100,
  maxBackoffMs: 10_000,
};

export type MeshEvent =
  | { readonly event: "PeerConnected"; readonly peer: string }
  /** A link that was open ended, or one that never opened was refused or failed. */
  | { readonly event: "PeerDisconnected" | "PeerRefused"; readonly peer: string; readonly error: Error };

export interface MeshOptions {
  /** This worker's address. */
  readonly self: string;
  readonly identity: TlsIdentity;
  readonly chainId: bigint;
  readonly endpoint: Pick<Endpoint, "onPeer">;
  /** Default: TLS. */
  readonly openSocket?: OpenSocket<WebSocket>;
  /** The registry's current record of a worker; undefined when it is not active. */
  readonly peerOf: (address: string) => Promise<Peer | undefined>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Uniform in [0, 1), for jitter only. */
  readonly random: () => number;
  readonly timers?: Timers;
  readonly limits?: Partial<MeshLimits>;
  readonly sessionLimits?: Partial<SessionLimits>;
  readonly onEvent?: (event: MeshEvent) => void;
}

export interface PeerStatus {
  readonly address: string;
  readonly connected: boolean;
  /** Code of the last failure since the last success. */
  readonly lastError: string | undefined;
}

/** Throwing, or rejecting, closes the peer's link: throw only at what an honest peer never sends. */
export type FrameHandler = (from: string, frame: Frame) => void | Promise<void>;

interface PeerState {
  readonly address: string;
  link: PeerLink | undefined;
  failures: number;
  dialing: boolean;
  cancelRetry: (() => void) | undefined;
  lastError: string | undefined;
}

const ADDRESS = /^0x[0-9a-f]{40}$/;

export class Mesh {
  readonly sessions: SessionTable;
  readonly timers: Timers;
  readonly #options: MeshOptions;
  readonly #limits: MeshLimits;
  readonly #peers = new Map<string, PeerState>();
  readonly #handlers = new Map<FrameKind, FrameHandler>();
  #stopping = new AbortController();
  #started = false;

  constructor(options: MeshOptions) {
    this.#options = options;
    checkAddress(options.self);
    this.timers = options.timers ?? nodeTimers;
    this.#limits = { ...MESH_LIMITS, ...options.limits };
    this.sessions = new SessionTable(this, options.sessionLimits);
    options.endpoint.onPeer((address, fingerprint, socket) => this.#accept(address, fingerprint, socket));
  }

  /** This worker's name among peers, in lower case. Settled when the mesh is started. */
  get self(): string {
    return checkAddress(this.#options.self);
  }

  /** Begins to dial; `setPeers` may come before or after. The endpoint is started by its owner. */
  start(signal?: AbortSignal): void {
    this.#started = true;
    signal?.addEventListener("abort", () => this.stop(), { once: true });
    for (const peer of this.#peers.values()) this.#dialSoon(peer, 0);
  }

  /** Ends every link and every session. A stopped mesh stays stopped. */
  stop(): void {
    const reason = transportError({ code: "TRANSPORT_STOPPED" }, "this worker is stopping");
    this.#stopping.abort(reason);
    for (const peer of this.#peers.values()) {
      peer.cancelRetry?.();
      peer.link?.close(reason);
    }
    this.sessions.stop();
  }

  /**
   * The workers to be linked with from now on, this one excluded or not. Links to others end; certificates of links
   * that stay are compared with the registry again.
   */
  setPeers(addresses: readonly string[]): void {
    const wanted = new Set(addresses.map(checkAddress).filter((address) => address !== this.self));
    for (const [address, peer] of this.#peers) {
      if (wanted.has(address)) continue;
      this.#peers.delete(address);
      peer.cancelRetry?.();
      peer.link?.close(unknownPeer(address));
    }
    for (const address of wanted) {
      const known = this.#peers.get(address);
      if (known !== undefined) {
        void this.#recheck(known);
        continue;
      }
      const peer = newPeer(address);
      this.#peers.set(address, peer);
      this.#dialSoon(peer, 0);
    }
  }

  /**
   * Resolves when the frame has left this process.
   * @throws CodedError TRANSPORT_NOT_CONNECTED, TRANSPORT_QUEUE_FULL, TRANSPORT_CLOSED
   */
  async send(to: string, frame: Frame): Promise<void> {
    const link = this.#peers.get(to.toLowerCase())?.link;
    if (link === undefined) throw transportError({ code: "TRANSPORT_NOT_CONNECTED", peer: to }, `no link to ${to}`);
    await link.send(frame);
  }

  /** One handler per kind. ROUND, ROUND_PART and ABORT belong to the session table. */
  onFrame(kind: FrameKind, handler: FrameHandler): void {
    this.#handlers.set(kind, handler);
  }

  isConnected(address: string): boolean {
    return this.#peers.get(address.toLowerCase())?.link !== undefined;
  }

  /** Addresses with an open link, ascending. */
  connected(): string[] {
    return [...this.#peers.values()]
      .filter((peer) => peer.link !== undefined)
      .map((peer) => peer.address)
      .sort();
  }

  peers(): PeerStatus[] {
    return [...this.#peers.values()]
      .map(({ address, link, lastError }) => ({ address, connected: link !== undefined, lastError }))
      .sort((a, b) => (a.address < b.address ? -1 : 1));
  }

  /** Ends the link to a peer that broke a limit; it may connect again. */
  disconnect(address: string, reason: Error): void {
    this.#peers.get(address)?.link?.close(reason);
  }

  #accept(address: string, fingerprint: string, socket: WebSocket): void {
    const peer = this.#peers.get(address);
    const allowed = peer !== undefined && address > this.self && !this.#stopping.signal.aborted;
    if (!allowed) {
      socket.on("error", () => socket.terminate());
      socket.close(CLOSE_REFUSED, "not a peer, or this worker dials");
      const cancel = this.timers.after(CLOSE_GRACE_MS, () => socket.terminate());
      socket.once("close", cancel);
      this.#options.onEvent?.({ event: "PeerRefused", peer: address, error: unknownPeer(address) });
      return;
    }
    this.#greet(peer, fingerprint, socket);
  }

  #greet(peer: PeerState, fingerprint: string, socket: WebSocket): void {
    const { chainId } = this.#options;
    new PeerLink({
      socket,
      peer: peer.address,
      fingerprint,
      hello: { protocolVersion: PROTOCOL_VERSION, chainId, sender: this.self, receiver: peer.address },
      limits: this.#limits,
      timers: this.timers,
      onFrame: (frame) => this.#handlers.get(frame.kind)?.(peer.address, frame),
      onOpen: (link) => this.#opened(peer, link),
      onClosed: (link, reason) => this.#closed(peer, link, reason),
    });
  }

  #opened(peer: PeerState, link: PeerLink): void {
    const older = peer.link;
    peer.link = undefined;
    older?.close(transportError({ code: "TRANSPORT_CLOSED", peer: peer.address, reason: "replaced" }, "a newer link"));
    if (this.#peers.get(peer.address) !== peer) return link.close(unknownPeer(peer.address));
    if (older !== undefined) this.sessions.peerLost(peer.address);
    peer.link = link;
    peer.failures = 0;
    peer.lastError = undefined;
    this.#options.onEvent?.({ event: "PeerConnected", peer: peer.address });
  }

  #closed(peer: PeerState, link: PeerLink, error: Error): void {
    const wasOpen = peer.link === link;
    if (wasOpen) {
      peer.link = undefined;
      this.sessions.peerLost(peer.address);
    }
    this.#failed(peer, error, wasOpen ? "PeerDisconnected" : "PeerRefused");
  }

  #failed(peer: PeerState, error: Error, event: "PeerDisconnected" | "PeerRefused"): void {
    peer.lastError = (error as { code?: string }).code ?? error.name;
    this.#options.onEvent?.({ event, peer: peer.address, error });
    peer.failures += 1;
    const { minBackoffMs, maxBackoffMs } = this.#limits;
    const longest = Math.min(maxBackoffMs, minBackoffMs * 2 ** Math.min(peer.failures - 1, 30));
    this.#dialSoon(peer, longest * (0.5 + this.#options.random() / 2));
  }

  #dialSoon(peer: PeerState, waitMs: number): void {
    const active = this.#started && !this.#stopping.signal.aborted && this.#peers.get(peer.address) === peer;
    if (!active || peer.address > this.self || peer.link !== undefined || peer.dialing) return;
    peer.cancelRetry?.();
    peer.cancelRetry = this.timers.after(waitMs, () => void this.#dial(peer));
  }

  async #dial(peer: PeerState): Promise<void> {
    if (peer.dialing || peer.link !== undefined) return;
    peer.dialing = true;
    try {
      const record = await this.#options.peerOf(peer.address);
      if (record === undefined) throw unknownPeer(peer.address);
      const socket = await this.#openSocket(peer.address, record);
      peer.dialing = false;
      if (this.#stopping.signal.aborted || this.#peers.get(peer.address) !== peer) return discard(socket);
      this.#greet(peer, record.fingerprint.toLowerCase(), socket);
    } catch (error) {
      peer.dialing = false;
      if (!this.#stopping.signal.aborted) this.#failed(peer, error as Error, "PeerRefused");
    }
  }

  async #openSocket(address: string, record: Peer): Promise<WebSocket> {
    const { identity, now } = this.#options;
    const { connectTimeoutMs } = this.#limits;
    const { endpoint, fingerprint } = record;
    const signal = this.#stopping.signal;
    const open = this.#options.openSocket ?? openPinnedSocket;
    return open({ endpoint, fingerprint, identity, peer: address, now, timeoutMs: connectTimeoutMs, signal });
  }

  /** Compares a living link's certificate with the registry; a registry that cannot be asked changes nothing. */
  async #recheck(peer: PeerState): Promise<void> {
    const link = peer.link;
    if (link === undefined) return;
    const record = await this.#options.peerOf(peer.address).catch(() => link);
    if (record === undefined || record.fingerprint.toLowerCase() !== link.fingerprint)
      link.close(unknownPeer(peer.address));
  }
}

function newPeer(address: string): PeerState {
  return { address, link: undefined, failures: 0, dialing: false, cancelRetry: undefined, lastError: undefined };
}

function checkAddress(address: string): string {
  const lower = address.toLowerCase();
  if (!ADDRESS.test(lower))
    throw transportError({ code: "TRANSPORT_BAD_ADDRESS", address }, `not an address: ${address}`);
  return lower;
}

function unknownPeer(address: string): Error {
  const detail = { code: "TRANSPORT_UNKNOWN_PEER", peer: address } as const;
  return transportError(detail, `${address} is no active peer under this certificate`);
}

/** Ends a socket that nobody listens to yet; it reports that as an error. */
function discard(socket: WebSocket): void {
  socket.on("error", () => {});
  socket.terminate();
}
