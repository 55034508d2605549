/**
 * The network between the workers: who listens where, connections, delays, partitions. Frames on one connection keep
 * their order; between connections anything may overtake anything. A partition holds everything back, as TCP does, until
 * it heals or an end gives up; a cut ends the connection.
 */
import type WebSocket from "ws";
import { transportError } from "../../workers/transport/errors.ts";
import type { Endpoint, EndpointOptions, PeerHandler } from "../../workers/transport/endpoint.ts";
import type { PinnedConnection } from "../../workers/transport/connectPinned.ts";
import type { UploadGate } from "../../workers/transport/uploadDesk.ts";
import type { Choices } from "./seededChoices.ts";
import { SimulatedSocket, type Wire } from "./simulatedSocket.ts";
import type { VirtualTime } from "./virtualTime.ts";

/** One run of one worker, from start to crash. What a dead one still does reaches nobody. */
export interface Incarnation {
  readonly index: number;
  readonly address: string;
  alive: boolean;
}

/** Sees what leaves a worker, and says what the other end gets instead. */
export interface MeshTap {
  onSend(from: Incarnation, to: Incarnation, bytes: Uint8Array): readonly Uint8Array[];
  onDeliver(from: Incarnation, to: Incarnation, bytes: Uint8Array): void;
}

interface Listener {
  readonly incarnation: Incarnation;
  readonly options: EndpointOptions;
  onPeer: PeerHandler | undefined;
  isListening: boolean;
}

interface Connection {
  readonly ends: readonly [Incarnation, Incarnation];
  readonly sockets: readonly [SimulatedSocket, SimulatedSocket];
  /** When the newest event of each direction arrives. */
  readonly lastMs: [number, number];
  /** Events held back by a partition. */
  held: (() => void)[];
  isGone: boolean;
}

const [LEAST_LATENCY_MS, MOST_LATENCY_MS] = [1, 20];

export class SimulatedMesh {
  readonly #time: VirtualTime;
  readonly #choices: Choices;
  readonly #tap: MeshTap;
  readonly #listeners = new Map<string, Listener>();
  #connections: Connection[] = [];
  /** Pairs of workers, "1-3". */
  readonly #partitioned = new Set<string>();
  /** Added to every delay from a worker. */
  readonly slowMs = new Map<number, number>();

  constructor(time: VirtualTime, choices: Choices, tap: MeshTap) {
    this.#time = time;
    this.#choices = choices;
    this.#tap = tap;
  }

  /** The `createEndpoint` of one incarnation, listening at the URL its registration names. */
  createEndpoint(url: string, incarnation: Incarnation, options: EndpointOptions): WorkerEndpoint {
    const listener: Listener = { incarnation, options, onPeer: undefined, isListening: false };
    this.#listeners.set(url, listener);
    return {
      port: 7443,
      onPeer: (handler) => (listener.onPeer = handler),
      start: () => Promise.resolve(void (listener.isListening = true)),
      stop: () => Promise.resolve(void (listener.isListening = false)),
    };
  }

  /** Where owners leave share files; undefined while that worker is away. */
  uploadGate(url: string): UploadGate | undefined {
    const listener = this.#listeners.get(url);
    return listener?.incarnation.alive === true && listener.isListening ? listener.options.uploads : undefined;
  }

  /** The `openSocket` of one incarnation. */
  async dial(from: Incarnation, target: PinnedConnection): Promise<WebSocket> {
    const { peer, endpoint, fingerprint, timeoutMs, identity } = target;
    await this.#time.sleep(this.#latency(from.index));
    const listener = this.#listeners.get(endpoint);
    const isUp = listener?.incarnation.alive === true && listener.isListening;
    if (listener !== undefined && this.#isPartitioned(from.index, listener.incarnation.index)) {
      await this.#time.sleep(timeoutMs);
      throw transportError({ code: "TRANSPORT_TIMEOUT", peer, phase: "connect" }, `${peer}: no TLS in time`);
    }
    if (!isUp) throw transportError({ code: "TRANSPORT_UNREACHABLE", peer }, `cannot reach ${peer}`);
    const seen = listener.options.identity.fingerprint;
    if (seen !== fingerprint.toLowerCase()) {
      const detail = { code: "TRANSPORT_WRONG_FINGERPRINT", peer, seen, pinned: fingerprint } as const;
      throw transportError(detail, `${peer} shows another certificate`);
    }
    return this.#connect(from, listener, identity.fingerprint);
  }

  partition(a: number, b: number): void {
    this.#partitioned.add(pairOf(a, b));
  }

