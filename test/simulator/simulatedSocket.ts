/**
 * One end of a connection between two workers, with as much of `ws`'s WebSocket as a link uses. Bytes arrive whole, in
 * order and unaltered, later or never: that is all TLS with pinned certificates leaves to an attacker on the network.
 */
import { EventEmitter } from "node:events";

const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3] as const;
/** RFC 6455, 7.1.5: the connection ended without a closing handshake. */
const ABNORMAL = 1006;

/** What carries a socket's events to its other end: in order, later or never. */
export interface Wire {
  /** Calls `arrive` at the other end when it gets there. */
  carry(arrive: () => void): void;
  /** @returns the frames that go out in place of this one */
  sent(bytes: Uint8Array): readonly Uint8Array[];
  /** This frame has reached the other end, which is open. */
  arrived(bytes: Uint8Array): void;
}

export class SimulatedSocket extends EventEmitter {
  readonly CONNECTING = CONNECTING;
  readonly OPEN = OPEN;
  readonly CLOSING = CLOSING;
  readonly CLOSED = CLOSED;
  binaryType = "nodebuffer";
  readyState: number = CONNECTING;
  /** Nothing waits here: what was sent has left for the wire. */
  readonly bufferedAmount = 0;
  readonly #wire: Wire;
  #other: SimulatedSocket | undefined;

  constructor(wire: Wire) {
    super();
    this.#wire = wire;
  }

  static connect(one: SimulatedSocket, other: SimulatedSocket): void {
    one.#other = other;
    other.#other = one;
  }

  opened(): void {
    if (this.readyState !== CONNECTING) return;
    this.readyState = OPEN;
    this.emit("open");
  }

  send(bytes: Uint8Array, done: (error?: Error) => void): void {
    if (this.readyState !== OPEN) return queueMicrotask(() => done(new Error("the socket is not open")));
    for (const frame of this.#wire.sent(Uint8Array.from(bytes))) {
      this.#toOther((other) => {
        if (other.readyState !== OPEN) return;
        this.#wire.arrived(frame);
        other.emit("message", Buffer.from(frame), true);
      });
    }
    queueMicrotask(() => done());
  }

  ping(): void {
    this.#toOther((other) => {
      if (other.readyState !== OPEN) return;
      other.emit("ping");
      other.#toOther((self) => void (self.readyState === OPEN && self.emit("pong")));
    });
  }

  close(code: number, reason: string): void {
    if (this.readyState >= CLOSING) return;
    this.readyState = CLOSING;
    this.#toOther((other) => other.#ended(code, reason));
  }

  terminate(): void {
    if (this.readyState === CLOSED) return;
    this.#toOther((other) => other.#ended(ABNORMAL, ""));
    this.#ended(ABNORMAL, "");
  }

  /** The connection is gone, and this end notices. */
  broken(): void {
    this.#ended(ABNORMAL, "");
  }

  #toOther(arrive: (other: SimulatedSocket) => void): void {
    const other = this.#other;
    if (other !== undefined) this.#wire.carry(() => arrive(other));
  }

  /** A side that learns of the other's close answers it, which ends the closing side. */
  #ended(code: number, reason: string): void {
    if (this.readyState === CLOSED) return;
    const wasClosing = this.readyState === CLOSING;
    this.readyState = CLOSED;
    if (!wasClosing) this.#toOther((other) => other.#ended(code, reason));
    this.emit("close", code, Buffer.from(reason));
  }
}
