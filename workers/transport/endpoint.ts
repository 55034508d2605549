/**
 * A worker's one listening socket: HTTPS, TLS 1.3 only, with `/peer` (WebSocket upgrade, other workers) and `/upload`
 * (POST, data owners). Whoever connects must show a certificate; whose it is, is asked of the current registry at every
 * upgrade and upload, through callbacks, so that a revoked certificate is worthless at once.
 *
 * Adversary: anyone who can reach the port. Strangers cost at most `maxStrangers` sockets for `headersTimeoutMs` each,
 * which leaves room for every peer (connections.ts), and learn an error code; nothing they send reaches a handler.
 */
import { strict as assert } from "node:assert";
import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { WebSocketServer, type WebSocket } from "ws";
import { isCoded } from "../errors.ts";
import { MAX_FRAME_BYTES } from "../messages/frame.ts";
import { transportError } from "./errors.ts";
import { checkCertificate, type TlsIdentity } from "./identity.ts";
import { MAX_FRAGMENTS } from "./openSocket.ts";
import { nodeTimers, type Timers } from "./timers.ts";
import { ADMISSION_LIMITS } from "./uploadAdmission.ts";
import { UploadDesk, type DeskLimits, type UploadConnection, type UploadGate } from "./uploadDesk.ts";
import { answerJson } from "./answerJson.ts";
import { Connections, type ConnectionLimits } from "./connections.ts";

export interface EndpointLimits extends ConnectionLimits, DeskLimits {
  /** Sockets of all kinds; strangers may hold `maxStrangers` of them, which must be fewer. */
  readonly maxConnections: number;
  /** Longest wait for a TLS handshake, and again for a request's headers. */
  readonly headersTimeoutMs: number;
  /** Longest upload, start to end. */
  readonly uploadTimeoutMs: number;
  /** Body of one upload, held in memory once. */
  readonly maxUploadBytes: number;
}

export const ENDPOINT_LIMITS: EndpointLimits = {
  // 32 strangers, 2 uploads and 47 peers twice over. A socket costs some 50 KiB with TLS.
  maxConnections: 128,
  maxStrangers: 32,
  // A demonstration's committee of 7 and its owners dial from one address, as does a hospital behind NAT.
  maxStrangersPerNetwork: 16,
  maxPinnedPerCertificate: 2,
  headersTimeoutMs: 10_000,
  // The largest upload in 20 minutes is 1.8 Mbit/s.
  uploadTimeoutMs: 1_200_000,
  /**
   * 256 MiB is about 8,000 columns of 1,024 rows, or 260 columns of 2^15. Hashing (measured: 21 MiB/s) goes along with
   * the body and yields to peers' heartbeats; decoding and storing then stop this thread for 1 s (measured), which
   * heartbeats forgive. Memory is what limits: this much per slot. Twice as much would need a file in pieces.
   */
  maxUploadBytes: 256 << 20,
  minRateBytes: 2 << 20,
  rateIntervalMs: 30_000,
  ...ADMISSION_LIMITS,
};

export interface EndpointOptions {
  readonly identity: TlsIdentity;
  readonly host: string;
  /** 0 takes a free port; `port` tells which. */
  readonly port: number;
  /** Milliseconds since 1970, for certificates' dates. */
  readonly now: () => number;
  /** The active worker whose registered certificate this is, now; undefined refuses. Addresses in lower case. */
  readonly workerOf: (fingerprint: string) => Promise<string | undefined>;
  /** For the rate of uploads. */
  readonly timers?: Timers;
  /** Absent: /upload answers 404. */
  readonly uploads?: UploadGate;
  readonly limits?: Partial<EndpointLimits>;
}

/** Receives a peer's socket, already open and pinned to this worker's address. */
export type PeerHandler = (address: string, fingerprint: string, socket: WebSocket) => void;

