/** What participants agree on of earlier answers, with liars of every kind, in every committee. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";

import {
  agreeHistory,
  encodeHistory,
  LISTS_STEP,
  MAX_HISTORY,
  SUMMARIES_STEP,
} from "../../../workers/protocols/agreeHistory.ts";
import type { History, KnownHistory } from "../../../workers/protocols/agreeHistory.ts";
import { compareTranscripts, Transcript } from "../../../workers/protocols/transcript.ts";
import { partiesOf } from "../../../workers/sharing/parties.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { committees, sizeName } from "../sharing/committees.ts";
import { assertRejected, flipBit, onFrames } from "./tampering.ts";
import { World } from "./world.ts";

const REQUEST_BLOCK = 50;

function idOf(number: number): string {
  return `0x${createHash("sha256").update(`request ${number}`).digest("hex")}`;
}

/** One participant's knowledge: requests by number. */
function knows(numbers: readonly number[], block = 60): History {
  return { requestIds: numbers.map(idOf), block, followed: block };
}

function agreed(numbers: readonly number[], block = 60): History {
  return { requestIds: [...new Set(numbers)].map(idOf).sort(), block, followed: block };
}

/** The frame in which a participant announces these ids. */
function summaryOf({ requestIds, block, isFixed = false, followed = block }: KnownHistory): Buffer {
  const ids = Buffer.concat(requestIds.map((id) => Buffer.from(id.slice(2), "hex")));
  const [length, until] = [Buffer.alloc(4), Buffer.alloc(8)];
  length.writeUInt32BE(requestIds.length);
  until.writeBigUInt64BE(BigInt(block));
  const hash = createHash("sha256").update("Opaline.History.v1").update(ids).digest();
  return Buffer.concat([hash, length, until, Buffer.of(isFixed ? 1 : 0), blockBytes(followed)]);
}

