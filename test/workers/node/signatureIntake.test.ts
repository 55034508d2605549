/** Signatures of members whose keys were rotated: in a committee of which one worker runs and the others are played. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Wallet, keccak256, toBeHex } from "ethers";
import { equivocatorsOf } from "../../../workers/messages/equivocation.ts";
import { FrameKind } from "../../../workers/messages/frame.ts";
import { encodeSignedVerdict } from "../../../workers/messages/signedVerdict.ts";
import { Outcome, type Verdict, ZERO_HASH } from "../../../workers/messages/statement.ts";
import { proposerOf } from "../../../workers/node/participants.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { RequestWorld } from "./requestWorld.ts";

const REQUEST = keccak256("0x01");
const DEADLINE_MS = 600_000;
const VERDICT: Verdict = {
  attempt: 1n,
  outcome: Outcome.ANSWERED,
  suppressedBitmap: "0x",
  outputs: [7n],
  sealedHash: ZERO_HASH,
};
const [FIRST, SECOND, THIRD, SELF] = [1, 2, 3, 4] as [PartyIndex, PartyIndex, PartyIndex, PartyIndex];

interface Signed {
  readonly index: PartyIndex;
  readonly signature: string;
}

/** @param rotated before the worker takes the request up */
function worldWith(rotated: readonly PartyIndex[] = []): RequestWorld {
  const world = new RequestWorld({ n: 4, t: 1, requestId: REQUEST, played: [FIRST, SECOND, THIRD] });
  for (const party of rotated) world.rotate(party);
  world.start(SELF);
  return world;
}

/** By the key that the member has now. */
async function signed(world: RequestWorld, index: PartyIndex, by = world.wallets[index - 1]!): Promise<Signed> {
  return { index, signature: await world.sign(VERDICT, by) };
}

function deliver(world: RequestWorld, from: PartyIndex, signatures: readonly Signed[]): void | Promise<void> {
  const payload = encodeSignedVerdict({ verdict: VERDICT, signatures });
  return world.deliver(from, SELF, { kind: FrameKind.SIGNATURE, attempt: VERDICT.attempt, payload });
}

function isSettled(world: RequestWorld): Promise<boolean> {
  return world.time.until(() => world.settled(), world.time.nowMs + 500);
}

