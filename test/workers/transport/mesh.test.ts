import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import WebSocket from "ws";
import { FrameKind, MAX_PAYLOAD_BYTES, type Frame } from "../../../workers/messages/frame.ts";
import { PROTOCOL_VERSION } from "../../../workers/transport/hello.ts";
import type { Mesh, MeshEvent } from "../../../workers/transport/mesh.ts";
import { SESSION_LIMITS } from "../../../workers/transport/sessionTable.ts";
import { hasCode } from "../store/storeFixture.ts";
import { testAuthority } from "./certificates.ts";
import { addressOf, makeIdentity, netFor, now, type TestWorker } from "./meshFixture.ts";
import { closeOf, dialPeer, RAW_ADDRESS, rawFrame, rawHello, rawNet } from "./rawPeer.ts";

const DAY_MS = 86_400_000;
const NOTE: Frame = {
  kind: FrameKind.PROPOSE,
  session: `0x${"00".repeat(32)}`,
  epoch: 0n,
  attempt: 1n,
  step: 0,
  sender: 0,
  receiver: 0,
  seq: 0,
  payload: Uint8Array.of(42),
};

type Failure = Extract<MeshEvent, { error: Error }>;

async function failure(worker: TestWorker, event: Failure["event"], peer?: string): Promise<Error> {
  const found = await worker.until((seen) => seen.event === event && (peer === undefined || seen.peer === peer));
  return (found as Failure).error;
}

function next(mesh: Mesh): Promise<[string, Frame]> {
  return new Promise((resolve) => mesh.onFrame(FrameKind.PROPOSE, (from, frame) => resolve([from, frame])));
}

describe("Mesh", () => {
  it("links every pair once and carries frames both ways", async (test) => {
    const { workers } = await netFor(test, 4);
    for (const [i, { mesh, address }] of workers.entries()) {
      assert.deepEqual(
        mesh.connected(),
        workers
          .map((w) => w.address)
          .filter((a) => a !== address)
          .sort(),
      );
      for (const [j, other] of workers.entries()) {
        if (i === j) continue;
        const arrived = next(other.mesh);
        await mesh.send(other.address.toUpperCase().replace("0X", "0x"), { ...NOTE, seq: i });
        const [from, frame] = await arrived;
        assert.deepEqual([from, frame.seq, [...frame.payload]], [address, i, [42]]);
      }
    }
    for (const { events } of workers) assert.equal(events.filter(({ event }) => event === "PeerConnected").length, 3);
  });

  it("dials again after a link was lost, from either side", async (test) => {
    const { workers } = await netFor(test, 2);
    for (const [ender, other] of [workers, workers.toReversed()] as [TestWorker, TestWorker][]) {
      for (const { events } of workers) events.length = 0;
      ender.mesh.disconnect(other.address, new Error("test"));
      await Promise.all(workers.map((worker) => worker.until(({ event }) => event === "PeerDisconnected")));
      await Promise.all(workers.map((worker) => worker.until(({ event }) => event === "PeerConnected")));
      const arrived = next(other.mesh);
      await ender.mesh.send(other.address, NOTE);
      assert.equal((await arrived)[0], ender.address);
    }
  });

  it("waits longer after each failure, by injected timers and chance", async (test) => {
    const waits: number[] = [];
    const dialled = Promise.withResolvers<void>();
    const timers = {
      after(ms: number, run: () => void): () => void {
        waits.push(ms);
        if (waits.length > 7) dialled.resolve();
        else setImmediate(run);
        return () => {};
      },
    };
    const limits = { minBackoffMs: 100, maxBackoffMs: 1_000 };
    const net = await netFor(test, 1, { mesh: () => ({ timers, limits, random: () => 0.5, self: RAW_ADDRESS }) });
    net.workers[0]!.mesh.setPeers([addressOf(2)]);
    await dialled.promise;
    assert.deepEqual(waits.filter((ms) => ms > 0).slice(0, 6), [75, 150, 300, 600, 750, 750]);
    assert.deepEqual(net.workers[0]!.mesh.peers(), [
      { address: addressOf(2), connected: false, lastError: "TRANSPORT_UNKNOWN_PEER" },
    ]);
  });

  it("refuses to send where there is no link, and stays stopped once stopped", async (test) => {
    const { workers } = await netFor(test, 2);
    const [first, second] = workers as [TestWorker, TestWorker];
    await assert.rejects(first.mesh.send(RAW_ADDRESS, NOTE), hasCode("TRANSPORT_NOT_CONNECTED", { peer: RAW_ADDRESS }));
    first.mesh.stop();
    await failure(second, "PeerDisconnected");
    await assert.rejects(first.mesh.send(second.address, NOTE), hasCode("TRANSPORT_NOT_CONNECTED"));
    assert.throws(() => first.mesh.setPeers(["0x12"]), hasCode("TRANSPORT_BAD_ADDRESS"));
  });

  it("drops a peer that leaves the set, or whose certificate the registry no longer names", async (test) => {
    const { workers, registry } = await netFor(test, 3);
    const [first, second, third] = workers as [TestWorker, TestWorker, TestWorker];
    first.mesh.setPeers([third.address]);
    assert.deepEqual(first.mesh.connected(), [third.address]);
    await failure(second, "PeerDisconnected", first.address);
    registry.delete(third.address);
    first.mesh.setPeers([third.address]);
    assert.ok(hasCode("TRANSPORT_UNKNOWN_PEER")(await failure(first, "PeerDisconnected", third.address)));
    await failure(third, "PeerDisconnected", first.address);
  });

  it("refuses workers of another chain, and both say which", async (test) => {
    const { workers } = await netFor(test, 2, { mesh: (index) => ({ chainId: BigInt(index) }) }, false);
    const [first, second] = workers as [TestWorker, TestWorker];
    const mismatch = { field: "chainId", peer: second.address, ours: "1", theirs: "2" };
    const errors = await Promise.all([failure(first, "PeerRefused"), failure(second, "PeerRefused")]);
    const full = hasCode("TRANSPORT_HELLO_MISMATCH", mismatch);
    // Whoever reads the other's hello first closes; the other may learn the reason from the close.
    assert.ok(errors.some(hasCode("TRANSPORT_HELLO_MISMATCH")));
    assert.ok(full(errors[0]) || errors[0]!.message.includes("chainId"), errors[0]!.message);
    assert.deepEqual([first.mesh.connected(), second.mesh.connected()], [[], []]);
  });
});

