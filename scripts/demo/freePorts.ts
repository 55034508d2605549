/**
 * Ports for the workers' endpoints, which must be known before the workers start (they are in the registry). Taken
 * below the range the system hands out by itself, so that no outgoing connection takes one in between, and held open
 * together until all are found.
 */
import { type Server, createServer } from "node:net";
import { CodedError } from "#errors";

/** Linux gives 32768–60999 to outgoing connections, others 49152 and up. */
const LOWEST = 20_000;
const HIGHEST = 31_999;
const ATTEMPTS = 200;

/** @throws CodedError PORTS_UNAVAILABLE */
export async function freePorts(count: number, randomBytes: (length: number) => Uint8Array): Promise<number[]> {
  const held: Server[] = [];
  const ports: number[] = [];
  try {
    for (let attempt = 0; ports.length < count; attempt++) {
      if (attempt === ATTEMPTS) throw new CodedError({ code: "PORTS_UNAVAILABLE", count }, `no ${count} free ports`);
      const [high, low] = randomBytes(2) as unknown as [number, number];
      const port = LOWEST + ((high * 256 + low) % (HIGHEST - LOWEST + 1));
      const server = ports.includes(port) ? undefined : await listen(port);
      if (server === undefined) continue;
      held.push(server);
      ports.push(port);
    }
    return ports;
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
