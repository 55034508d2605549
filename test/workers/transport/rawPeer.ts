/** A peer made by hand, to misbehave as the mesh never would. */
import { once } from "node:events";
import type { TestContext } from "node:test";
import WebSocket, { type ClientOptions } from "ws";
import { encodeFrame, FrameKind, type Frame } from "../../../workers/messages/frame.ts";
import { encodeHello, PROTOCOL_VERSION, type Hello } from "../../../workers/transport/hello.ts";
import type { TlsIdentity } from "../../../workers/transport/identity.ts";
import {
  addressOf,
  CHAIN_ID,
  identityOf,
  netFor,
  type NetOptions,
  type TestNet,
  type TestWorker,
} from "./meshFixture.ts";

/** Above every other, so that it is the one to dial. */
export const RAW_ADDRESS = `0x${"f".repeat(40)}`;

export interface RawNet {
  readonly net: TestNet;
  readonly worker: TestWorker;
  readonly identity: TlsIdentity;
  /** An upgraded socket; the worker's hello may already have come. */
  dial(): Promise<WebSocket>;
  /** And greeted. */
  dialAndGreet(changes?: Partial<Hello>): Promise<WebSocket>;
}

/** One worker, whose registry knows the raw peer as another. */
export async function rawNet(test: TestContext, options?: NetOptions): Promise<RawNet> {
  const net = await netFor(test, 1, options);
  const [worker] = net.workers as [TestWorker];
  const identity = await identityOf("raw peer");
  net.registry.set(RAW_ADDRESS, {
    address: RAW_ADDRESS,
    endpoint: "https://127.0.0.1:1",
    fingerprint: identity.fingerprint,
  });
  worker.mesh.setPeers([RAW_ADDRESS]);
  const dial = (): Promise<WebSocket> =>
    dialPeer(test, worker.endpoint.port, { key: identity.keyPem, cert: identity.certificatePem });
  return {
    net,
    worker,
    identity,
    dial,
    async dialAndGreet(changes) {
      const socket = await dial();
      socket.send(rawHello(changes));
      await worker.until(({ event }) => event === "PeerConnected");
      return socket;
    },
  };
}

export function rawHello(changes: Partial<Hello> = {}): Uint8Array {
  return encodeHello({
    protocolVersion: PROTOCOL_VERSION,
    chainId: CHAIN_ID,
    sender: RAW_ADDRESS,
    receiver: addressOf(1),
    ...changes,
  });
}

export function rawFrame(changes: Partial<Frame> = {}): Uint8Array {
  const place = { session: `0x${"5e".repeat(32)}`, epoch: 1n, attempt: 1n, step: 0, sender: 2, receiver: 1, seq: 0 };
  return encodeFrame({ kind: FrameKind.PROPOSE, ...place, payload: new Uint8Array(0), ...changes });
}

/** Resolves when upgraded, rejects when refused. */
export async function dialPeer(test: TestContext, port: number, options: ClientOptions): Promise<WebSocket> {
  const socket = new WebSocket(`wss://127.0.0.1:${port}/peer`, {
    rejectUnauthorized: false,
    perMessageDeflate: false,
    ...options,
  });
  test.after(() => socket.terminate());
  await new Promise((resolve, reject) => socket.once("open", resolve).on("error", reject));
  return socket;
}

/** The close code and reason the worker gives. */
export async function closeOf(socket: WebSocket): Promise<[number, string]> {
  const [code, reason] = (await once(socket, "close")) as [number, Buffer];
  return [code, reason.toString()];
}