for (const size of committees) {
  const { n, t } = size;
  const parties = partiesOf(n).slice(n - 2 * t - 1);
  const [liar, first] = parties as [PartyIndex, PartyIndex];
  const last = parties.at(-1) as PartyIndex;
  const honest = parties.slice(1);
  const world = new World(size, "history");

  /** @param known by participant's position */
  const run = (
    known: (position: number) => KnownHistory,
    tamper?: Parameters<typeof onFrames>[1],
    step = SUMMARIES_STEP,
  ) =>
    world.runNetworks(
      parties,
      (network) => agreeHistory(network, known(parties.indexOf(network.self)), REQUEST_BLOCK),
      tamper === undefined ? {} : { tamper: onFrames({ step, from: liar }, tamper), timeoutMs: 1_000 },
    );

  /** As `run`, then what binds it: every honest participant's view in its transcript, compared. */
  const runBound = (tamper: (frame: { step: string; to: PartyIndex }, payload: Uint8Array) => Uint8Array) =>
    world.run(
      parties,
      async (session) => {
        const history = await agreeHistory(session.network, knows([session.network.self]), REQUEST_BLOCK);
        const transcript = new Transcript();
        transcript.absorb("history", encodeHistory(history));
        await compareTranscripts(session, transcript, "ready");
        return history;
      },
      { tamper: (frame) => (frame.from === liar ? tamper(frame, new Uint8Array(frame.payload)) : frame.payload) },
    );

  describe(`agreeHistory, ${sizeName(size)}`, () => {
    it("takes one round of 53 bytes when all know the same, in whatever order and case", async () => {
      const { outcomes, frames } = await run((position) => {
        const requestIds = knows(position % 2 === 0 ? [1, 2, 3] : [3, 1, 2]).requestIds;
        return {
          requestIds: position === 1 ? requestIds.map((id) => `0x${id.slice(2).toUpperCase()}`) : requestIds,
          block: 60,
        };
      });
      for (const outcome of outcomes) {
        assert.equal(outcome.status, "fulfilled");
        assert.deepEqual(outcome.status === "fulfilled" && outcome.value, agreed([1, 2, 3]));
      }
      assert.equal(frames.length, parties.length * 2 * t);
      assert.ok(frames.every(({ step, payload }) => step === SUMMARIES_STEP && payload.length === 53));
    });

    it("gives all the union, and the block that all have reached, in one round more", async () => {
      const { outcomes, frames } = await run((position) =>
        knows([7, ...(position === 0 ? [] : [position])], 60 + position),
      );
      const expected = agreed([7, ...parties.keys()].filter((number) => number > 0));
      for (const outcome of outcomes) assert.deepEqual(outcome.status === "fulfilled" && outcome.value, expected);
      const lists = frames.filter(({ step }) => step === LISTS_STEP);
      assert.equal(lists.length, parties.length * 2 * t);
      assert.ok(lists.every(({ from, payload }) => payload.length === (from === liar ? 32 : 64)));
    });

    it("lets nobody know anything, and one alone know something", async () => {
      for (const known of [[], [4]]) {
        const { outcomes } = await run((position) => knows(position === 1 ? known : []));
        for (const outcome of outcomes)
          assert.deepEqual(outcome.status === "fulfilled" && outcome.value, agreed(known));
      }
    });

    it("lets a liar add, and leave out only what nobody else knows", async () => {
      const { outcomes } = await run((position) => knows(position === 0 ? [99] : [1, 10 + position]));
      for (const outcome of outcomes.slice(1)) {
        const expected = agreed([99, 1, ...honest.map((_, index) => 11 + index)]);
        assert.deepEqual(outcome.status === "fulfilled" && outcome.value, expected);
      }
    });

    it("refuses a list that is not the one announced, by hash or by length, and names who sent it", async () => {
      const other = await run(
        (position) => knows([position]),
        (payload) => flipBit(payload, 31),
        LISTS_STEP,
      );
      for (const outcome of other.outcomes.slice(1)) {
        const { detail } = assertRejected(outcome, "PROTOCOL_BAD_HISTORY");
        assert.deepEqual(detail, { code: "PROTOCOL_BAD_HISTORY", peer: liar, reason: "not as announced" });
      }
      const longer = await run(
        (position) => knows([position]),
        (payload) => Buffer.concat([payload, payload]),
        LISTS_STEP,
      );
      for (const outcome of longer.outcomes.slice(1)) assertRejected(outcome, "NETWORK_WRONG_LENGTH");
    });

    it("refuses a list with an id twice, or out of order", async () => {
      const [low, high] = agreed([1, 2]).requestIds as [string, string];
      for (const requestIds of [
        [low, low],
        [high, low],
      ]) {
        const list = Buffer.from(requestIds.map((id) => id.slice(2)).join(""), "hex");
        const tamper = (payload: Uint8Array, { step }: { step: string }): Uint8Array =>
          step === LISTS_STEP ? list : step === SUMMARIES_STEP ? summaryOf({ requestIds, block: 60 }) : payload;
        const { outcomes } = await world.runNetworks(
          parties,
          (network) => agreeHistory(network, knows([network.self]), REQUEST_BLOCK),
          { tamper: (frame) => (frame.from === liar ? tamper(frame.payload, frame) : frame.payload) },
        );
        for (const outcome of outcomes.slice(1)) {
          const { detail } = assertRejected(outcome, "PROTOCOL_BAD_HISTORY");
          assert.deepEqual(detail, { code: "PROTOCOL_BAD_HISTORY", peer: liar, reason: "not ascending" });
        }
      }
    });

    it("refuses more than a gate tests against, before a list of that length is sent or awaited", async () => {
      const long = Array.from({ length: MAX_HISTORY + 1 }, (_, number) => number);
      const announced = await run(
        () => knows([1]),
        () => summaryOf(knows(long)),
      );
      for (const outcome of announced.outcomes.slice(1)) {
        const { detail } = assertRejected(outcome, "PROTOCOL_HISTORY_TOO_LONG");
        const length = MAX_HISTORY + 1;
        assert.deepEqual(detail, { code: "PROTOCOL_HISTORY_TOO_LONG", party: liar, length, maximum: MAX_HISTORY });
      }
      assert.ok(announced.frames.every(({ step }) => step === SUMMARIES_STEP));
    });

    it("refuses a participant that has not even followed to the request", async () => {
      const { outcomes } = await run((position) => knows([1], position === 0 ? REQUEST_BLOCK - 1 : REQUEST_BLOCK));
      for (const outcome of outcomes.slice(1)) {
        const { detail } = assertRejected(outcome, "PROTOCOL_BAD_HISTORY");
        assert.deepEqual(detail, { code: "PROTOCOL_BAD_HISTORY", peer: liar, reason: "block before the request" });
      }
    });

    it("is not moved by a block that nobody can have reached", async () => {
      const { outcomes } = await run(
        () => knows([1], 70),
        (payload) => Buffer.concat([payload.subarray(0, 36), Buffer.alloc(8, 0xff), payload.subarray(44)]),
      );
      for (const outcome of outcomes)
        assert.deepEqual(outcome.status === "fulfilled" && outcome.value, agreed([1], 70));
    });

    it("takes the history that an earlier attempt fixed, whatever else is known since, by however many of them", async () => {
      const fixed = { ...knows([1, 2], 55), isFixed: true };
      for (const those of [1, t + 1, parties.length]) {
        const { outcomes } = await run((position) => (position < those ? fixed : knows([2, 3, 10 + position], 70)));
        for (const outcome of outcomes)
          assert.deepEqual(outcome.status === "fulfilled" && outcome.value, agreed([1, 2], 55));
      }
      const { outcomes, frames } = await run((position) => ({ ...fixed, isFixed: position !== 0 }));
      for (const outcome of outcomes)
        assert.deepEqual(outcome.status === "fulfilled" && outcome.value, agreed([1, 2], 55));
      assert.ok(frames.every(({ step }) => step === SUMMARIES_STEP));
    });

    it("says how far all have followed the chain, whatever is fixed", async () => {
      const { outcomes } = await run((position) => {
        return { ...knows([1, 2], 55), isFixed: position < 2, followed: 70 + position };
      });
      for (const outcome of outcomes)
        assert.deepEqual(outcome.status === "fulfilled" && outcome.value, { ...agreed([1, 2], 55), followed: 70 });
    });

    it("fails everyone where two say that different ones are fixed, by ids or by block, and names them", async () => {
      for (const other of [knows([1], 55), knows([1, 2, 99], 55), knows([1, 2], 56)]) {
        const isFixed = true;
        const { outcomes, frames } = await run((position) => {
          return { ...(position === 0 ? other : knows([1, 2], 55)), isFixed: position < 2 ? isFixed : false };
        });
        for (const outcome of outcomes) {
          const { detail } = assertRejected(outcome, "PROTOCOL_HISTORY_CONFLICT");
          assert.deepEqual(detail, { code: "PROTOCOL_HISTORY_CONFLICT", parties: [liar, first] });
        }
        assert.ok(frames.every(({ step }) => step === SUMMARIES_STEP));
      }
    });

    it("refuses a summary that is neither fixed nor not", async () => {
      const { outcomes } = await run(
        () => knows([1]),
        (payload) => Buffer.concat([payload.subarray(0, 44), Buffer.of(2), payload.subarray(45)]),
      );
      for (const outcome of outcomes.slice(1)) {
        const { detail } = assertRejected(outcome, "PROTOCOL_BAD_HISTORY");
        assert.deepEqual(detail, { code: "PROTOCOL_BAD_HISTORY", peer: liar, reason: "neither fixed nor not" });
      }
    });

    it("is caught by the transcripts when a liar tells one honest participant only that its history is fixed", async () => {
      const { outcomes } = await runBound(({ step, to }, payload) =>
        step === SUMMARIES_STEP && to === last
          ? Buffer.concat([payload.subarray(0, 44), Buffer.of(1), payload.subarray(45)])
          : payload,
      );
      for (const outcome of outcomes.slice(1)) assertRejected(outcome, "PROTOCOL_TRANSCRIPT_MISMATCH");
    });

    it("is caught by the transcripts when a liar tells two honest participants different requests", async () => {
      const lie = knows([99]);
      const { outcomes } = await runBound(({ step, to }, payload) => {
        if (to !== last || (step !== SUMMARIES_STEP && step !== LISTS_STEP)) return payload;
        return step === SUMMARIES_STEP ? summaryOf(lie) : Buffer.from(idOf(99).slice(2), "hex");
      });
      for (const outcome of outcomes.slice(1)) assertRejected(outcome, "PROTOCOL_TRANSCRIPT_MISMATCH");
    });

    it("is caught by the transcripts when a liar tells two honest participants different blocks", async () => {
      const { outcomes } = await runBound(({ step, to }, payload) =>
        step === SUMMARIES_STEP && to === last
          ? Buffer.concat([payload.subarray(0, 36), blockBytes(55), payload.subarray(44)])
          : payload,
      );
      for (const outcome of outcomes.slice(1)) assertRejected(outcome, "PROTOCOL_TRANSCRIPT_MISMATCH");
    });

    it("leaves no two honest participants with different histories, whatever is sent in summaries", async () => {
      const change = fc.record({
        to: fc.constantFrom(first, last),
        byte: fc.nat(52),
        step: fc.constant(SUMMARIES_STEP),
      });
      await fc.assert(
        fc.asyncProperty(change, async ({ to, byte, step }) => {
          const { outcomes } = await runBound((frame, payload) =>
            frame.step === step && frame.to === to ? flipBit(payload, byte) : payload,
          );
          const histories = outcomes.slice(1).flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
          for (const history of histories) assert.deepEqual(history, histories[0]);
        }),
        { numRuns: Math.ceil(budget.protocolRuns / committees.length) },
      );
    });
  });
}

