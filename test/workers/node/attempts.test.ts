/** Members that lie about attempts: what t of them do costs time, never the answer and never another's place. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Wallet, id, keccak256, toBeHex } from "ethers";
import { CodedError } from "../../../workers/errors.ts";
import { equivocatorsOf } from "../../../workers/messages/equivocation.ts";
import { FrameKind } from "../../../workers/messages/frame.ts";
import { encodeSignedVerdict } from "../../../workers/messages/signedVerdict.ts";
import { Outcome, ZERO_HASH, type Verdict } from "../../../workers/messages/statement.ts";
import { Attempts } from "../../../workers/node/attempts.ts";
import { MOST_PROPOSED } from "../../../workers/node/proposedRuns.ts";
import { chooseParticipants, proposerOf } from "../../../workers/node/participants.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { VirtualTime } from "./virtualTime.ts";
import { ATTEMPT_TIMEOUT_MS, RequestWorld, type WorldOptions } from "./requestWorld.ts";

const REQUEST = keccak256("0x01");
const DEADLINE_MS = 600_000;

function worldOf(options: WorldOptions): RequestWorld {
  return new RequestWorld({ requestId: REQUEST, ...options });
}

/** The first attempt above `above` that is this member's turn. */
function turnOf(member: PartyIndex, above: bigint, n: number): bigint {
  let attempt = above + 1n;
  while (proposerOf(REQUEST, attempt, n) !== member) attempt += 1n;
  return attempt;
}

function participantsWith(member: PartyIndex, to: PartyIndex, { n, t }: { n: number; t: number }): PartyIndex[] {
  const others = Array.from({ length: n }, (_, i) => (i + 1) as PartyIndex).filter((party) => party !== member);
  const ordered = [to, ...others.filter((party) => party !== to)];
  return chooseParticipants(member, 0n, ordered.slice(0, 2 * t), { n, t })!;
}

function lastOf(world: RequestWorld, party: PartyIndex): bigint {
  return world.records[party - 1]!.last;
}

describe("Attempts, against members that lie", () => {
  const size = { n: 4, t: 1 };

  it("go no further than n ahead on one member's word, however often it is given", () => {
    const liar = 4 as PartyIndex;
    const world = worldOf({ ...size, played: [liar] });
    const victim = 1 as PartyIndex;
    world.start(victim);
    const participants = participantsWith(liar, victim, size);
    for (const above of [1_020n, 2_044n, 3_000n, 12n, 2n]) {
      world.propose(liar, victim, turnOf(liar, above, size.n), participants);
      assert.ok(lastOf(world, victim) <= 5n, `attempt ${lastOf(world, victim)} was used`);
    }
    void world.deliver(liar, victim, { kind: FrameKind.PROPOSE, attempt: 1_000_000n, payload: new Uint8Array() });
    assert.ok(lastOf(world, victim) <= 5n);
  });

  it("a victim of such proposals still answers with the others, whom it needs", async () => {
    for (const victim of [1, 2, 3] as PartyIndex[]) {
      const liar = 4 as PartyIndex;
      const world = worldOf({ ...size, played: [liar] });
      world.startAll();
      const lie = (): void => {
        for (const above of [1_020n, lastOf(world, victim) + 1n]) {
          world.propose(liar, victim, turnOf(liar, above, size.n), participantsWith(liar, victim, size));
        }
        if (!world.settled()) world.time.after(30, lie);
      };
      world.time.after(1, lie);
      assert.ok(await world.time.until(() => world.settled(), DEADLINE_MS), `worker ${victim} is out for good`);
      assert.equal(world.posted.length, 1);
    }
  });

  for (const { n, t, liars } of [
    { n: 4, t: 1, liars: [2] },
    { n: 7, t: 2, liars: [1, 4] },
    { n: 7, t: 2, liars: [3, 4] },
  ] as { n: number; t: number; liars: PartyIndex[] }[]) {
    it(`n = ${n}, t = ${t}: ${liars.join(" and ")} propose again and again, and end nobody else's attempt`, async () => {
      const world = worldOf({ n, t, played: liars });
      world.startAll();
      // More often than a run takes: at once whenever they may.
      const interrupt = (): void => {
        const highest = world.records.reduce((most, { last }) => (last > most ? last : most), 0n);
        for (const liar of liars) {
          for (const to of world.parties.filter((party) => !liars.includes(party))) {
            world.propose(liar, to, turnOf(liar, highest, n), participantsWith(liar, to, { n, t }));
            void world.deliver(liar, to, {
              kind: FrameKind.PROPOSE,
              attempt: highest + 50n,
              payload: new Uint8Array(),
            });
          }
        }
        if (!world.settled()) world.time.after(20, interrupt);
      };
      world.time.after(1, interrupt);
      assert.ok(await world.time.until(() => world.settled(), 3 * DEADLINE_MS));
      assert.equal(world.posted.length, 1);
    });
  }

  it("let a worker that is far behind, or ahead, take part again", async () => {
    // Three of four live: nothing is answered without the one that is apart.
    for (const [last, ahead] of [
      [[0n, 40n, 40n], "two others"],
      [[10n, 0n, 0n], "itself"],
      [[0n, 17n, 41n], "all apart"],
    ] as [bigint[], string][]) {
      const world = worldOf(size);
      last.forEach((each, i) => (world.records[i]!.last = each));
      for (const party of [1, 2, 3] as PartyIndex[]) world.start(party);
      assert.ok(await world.time.until(() => world.settled(), DEADLINE_MS), ahead);
      assert.equal(world.posted.length, 1);
    }
  });

  it("fail over at once, members that stand by included, when t + 1 members have moved on", async () => {
    const proposers = [1n, 2n].map((attempt) => proposerOf(REQUEST, attempt, 5));
    const world: RequestWorld = worldOf({ n: 5, t: 1 });
    world.startAll();
    world.time.after(20, () => world.kill(proposers[0]!));
    assert.ok(await world.time.until(() => world.settled(), DEADLINE_MS));
    assert.deepEqual([world.posted.length, world.posted[0]!.verdict!.attempt], [1, 2n]);
    assert.ok(world.time.nowMs < ATTEMPT_TIMEOUT_MS / 2, `${world.time.nowMs} ms`);
  });

  it("give a round as long as its attempt", async () => {
    const silent = 2 as PartyIndex;
    const world = worldOf({ n: 3, t: 1, played: [silent] });
    world.startAll();
    assert.equal(await world.time.until(() => false, 40_000), false);
    const timeouts = [...new Set(world.runs.map(({ timeoutMs }) => timeoutMs))];
    assert.ok(timeouts.length > 2);
    for (const timeoutMs of timeouts) assert.ok([1, 2, 4, 8, 16].includes(timeoutMs / ATTEMPT_TIMEOUT_MS));
    assert.equal(Math.max(...timeouts), 16 * ATTEMPT_TIMEOUT_MS);
  });
});

