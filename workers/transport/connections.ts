/**
 * The sockets of one listening port. A socket is a stranger's until its certificate was found to be a peer's, or its
 * upload authorised; then it is pinned, and strangers can no longer touch it.
 *
 * Strangers are bounded per remote network and in total, below what the port can hold. The newest stranger is always
 * let in, at the cost of the oldest of the network that holds most: refusing it instead would let idle sockets keep a
 * peer out, whose socket too is a stranger's until it has spoken. An honest peer needs two round trips to be pinned; to
 * drive it out before, an attacker must open `maxStrangers` sockets in that time, from that many networks.
 */
import { isIPv6 } from "node:net";
import type { Duplex } from "node:stream";

export interface ConnectionLimits {
  readonly maxStrangers: number;
  /** Of one IPv4 address, or of one IPv6 /64, which one customer has whole. */
  readonly maxStrangersPerNetwork: number;
  /** Of one certificate: one dying, one new. The oldest gives way. */
  readonly maxPinnedPerCertificate: number;
}

/** What identifies a socket; a TLS socket has the same as the TCP socket beneath it. */
export interface RemoteSocket {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

interface Connection {
  readonly socket: Duplex;
  readonly network: string;
  /** Its certificate's fingerprint, once pinned. */
  pinned: string | undefined;
}

export class Connections {
  readonly #limits: ConnectionLimits;
  /** Insertion order is age. */
  readonly #open = new Map<string, Connection>();

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** Counts a new TCP socket, a stranger's, until it closes. */
  add(socket: Duplex & RemoteSocket): void {
    const name = nameOf(socket);
    const connection: Connection = { socket, network: networkOf(socket.remoteAddress ?? ""), pinned: undefined };
    socket.on("error", () => socket.destroy());
    socket.once("close", () => this.#forget(name, connection));
    this.#open.set(name, connection);
    const { maxStrangers, maxStrangersPerNetwork } = this.#limits;
    const strangers = [...this.#open.values()].filter(({ pinned }) => pinned === undefined);
    const neighbours = strangers.filter(({ network }) => network === connection.network);
    if (neighbours.length > maxStrangersPerNetwork) this.#drop(neighbours[0]!);
    else if (strangers.length > maxStrangers) this.#drop(oldestOfLargest(strangers));
  }

  /** From now on this socket is the certificate's. */
  pin(socket: RemoteSocket, fingerprint: string): void {
    const connection = this.#open.get(nameOf(socket));
    if (connection === undefined) return;
    connection.pinned = fingerprint;
    const own = [...this.#open.values()].filter(({ pinned }) => pinned === fingerprint);
    if (own.length > this.#limits.maxPinnedPerCertificate) this.#drop(own[0]!);
  }

  /** For status and tests. */
  counts(): { strangers: number; pinned: number } {
    const pinned = [...this.#open.values()].filter((connection) => connection.pinned !== undefined).length;
    return { strangers: this.#open.size - pinned, pinned };
  }

  closeAll(): void {
    for (const { socket } of this.#open.values()) socket.destroy();
  }

  /** Forgotten at once: its `close` comes later, and must not count it until then. */
  #drop(connection: Connection): void {
    for (const [name, open] of this.#open) if (open === connection) this.#open.delete(name);
    connection.socket.destroy();
  }

  #forget(name: string, connection: Connection): void {
    if (this.#open.get(name) === connection) this.#open.delete(name);
  }
}

function oldestOfLargest(connections: readonly Connection[]): Connection {
  const byNetwork = Map.groupBy(connections, ({ network }) => network);
  const [largest] = [...byNetwork.values()].sort((a, b) => b.length - a.length);
  return largest![0]!;
}

function nameOf({ remoteAddress, remotePort }: RemoteSocket): string {
  return `${remoteAddress}|${remotePort}`;
}

/** The IPv4 address, mapped or not, or the first 64 bits of an IPv6 address. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address;
  const [bare = ""] = address.split("%");
  const [left = "", right] = bare.split("::");
  const head = left.split(":").filter((group) => group !== "");
  const tail = (right ?? "").split(":").filter((group) => group !== "");
  const groups =
    right === undefined ? head : [...head, ...Array<string>(8 - head.length - tail.length).fill("0"), ...tail];
  const first = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${first.join(":")}::/64`;
}
