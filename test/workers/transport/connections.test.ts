import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { describe, it, type TestContext } from "node:test";
import { connect as connectTls } from "node:tls";
import { Connections, networkOf } from "../../../workers/transport/connections.ts";
import { dialPeer, rawNet, type RawNet } from "./rawPeer.ts";

const LIMITS = { maxStrangers: 5, maxStrangersPerNetwork: 3, maxPinnedPerCertificate: 2 };

let nextPort = 1;
function socketFrom(remoteAddress: string): PassThrough & { remoteAddress: string; remotePort: number } {
  return Object.assign(new PassThrough(), { remoteAddress, remotePort: nextPort++ });
}

describe("Connections", () => {
  it("keeps few strangers per network, the newest", () => {
    const connections = new Connections(LIMITS);
    const sockets = [1, 2, 3, 4, 5].map(() => socketFrom("10.0.0.1"));
    for (const socket of sockets) connections.add(socket);
    assert.deepEqual(
      sockets.map(({ destroyed }) => destroyed),
      [true, true, false, false, false],
    );
  });

  it("keeps few strangers in total, at the cost of the network with most", () => {
    const connections = new Connections(LIMITS);
    const [alone, many] = [socketFrom("10.0.0.9"), [1, 2, 3].map(() => socketFrom("10.0.0.1"))];
    for (const socket of [alone, ...many, socketFrom("10.0.0.2"), socketFrom("10.0.0.3")]) connections.add(socket);
    assert.equal(alone.destroyed, false);
    assert.deepEqual(
      many.map(({ destroyed }) => destroyed),
      [true, false, false],
    );
    assert.deepEqual(connections.counts(), { strangers: 5, pinned: 0 });
  });

  it("never drops a pinned socket for strangers, and keeps few of one certificate", () => {
    const connections = new Connections(LIMITS);
    const own = [1, 2, 3].map(() => socketFrom("10.0.0.1"));
    for (const socket of own) {
      connections.add(socket);
      connections.pin(socket, "certificate");
    }
    for (let i = 0; i < 20; i += 1) connections.add(socketFrom("10.0.0.1"));
    assert.deepEqual(
      own.map(({ destroyed }) => destroyed),
      [true, false, false],
    );
    assert.deepEqual(connections.counts(), { strangers: 3, pinned: 2 });
    own[1]!.emit("close");
    assert.deepEqual(connections.counts(), { strangers: 3, pinned: 1 });
  });

  it("takes an IPv6 /64 for one network, and a mapped IPv4 address for itself", () => {
    assert.equal(networkOf("2001:db8:0:1::5"), networkOf("2001:0db8::1:aaaa:bbbb:cccc:dddd"));
    assert.notEqual(networkOf("2001:db8:0:1::5"), networkOf("2001:db8:0:2::5"));
    assert.equal(networkOf("::1"), "0:0:0:0::/64");
    assert.equal(networkOf("::ffff:10.0.0.1"), "10.0.0.1");
    assert.notEqual(networkOf("10.0.0.1"), networkOf("10.0.0.2"));
  });
});

describe("an endpoint full of idle sockets", () => {
  const limits = { maxConnections: 6, maxStrangers: 4, maxStrangersPerNetwork: 3, headersTimeoutMs: 600_000 };

  async function idle(test: TestContext, { worker }: RawNet, count: number, isTls: boolean): Promise<Socket[]> {
    const options = { port: worker.endpoint.port, host: "127.0.0.1", rejectUnauthorized: false };
    const sockets: Socket[] = [];
    for (let i = 0; i < count; i += 1) {
      const socket = isTls ? connectTls(options) : connectTcp(options);
      test.after(() => socket.destroy());
      socket.on("error", () => {}).resume();
      await once(socket, isTls ? "secureConnect" : "connect");
      sockets.push(socket);
    }
    return sockets;
  }

  for (const isTls of [false, true]) {
    it(`lets a peer in, ${isTls ? "after" : "before"} their handshakes, and keeps its link`, async (test) => {
      const net = await rawNet(test, { endpoint: () => ({ limits }) });
      await idle(test, net, 6, isTls);
      const peer = await net.dialAndGreet();
      const [first] = await idle(test, net, 8, isTls);
      if (first !== undefined && !first.destroyed) await once(first, "close");
      assert.equal(peer.readyState, peer.OPEN);
      assert.ok(net.worker.mesh.isConnected(`0x${"f".repeat(40)}`));
    });
  }

  it("takes no more than two sockets of one peer", async (test) => {
    const net = await rawNet(test, { endpoint: () => ({ limits }) });
    const first = await net.dial();
    const ended = once(first, "close");
    for (let i = 0; i < 2; i += 1) {
      const { keyPem: key, certificatePem: cert } = net.identity;
      await dialPeer(test, net.worker.endpoint.port, { key, cert });
    }
    await ended;
  });
});
