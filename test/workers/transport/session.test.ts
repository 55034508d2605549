import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FrameKind, MAX_PAYLOAD_BYTES, type Frame } from "../../../workers/messages/frame.ts";
import { networkCompliance } from "../protocols/networkCompliance.ts";
import type { Session } from "../../../workers/transport/session.ts";
import { stepTag } from "../../../workers/transport/stepTag.ts";
import type { SessionInbox } from "../../../workers/transport/sessionTable.ts";
import { hasCode } from "../store/storeFixture.ts";
import { netFor, party, SESSION, sessionAt, startNet, type TestNet } from "./meshFixture.ts";

networkCompliance("A session over TLS", async (parties, { timeoutMs }) => {
  const net = await startNet(parties.length);
  const sessions = parties.map((_, position) => sessionAt(net, position, { timeoutMs }, parties));
  return {
    networks: sessions,
    async close() {
      for (const session of sessions) session.close();
      await net.close();
    },
  };
});

const NOTHING = new Map<never, never>();
const PAYLOAD = Uint8Array.of(1, 2, 3);

function send(session: Session, to: number, step: string, payload = PAYLOAD): Promise<unknown> {
  return session.exchange(step, new Map([[party(to), payload]]), NOTHING);
}

function receive(
  session: Session,
  from: number,
  step: string,
  bytes = PAYLOAD.length,
): Promise<Map<number, Uint8Array>> {
  return session.exchange(step, NOTHING, new Map([[party(from), bytes]]));
}

/** A frame as party 1 (worker 0) would send it to party 2 (worker 1). */
function frame(changes: Partial<Frame> = {}): Frame {
  const place = { session: SESSION, epoch: 1n, attempt: 1n, step: stepTag("a"), sender: 1, receiver: 2, seq: 0 };
  return { kind: FrameKind.ROUND, ...place, payload: PAYLOAD, ...changes };
}

function inject(net: TestNet, changes: Partial<Frame> = {}, from = 0): Promise<void> {
  return net.workers[from]!.mesh.send(net.workers[1]!.address, frame(changes));
}

