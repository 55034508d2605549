/**
 * A TLS 1.3 connection whose other end is known by fingerprint before one byte of ours is written. The certificate's
 * chain and names are ignored on purpose (identity.ts says why).
 */
import { connect, type TLSSocket } from "node:tls";
import { transportError } from "./errors.ts";
import { checkCertificate, type TlsIdentity } from "./identity.ts";

export interface PinnedConnection {
  /** `https://host:port`, as registered. */
  readonly endpoint: string;
  /** 0x-hex SHA-256 of the DER certificate the registry names. */
  readonly fingerprint: string;
  readonly identity: TlsIdentity;
  /** How errors name the other side. */
  readonly peer: string;
  readonly now: () => number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** @throws CodedError TRANSPORT_BAD_ENDPOINT: anything but https://host:port */
export function parseEndpoint(endpoint: string): { host: string; port: number } {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const bare = url !== undefined && ["", "/"].includes(url.pathname) && url.search === "" && url.hash === "";
  if (!bare || url.protocol !== "https:" || url.username !== "" || url.password !== "") {
    throw transportError(
      { code: "TRANSPORT_BAD_ENDPOINT", endpoint },
      `not of the form https://host:port: ${endpoint}`,
    );
  }
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port === "" ? 443 : Number(url.port) };
}

/**
 * @throws CodedError TRANSPORT_BAD_ENDPOINT, TRANSPORT_UNREACHABLE, TRANSPORT_TIMEOUT, TRANSPORT_NO_CERTIFICATE,
 *   TRANSPORT_CERTIFICATE_*, TRANSPORT_WRONG_FINGERPRINT, TRANSPORT_STOPPED (signal)
 */
export async function connectPinned(target: PinnedConnection): Promise<TLSSocket> {
  const { host, port } = parseEndpoint(target.endpoint);
  const { identity, peer, signal } = target;
  if (signal?.aborted) throw stopped();
  const socket = connect({
    host,
    port,
    key: identity.keyPem,
    cert: identity.certificatePem,
    minVersion: "TLSv1.3",
    // The pin below replaces the chain of trust; nothing is written before it holds.
    rejectUnauthorized: false,
  });
  try {
    await secured(socket, target);
    const seen = checkCertificate(socket.getPeerX509Certificate(), peer, target.now());
    if (seen !== target.fingerprint.toLowerCase()) {
      const detail = { code: "TRANSPORT_WRONG_FINGERPRINT", peer, seen, pinned: target.fingerprint } as const;
      throw transportError(detail, `${peer} shows certificate ${seen}, the registry names ${target.fingerprint}`);
    }
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return socket;
}

function secured(socket: TLSSocket, { peer, timeoutMs, signal }: PinnedConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      finish(
        transportError({ code: "TRANSPORT_TIMEOUT", peer, phase: "connect" }, `${peer}: no TLS within ${timeoutMs} ms`),
      );
    }, timeoutMs);
    const onAbort = (): void => finish(stopped());
    const onFailure = (cause?: Error): void => {
      finish(transportError({ code: "TRANSPORT_UNREACHABLE", peer }, `cannot reach ${peer}`, cause));
    };
    const onSecure = (): void => finish();
    function finish(error?: Error): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      socket.off("error", onFailure).off("close", onFailure).off("secureConnect", onSecure);
      // A socket that fails later is the new owner's business, but never an uncaught event.
      socket.on("error", ignore);
      if (error === undefined) resolve();
      else reject(error);
    }
    signal?.addEventListener("abort", onAbort, { once: true });
    socket.on("error", onFailure).on("close", onFailure).on("secureConnect", onSecure);
  });
}

function ignore(): void {}

function stopped(): Error {
  return transportError({ code: "TRANSPORT_STOPPED" }, "stopped while connecting");
}