describe("agreeHistory", () => {
  const size = { n: 3, t: 1 };
  const parties = partiesOf(3);
  const world = new World(size, "long histories");

  it("agrees on as many as a gate tests against, and refuses when all together know more", async () => {
    const numbers = Array.from({ length: MAX_HISTORY }, (_, number) => number);
    const agreeOn = (known: (party: PartyIndex) => readonly number[]) =>
      world.runNetworks(parties, (network) => agreeHistory(network, knows(known(network.self)), REQUEST_BLOCK));
    const most = await agreeOn((party) => (party === 1 ? numbers : []));
    for (const outcome of most.outcomes)
      assert.deepEqual(outcome.status === "fulfilled" && outcome.value, agreed(numbers));
    const more = await agreeOn((party) => (party === 1 ? numbers : [MAX_HISTORY]));
    for (const outcome of more.outcomes) {
      const detail = { code: "PROTOCOL_HISTORY_TOO_LONG", party: "all", length: MAX_HISTORY + 1, maximum: MAX_HISTORY };
      assert.deepEqual(assertRejected(outcome, "PROTOCOL_HISTORY_TOO_LONG").detail, detail);
    }
    const own = await agreeOn((party) => (party === 1 ? [...numbers, MAX_HISTORY] : []));
    const { detail } = assertRejected(own.outcomes[0], "PROTOCOL_HISTORY_TOO_LONG");
    assert.equal((detail as unknown as { party: PartyIndex }).party, 1);
  });
});

describe("encodeHistory", () => {
  it("differs by block, ids and number, and not by order", () => {
    const hex = (history: History): string => Buffer.from(encodeHistory(history)).toString("hex");
    const later = { ...knows([]), followed: 61 };
    const all = [knows([]), later, knows([], 61), knows([1]), knows([2]), knows([1, 2])].map(hex);
    assert.equal(new Set(all).size, all.length);
    assert.equal(hex(knows([2, 1])), hex(knows([1, 2])));
    const block = blockBytes(60).toString("hex");
    assert.equal(hex(knows([1])), `${block}${block}${idOf(1).slice(2)}`);
  });
});

function blockBytes(block: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(block));
  return bytes;
}