describe("a session's frames", () => {
  it("wait when they come before the session is opened", async (test) => {
    const net = await netFor(test, 2);
    await inject(net, { seq: 0 });
    await inject(net, { seq: 1, step: stepTag("b") });
    await settledLink(net);
    assert.equal(net.workers[1]!.mesh.sessions.counts().earlyFrames, 2);
    const session = sessionAt(net, 1);
    assert.equal((await receive(session, 1, "a")).size, 1);
    assert.equal((await receive(session, 1, "b")).size, 1);
    assert.deepEqual(net.workers[1]!.mesh.sessions.counts(), { open: 1, earlyFrames: 0, earlyBytes: 0 });
  });

  it("are dropped when repeated, and put in order within a window", async (test) => {
    const net = await netFor(test, 2);
    const session = sessionAt(net, 1);
    for (const seq of [2, 1, 0, 0, 2, 1, 3]) await inject(net, { seq, payload: Uint8Array.of(seq, 0, 0) });
    for (const seq of [0, 1, 2, 3]) {
      const received = await receive(session, 1, "a");
      assert.equal(received.get(1)![0], seq);
    }
  });

  it("far ahead of their sequence end the session, naming the sender", async (test) => {
    const net = await netFor(test, 2);
    const session = sessionAt(net, 1);
    const waiting = receive(session, 1, "a");
    await inject(net, { seq: 66 });
    await assert.rejects(waiting, hasCode("NETWORK_ABORTED", { peer: 1, reason: "sequence gap" }));
  });

  for (const [what, changes] of [
    ["another session", { session: `0x${"11".repeat(32)}` }],
    ["another epoch", { epoch: 2n }],
    ["another attempt", { attempt: 2n }],
  ] as const) {
    it(`of ${what} are not taken for this one's`, async (test) => {
      const net = await netFor(test, 2);
      const session = sessionAt(net, 1, { timeoutMs: 100 });
      await inject(net, changes);
      await assert.rejects(receive(session, 1, "a"), hasCode("NETWORK_TIMEOUT", { peer: 1, step: "a" }));
    });
  }

  for (const [what, changes, from] of [
    ["under another party's index", {}, 2],
    ["meant for another receiver", { receiver: 3 }, 0],
    ["of a member under no member's index", { sender: 7 }, 0],
  ] as const) {
    it(`${what} cost the sender its link`, async (test) => {
      const net = await netFor(test, 3);
      const victim = net.workers[1]!;
      const session = sessionAt(net, 1);
      await inject(net, changes, from);
      const liar = net.workers[from]!.address;
      const lost = await victim.until(({ event, peer }) => event === "PeerDisconnected" && peer === liar);
      assert.ok("error" in lost && hasCode("TRANSPORT_BAD_FRAME", { peer: liar })(lost.error));
      await assert.rejects(receive(session, from + 1, "a"), hasCode("NETWORK_ABORTED", { peer: from + 1 }));
    });
  }

  it("of a worker that is no member are dropped, early or not, and cost it nothing", async (test) => {
    const net = await netFor(test, 3);
    const victim = net.workers[1]!;
    const outsider = { sender: 3 };
    await inject(net, outsider, 2);
    await settledLink(net, 2);
    const session = sessionAt(net, 1, {}, [1, 2]);
    await inject(net, outsider, 2);
    await inject(net, { ...outsider, kind: FrameKind.ABORT }, 2);
    await inject(net, { sender: 1 }, 2);
    await settledLink(net, 2);
    await inject(net);
    assert.equal((await receive(session, 1, "a")).size, 1);
    assert.ok(victim.mesh.isConnected(net.workers[2]!.address));
  });

  it("that came for a session which has ended are dropped, and it cannot be opened again", async (test) => {
    const net = await netFor(test, 2);
    sessionAt(net, 1).close();
    await inject(net);
    await settledLink(net);
    assert.deepEqual(net.workers[1]!.mesh.sessions.counts(), { open: 0, earlyFrames: 0, earlyBytes: 0 });
    assert.throws(() => sessionAt(net, 1), hasCode("NETWORK_SESSION_REUSED", { attempt: "1" }));
    sessionAt(net, 1, { attempt: 2n });
  });

  it("for sessions never opened are forgotten after a while", async (test) => {
    const net = await netFor(test, 2, { mesh: () => ({ sessionLimits: { maxEarlyAgeMs: 1 } }) });
    await inject(net);
    await settledLink(net);
    const { sessions, timers } = net.workers[1]!.mesh;
    while (sessions.counts().earlyFrames > 0) await new Promise<void>((resolve) => timers.after(1, resolve));
    await assert.rejects(receive(sessionAt(net, 1, { timeoutMs: 50 }), 1, "a"), hasCode("NETWORK_TIMEOUT"));
  });

  it("for sessions never opened are forgotten beyond a count, an amount, the oldest first, and cost no link", async (test) => {
    for (const limits of [{ maxEarlyFrames: 10 }, { maxEarlyBytes: 40_960 }]) {
      const net = await netFor(test, 2, { mesh: () => ({ sessionLimits: limits }) });
      const { mesh } = net.workers[1]!;
      const payload = new Uint8Array(4096);
      for (let attempt = 1n; attempt <= 50n; attempt += 1n) await inject(net, { attempt, payload });
      await settledLink(net);
      assert.deepEqual(mesh.sessions.counts(), { open: 0, earlyFrames: 10, earlyBytes: 40_960 });
      assert.ok(mesh.isConnected(net.workers[0]!.address));
      await receive(sessionAt(net, 1, { attempt: 41n }), 1, "a", payload.length);
      const forgotten = sessionAt(net, 1, { attempt: 40n, timeoutMs: 50 });
      await assert.rejects(receive(forgotten, 1, "a", payload.length), hasCode("NETWORK_TIMEOUT"));
      // Of one session more than all together may be.
      for (let seq = 0; seq <= 50; seq += 1) await inject(net, { attempt: 60n, seq, payload });
      await settledLink(net);
      assert.ok(mesh.sessions.counts().earlyBytes <= 40_960);
      assert.ok(mesh.isConnected(net.workers[0]!.address));
    }
  });

  it("before the end of an attempt that was given up are not kept: it ends when it is opened", async (test) => {
    const net = await netFor(test, 2);
    await inject(net);
    await inject(net, { kind: FrameKind.ABORT, seq: 1, payload: Buffer.from("\0GONE") });
    await settledLink(net);
    assert.deepEqual(net.workers[1]!.mesh.sessions.counts(), { open: 0, earlyFrames: 1, earlyBytes: 5 });
    const reason = "peer gave up: GONE";
    await assert.rejects(receive(sessionAt(net, 1), 1, "a"), hasCode("NETWORK_ABORTED", { peer: 1, reason }));
  });

  it("too far ahead of the receiver end the session, and no link", async (test) => {
    for (const [limits, reason] of [
      [{ maxUnreadBytes: 20_000 }, "maxUnreadBytes"],
      [{ maxUnreadFrames: 5 }, "maxUnreadFrames"],
    ] as const) {
      const net = await netFor(test, 2, { mesh: () => ({ sessionLimits: limits }) });
      const session = sessionAt(net, 1);
      for (let seq = 0; seq < 50; seq += 1) await inject(net, { seq, payload: new Uint8Array(4096) });
      await settledLink(net);
      await assert.rejects(receive(session, 1, "a"), hasCode("NETWORK_ABORTED", { peer: 1, reason }));
      assert.ok(net.workers[1]!.mesh.isConnected(net.workers[0]!.address));
    }
  });

  it("up to the limit are not held against another member's", async (test) => {
    const net = await netFor(test, 3, { mesh: () => ({ sessionLimits: { maxUnreadFrames: 20 } }) });
    const [sender, receiver] = [sessionAt(net, 0), sessionAt(net, 1)];
    const bytes = PAYLOAD.length;
    const round = receiver.exchange("a", NOTHING, new Map([party(1), party(3)].map((from) => [from, bytes])));
    for (let seq = 0; seq <= 20; seq += 1) await inject(net, { sender: 3, seq }, 2);
    await settledLink(net, 2);
    await send(sender, 2, "a");
    assert.equal((await round).size, 2);
    await inject(net, { sender: 3, seq: 21 }, 2);
    await settledLink(net, 2);
    await assert.rejects(receive(receiver, 1, "b"), hasCode("NETWORK_ABORTED", { peer: 3, reason: "maxUnreadFrames" }));
  });

  it("in several sessions are one peer's: the one that holds most ends, and the others go on", async (test) => {
    const net = await netFor(test, 2, { mesh: () => ({ sessionLimits: { maxUnreadBytes: 20_000 } }) });
    const ids = [1, 2, 3].map((digit) => `0x${String(digit).repeat(64)}`);
    const sessions = ids.map((session) => sessionAt(net, 1, { session }));
    const payload = new Uint8Array(4096);
    for (const seq of [0, 1, 2]) await inject(net, { session: ids[0]!, seq, payload });
    await inject(net, { session: ids[1]!, payload });
    await inject(net, { session: ids[2]!, payload });
    await settledLink(net);
    const reason = "maxUnreadBytes";
    await assert.rejects(receive(sessions[0]!, 1, "a", 4096), hasCode("NETWORK_ABORTED", { peer: 1, reason }));
    for (const session of sessions.slice(1)) assert.equal((await receive(session, 1, "a", 4096)).size, 1);
    for (const session of sessions) session.close();
  });

  it("that were not read are held no longer than the session lasts", async (test) => {
    const net = await netFor(test, 2);
    const { mesh } = net.workers[1]!;
    const session = sessionAt(net, 1);
    await inject(net, { payload: new Uint8Array(4096) });
    await settledLink(net);
    session.close();
    assert.deepEqual((session as unknown as SessionInbox).unreadOf(net.workers[0]!.address), { frames: 0, bytes: 0 });
    assert.deepEqual(mesh.sessions.counts(), { open: 0, earlyFrames: 0, earlyBytes: 0 });
  });

  it("in parts of more than the round is of end it at once, naming the sender", async (test) => {
    const net = await netFor(test, 2);
    const round = receive(sessionAt(net, 1, { timeoutMs: 600_000 }), 1, "a");
    await inject(net, { kind: FrameKind.ROUND_PART, payload: new Uint8Array(MAX_PAYLOAD_BYTES) });
    const wrong = { peer: 1, bytes: MAX_PAYLOAD_BYTES, expected: PAYLOAD.length };
    await assert.rejects(round, hasCode("NETWORK_WRONG_LENGTH", wrong));
  });
});

