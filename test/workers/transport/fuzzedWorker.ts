/**
 * A worker's endpoint, mesh and sessions in a process of their own, so that its memory is nobody else's. It runs attempt after
 * attempt with one peer, and decodes what the desks would decode. Run with --expose-gc; argument: the peer's fingerprint.
 */
import assert from "node:assert/strict";
import { setImmediate as nextTick } from "node:timers/promises";
import { isCoded } from "../../../workers/errors.ts";
import { FrameKind, type Frame } from "../../../workers/messages/frame.ts";
import { decodeCheckReport } from "../../../workers/messages/inputCheck.ts";
import { decodeParticipants } from "../../../workers/messages/proposal.ts";
import { decodeSignedVerdict } from "../../../workers/messages/signedVerdict.ts";
import { EarlyFrames } from "../../../workers/node/earlyFrames.ts";
import type { MeshEvent } from "../../../workers/transport/mesh.ts";
import { openSession } from "../../../workers/transport/session.ts";
import type { Asked, Told } from "./fuzzedSession.ts";
import { FUZZED_STEP, PEER_PARTY, ROUND_BYTES, WORKER_PARTY } from "./fuzzedSession.ts";
import { now, party, SESSION, startNet } from "./meshFixture.ts";
import { RAW_ADDRESS } from "./rawPeer.ts";

const [fingerprint] = process.argv.slice(2);
assert.ok(fingerprint !== undefined && globalThis.gc !== undefined);

const ends: Record<string, number> = {};
let attempt = 0n;
let rounds = 0;
const onEvent = (event: MeshEvent): void => {
  if (event.event === "PeerConnected") return void runAttempts();
  const code = isCoded(event.error) ? event.error.code : "other";
  ends[code] = (ends[code] ?? 0) + 1;
};
const net = await startNet(1, { mesh: () => ({ onEvent }) });
const [{ mesh, endpoint, address }] = net.workers as [(typeof net.workers)[number]];
net.registry.set(RAW_ADDRESS, { address: RAW_ADDRESS, endpoint: "https://127.0.0.1:1", fingerprint });
mesh.setPeers([RAW_ADDRESS]);

/** Until the link ends: an attempt that failed is never opened again. */
async function runAttempts(): Promise<void> {
  const members = new Map([
    [party(WORKER_PARTY), address],
    [party(PEER_PARTY), RAW_ADDRESS],
  ]);
  while (mesh.isConnected(RAW_ADDRESS)) {
    attempt += 1n;
    const key = { session: SESSION, epoch: 1n, attempt };
    const session = openSession({ mesh, ...key, self: party(WORKER_PARTY), members, timeoutMs: 20_000 });
    tell({ told: "opened", attempt: String(attempt), rounds });
    try {
      for (;;) {
        await session.exchange(FUZZED_STEP, new Map(), new Map([[party(PEER_PARTY), ROUND_BYTES]]));
        rounds += 1;
      }
    } catch (error) {
      assert.ok(isCoded(error), String(error));
      await nextTick();
    }
  }
}

const early = new EarlyFrames(now);
const handle =
  (decode: (payload: Uint8Array) => unknown) =>
  (from: string, frame: Frame): void => {
    if (frame.session === SESSION) decode(frame.payload);
    else early.hold(from, frame);
  };
mesh.onFrame(FrameKind.PROPOSE, handle(decodeParticipants));
mesh.onFrame(FrameKind.PROPOSE_CHECK, handle(decodeParticipants));
mesh.onFrame(FrameKind.SIGNATURE, handle(decodeSignedVerdict));
mesh.onFrame(FrameKind.CHECK_REPORT, handle(decodeCheckReport));

function tell(told: Told): void {
  process.send!(told);
}

async function measure(): Promise<void> {
  // Closed sockets are freed by callbacks of their own.
  for (let i = 0; i < 5; i += 1) {
    await nextTick();
    await globalThis.gc!({ execution: "async" });
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  tell({ told: "measured", bytes: heapUsed + external, residentBytes: rss, ends });
}

process.on("message", (asked: Asked) => {
  if (asked === "measure") void measure();
  else void net.close().then(() => process.disconnect());
});
process.on("disconnect", () => process.exit());
tell({ told: "ready", port: endpoint.port });