describe("a peer that dials with", () => {
  const refusals: [string, string, (own: { key: string; cert: string }) => Promise<object> | object][] = [
    ["no certificate", "403", () => ({})],
    ["a certificate the registry does not name", "403", async () => pem(await makeIdentity("unknown"))],
    ["a certificate that an authority signed", "403", async () => pem(await (await testAuthority())("raw peer"))],
    [
      "an unsuitable protocol version",
      "alert|ssl|version",
      (own) => ({ ...own, maxVersion: "TLSv1.2", minVersion: "TLSv1.2" }),
    ],
  ];
  for (const [what, refusal, options] of refusals) {
    it(`${what} is refused`, async (test) => {
      const { worker, identity } = await rawNet(test);
      const dialling = dialPeer(test, worker.endpoint.port, await options(pem(identity)));
      await assert.rejects(dialling, new RegExp(refusal, "i"));
    });
  }

  for (const [what, offsetMs, validDays] of [
    ["an expired", -10 * DAY_MS, 5],
    ["a not yet valid", 10 * DAY_MS, 5],
  ] as const) {
    it(`${what} certificate is refused although registered`, async (test) => {
      const { worker, net } = await rawNet(test);
      const identity = await makeIdentity("raw peer", () => now() + offsetMs, validDays);
      net.registry.set(RAW_ADDRESS, { ...net.registry.get(RAW_ADDRESS)!, fingerprint: identity.fingerprint });
      await assert.rejects(dialPeer(test, worker.endpoint.port, pem(identity)), /403/);
    });
  }

  it("another worker's certificate is taken for that worker, and its hello refused", async (test) => {
    const { worker, dial } = await rawNet(test);
    const socket = await dial();
    socket.send(rawHello({ sender: addressOf(2) }));
    const expected = { field: "sender", ours: RAW_ADDRESS, theirs: addressOf(2) };
    assert.ok(hasCode("TRANSPORT_HELLO_MISMATCH", expected)(await failure(worker, "PeerRefused")));
  });

  it("a certificate revoked meanwhile is refused", async (test) => {
    const { worker, net, identity } = await rawNet(test);
    net.registry.delete(RAW_ADDRESS);
    await assert.rejects(dialPeer(test, worker.endpoint.port, pem(identity)), /403/);
  });

  it("plain ws gets nothing", async (test) => {
    const { worker } = await rawNet(test);
    const socket = new WebSocket(`ws://127.0.0.1:${worker.endpoint.port}/peer`);
    test.after(() => socket.terminate());
    await assert.rejects(once(socket, "open"));
  });

  it("the wrong direction is refused", async (test) => {
    const { workers } = await netFor(test, 2);
    const [higher, lower] = workers.toSorted((a, b) => (a.address < b.address ? 1 : -1)) as [TestWorker, TestWorker];
    const socket = await dialPeer(test, higher.endpoint.port, pem(lower.identity));
    assert.equal((await closeOf(socket))[0], 4000);
    assert.equal(higher.mesh.isConnected(lower.address), true);
  });
});

