/** Each thing that the simulator watches for is noticed when it is there. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroHash, id } from "ethers";
import { type Frame, FrameKind, encodeFrame } from "../../workers/messages/frame.ts";
import { stepTag } from "../../workers/transport/stepTag.ts";
import { Adversary, type Lie } from "./adversary.ts";
import { endChange, propose } from "./committeeChange.ts";
import { WORKERS } from "./genesis.ts";
import { Observer } from "./observer.ts";
import { Choices } from "./seededChoices.ts";
import type { Incarnation } from "./simulatedMesh.ts";
import type { Contributed } from "./plainModel.ts";
import { type Row, oppositeRow } from "./simulatedStudy.ts";
import { BLOCK_MS, Simulation } from "./simulation.ts";
import { VirtualTime } from "./virtualTime.ts";
import { verify } from "./verify.ts";

const SESSION = id("session");

function incarnation(index: number): Incarnation {
  return { index, address: WORKERS[index - 1]!.address.toLowerCase(), alive: true };
}

function frame(step: string, change: Partial<Frame> = {}): Uint8Array {
  const place = { session: SESSION, epoch: 1n, attempt: 1n, sender: 1, receiver: 2, seq: 0 };
  const payload = Buffer.from(id(step).slice(2), "hex");
  return encodeFrame({ kind: FrameKind.ROUND, ...place, step: stepTag(step), payload, ...change });
}

type Send = (bytes: Uint8Array, from?: number, to?: number) => void;

interface Watch {
  readonly observer: Observer;
  readonly adversary: Adversary;
  readonly send: Send;
}

function watch(): Watch {
  const adversary = new Adversary(new Choices("observer"));
  const observer = new Observer(new VirtualTime(), adversary);
  const send: Send = (bytes, from = 1, to = 2) => observer.onSend(incarnation(from), incarnation(to), bytes);
  return { observer, adversary, send };
}

/** Worker 3, with which worker 1 computes, lies to it in a step; before that it has opened some. */
function lieIn(step: string, lie: Partial<Lie> = {}, opened: readonly string[] = []): Watch {
  const watched = watch();
  const { adversary, send } = watched;
  adversary.corrupt(3);
  send(frame("keys/hashes", { receiver: 3 }), 1, 3);
  for (const earlier of [...opened, step]) send(frame(earlier, { sender: 3, receiver: 1 }), 3, 1);
  adversary.plan(3, { kind: "alter", alteration: "flip", after: 0, frames: 1, ...lie } as Lie);
  adversary.onSend(incarnation(3), incarnation(1), frame(step, { sender: 3, receiver: 1 }));
  assert.equal(adversary.lies, 1);
  return watched;
}

function assertViolated({ violations }: Observer, expected: RegExp): void {
  assert.ok(violations.length === 1 && expected.test(violations[0]!), violations.join("\n") || "nothing was noticed");
}

