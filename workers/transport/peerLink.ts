/**
 * One socket to one peer, from the moment its certificate is pinned to the moment it closes. In this order, never back:
 *
 *   greeting --(their hello agrees)--> open --(any error, silence, close)--> closed
 *
 * 1. No frame reaches `onFrame` before the peer's hello was checked; a second hello is an error.
 * 2. `onClosed` is called exactly once, with the reason.
 * 3. At most `maxQueueBytes` wait to be written; a sender that finds the queue full is refused, not buffered.
 * 4. Handlers still at work on this peer's frames number at most `maxPendingFrames`; one more closes the socket.
 * 5. A malformed frame closes the socket: after it, nothing on this socket can be trusted to be a frame.
 */
import type { WebSocket } from "ws";
import { isCoded } from "../errors.ts";
import { byteBuffers } from "../messages/byteBuffers.ts";
import { decodeFrame, encodeFrame, FrameKind, frameLength, type Frame } from "../messages/frame.ts";
import { transportError } from "./errors.ts";
import { checkHello, encodeHello, type Hello } from "./hello.ts";
import type { Timers } from "./timers.ts";

export interface LinkLimits {
  /** Bytes waiting to be written to one peer: 256 full frames. */
  readonly maxQueueBytes: number;
  /** Frames of one peer whose handlers have not finished. */
  readonly maxPendingFrames: number;
  readonly helloTimeoutMs: number;
  /** Between pings. */
  readonly heartbeatMs: number;
  /** Pings in a row without any sign of life after which the peer is dead. */
  readonly maxMissedHeartbeats: number;
}

export const LINK_LIMITS: LinkLimits = {
  maxQueueBytes: 64 << 20,
  maxPendingFrames: 256,
  helloTimeoutMs: 10_000,
  heartbeatMs: 5_000,
  maxMissedHeartbeats: 3,
};

export interface LinkOptions {
  readonly socket: WebSocket;
  readonly peer: string;
  /** The certificate this socket was pinned to. */
  readonly fingerprint: string;
  readonly hello: Hello;
  readonly limits: LinkLimits;
  readonly timers: Timers;
  /** A returned promise counts as pending until it settles; if it rejects, or the call throws, the socket closes. */
  readonly onFrame: (frame: Frame) => void | Promise<void>;
  readonly onOpen: (link: PeerLink) => void;
  readonly onClosed: (link: PeerLink, reason: Error) => void;
}

/** Close code of our own refusals (RFC 6455, 7.4.2: 4000-4999 are private). */
export const CLOSE_REFUSED = 4000;
/** For the closing handshake; a peer that ignores it loses the socket. A worker must stop within two seconds. */
export const CLOSE_GRACE_MS = 1_000;
/** A close reason may have 123 bytes. */
const MAX_REASON = 120;