describe("a worker that dials a peer", () => {
  it("refuses a certificate that the registry does not name for it", async (test) => {
    const net = await netFor(test, 2, {}, false);
    const [higher, lower] = net.workers.toSorted((a, b) => (a.address < b.address ? 1 : -1)) as [
      TestWorker,
      TestWorker,
    ];
    net.registry.set(lower.address, { ...net.registry.get(lower.address)!, fingerprint: higher.identity.fingerprint });
    const fields = { peer: lower.address, seen: lower.identity.fingerprint, pinned: higher.identity.fingerprint };
    assert.ok(hasCode("TRANSPORT_WRONG_FINGERPRINT", fields)(await failure(higher, "PeerRefused")));
    assert.deepEqual(lower.mesh.connected(), []);
  });

  it("refuses an expired certificate, a bad endpoint and one that does not answer", async (test) => {
    const expired = await makeIdentity("old", () => now() - 10 * DAY_MS, 5);
    const net = await netFor(test, 2, { endpoint: (index) => (index === 2 ? { identity: expired } : {}) }, false);
    const [higher, lower] = net.workers as [TestWorker, TestWorker];
    const record = { ...net.registry.get(lower.address)!, fingerprint: expired.fingerprint };
    net.registry.set(lower.address, record);
    const seen = (code: string): Promise<MeshEvent> =>
      higher.until((event) => "error" in event && hasCode(code)(event.error));
    await seen("TRANSPORT_CERTIFICATE_EXPIRED");
    net.registry.set(lower.address, { ...record, endpoint: "http://127.0.0.1:80" });
    await seen("TRANSPORT_BAD_ENDPOINT");
    net.registry.set(lower.address, { ...record, endpoint: "https://127.0.0.1:1" });
    await seen("TRANSPORT_UNREACHABLE");
  });
});