describe("Attempts, when too few members are online", () => {
  const waits = ({ logged, fields }: RequestWorld) =>
    logged.flatMap((entry, i) => (entry.event === "attempt-waits" ? [{ ...entry, fields: fields[i] }] : []));

  it("say once who is missing, and go on when it comes", async () => {
    const world = worldOf({ n: 3, t: 1 });
    const [here, away] = [[1, 2] as PartyIndex[], 3 as PartyIndex];
    for (const party of here) world.start(party);
    await world.time.until(() => false, 3 * DEADLINE_MS);
    const told = waits(world).toSorted((a, b) => a.self - b.self);
    assert.deepEqual(
      told.map(({ self, level, fields }) => ({ self, level, ...(fields as object), attempt: undefined })),
      here.map((self) => {
        const peers = { needed: 2, connected: 1, missing: [away] };
        return { self, level: "warn", requestId: REQUEST, ...peers, attempt: undefined };
      }),
    );
    world.start(away);
    assert.ok(await world.time.until(() => world.settled(), 4 * DEADLINE_MS));
  });

  it("say nothing while one more is online than must be", async () => {
    const world = worldOf({ n: 4, t: 1 });
    for (const party of [1, 2, 3] as PartyIndex[]) world.start(party);
    assert.ok(await world.time.until(() => world.settled(), DEADLINE_MS));
    assert.deepEqual(waits(world), []);
  });
});

describe("Attempts, when the store fails", () => {
  it("go on when it works again, and say so once", async () => {
    let isFull = true;
    const world = worldOf({
      n: 4,
      t: 1,
      onTake: () => {
        if (isFull) throw new CodedError({ code: "STORE_FULL" }, "the disk is full");
      },
    });
    world.startAll();
    assert.equal(await world.time.until(() => world.settled(), 5_000), false);
    for (const party of world.parties) {
      const said = world.logged.filter(({ self, event }) => self === party && event === "attempts-delayed");
      assert.ok(said.length <= 1, `worker ${party} said it ${said.length} times`);
    }
    assert.ok(world.logged.some(({ event }) => event === "attempts-delayed"));
    isFull = false;
    assert.ok(await world.time.until(() => world.settled(), DEADLINE_MS));
    assert.equal(world.posted.length, 1);
  });
});

