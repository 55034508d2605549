/**
 * What TLS alone can do between two processes of this machine: the same TLS 1.3 and certificates, Node's own sockets, no
 * frames. The yardstick for everything that is sent.
 */
import { createServer } from "node:tls";
import type { AddressInfo } from "node:net";

import { connectPinned } from "../../../workers/transport/connectPinned.ts";
import type { BenchWorker } from "./benchWorker.ts";

/** Bytes a burst has, round trips that are timed; bursts are 1 MiB writes. */
export interface RawOptions {
  readonly port: number;
  /** Whose certificate is expected, by its place in the registry. */
  readonly peer: number;
  readonly burstBytes: number;
  readonly trips: number;
}

export interface RawFigures {
  readonly bytesPerSecond: number;
  readonly tripSeconds: number;
}

const PING = 1;
const TRIP_BYTES = 100;
const CHUNK_BYTES = 1 << 20;

/** Answers every message of TRIP_BYTES, and a burst once it has come whole. @returns the port */
export async function listenRaw({ identity }: BenchWorker, burstBytes: number): Promise<number> {
  const { keyPem: key, certificatePem: cert } = identity;
  const options = {
    key,
    cert,
    minVersion: "TLSv1.3",
    requestCert: true,
    rejectUnauthorized: false,
    noDelay: true,
  } as const;
  const server = createServer(options, (socket) => {
    let received = 0;
    socket.on("data", (bytes: Buffer) => {
      if (received === 0 && bytes.length === TRIP_BYTES && bytes[0] === PING) return void socket.write(bytes);
      received += bytes.length;
      if (received < burstBytes) return;
      received = 0;
      socket.write(Buffer.alloc(TRIP_BYTES));
    });
    socket.on("error", () => socket.destroy());
  });
  server.unref();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** The best burst of three, and the median trip. */
export async function measureRaw(worker: BenchWorker, options: RawOptions): Promise<RawFigures> {
  const { identity, registry } = worker;
  const { fingerprint, address } = registry[options.peer - 1]!;
  const endpoint = `https://127.0.0.1:${options.port}`;
  const socket = await connectPinned({
    endpoint,
    fingerprint,
    identity,
    peer: address,
    now: Date.now,
    timeoutMs: 5_000,
  });
  socket.setNoDelay(true);
  const answered = (): Promise<void> => new Promise((resolve) => socket.once("data", () => resolve()));
  const timed = async (send: () => void): Promise<number> => {
    const begun = performance.now();
    const answer = answered();
    send();
    await answer;
    return (performance.now() - begun) / 1_000;
  };
  const trips: number[] = [];
  for (let trip = 0; trip < options.trips; trip++) {
    trips.push(await timed(() => void socket.write(Buffer.alloc(TRIP_BYTES, PING))));
  }
  const bursts: number[] = [];
  for (let burst = 0; burst < 3; burst++) {
    bursts.push(
      await timed(() => {
        for (let sent = 0; sent < options.burstBytes; sent += CHUNK_BYTES) {
          socket.write(Buffer.alloc(Math.min(CHUNK_BYTES, options.burstBytes - sent)));
        }
      }),
    );
  }
  socket.destroy();
  const tripSeconds = trips.sort((a, b) => a - b)[trips.length >> 1]!;
  return { bytesPerSecond: options.burstBytes / Math.min(...bursts), tripSeconds };
}