describe("the end of a session", () => {
  it("comes at once when a peer disappears, and names it", async (test) => {
    const net = await netFor(test, 3);
    const sessions = [0, 1, 2].map((position) => sessionAt(net, position, { timeoutMs: 600_000 }));
    const waiting = [receive(sessions[0]!, 3, "a"), receive(sessions[1]!, 3, "a")].map((round) =>
      round.catch((e: unknown) => e),
    );
    net.workers[2]!.mesh.stop();
    const outcomes = await Promise.all(waiting);
    for (const outcome of outcomes) assert.ok(hasCode("NETWORK_ABORTED")(outcome));
    assert.ok(outcomes.some(hasCode("NETWORK_ABORTED", { peer: 3 })));
  });

  it("spares what a peer sent before it disappeared", async (test) => {
    const net = await netFor(test, 2);
    const [first, second] = [sessionAt(net, 0), sessionAt(net, 1)];
    await send(first, 2, "last");
    first.close();
    net.workers[0]!.mesh.stop();
    await net.workers[1]!.until(({ event }) => event === "PeerDisconnected");
    assert.equal((await receive(second, 1, "last")).size, 1);
    await assert.rejects(receive(second, 1, "more"), hasCode("NETWORK_ABORTED", { peer: 1, reason: "link lost" }));
  });

  it("comes at once for a member that was never linked", async (test) => {
    const net = await netFor(test, 2, {}, false);
    for (const { mesh } of net.workers) mesh.setPeers([]);
    const session = sessionAt(net, 0, { timeoutMs: 600_000 });
    await assert.rejects(send(session, 2, "a"), hasCode("NETWORK_ABORTED", { peer: 2, reason: "not connected" }));
  });

  it("never mixes frames of two links: early frames of a lost link make the session fail", async (test) => {
    const net = await netFor(test, 2);
    const [first, second] = net.workers as [TestNet["workers"][number], TestNet["workers"][number]];
    await inject(net);
    await settledLink(net);
    second.mesh.disconnect(first.address, new Error("test"));
    second.events.length = 0;
    await second.until(({ event }) => event === "PeerConnected");
    await assert.rejects(
      receive(sessionAt(net, 1), 1, "a"),
      hasCode("NETWORK_ABORTED", { peer: 1, reason: "link lost" }),
    );
  });

  it("reaches every member when one aborts, with the reason", async (test) => {
    const net = await netFor(test, 3);
    const sessions = [0, 1, 2].map((position) => sessionAt(net, position, { timeoutMs: 600_000 }));
    const waiting = [receive(sessions[0]!, 3, "a"), receive(sessions[1]!, 3, "a")].map((round) =>
      round.catch((e: unknown) => e),
    );
    sessions[2]!.abort("PROTOCOL_KEY_MISMATCH");
    for (const outcome of await Promise.all(waiting)) assert.ok(hasCode("NETWORK_ABORTED")(outcome));
    await assert.rejects(
      send(sessions[2]!, 1, "a"),
      hasCode("NETWORK_ABORTED", { peer: 3, reason: "PROTOCOL_KEY_MISMATCH" }),
    );
  });

  it("follows an AbortSignal, before and during a round", async (test) => {
    const net = await netFor(test, 2);
    const controller = new AbortController();
    const session = sessionAt(net, 0, { signal: controller.signal });
    const waiting = receive(session, 2, "a");
    controller.abort();
    await assert.rejects(waiting, hasCode("NETWORK_ABORTED", { peer: 1, reason: "ABORTED" }));
    const late = sessionAt(net, 0, { signal: controller.signal, attempt: 2n });
    await assert.rejects(send(late, 2, "a"), hasCode("NETWORK_ABORTED", { peer: 1 }));
  });

  it("comes when its own worker stops", async (test) => {
    const net = await netFor(test, 2);
    const waiting = receive(sessionAt(net, 0), 2, "a");
    net.workers[0]!.mesh.stop();
    await assert.rejects(waiting, hasCode("NETWORK_ABORTED"));
  });
});

describe("one worker in two committees", () => {
  it("takes part under a different index in each", async (test) => {
    const net = await netFor(test, 2);
    const here = [0, 1].map((position) => sessionAt(net, position, {}, [1, 2]));
    const there = [0, 1].map((position) => sessionAt(net, position, { epoch: 2n }, [5, 3]));
    const [, a, , b] = await Promise.all([
      send(here[0]!, 2, "a"),
      receive(here[1]!, 1, "a"),
      send(there[0]!, 3, "a"),
      receive(there[1]!, 5, "a"),
    ]);
    assert.deepEqual([[...a.keys()], [...b.keys()]], [[1], [5]]);
    assert.deepEqual(there[0]!.traffic, { rounds: 1, sentBytes: 3, receivedBytes: 0 });
  });
});

/** Resolves when what this worker has sent to worker 1 so far has been handled there. */
async function settledLink(net: TestNet, from = 0): Promise<void> {
  const second = net.workers[1]!;
  const arrived = new Promise<void>((resolve) => second.mesh.onFrame(FrameKind.PROPOSE, () => resolve()));
  await net.workers[from]!.mesh.send(second.address, frame({ kind: FrameKind.PROPOSE }));
  await arrived;
}