describe("Signatures that the contract or this worker does not take", () => {
  it("a member revoked before the answer is posted: the others' signatures on the same statement do", async () => {
    const world = worldOf({ n: 5, t: 2 });
    world.revoked.add(1 as PartyIndex);
    world.startAll();
    assert.ok(await world.time.until(() => world.settled(), DEADLINE_MS));
    assert.equal(world.posted[0]!.verdict!.attempt, 1n, "nothing is computed twice");
    assert.deepEqual([world.posted.length, world.refusals], [1, 1]);
  });

  it("an invalid signature is its sender's fault", async () => {
    const world = worldOf({ n: 4, t: 1, played: [2 as PartyIndex] });
    world.start(1 as PartyIndex);
    const verdict = {
      attempt: 1n,
      outcome: Outcome.ANSWERED,
      suppressedBitmap: "0x",
      outputs: [7n],
      sealedHash: ZERO_HASH,
    };
    const signature = new Wallet(toBeHex(2, 32)).signingKey.sign(id("other")).serialized;
    for (const index of [2, 3, 7]) {
      const payload = encodeSignedVerdict({ verdict, signatures: [{ index, signature }] });
      const frame = { kind: FrameKind.SIGNATURE, attempt: 1n, payload };
      const delivered = async (): Promise<void> => world.deliver(2 as PartyIndex, 1 as PartyIndex, frame);
      await assert.rejects(delivered, { code: "SIGNATURE_INVALID" });
    }
  });
});

describe("A member that signs two answers in one attempt", () => {
  const [liar, witness] = [2 as PartyIndex, 1 as PartyIndex];
  const verdictOf = (output: bigint): Verdict => {
    const rest = { outcome: Outcome.ANSWERED, suppressedBitmap: "0x", sealedHash: ZERO_HASH };
    return { attempt: 1n, ...rest, outputs: [output] };
  };
  async function deceive(world: RequestWorld): Promise<void> {
    world.start(witness);
    for (const output of [7n, 8n, 8n, 9n]) {
      const verdict = verdictOf(output);
      const payload = encodeSignedVerdict({ verdict, signatures: [await world.signatureOf(liar, verdict)] });
      await world.deliver(liar, witness, { kind: FrameKind.SIGNATURE, attempt: 1n, payload });
    }
  }

  it("leaves who receives both with evidence that convicts it", async () => {
    const world = worldOf({ n: 4, t: 1, played: [liar] });
    await deceive(world);
    // What is new each time is handed to the store, which keeps the first.
    assert.deepEqual(
      world.kept.map(({ self, evidence }) => [self, evidence.first.verdict.outputs, evidence.second.verdict.outputs]),
      [8n, 8n, 9n].map((output) => [witness, [7n], [output]]),
    );
    const { evidence } = world.kept[0]!;
    assert.equal(evidence.index, liar);
    const { address } = new Wallet(toBeHex(liar, 32));
    assert.deepEqual(equivocatorsOf(evidence), [address, address]);
    assert.equal(world.logged.filter(({ event }) => event === "signature-equivocation").length, 3);
  });

  it("is not helped by a store that fails: the request goes on, and the alarm is raised", async () => {
    const onKeep = (): never => {
      throw new CodedError({ code: "STORE_FULL" }, "the disk is full");
    };
    const world = worldOf({ n: 4, t: 1, played: [liar], onKeep });
    await deceive(world);
    const alarms = world.logged.filter(({ level }) => level === "alarm").map(({ event }) => event);
    assert.equal(alarms.filter((event) => event === "equivocation-not-kept").length, 3);
    for (const party of [3, 4] as PartyIndex[]) world.start(party);
    assert.ok(await world.time.until(() => world.settled(), DEADLINE_MS));
  });
});

describe("Attempts, on a store that fails,", () => {
  it("go on once the store can be read again, when it fails as they resume", async () => {
    const time = new VirtualTime();
    let [isBroken, failures] = [false, 0];
    const nothing = (): void => undefined;
    const attempts = new Attempts(
      {
        timers: time,
        connected: () => [],
        lastAttempt: () => {
          if (isBroken) throw new CodedError({ code: "STORE_IO" }, "the disk does not answer");
          return 4n;
        },
        ...{ takeAttempt: nothing, propose: nothing, announce: nothing, resend: nothing },
        storeFailed: () => (failures += 1),
        tooFew: nothing,
        mayPropose: () => true,
        run: () => Promise.resolve(),
      },
      { requestId: REQUEST, self: 1 as PartyIndex, n: 4, t: 1, attemptTimeoutMs: ATTEMPT_TIMEOUT_MS },
    );
    attempts.start();
    attempts.pause();
    isBroken = true;
    attempts.resume();
    assert.deepEqual([attempts.isOpen, failures], [true, 1]);
    isBroken = false;
    assert.ok(await time.until(() => attempts.expected >= 5n, 10_000));
    attempts.close();
  });
});

describe("ProposedRunCount", () => {
  it("counts the runs under way that were proposed here, ended ones no longer", async () => {
    const world = worldOf({ n: 4, t: 1, played: [4 as PartyIndex] });
    world.startAll();
    let most = 0;
    const counted = (): number => {
      let free = 0;
      for (; world.proposedRuns.mayBegin(); free++) world.proposedRuns.began();
      for (let i = 0; i < free; i++) world.proposedRuns.ended();
      return MOST_PROPOSED - free;
    };
    await world.time.until(() => {
      most = Math.max(most, counted());
      return world.settled();
    }, DEADLINE_MS);
    await world.time.until(() => false, world.time.nowMs + 1_000);
    assert.ok(most >= 1);
    assert.equal(counted(), 0);
  });
});