  heal(a: number, b: number): void {
    if (!this.#partitioned.delete(pairOf(a, b))) return;
    for (const connection of this.#between(a, b)) {
      const held = connection.held;
      connection.held = [];
      for (const arrive of held) arrive();
    }
  }

  healAll(): void {
    for (const pair of [...this.#partitioned]) this.heal(...(pair.split("-").map(Number) as [number, number]));
    this.slowMs.clear();
  }

  /** Sends bytes of a worker's own making over its connection to another. @returns whether there is one */
  inject(from: number, to: number, bytes: Uint8Array): boolean {
    const connection = this.#between(from, to).find(({ ends }) => ends.every(({ alive }) => alive));
    const side = connection?.ends.findIndex(({ index }) => index === from);
    if (connection === undefined || connection.sockets[side!]!.readyState !== 1) return false;
    this.#carry(connection, side as 0 | 1, () =>
      connection.sockets[1 - side!]!.emit("message", Buffer.from(bytes), true),
    );
    return true;
  }

  /** Ends the connections of a pair; both ends notice. */
  cut(a: number, b: number): void {
    for (const connection of this.#between(a, b)) this.#break(connection);
  }

  /** A worker's machine is gone: the other ends notice. */
  crashed(incarnation: Incarnation): void {
    for (const connection of this.#connections.filter(({ ends }) => ends.includes(incarnation)))
      this.#break(connection);
  }

  #connect(from: Incarnation, listener: Listener, fingerprint: string): WebSocket {
    const to = listener.incarnation;
    const ends = [from, to] as const;
    const connection: Connection = {
      ends,
      sockets: [0, 1].map((side) => new SimulatedSocket(this.#wire(() => connection, side as 0 | 1))) as never,
      lastMs: [0, 0],
      held: [],
      isGone: false,
    };
    const [near, far] = connection.sockets;
    SimulatedSocket.connect(near, far);
    this.#connections.push(connection);
    void this.#upgrade(connection, listener, fingerprint);
    return near as unknown as WebSocket;
  }

  /** As `Endpoint`: the registry is asked whose certificate this is, then the mesh behind it gets the socket. */
  async #upgrade(connection: Connection, listener: Listener, fingerprint: string): Promise<void> {
    const [near, far] = connection.sockets;
    const address = await listener.options.workerOf(fingerprint).catch(() => undefined);
    if (address === undefined || !connection.ends[1].alive || connection.isGone) return this.#break(connection);
    far.opened();
    // The answer to the upgrade goes first.
    this.#carry(connection, 1, () => near.opened());
    listener.onPeer?.(address, fingerprint, far as unknown as WebSocket);
  }

  #wire(connection: () => Connection, side: 0 | 1): Wire {
    return {
      carry: (arrive) => this.#carry(connection(), side, arrive),
      sent: (bytes) => {
        const [from, to] = [connection().ends[side], connection().ends[1 - side]!];
        return from.alive ? this.#tap.onSend(from, to, bytes) : [];
      },
      arrived: (bytes) => this.#tap.onDeliver(connection().ends[side], connection().ends[1 - side]!, bytes),
    };
  }

  /** @param side where it comes from */
  #carry(connection: Connection, side: 0 | 1, arrive: () => void): void {
    const [from, to] = [connection.ends[side], connection.ends[1 - side]!];
    if (!from.alive || connection.isGone) return;
    if (this.#isPartitioned(from.index, to.index)) {
      connection.held.push(() => this.#carry(connection, side, arrive));
      return;
    }
    const atMs = Math.max(connection.lastMs[side], this.#time.nowMs + this.#latency(from.index));
    connection.lastMs[side] = atMs;
    this.#time.after(atMs - this.#time.nowMs, () => {
      if (!to.alive || connection.isGone) return;
      if (this.#isPartitioned(from.index, to.index)) connection.held.push(() => this.#carry(connection, side, arrive));
      else arrive();
    });
  }

  #break(connection: Connection): void {
    if (connection.isGone) return;
    connection.isGone = true;
    this.#connections = this.#connections.filter((other) => other !== connection);
    connection.sockets.forEach((socket, side) => {
      const end = connection.ends[side]!;
      this.#time.after(this.#latency(end.index), () => {
        if (end.alive) socket.broken();
      });
    });
  }

  #between(a: number, b: number): Connection[] {
    return this.#connections.filter(({ ends }) => pairOf(ends[0].index, ends[1].index) === pairOf(a, b));
  }

  #isPartitioned(a: number, b: number): boolean {
    return this.#partitioned.has(pairOf(a, b));
  }

  #latency(from: number): number {
    return this.#choices.whole(LEAST_LATENCY_MS, MOST_LATENCY_MS) + (this.slowMs.get(from) ?? 0);
  }
}

export type WorkerEndpoint = Pick<Endpoint, "port" | "onPeer" | "start" | "stop">;

function pairOf(a: number, b: number): string {
  return a < b ? `${a}-${b}` : `${b}-${a}`;
}