export class PeerLink {
  readonly peer: string;
  readonly fingerprint: string;
  readonly #options: LinkOptions;
  #state: "greeting" | "open" | "closed" = "greeting";
  #pending = 0;
  #missed = 0;
  #cancelTimer: () => void;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.peer = options.peer;
    this.fingerprint = options.fingerprint;
    const { socket, timers, limits, peer } = options;
    socket.binaryType = "nodebuffer";
    socket.on("message", (message: Buffer, isBinary: boolean) => this.#receive(message, isBinary));
    socket.on("pong", () => (this.#missed = 0));
    socket.on("ping", () => (this.#missed = 0));
    socket.on("error", (cause) => this.#end(closed(peer, `socket error: ${cause.message}`, cause)));
    socket.on("close", (code, reason) => this.#end(closed(peer, `closed by peer: ${code} ${printable(reason)}`)));
    this.#cancelTimer = timers.after(limits.helloTimeoutMs, () => {
      this.close(transportError({ code: "TRANSPORT_TIMEOUT", peer, phase: "hello" }, `${peer} did not say hello`));
    });
    const greet = (): void => socket.send(encodeHello(options.hello), ignore);
    if (socket.readyState === socket.CONNECTING) socket.once("open", greet);
    else greet();
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /**
   * Resolves when the bytes have left for the operating system.
   * @throws CodedError TRANSPORT_NOT_CONNECTED, TRANSPORT_QUEUE_FULL, TRANSPORT_CLOSED
   */
  async send(frame: Frame): Promise<void> {
    const { socket, peer, limits } = this.#options;
    if (this.#state !== "open") throw transportError({ code: "TRANSPORT_NOT_CONNECTED", peer }, `no link to ${peer}`);
    const queuedBytes = socket.bufferedAmount;
    const length = frameLength(frame);
    if (queuedBytes + length > limits.maxQueueBytes) {
      const detail = { code: "TRANSPORT_QUEUE_FULL", peer, queuedBytes, maximum: limits.maxQueueBytes } as const;
      throw transportError(detail, `${queuedBytes} bytes already wait for ${peer}`);
    }
    const bytes = encodeFrame(frame, byteBuffers.take(length));
    await new Promise<void>((resolve, reject) => {
      socket.send(bytes, (cause) => (cause == null ? resolve() : reject(closed(peer, "write failed", cause))));
    });
    byteBuffers.giveBack(bytes); // it has left; after a failure nobody knows, and it is garbage
  }

  /** Ends the link for a reason of ours, which the peer is told. */
  close(reason: Error): void {
    if (this.#state === "closed") return;
    const { socket } = this.#options;
    this.#end(reason);
    if (socket.readyState === socket.OPEN) socket.close(CLOSE_REFUSED, reason.message.slice(0, MAX_REASON));
    else socket.terminate();
  }

  #end(reason: Error): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#cancelTimer();
    const { socket, timers, onClosed } = this.#options;
    const cancel = timers.after(CLOSE_GRACE_MS, () => socket.terminate());
    if (socket.readyState === socket.CLOSED) cancel();
    else socket.once("close", cancel);
    onClosed(this, reason);
  }

  #receive(message: Buffer, isBinary: boolean): void {
    if (this.#state === "closed") return;
    this.#missed = 0;
    try {
      if (!isBinary)
        throw transportError({ code: "TRANSPORT_BAD_FRAME", peer: this.peer, reason: "text" }, "text message");
      const frame = decodeFrame(message);
      if (this.#state === "greeting") this.#greet(frame);
      else this.#deliver(frame);
    } catch (error) {
      this.close(isCoded(error) && error.code.startsWith("TRANSPORT_") ? error : this.#badFrame(error));
    }
  }

  #greet(frame: Frame): void {
    checkHello(frame, this.#options.hello);
    this.#state = "open";
    this.#cancelTimer();
    this.#beat();
    this.#options.onOpen(this);
  }

  #deliver(frame: Frame): void {
    const { limits, peer, onFrame } = this.#options;
    if (frame.kind === FrameKind.HELLO) {
      throw transportError({ code: "TRANSPORT_BAD_FRAME", peer, reason: "second hello" }, `${peer} said hello twice`);
    }
    if (this.#pending >= limits.maxPendingFrames) {
      const detail = { code: "TRANSPORT_FLOODED", peer, limit: "maxPendingFrames" } as const;
      throw transportError(detail, `${peer} sends faster than its frames are handled`);
    }
    const work = onFrame(frame);
    if (work === undefined) return;
    this.#pending += 1;
    work.then(
      () => (this.#pending -= 1),
      (error: unknown) => this.close(this.#badFrame(error)),
    );
  }

  /** Counts ticks, not time: a long computation of ours makes one tick late, and no peer dead. */
  #beat(): void {
    const { limits, timers, socket, peer } = this.#options;
    this.#cancelTimer = timers.after(limits.heartbeatMs, () => {
      if (this.#missed >= limits.maxMissedHeartbeats) {
        this.close(transportError({ code: "TRANSPORT_PEER_SILENT", peer }, `${peer} answers no ping`));
        return;
      }
      this.#missed += 1;
      socket.ping(undefined, undefined, ignore);
      this.#beat();
    });
  }

  #badFrame(cause: unknown): Error {
    const reason = isCoded(cause) ? cause.code : "handler failed";
    const detail = { code: "TRANSPORT_BAD_FRAME", peer: this.peer, reason } as const;
    return transportError(detail, `refused a frame of ${this.peer}: ${reason}`, cause);
  }
}

function closed(peer: string, reason: string, cause?: unknown): Error {
  return transportError({ code: "TRANSPORT_CLOSED", peer, reason }, `link to ${peer} ended: ${reason}`, cause);
}

/** A peer chooses its close reason: only plain characters reach our messages. */
function printable(reason: Buffer): string {
  return reason.toString("latin1").replace(/[^\x20-\x7e]/g, "?");
}

function ignore(): void {}