describe("a link is closed on a peer that", () => {
  it("says nothing", async (test) => {
    const { worker, dial } = await rawNet(test, { mesh: () => ({ limits: { helloTimeoutMs: 20 } }) });
    await dial();
    assert.ok(hasCode("TRANSPORT_TIMEOUT", { phase: "hello" })(await failure(worker, "PeerRefused")));
  });

  it("answers no ping", async (test) => {
    const limits = { heartbeatMs: 10, maxMissedHeartbeats: 2 };
    const { worker, dialAndGreet } = await rawNet(test, { mesh: () => ({ limits }) });
    const socket = await dialAndGreet();
    socket.pause();
    assert.ok(hasCode("TRANSPORT_PEER_SILENT")(await failure(worker, "PeerDisconnected")));
  });

  for (const [what, message, code] of [
    ["speaks before its hello", rawFrame(), "TRANSPORT_HELLO_MISMATCH"],
    ["speaks another frame version", versioned(), "TRANSPORT_BAD_FRAME"],
    [
      "greets from another protocol version",
      rawHello({ protocolVersion: PROTOCOL_VERSION + 1 }),
      "TRANSPORT_HELLO_MISMATCH",
    ],
    ["sends text", "hello", "TRANSPORT_BAD_FRAME"],
  ] as const) {
    it(what, async (test) => {
      const { worker, dial } = await rawNet(test);
      const socket = await dial();
      socket.send(message);
      assert.ok(hasCode(code)(await failure(worker, "PeerRefused")));
      assert.equal(worker.mesh.isConnected(RAW_ADDRESS), false);
    });
  }

  for (const [what, message, code] of [
    ["sends bytes that are no frame", new Uint8Array(100), "TRANSPORT_BAD_FRAME"],
    ["greets twice", rawHello(), "TRANSPORT_BAD_FRAME"],
    ["sends more than a frame may hold", new Uint8Array(2 * MAX_PAYLOAD_BYTES), "TRANSPORT_CLOSED"],
  ] as const) {
    it(what, async (test) => {
      const { worker, dialAndGreet } = await rawNet(test);
      const socket = await dialAndGreet();
      const closed = closeOf(socket);
      socket.send(message);
      assert.ok(hasCode(code)(await failure(worker, "PeerDisconnected")));
      assert.equal((await closed)[0], code === "TRANSPORT_CLOSED" ? 1009 : 4000);
    });
  }

  it("sends a frame in pieces", async (test) => {
    const { worker, dialAndGreet } = await rawNet(test);
    const socket = await dialAndGreet();
    const closed = closeOf(socket);
    socket.send(rawFrame().subarray(0, 1), { fin: false });
    socket.send(rawFrame().subarray(1), { fin: false });
    assert.ok(hasCode("TRANSPORT_CLOSED")(await failure(worker, "PeerDisconnected")));
    assert.equal((await closed)[0], 1008);
  });

  it("sends faster than its frames are handled", async (test) => {
    const { worker, dialAndGreet } = await rawNet(test, { mesh: () => ({ limits: { maxPendingFrames: 5 } }) });
    worker.mesh.onFrame(FrameKind.PROPOSE, () => new Promise(() => {}));
    const socket = await dialAndGreet();
    for (let i = 0; i < 10; i += 1) socket.send(rawFrame());
    assert.ok(hasCode("TRANSPORT_FLOODED", { limit: "maxPendingFrames" })(await failure(worker, "PeerDisconnected")));
  });

  it("makes a handler reject", async (test) => {
    const { worker, dialAndGreet } = await rawNet(test);
    worker.mesh.onFrame(FrameKind.PROPOSE, () => Promise.reject(new Error("never sent by an honest peer")));
    (await dialAndGreet()).send(rawFrame());
    assert.ok(hasCode("TRANSPORT_BAD_FRAME")(await failure(worker, "PeerDisconnected")));
  });

  it("connects anew, the newer link replacing the older", async (test) => {
    const { worker, dialAndGreet, dial } = await rawNet(test);
    const older = await dialAndGreet();
    const closed = closeOf(older);
    const newer = await dial();
    newer.send(rawHello());
    await closed;
    assert.deepEqual(worker.mesh.connected(), [RAW_ADDRESS]);
    const arrived = next(worker.mesh);
    newer.send(rawFrame());
    assert.equal((await arrived)[0], RAW_ADDRESS);
  });
});

describe("a flood", () => {
  it("of frames for sessions nobody opened leaves memory bounded", async (test) => {
    const { worker, dialAndGreet } = await rawNet(test);
    const socket = await dialAndGreet();
    const before = process.memoryUsage().rss;
    const payload = new Uint8Array(MAX_PAYLOAD_BYTES);
    for (let seq = 0; seq < 256; seq += 1) socket.send(rawFrame({ kind: FrameKind.ROUND, seq, payload }), () => {});
    const last = next(worker.mesh);
    socket.send(rawFrame());
    await last;
    // All of one session: at the frame beyond the limit it is forgotten, and begins anew.
    const { earlyBytes } = worker.mesh.sessions.counts();
    assert.ok(earlyBytes > 0 && earlyBytes <= SESSION_LIMITS.maxEarlyBytes, `${earlyBytes} bytes`);
    assert.ok(worker.mesh.isConnected(RAW_ADDRESS));
    // Sender and receiver share this process: 64 MiB are the sender's own queue.
    assert.ok(process.memoryUsage().rss - before < 256 << 20);
  });

  it("towards a peer that does not read is refused at the queue's limit", async (test) => {
    const { worker, dialAndGreet } = await rawNet(test, { mesh: () => ({ limits: { maxQueueBytes: 4 << 20 } }) });
    const socket = await dialAndGreet();
    socket.pause();
    const payload = new Uint8Array(MAX_PAYLOAD_BYTES);
    const sends = Array.from({ length: 160 }, () => worker.mesh.send(RAW_ADDRESS, { ...NOTE, payload }));
    const refused = await Promise.any(
      sends.map((sending) =>
        sending.then(
          () => Promise.reject(),
          (error: unknown) => error,
        ),
      ),
    );
    assert.ok(hasCode("TRANSPORT_QUEUE_FULL", { peer: RAW_ADDRESS, maximum: 4 << 20 })(refused));
  });
});

function pem({ keyPem, certificatePem }: { keyPem: string; certificatePem: string }): { key: string; cert: string } {
  return { key: keyPem, cert: certificatePem };
}

function versioned(): Uint8Array {
  const bytes = rawHello();
  bytes[4] = 9;
  return bytes;
}
