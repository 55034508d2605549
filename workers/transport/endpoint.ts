/**
 * A worker's one listening socket: HTTPS, TLS 1.3 only, with `/peer` (WebSocket upgrade, other workers) and `/upload`
 * (POST, data owners). Whoever connects must show a certificate; whose it is, is asked of the current registry at every
 * upgrade and upload, through callbacks, so that a revoked certificate is worthless at once.
 *
 * Adversary: anyone who can reach the port. A stranger costs at most `maxConnections` sockets for `headersTimeoutMs`
 * each, and learns an error code; nothing it sends reaches a handler.
 */
import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { WebSocketServer, type WebSocket } from "ws";
import { isCoded } from "../errors.ts";
import { MAX_FRAME_BYTES } from "../messages/frame.ts";
import { transportError } from "./errors.ts";
import { checkCertificate, type TlsIdentity } from "./identity.ts";
import { UploadDesk, type UploadGate } from "./uploadDesk.ts";
import { answerJson } from "./answerJson.ts";

export interface EndpointLimits {
  /** Sockets of all kinds. 6 peers twice over (one dying, one new) and uploads leave ample room in 64. */
  readonly maxConnections: number;
  /** Longest wait for a TLS handshake, and again for a request's headers. */
  readonly headersTimeoutMs: number;
  /** Longest upload, start to end. */
  readonly uploadTimeoutMs: number;
  /**
   * Body of one upload, held in memory once: 64 MiB is about 2,000 columns of 1,024 rows. Hashing it (measured: 9 MiB/s)
   * stops this thread for 7 s, which peers' heartbeats forgive; 256 MiB would not be forgiven.
   */
  readonly maxUploadBytes: number;
  /** Uploads at once; times maxUploadBytes it bounds their memory. */
  readonly maxUploads: number;
}

export const ENDPOINT_LIMITS: EndpointLimits = {
  maxConnections: 64,
  headersTimeoutMs: 10_000,
  uploadTimeoutMs: 300_000,
  maxUploadBytes: 64 << 20,
  maxUploads: 2,
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
  readonly #connections = new Set<Duplex>();
  #onPeer: PeerHandler | undefined;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#limits = { ...ENDPOINT_LIMITS, ...options.limits };
    this.#sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false });
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
    for (const socket of this.#connections) socket.destroy();
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
    const desk = this.#options.uploads === undefined ? undefined : new UploadDesk(this.#options.uploads, this.#limits);
    server.on("connection", (socket: Duplex) => this.#track(socket));
    server.on("tlsClientError", (_error, socket) => socket.destroy());
    server.on("upgrade", (request, socket, head) => void this.#upgrade(request, socket, head));
    const serve = (request: IncomingMessage, response: ServerResponse): void => {
      if (desk !== undefined && request.url === "/upload" && request.method === "POST") {
        void desk.receive(request, response, () => this.#certificateOf(request));
      } else answerJson(response, 404, { code: "NOT_FOUND", message: "/peer (WebSocket) and POST /upload only" });
    };
    // A client that says `Expect: 100-continue` sends its body only once the desk has agreed to it.
    server.on("request", serve).on("checkContinue", serve);
    return server;
  }

  #track(socket: Duplex): void {
    this.#connections.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => this.#connections.delete(socket));
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
