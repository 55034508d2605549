import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { keccak256, toBeHex } from "ethers";
import { RequestState } from "../../../workers/chain/querySmartContract.ts";
import { FrameKind } from "../../../workers/messages/frame.ts";
import { Outcome } from "../../../workers/messages/statement.ts";
import { proposerOf } from "../../../workers/node/participants.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { RequestWorld } from "./requestWorld.ts";

const REQUEST = keccak256("0x01");
const DEADLINE_MS = 600_000;

function assertOneAnswer(world: RequestWorld): void {
  assert.equal(world.posted.length, 1, "exactly one transaction ends the request");
  for (const [attempt, statements] of world.statementsByAttempt()) {
    assert.equal(statements.size, 1, `attempt ${attempt} has one statement`);
  }
  for (const { taken } of world.records) {
    assert.ok(
      taken.every((attempt, i) => i === 0 || attempt > taken[i - 1]!),
      "attempt numbers only grow",
    );
  }
}

describe("ActiveRequest", () => {
  for (const { n, t } of [
    { n: 4, t: 1 },
    { n: 5, t: 2 },
  ]) {
    describe(`n = ${n}, t = ${t}`, () => {
      it("answers in the first attempt; the proposer posts, alone", async () => {
        const world = new RequestWorld({ n, t, requestId: REQUEST });
        world.startAll();
        assert.ok(await world.time.until(() => world.settled(), DEADLINE_MS));
        assertOneAnswer(world);
        assert.deepEqual(
          [world.posted[0]!.by, world.posted[0]!.verdict!.attempt, world.late],
          [proposerOf(REQUEST, 1n, n), 1n, 0],
        );
        assert.ok(world.time.nowMs < 200);
      });

      it("signs a refusal of an empty set by the same quorum", async () => {
        const world = new RequestWorld({ n, t, outcome: Outcome.REFUSED_EMPTY_SET });
        world.startAll();
        assert.ok(await world.time.until(() => world.settled(), DEADLINE_MS));
        assert.equal(world.state, RequestState.REFUSED);
        assert.deepEqual(world.posted[0]!.verdict!.outputs, []);
      });

      it("gives one answer whoever is killed and restarted whenever, and whatever frames are lost", async () => {
        const kill = fc.record({
          party: fc.integer({ min: 1, max: n }),
          atMs: fc.integer({ min: 0, max: 4_000 }),
          downMs: fc.integer({ min: 1, max: 3_000 }),
        });
        await fc.assert(
          fc.asyncProperty(
            fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }),
            fc.array(kill, { maxLength: 5 }),
            fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 20 }),
            async (id, kills, lost) => {
              let frames = 0;
              const drops = new Set(lost);
              const world = new RequestWorld({ n, t, requestId: toBeHex(id, 32), loses: () => drops.has(frames++) });
              world.startAll();
              for (const { party, atMs, downMs } of kills) {
                world.time.after(atMs, () => world.kill(party as PartyIndex));
                world.time.after(atMs + downMs, () => world.start(party as PartyIndex));
              }
              const done = await world.time.until(() => world.settled(), DEADLINE_MS);
              assert.ok(done, "the request is answered");
              // Whoever still has a duty does it now; nothing of it may count.
              await world.time.until(() => false, world.time.nowMs + 10_000);
              assertOneAnswer(world);
            },
          ),
          { numRuns: budget.protocolRuns },
        );
      });
    });
  }

  it("goes on without a proposer that is dead from the start", async () => {
    const world = new RequestWorld({ n: 4, t: 1, requestId: REQUEST });
    const dead = proposerOf(REQUEST, 1n, 4);
    for (const party of world.parties) if (party !== dead) world.start(party);
    assert.ok(await world.time.until(() => world.settled(), DEADLINE_MS));
    assertOneAnswer(world);
    assert.equal(world.posted[0]!.verdict!.attempt, 2n);
    assert.ok(world.time.nowMs < 1_500, "one time-out and one run");
  });

  it("answers by a later attempt when participants die after signing, before their signature leaves", async () => {
    const died: PartyIndex[] = [];
    const world: RequestWorld = new RequestWorld({
      n: 4,
      t: 1,
      requestId: REQUEST,
      onSigned: (self) => {
        if (died.length > 0 || self === proposerOf(REQUEST, 1n, 4)) return;
        died.push(self);
        world.kill(self);
      },
    });
    world.startAll();
    assert.ok(await world.time.until(() => world.settled(), DEADLINE_MS));
    assertOneAnswer(world);
    assert.equal(died.length, 1);
    assert.equal(world.records[died[0]! - 1]!.signed.get(1n), [...world.statementsByAttempt().get(1n)!][0]);
    assert.ok(world.posted[0]!.verdict!.attempt > 1n);
  });

  it("sends its signature again after a restart, and computes nothing twice", async () => {
    let signed = 0;
    const world: RequestWorld = new RequestWorld({
      n: 4,
      t: 1,
      requestId: REQUEST,
      onSigned: () => (signed += 1),
      // Signatures are lost until all workers were killed and have links again.
      loses: (frame) => frame.kind === FrameKind.SIGNATURE && !linked,
    });
    let linked = false;
    world.startAll();
    await world.time.until(() => signed === 3, DEADLINE_MS);
    for (const party of world.parties) world.kill(party);
    // Last, when it could propose at once.
    const proposer = proposerOf(REQUEST, 2n, 4);
    for (const party of [...world.parties.filter((each) => each !== proposer), proposer]) world.start(party);
    world.time.after(1, () => (linked = true));
    assert.ok(await world.time.until(() => world.settled(), DEADLINE_MS));
    assertOneAnswer(world);
    assert.equal(world.posted[0]!.verdict!.attempt, 1n);
    assert.deepEqual(
      world.records.map(({ taken }) => taken),
      world.parties.map(() => [1n]),
    );
    assert.equal(signed, 3);
  });

  it("lets the next rank post when the delegate dies with the quorum in hand", async () => {
    const delegate = proposerOf(REQUEST, 1n, 4);
    const world: RequestWorld = new RequestWorld({ n: 4, t: 1, requestId: REQUEST, onSigned: () => (signed += 1) });
    let signed = 0;
    world.startAll();
    await world.time.until(() => signed === 3, DEADLINE_MS);
    // The other two signatures are on their way to everyone, the delegate's own has left.
    world.time.after(0, () => world.kill(delegate));
    assert.ok(await world.time.until(() => world.settled(), DEADLINE_MS));
    assertOneAnswer(world);
    assert.notEqual(world.posted[0]!.by, delegate);
    assert.equal(world.posted[0]!.verdict!.attempt, 1n, "nothing is computed twice");
  });

  it("stays silent, and says so, when it computes another result than it signed", async () => {
    const changed = 2 as PartyIndex;
    const world = new RequestWorld({
      n: 5,
      t: 2,
      requestId: REQUEST,
      loses: (frame) => frame.kind === FrameKind.SIGNATURE && frame.attempt === 1n,
      outputs: (self, attempt) => [self === changed && attempt > 1n ? 8n : 7n],
    });
    world.startAll();
    assert.ok(await world.time.until(() => world.settled(), DEADLINE_MS));
    assertOneAnswer(world);
    assert.deepEqual(world.posted[0]!.verdict!.outputs, [7n]);
    assert.deepEqual([...world.records[changed - 1]!.signed.keys()], [1n]);
    assert.deepEqual(
      world.logged.filter(({ level }) => level === "alarm"),
      [{ self: changed, level: "alarm", event: "attempt-failed" }],
    );
  });

  it("accepts proposals only from the proposer, for new attempts, of exactly 2t + 1 members", async () => {
    const world = new RequestWorld({ n: 4, t: 1, requestId: REQUEST });
    const [first, ...others] = world.parties.filter((party) => party !== proposerOf(REQUEST, 1n, 4));
    world.start(first!);
    const request = world.alive[first! - 1]!;
    const { workers } = request.request.committee;
    const place = { session: REQUEST, epoch: 1n, step: 0, sender: 0, receiver: 0, seq: 0, kind: FrameKind.PROPOSE };
    const propose = (from: PartyIndex, attempt: bigint, participants: number[]): void =>
      void request.onFrame(workers[from - 1]!, { ...place, attempt, payload: Uint8Array.from(participants) });
    const proposer = proposerOf(REQUEST, 1n, 4);
    propose(others[0]!, 1n, [1, 2, 3]);
    propose(proposer, 1n, [1, 2]);
    propose(proposer, 1n, [1, 2, 3, 4]);
    propose(proposer, 1n + 4n * 1_000n, [1, 2, 3]);
    propose(
      proposer,
      1n,
      [1, 2, 3, 4].filter((party) => party !== proposer),
    );
    assert.deepEqual(world.records[first! - 1]!.taken, []);
    assert.throws(() => propose(proposer, 1n, [2, 1, 3]), { code: "PROPOSAL_INVALID" });
    const valid = [proposer, first!, others[0]!].sort();
    propose(proposer, 1n, valid);
    propose(proposer, 1n, valid);
    assert.deepEqual(world.records[first! - 1]!.taken, [1n]);
  });

  it("expires the request after its deadline, once, by rank", async () => {
    const world = new RequestWorld({ n: 4, t: 1, requestId: REQUEST, deadlineBlock: 20n });
    // Two of four: nobody can answer.
    world.start(1 as PartyIndex);
    world.start(2 as PartyIndex);
    assert.equal(await world.time.until(() => world.settled(), 30_000), false);
    world.mine(20);
    assert.equal(await world.time.until(() => world.settled(), 60_000), false, "the deadline block itself is in time");
    world.mine(21);
    world.mine(22);
    assert.ok(await world.time.until(() => world.settled(), 120_000));
    await world.time.until(() => false, 240_000);
    assert.deepEqual([world.state, world.posted.length, world.late], [RequestState.EXPIRED, 1, 0]);
  });
});