export class Endpoint {
  readonly #options: EndpointOptions;
  readonly #limits: EndpointLimits;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #connections: Connections;
  #onPeer: PeerHandler | undefined;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#limits = { ...ENDPOINT_LIMITS, ...options.limits };
    assert(this.#limits.maxStrangers < this.#limits.maxConnections, "strangers must leave room for peers");
    this.#connections = new Connections(this.#limits);
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: MAX_FRAME_BYTES,
      maxFragments: MAX_FRAGMENTS,
      perMessageDeflate: false,
    });
    this.#server = this.#createServer();
  }

  /** The port listened on, once started. */
  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string")
      throw transportError({ code: "TRANSPORT_STOPPED" }, "not listening");
    return address.port;
  }

  /** One handler, the mesh's. */
  onPeer(handler: PeerHandler): void {
    this.#onPeer = handler;
  }

  /** @throws CodedError TRANSPORT_LISTEN_FAILED */
  async start(signal?: AbortSignal): Promise<void> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (cause) => {
        reject(
          transportError({ code: "TRANSPORT_LISTEN_FAILED", host, port }, `cannot listen on ${host}:${port}`, cause),
        );
      });
      this.#server.listen(port, host, resolve);
    });
    signal?.addEventListener("abort", () => void this.stop(), { once: true });
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#connections.closeAll();
    await closed;
  }

  #createServer(): Server {
    const { identity } = this.#options;
    const { headersTimeoutMs, uploadTimeoutMs, maxConnections } = this.#limits;
    const server = createServer({
      key: identity.keyPem,
      cert: identity.certificatePem,
      minVersion: "TLSv1.3",
      requestCert: true,
      // Certificates are self-signed; the registry's pin, checked before any handler runs, replaces the chain.
      rejectUnauthorized: false,
      handshakeTimeout: headersTimeoutMs,
      headersTimeout: headersTimeoutMs,
      requestTimeout: uploadTimeoutMs,
      keepAliveTimeout: 1_000,
      connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs),
    });
    server.maxConnections = maxConnections;
    const desk = this.#createDesk();
    server.on("connection", (socket: Socket) => this.#connections.add(socket));
    server.on("tlsClientError", (_error, socket) => socket.destroy());
    server.on("upgrade", (request, socket, head) => void this.#upgrade(request, socket, head));
    const serve = (request: IncomingMessage, response: ServerResponse): void => {
      if (desk !== undefined && request.url === "/upload" && request.method === "POST") {
        void desk.receive(request, response, this.#uploadConnection(request));
      } else answerJson(response, 404, { code: "NOT_FOUND", message: "/peer (WebSocket) and POST /upload only" });
    };
    // A client that says `Expect: 100-continue` sends its body only once the desk has agreed to it.
    server.on("request", serve).on("checkContinue", serve);
    return server;
  }

  #createDesk(): UploadDesk | undefined {
    const { uploads: gate, timers = nodeTimers, now } = this.#options;
    return gate === undefined ? undefined : new UploadDesk({ gate, limits: this.#limits, timers, now });
  }

  #uploadConnection(request: IncomingMessage): UploadConnection {
    return {
      certificate: () => this.#certificateOf(request),
      authorised: (fingerprint) => this.#connections.pin(request.socket, fingerprint),
    };
  }

  /** @returns the fingerprint of the certificate shown, whose dates hold */
  #certificateOf(request: IncomingMessage): string {
    const socket = request.socket as TLSSocket;
    return checkCertificate(socket.getPeerX509Certificate(), socket.remoteAddress ?? "client", this.#options.now());
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on("error", () => socket.destroy());
    try {
      if (request.url !== "/peer" || this.#onPeer === undefined)
        return refuseUpgrade(socket, "404 Not Found", "NOT_FOUND");
      const fingerprint = this.#certificateOf(request);
      const address = await this.#options.workerOf(fingerprint);
      if (address === undefined) return refuseUpgrade(socket, "403 Forbidden", "TRANSPORT_UNKNOWN_PEER");
      if (socket.destroyed) return;
      this.#connections.pin(request.socket, fingerprint);
      this.#sockets.handleUpgrade(request, socket, head, (peer) =>
        this.#onPeer?.(address.toLowerCase(), fingerprint, peer),
      );
    } catch (error) {
      refuseUpgrade(socket, "403 Forbidden", isCoded(error) ? error.code : "TRANSPORT_UNKNOWN_PEER");
    }
  }
}

function refuseUpgrade(socket: Duplex, status: string, code: string): void {
  const body = JSON.stringify({ code });
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}