describe("SignatureIntake", () => {
  it("asks the chain for no key while every signature fits those it knows", async () => {
    const world = worldWith();
    for (const party of [FIRST, SECOND, THIRD]) await deliver(world, party, [await signed(world, party)]);
    assert.ok(await isSettled(world));
    assert.equal(world.keyReads, 0);
  });

  it("takes the signature of a key that is newer than what it knew", async () => {
    const world = worldWith();
    world.rotate(FIRST);
    for (const party of [FIRST, SECOND, THIRD]) await deliver(world, party, [await signed(world, party)]);
    assert.ok(await isSettled(world));
    assert.deepEqual([world.keyReads, world.refusals], [1, 0]);
  });

  it("does not count the old key's signature any more, once it has seen the rotation", async () => {
    const world = worldWith();
    const old = await signed(world, FIRST);
    await deliver(world, FIRST, [old]);
    world.rotate(FIRST);
    world.alive[SELF - 1]!.refreshKeys();
    for (const party of [SECOND, THIRD]) await deliver(world, party, [await signed(world, party)]);
    assert.equal(await isSettled(world), false);
    await deliver(world, FIRST, [await signed(world, FIRST)]);
    assert.ok(await isSettled(world));
    assert.equal(world.refusals, 0);
  });

  it("goes on with the new key's when the contract has refused the old one's", async () => {
    const world = worldWith();
    await deliver(world, FIRST, [await signed(world, FIRST)]);
    world.rotate(FIRST);
    for (const party of [SECOND, THIRD]) await deliver(world, party, [await signed(world, party)]);
    assert.equal(await isSettled(world), false);
    assert.equal(world.refusals, 1);
    await deliver(world, FIRST, [await signed(world, FIRST)]);
    assert.ok(await isSettled(world));
    assert.equal(world.refusals, 1);
  });

  it("looks again when a member signs with another key what it has signed before", async () => {
    const world = worldWith();
    await deliver(world, FIRST, [await signed(world, FIRST)]);
    world.rotate(FIRST);
    for (const party of [FIRST, SECOND, THIRD]) await deliver(world, party, [await signed(world, party)]);
    assert.ok(await isSettled(world));
    assert.equal(world.refusals, 0);
  });

  it("ignores a replaced key's signature that a member passes on, and blames nobody", async () => {
    const world = worldWith([FIRST]);
    const old = await signed(world, FIRST, world.firstKeyOf(FIRST));
    await deliver(world, SECOND, [old, await signed(world, SECOND)]);
    assert.equal(world.logged.filter(({ event }) => event === "signature-outdated").length, 1);
    await deliver(world, THIRD, [await signed(world, THIRD)]);
    assert.equal(await isSettled(world), false);
    await deliver(world, FIRST, [await signed(world, FIRST)]);
    assert.ok(await isSettled(world));
  });

  it("blames a member for a signature by a key that is nobody's, or another's, rotated or not", async () => {
    for (const rotate of [false, true]) {
      const world = worldWith();
      if (rotate) world.rotate(FIRST);
      for (const by of [new Wallet(toBeHex(99, 32)), world.wallets[SECOND - 1]!]) {
        const forged = await signed(world, FIRST, by);
        await assert.rejects(async () => deliver(world, FIRST, [forged]), { code: "SIGNATURE_INVALID" });
      }
    }
  });

  it("still tells two statements of one member for one attempt apart when its key was rotated in between", async () => {
    const world = worldWith();
    await deliver(world, FIRST, [await signed(world, FIRST)]);
    world.rotate(FIRST);
    const other = { ...VERDICT, outputs: [8n] };
    const signature = await world.sign(other, world.wallets[FIRST - 1]!);
    const payload = encodeSignedVerdict({ verdict: other, signatures: [{ index: FIRST, signature }] });
    await world.deliver(FIRST, SELF, { kind: FrameKind.SIGNATURE, attempt: 1n, payload });
    assert.deepEqual(
      world.logged.filter(({ event }) => event === "signature-equivocation").map(({ level }) => level),
      ["alarm"],
    );
  });

  describe("keeps as evidence", () => {
    const OTHER: Verdict = { ...VERDICT, outputs: [8n] };
    async function receive(world: RequestWorld, verdict: Verdict, by: Wallet, from: PartyIndex = FIRST): Promise<void> {
      const signatures = [{ index: FIRST, signature: await world.sign(verdict, by) }];
      const payload = encodeSignedVerdict({ verdict, signatures });
      await world.deliver(from, SELF, { kind: FrameKind.SIGNATURE, attempt: verdict.attempt, payload });
    }
    async function keeps(world: RequestWorld, first: Wallet, second: Wallet, [a, b] = [VERDICT, OTHER]): Promise<void> {
      assert.deepEqual(
        world.kept.map(({ evidence }) => [evidence.index, evidence.first.verdict, evidence.second.verdict]),
        [[FIRST, a, b]],
      );
      assert.deepEqual(equivocatorsOf(world.kept[0]!.evidence), [first.address, second.address]);
      assert.equal(world.logged.filter(({ event }) => event === "signature-equivocation").length, 1);
    }

    it("what the old key signed and the new key contradicts, though the old one counts no more", async () => {
      const world = worldWith();
      await receive(world, VERDICT, world.firstKeyOf(FIRST));
      world.rotate(FIRST);
      world.alive[SELF - 1]!.refreshKeys();
      await receive(world, OTHER, world.wallets[FIRST - 1]!);
      await keeps(world, world.firstKeyOf(FIRST), world.wallets[FIRST - 1]!);
    });
    it("what the old key signs when the new one has signed already", async () => {
      const world = worldWith([FIRST]);
      await receive(world, VERDICT, world.wallets[FIRST - 1]!);
      await receive(world, OTHER, world.firstKeyOf(FIRST), SECOND);
      await keeps(world, world.wallets[FIRST - 1]!, world.firstKeyOf(FIRST));
    });
    it("two statements of the old key, which counts for neither", async () => {
      const world = worldWith([FIRST]);
      for (const verdict of [VERDICT, OTHER]) await receive(world, verdict, world.firstKeyOf(FIRST), SECOND);
      await keeps(world, world.firstKeyOf(FIRST), world.firstKeyOf(FIRST));
    });
    it("what contradicts an old key's, and counts the new key's all the same: a thief's key stops no answer", async () => {
      const world = worldWith([FIRST]);
      await receive(world, OTHER, world.firstKeyOf(FIRST), SECOND);
      for (const party of [FIRST, SECOND, THIRD]) await deliver(world, party, [await signed(world, party)]);
      assert.ok(await isSettled(world));
      await keeps(world, world.firstKeyOf(FIRST), world.wallets[FIRST - 1]!, [OTHER, VERDICT]);
    });
    it("nothing when both keys signed the same", async () => {
      const world = worldWith([FIRST]);
      await receive(world, VERDICT, world.firstKeyOf(FIRST), SECOND);
      await receive(world, VERDICT, world.wallets[FIRST - 1]!);
      assert.deepEqual(world.kept, []);
    });
  });

  it("waits for the sender to repeat what cannot be judged while the chain is away", async () => {
    const world = worldWith();
    world.rotate(FIRST);
    world.isChainAway = true;
    await deliver(world, FIRST, [await signed(world, FIRST)]);
    assert.equal(world.logged.filter(({ event }) => event === "signature-not-judged").length, 1);
    for (const party of [SECOND, THIRD]) await deliver(world, party, [await signed(world, party)]);
    assert.equal(await isSettled(world), false);
    world.isChainAway = false;
    await deliver(world, FIRST, [await signed(world, FIRST)]);
    assert.ok(await isSettled(world));
  });
});

describe("a committee with a member that rotates its key", () => {
  it("answers with the signature of its new key when it starts again, and computes nothing twice", async () => {
    let rotating: PartyIndex | undefined;
    const world: RequestWorld = new RequestWorld({
      n: 4,
      t: 1,
      requestId: REQUEST,
      // After signing, before the signature leaves: it is one of the three that are needed.
      onSigned: (self) => {
        if (rotating !== undefined || self === proposerOf(REQUEST, 1n, 4)) return;
        rotating = self;
        world.kill(self);
        world.rotate(self);
        world.time.after(50, () => world.start(self));
      },
    });
    world.startAll();
    assert.ok(await world.time.until(() => world.settled(), DEADLINE_MS));
    assert.ok(rotating !== undefined);
    assert.deepEqual([world.posted.length, world.posted[0]!.verdict!.attempt, world.refusals], [1, 1n, 0]);
    assert.ok(world.keyReads > 0);
  });
});
