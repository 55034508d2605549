/**
 * What supervisors ask, over plain HTTP without authentication; meant for a loopback address. Answers hold counts, codes
 * and states only, no id of a request or dataset, and change nothing.
 *
 *   GET /healthz   200 while the process answers
 *   GET /readyz    200 when it can serve a request now, else 503 and the reason, one word
 *   GET /metrics   Prometheus text
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { CodedError } from "../errors.ts";
import type { AttemptTotals } from "./attemptCounts.ts";
import { metricsText } from "./metrics.ts";
import type { WorkerStatus } from "./status.ts";

export type HealthErrorDetail = { readonly code: "HEALTH_LISTEN_FAILED"; readonly host: string; readonly port: number };

/** Blocks that could be handled but are not: a healthy follower has none or one; a back-fill has many. */
export const MOST_LAG_BLOCKS = 20;
/** A scraper and a probe or two; more is a mistake. */
const MAX_CONNECTIONS = 16;
const REQUEST_TIMEOUT_MS = 5_000;

export interface HealthModules {
  readonly status: () => WorkerStatus;
  readonly attempts: () => AttemptTotals;
}

/** Why this worker can serve no request now; undefined when it can. */
export type Unreadiness =
  | "starting"
  | "following-stopped"
  | "chain-unreachable"
  | "chain-lag"
  | "not-registered"
  | "no-committee"
  | "too-few-peers";

export function unreadiness({
  stoppedBy,
  port,
  chain,
  registration,
  committees,
}: WorkerStatus): Unreadiness | undefined {
  if (stoppedBy !== undefined) return "following-stopped";
  if (!chain.reachable) return chain.block === undefined && port !== undefined ? "starting" : "chain-unreachable";
  if (port === undefined || chain.lag === undefined) return "starting";
  if (chain.lag > MOST_LAG_BLOCKS) return "chain-lag";
  if (registration !== "active") return "not-registered";
  if (committees.length === 0) return "no-committee";
  return committees.some(({ t, connected }) => connected >= 2 * t) ? undefined : "too-few-peers";
}

export class HealthServer {
  readonly #listen: { readonly host: string; readonly port: number };
  readonly #server: Server;

  constructor(listen: { readonly host: string; readonly port: number }, modules: HealthModules) {
    this.#listen = listen;
    const timeouts = { headersTimeout: REQUEST_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS };
    this.#server = createServer(timeouts, (request, response) => serve(request, response, modules));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** The port listened on, once started. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** @throws CodedError HEALTH_LISTEN_FAILED */
  async start(): Promise<void> {
    const { host, port } = this.#listen;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (cause) => {
        const detail = { code: "HEALTH_LISTEN_FAILED", host, port } as const;
        const message = `Cannot listen on ${host}:${port} (OPALINE_HEALTH_LISTEN)`;
        reject(new CodedError<HealthErrorDetail>(detail, message, { cause }));
      });
      this.#server.listen(port, host, resolve);
    });
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}

function serve(request: IncomingMessage, response: ServerResponse, { status, attempts }: HealthModules): void {
  if (request.method !== "GET" && request.method !== "HEAD") return answer(response, 405, "GET only\n");
  try {
    if (request.url === "/healthz") return answer(response, 200, "alive\n");
    if (request.url === "/readyz") {
      const reason = unreadiness(status());
      return reason === undefined ? answer(response, 200, "ready\n") : answer(response, 503, `${reason}\n`);
    }
    if (request.url === "/metrics") return answer(response, 200, metricsText(status(), attempts()), METRICS_TYPE);
    return answer(response, 404, "/healthz, /readyz, /metrics\n");
  } catch (error) {
    // The store cannot be read: alive, but of no use.
    return answer(response, 503, `${error instanceof CodedError ? error.code : "internal-error"}\n`);
  }
}

const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

function answer(response: ServerResponse, code: number, body: string, type = "text/plain; charset=utf-8"): void {
  const length = Buffer.byteLength(body);
  response.writeHead(code, { "content-type": type, "content-length": length, connection: "close" });
  response.end(body);
}
