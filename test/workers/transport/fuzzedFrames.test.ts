/** An authenticated peer that sends anything: the worker neither crashes nor grows, and blames the peer. */
import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { describe, it, type TestContext } from "node:test";
import type WebSocket from "ws";
import { stepTag } from "../../../workers/transport/stepTag.ts";
import { budget } from "../../budget.ts";
import { seed } from "../../seed.ts";
import { fc } from "../../support/fastCheck.ts";
import { type FuzzedFrame, fuzzedFrames } from "./fuzzedFrames.ts";
import type { Asked, Told } from "./fuzzedSession.ts";
import { FUZZED_STEP, PEER_PARTY, ROUND_BYTES, WORKER_PARTY } from "./fuzzedSession.ts";
import { FrameKind } from "../../../workers/messages/frame.ts";
import { identityOf, SESSION } from "./meshFixture.ts";
import { dialPeer, rawFrame, rawHello } from "./rawPeer.ts";

const MAX_GROWTH = 32 << 20;
/** Code compiled, caches filled, early frames of as many sessions as a peer may name: not growth. */
const WARM_UP = 400;
const BATCH = 500;
/** Freed when asked; and with a young generation that is full after a few frames, or resident memory would grow with it. */
const MEMORY = ["--expose-gc", "--max-semi-space-size=2"];
/** What a link may end with. CLOSED: by us, or by the WebSocket layer, whose errors name no frame. */
const BLAMED = new Set(["TRANSPORT_BAD_FRAME", "TRANSPORT_FLOODED", "TRANSPORT_CLOSED", "TRANSPORT_HELLO_MISMATCH"]);

type Measured = Extract<Told, { told: "measured" }>;

class FuzzedWorker {
  readonly #test: TestContext;
  readonly #child: ChildProcess;
  readonly #port: number;
  #socket: WebSocket | undefined;
  attempt = 1n;
  rounds = 0;
  links = 0;

  private constructor(test: TestContext, child: ChildProcess, port: number) {
    this.#test = test;
    this.#child = child;
    this.#port = port;
    child.on("message", (told: Told) => {
      if (told.told === "opened") [this.attempt, this.rounds] = [BigInt(told.attempt), told.rounds];
    });
  }