describe("Observer", () => {
  it("notices bytes that come again in another attempt or step, and not those of one message to several", () => {
    const { observer, send } = watch();
    send(frame("keys/contributions"));
    send(frame("keys/contributions", { receiver: 3 }), 1, 3);
    send(frame("inputs/ready"));
    send(frame("inputs/ready", { attempt: 2n }));
    assert.deepEqual(observer.violations, []);
    send(frame("keys/contributions", { attempt: 2n }));
    assertViolated(observer, /used twice/);
  });

  it("notices any word that comes again, in another step or agreement of keys or the same payload", () => {
    const words = (...names: string[]): Buffer =>
      Buffer.concat(names.map((name) => Buffer.from(id(name).slice(2), "hex")));
    const first = frame("products/1/collect", { payload: words("a", "b", "c") });
    const again = (step: string, ...names: string[]) => frame(step, { payload: words(...names) });
    for (const repeated of [
      [again("products/2/collect", "d", "c")],
      [frame("keys/contributions"), again("products/1/collect", "b")],
      [again("sums/return", "d", "e", "d")],
      [again("sealed/keys", "d"), again("outputs", "e", "a")],
    ]) {
      const { observer, send } = watch();
      send(first);
      send(frame("products/1/collect", { payload: words("a", "b", "c"), receiver: 3 }), 1, 3);
      for (const sent of [again("outputs", "a"), ...repeated.slice(0, -1)]) send(sent);
      assert.deepEqual(observer.violations, []);
      send(repeated.at(-1)!);
      assertViolated(observer, /used twice/);
    }
  });

  it("notices equal contributions of two workers", () => {
    const { observer, send } = watch();
    send(frame("keys/contributions"));
    send(frame("keys/contributions"), 3);
    assertViolated(observer, /used twice/);
  });

  it("notices a round after an abort, of an honest worker only", () => {
    const { observer, adversary, send } = watch();
    adversary.corrupt(4);
    for (const from of [4, 1]) {
      send(frame("abort", { kind: FrameKind.ABORT }), from);
      send(frame("products/1/collect"), from);
    }
    assertViolated(observer, /worker 1 goes on/);
  });

  it("notices outputs opened after a step was altered", () => {
    const { observer, send } = lieIn("sums/collect");
    send(frame("outputs", { attempt: 2n }));
    assert.deepEqual(observer.violations, []);
    send(frame("outputs"));
    assertViolated(observer, /opens outputs/);
  });

  it("notices whatever else opens after a step was altered, and a verdict", () => {
    const openings = ["cohort", "zeros", "groups", "lines/2/open", "output/0/1-3", "outputs", "verdict"];
    for (const lie of [
      {},
      { kind: "drop" },
      { kind: "header", field: "epoch" },
      { kind: "swap", numbered: "anew" },
    ] as const) {
      for (const opening of openings) {
        const { observer, send } = lieIn("products/1/return", lie);
        send(frame("verify/last/open"));
        assert.deepEqual(observer.violations, []);
        send(frame(opening));
        assertViolated(observer, new RegExp(`opens ${opening}`));
      }
    }
    const { observer } = lieIn("gate/bits/collect");
    observer.onSigned({ index: 1, requestId: SESSION, attempt: 1n, statement: ZeroHash, resultHash: ZeroHash });
    assertViolated(observer, /has a verdict/);
  });

  it("lets those who were not lied to send what they open next, and nothing after it", () => {
    const openings = ["cohort", "zeros", "groups", "lines/1/open", "outputs"];
    const sign = { index: 1, requestId: SESSION, attempt: 1n, statement: ZeroHash, resultHash: ZeroHash };
    for (const [step, next] of [
      ["tests/ready", 0],
      ["cohort", 1],
      ["groups", 3],
      ["lines/1/ready", 3],
      ["outputs/ready", 4],
    ] as const) {
      const before = openings.slice(0, openings.includes(step) ? next - 1 : next);
      const { observer, send } = lieIn(step, {}, before);
      for (const opening of openings.slice(0, next + 1)) send(frame(opening));
      assert.deepEqual(observer.violations, [], step);
      if (openings[next + 1] === undefined) observer.onSigned(sign);
      else send(frame(openings[next + 1]!));
      assertViolated(observer, /opens|has a verdict/);
    }
    // Only who was lied to about the outputs lacks them.
    const { observer, send } = lieIn("outputs", {}, ["cohort"]);
    for (const opening of ["cohort", "outputs"]) send(frame(opening));
    observer.onSigned(sign);
    assert.deepEqual(observer.violations, []);
  });

  it("expects nothing of lies from which nothing may come, nor of those who compute without the liar", () => {
    for (const watched of [
      lieIn("kept"),
      lieIn("inputs/ready", { kind: "repeat" }),
      lieIn("sums/return", { kind: "swap", numbered: "as sent" }),
    ]) {
      watched.send(frame("cohort"));
      assert.deepEqual(watched.observer.violations, []);
    }
    const { observer, send } = lieIn("products/1/collect");
    send(frame("keys/hashes", { sender: 4 }), 4);
    send(frame("cohort", { sender: 4 }), 4);
    assert.deepEqual(observer.violations, []);
  });

  it("notices a round of an attempt that has failed at the worker, though it told nobody", () => {
    const { observer, send } = watch();
    const fields = { requestId: SESSION, attempt: 1n, error: "PROTOCOL_PRODUCTS_WRONG" };
    observer.onLog({ index: 1, level: "warn", event: "attempt-failed", fields });
    send(frame("abort", { kind: FrameKind.ABORT }));
    send(frame("keys/hashes", { attempt: 2n }));
    assert.deepEqual(observer.violations, []);
    send(frame("gate/bits/return"));
    assertViolated(observer, /goes on in/);
  });

  it("notices links ended without a fault, alarms and bugs", () => {
    const peer = WORKERS[1]!.address.toLowerCase();
    const ended = { level: "warn", event: "peer-disconnected" } as const;
    for (const [entry, expected] of [
      [{ ...ended, fields: { peer, error: "TRANSPORT_BAD_FRAME" } }, /ends its link to honest worker 2/],
      [{ level: "alarm", event: "attempt-failed", fields: { error: "STORE_RESULT_CHANGED" } }, /alarms/],
      [{ level: "warn", event: "attempt-failed", fields: { error: "TypeError" } }, /meets TypeError/],
    ] as const) {
      const { observer } = watch();
      observer.onLog({ index: 1, ...ended, fields: { peer, error: "TRANSPORT_PEER_SILENT" } });
      observer.onLog({ index: 1, ...entry });
      assertViolated(observer, expected);
    }
  });
});

