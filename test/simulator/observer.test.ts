/** Each thing that the simulator watches for is noticed when it is there. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroHash, id } from "ethers";
import { type Frame, FrameKind, encodeFrame } from "../../workers/messages/frame.ts";
import { stepTag } from "../../workers/transport/session.ts";
import { Adversary } from "./adversary.ts";
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

function watch(): { observer: Observer; adversary: Adversary; send: (bytes: Uint8Array, from?: number) => void } {
  const adversary = new Adversary(new Choices("observer"));
  const observer = new Observer(new VirtualTime(), adversary);
  const send = (bytes: Uint8Array, from = 1): void => observer.onSend(incarnation(from), incarnation(2), bytes);
  return { observer, adversary, send };
}

function assertViolated({ violations }: Observer, expected: RegExp): void {
  assert.ok(violations.length === 1 && expected.test(violations[0]!), violations.join("\n") || "nothing was noticed");
}

describe("Observer", () => {
  it("notices bytes that come again in another attempt or step, and not those of one message to several", () => {
    const { observer, send } = watch();
    send(frame("keys/contributions"));
    send(frame("keys/contributions", { receiver: 3 }));
    send(frame("inputs/ready"));
    send(frame("inputs/ready", { attempt: 2n }));
    assert.deepEqual(observer.violations, []);
    send(frame("keys/contributions", { attempt: 2n }));
    assertViolated(observer, /used twice/);
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
    const { observer, adversary, send } = watch();
    adversary.corrupt(3);
    adversary.plan(3, { kind: "alter", alteration: "flip", after: 0 });
    const [altered] = adversary.onSend(
      incarnation(3),
      incarnation(1),
      frame("sums/collect", { sender: 3, receiver: 1 }),
    );
    assert.notDeepEqual(altered, frame("sums/collect", { sender: 3, receiver: 1 }));
    send(frame("outputs", { attempt: 2n }));
    assert.deepEqual(observer.violations, []);
    send(frame("outputs"));
    assertViolated(observer, /opens outputs/);
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