  static async start(test: TestContext): Promise<FuzzedWorker> {
    const { fingerprint } = await identityOf("raw peer");
    const program = new URL("fuzzedWorker.ts", import.meta.url);
    const child = fork(program, [fingerprint], { execArgv: MEMORY, stdio: "inherit" });
    test.after(() => child.kill("SIGKILL"));
    const [ready] = (await once(child, "message")) as [Told];
    assert.ok(ready.told === "ready");
    return new FuzzedWorker(test, child, ready.port);
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** @returns whether the link outlived it */
  async send(frame: FuzzedFrame): Promise<boolean> {
    const socket = await this.#linked();
    const sent = frame(this.attempt);
    if (sent.as === "message") socket.send(sent.bytes, ignore);
    else if (sent.as === "text") socket.send(sent.text, ignore);
    else beneath(socket).write(sent.bytes);
    if (sent.as === "raw" && !sent.ends) socket.terminate();
    return this.#answers(socket);
  }

  async measure(): Promise<Measured> {
    const measured = new Promise<Measured>((resolve) => {
      const listen = (told: Told): void => {
        if (told.told !== "measured") return;
        this.#child.off("message", listen);
        resolve(told);
      };
      this.#child.on("message", listen);
    });
    this.#ask("measure");
    return measured;
  }

  async stop(): Promise<number | null> {
    const exited = once(this.#child, "exit");
    this.#ask("stop");
    return ((await exited) as [number | null])[0];
  }

  #ask(asked: Asked): void {
    this.#child.send(asked);
  }

  /** As a real peer would dial again. */
  async #linked(): Promise<WebSocket> {
    const open = this.#socket;
    if (open !== undefined && open.readyState === open.OPEN) return open;
    const { keyPem, certificatePem } = await identityOf("raw peer");
    const socket = await dialPeer(this.#test, this.#port, { key: keyPem, cert: certificatePem });
    socket.on("error", ignore);
    socket.send(rawHello());
    this.#socket = socket;
    this.links += 1;
    assert.ok(await this.#answers(socket), "a good hello opens a link");
    return socket;
  }

  /** The worker answers a ping after it has handled all that came before, or the link ends. */
  async #answers(socket: WebSocket): Promise<boolean> {
    if (socket.readyState === socket.CLOSED) return false;
    const answered = new Promise<boolean>((resolve) => {
      socket.once("pong", () => resolve(true)).once("close", () => resolve(false));
    });
    if (socket.readyState === socket.OPEN) socket.ping(undefined, undefined, ignore);
    const outcome = await answered;
    socket.removeAllListeners("pong").removeAllListeners("close");
    return outcome;
  }
}

function beneath(socket: WebSocket): { write(bytes: Uint8Array): void } {
  return (socket as unknown as { _socket: { write(bytes: Uint8Array): void } })._socket;
}

function ignore(): void {}

describe("a worker that an authenticated peer sends anything", () => {
  it(`takes ${budget.peerFrames} fuzzed frames without a crash, and grows by less than 32 MB`, async (test) => {
    const worker = await FuzzedWorker.start(test);
    const frames = fc.sample(fuzzedFrames, { numRuns: budget.peerFrames + WARM_UP });
    let survived = 0;
    let before: Measured | undefined;
    const growths: number[] = [];
    for (const [index, frame] of frames.entries()) {
      if (index === WARM_UP) before = await worker.measure();
      if (await worker.send(frame)) survived += 1;
      if (before === undefined || (index - WARM_UP) % BATCH !== BATCH - 1) continue;
      growths.push((await worker.measure()).bytes - before.bytes);
      assert.ok(growths.at(-1)! < MAX_GROWTH, `${growths.at(-1)} bytes after ${index} frames, seed ${seed}`);
    }
    const after = await worker.measure();
    const { links, rounds } = worker;
    const resident = after.residentBytes - before!.residentBytes;
    test.diagnostic(
      `seed ${seed}: ${survived} of ${frames.length} harmless, ${links} links, ${rounds} rounds; grown by at most ` +
        `${Math.max(...growths)} bytes, resident ${resident}; ${JSON.stringify(after.ends)}`,
    );
    assert.ok(worker.isRunning);
    assert.ok(after.bytes - before!.bytes < MAX_GROWTH, "living memory");
    assert.ok(resident < MAX_GROWTH, `resident memory grew by ${resident}`);
    assert.deepEqual(
      Object.keys(after.ends).filter((code) => !BLAMED.has(code)),
      [],
      "the peer is blamed, by name",
    );
    assert.ok(survived > frames.length / 20 && links > frames.length / 20 && rounds > 0, "both kinds occur");
    const honest = Array.from({ length: 3 }, (_, seq) => seq);
    await worker.send(abort);
    // Its messages come in order: when this one has, so has the number of the attempt that is open now.
    await worker.measure();
    const done = worker.rounds;
    for (const seq of honest)
      assert.ok(await worker.send((attempt) => ({ as: "message", bytes: round(attempt, seq) })));
    await worker.send(abort);
    await worker.measure();
    assert.equal(worker.rounds - done, honest.length, "honest rounds still work");
    assert.equal(await worker.stop(), 0);
  });
});

const PLACE = { session: SESSION, sender: PEER_PARTY, receiver: WORKER_PARTY };

/** The next attempt begins. */
const abort: FuzzedFrame = (attempt) => ({
  as: "message",
  bytes: rawFrame({ kind: FrameKind.ABORT, ...PLACE, attempt, payload: new TextEncoder().encode("CLOSED") }),
});

function round(attempt: bigint, seq: number): Uint8Array {
  const payload = new Uint8Array(ROUND_BYTES);
  return rawFrame({ kind: FrameKind.ROUND, ...PLACE, attempt, step: stepTag(FUZZED_STEP), seq, payload });
}