describe("verify", () => {
  const bySegment =
    (change: (rows: readonly Row[]) => readonly Row[]) =>
    ({ segments, ...other }: Contributed): Contributed => ({ ...other, segments: segments.map(change) });

  async function answered(change: (simulation: Simulation) => void): Promise<readonly string[]> {
    return Simulation.with({ n: 3, t: 1, seed: "verify" }, async (simulation) => {
      await simulation.begin();
      simulation.ask(2, []);
      assert.ok(await simulation.settle());
      change(simulation);
      verify(simulation);
      return simulation.observer.violations;
    });
  }

  it("notices an answer that is not the rows', about too few, or over data that are malformed", async () => {
    for (const [change, expected] of [
      [bySegment((rows) => rows.map(oppositeRow)), "says something wrong"],
      [bySegment((rows) => rows.slice(0, 2)), "cohort too small"],
      [(contributed: Contributed) => ({ ...contributed, malformed: true }), "over malformed data"],
    ] as const) {
      const violations = await answered(({ plain }) => plain.change(change));
      assert.ok(
        violations.some((text) => text.includes(expected)),
        `${expected}: ${violations.join("\n")}`,
      );
    }
  });

  it("notices a worker that signs two results of a request, and an end that nobody honest signed", async () => {
    const violations = await answered(({ observer }) => {
      const [first] = observer.signed;
      observer.signed.push({ ...first!, attempt: 9n, resultHash: ZeroHash });
    });
    assert.ok(
      violations.some((text) => text.includes("signed two results")),
      violations.join("\n"),
    );
    const unsigned = await answered(({ observer }) => void observer.signed.splice(0));
    assert.ok(
      unsigned.some((text) => text.includes("nobody honest signed")),
      unsigned.join("\n"),
    );
  });

  it("notices a request that is still open, and a store that says otherwise", async () => {
    const violations = await answered((simulation) => {
      simulation.ask(2, []);
      simulation.mine();
    });
    assert.ok(
      violations.some((text) => text.includes("has 0 ends")),
      violations.join("\n"),
    );
  });

  it("notices shares that should not have been confirmed, shares that are kept, and receipts that are missing", async () => {
    await Simulation.with({ n: 3, t: 1, seed: "verify changes" }, async (simulation) => {
      await simulation.begin();
      propose(simulation, [2, 3, 1]);
      await simulation.pass(2 * BLOCK_MS);
      assert.equal(await endChange(simulation), "completed");
      await simulation.settle();
      const { observer, owners, workers, chain } = simulation;
      verify(simulation);
      assert.equal(observer.violations.length, 0, observer.violations.join("\n"));
      const { datasetId } = owners[0]!;
      Object.assign(owners[0]!, { flawFor: () => "malformed" });
      Object.assign(workers[0]!.store!.shares, { holdings: () => [{ datasetId, epoch: 1n, erased: false }] });
      Object.assign(chain.newest.state.shares.get(`${datasetId} 1`)!, { isErased: false });
      Object.assign(workers[1]!.store!.shares, { hasVersion: () => false });
      verify(simulation);
      for (const expected of ["confirms malformed", "1 still holds", "receipts for", "2 serves without version 1"]) {
        assert.ok(
          observer.violations.some((text) => text.includes(expected)),
          `${expected}: ${observer.violations.join("\n")}`,
        );
      }
    });
  });
});
