/** Answers under a mask: which verdicts count, and who may publish keys of what. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroHash, concat, id } from "ethers";
import type { HDNodeWallet } from "ethers";
import { sealedHash } from "../../workers/messages/sealedAnswer.ts";
import { Outcome, type Verdict, outputsHash, requestCommitment } from "../../workers/messages/statement.ts";
import { load } from "./support/chain.ts";
import {
  OUTSIDER,
  QUERIER,
  VERDICT,
  answer,
  openRequest,
  openSealedRequest,
  signVerdict,
  verdictOf,
  type OpenWorld,
  endedWordsOf,
  wordsOf,
} from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";

const STATE = { NONE: 0n, REQUESTED: 1n, ANSWERED: 2n, REFUSED: 3n };
const SEALED = 1n;
const HASHES = [id("key 1"), id("key 2"), id("key 3")];
const COPIES = ["0x0102", "0x", concat([id("x"), id("y")])];
/** Hidden outputs are masks, so they are not 0. */
const ANSWERED: Verdict = { ...VERDICT, suppressedBitmap: "0x05", sealedHash: sealedHash(HASHES) };

async function answerSealed() {
  const world = await openSealedRequest();
  await answer(world, [1, 2, 3], ANSWERED);
  return world;
}

/** @param verdict what the request is said to have been answered */
function publish(
  world: OpenWorld,
  from: HDNodeWallet,
  index: number,
  context = world.asked.context,
  verdict?: Verdict,
) {
  const words = endedWordsOf({ asked: { ...world.asked, context } }, verdict);
  return world.query.connect(from).publishKeyCopies(...words, index, HASHES, COPIES);
}

describe("QuerySmartContract", () => {
  describe("a SEALED answer", () => {
    it("is taken with the hash of its keys, and emits masked words as they are", async () => {
      const { query, asked } = await load(answerSealed);
      const { requestId } = asked.context;
      const [event] = await query.queryFilter(query.filters.QueryAnswered(requestId));
      assert.deepEqual([...(event?.args.outputs ?? [])], VERDICT.outputs);
      assert.deepEqual([event?.args.suppressedBitmap, event?.args.sealedHash], ["0x05", sealedHash(HASHES)]);
    });
    it("binds the hash of its keys into what is signed", async () => {
      const world = await load(openSealedRequest);
      const other = { ...ANSWERED, sealedHash: sealedHash(HASHES.toReversed()) };
      const signed = await signVerdict(world, ANSWERED, [1, 2, 3]);
      const act = world.query.answer(...wordsOf(world), verdictOf(other), signed);
      await assert.rejects(act, /QuerySmartContractInvalidSigner/);
    });
    for (const [what, verdict] of [
      ["an answer without keys", { ...ANSWERED, sealedHash: ZeroHash }],
      [
        "a refusal with keys",
        { ...ANSWERED, outcome: Outcome.REFUSED_DISCLOSURE, outputs: [], suppressedBitmap: "0x" },
      ],
      [
        "a failure with keys",
        { ...ANSWERED, outcome: Outcome.FAILED_UNAVAILABLE, outputs: [], suppressedBitmap: "0x" },
      ],
    ] satisfies [string, Verdict][]) {
      it(`refuses ${what}, whoever signed it`, async () => {
        const world = await load(openSealedRequest);
        const act = answer(world, [1, 2, 3, 4], verdict);
        await reverts(act, world.query, "QuerySmartContractInvalidVerdict", [verdict.outcome]);
      });
    }
    it("may be refused without keys", async () => {
      const world = await load(openSealedRequest);
      const refusal = { ...VERDICT, outcome: Outcome.REFUSED_DISCLOSURE, outputs: [] };
      await answer(world, [1, 2, 3], refusal);
      assert.equal((await world.query.requestOf(world.asked.context.requestId)).state, STATE.REFUSED);
    });
  });

  describe("publishKeyCopies", () => {
    it("tells everyone which worker published what, again if it must", async () => {
      const world = await load(answerSealed);
      const { query, asked, committee } = world;
      for (const index of [1, 4, 4])
        await publish(world, committee[index - 1] as HDNodeWallet, index, asked.context, ANSWERED);
      const events = await query.queryFilter(query.filters.KeyCopiesPublished(asked.context.requestId));
      assert.deepEqual(
        events.map(({ args }) => [args.index, [...args.maskKeyHashes], [...args.copies]]),
        [1n, 4n, 4n].map((index) => [index, HASHES, COPIES]),
      );
      assert.equal((await query.requestOf(asked.context.requestId)).state, STATE.ANSWERED);
    });
    it("is for the committee's workers only, each under its own index; one that was revoked since still may", async () => {
      const world = await load(answerSealed);
      const [first, second] = world.committee as HDNodeWallet[];
      for (const [from, index] of [
        [OUTSIDER, 1],
        [QUERIER, 1],
        [first!, 2],
        [first!, 0],
        [first!, 5],
      ] as const) {
        const act = publish(world, from, index, world.asked.context, ANSWERED);
        await reverts(act, world.query, "QuerySmartContractNotWorker", [from.address, index]);
      }
      await world.workers.revoke(second!.address, "");
      await publish(world, second!, 2, world.asked.context, ANSWERED);
    });
    it("takes as much as the largest committee has to publish, and no more", async () => {
      const world = await load(answerSealed);
      const [worker] = world.committee as HDNodeWallet[];
      const words = endedWordsOf(world, ANSWERED);
      const send = (hashes: number, copies: readonly number[]) =>
        world.query.connect(worker!).publishKeyCopies(
          ...words,
          1,
          Array.from({ length: hashes }, (_, i) => id(`${i}`)),
          copies.map((bytes) => `0x${"11".repeat(bytes)}`),
        );
      await send(35, new Array<number>(16).fill(689));
      for (const [hashes, copies] of [
        [36, [1]],
        [3, new Array<number>(17).fill(1)],
        [3, [1, 690]],
      ] as const)
        await reverts(send(hashes, copies), world.query, "QuerySmartContractKeyCopiesTooLarge", []);
    });
    it("is not for requests that are open, refused, PUBLIC or unknown, nor for another context", async () => {
      const open = await load(openSealedRequest);
      const [worker] = open.committee as HDNodeWallet[];
      const { context } = open.asked;
      const refused = (world: OpenWorld, state: bigint, releaseClass: bigint, verdict?: Verdict): Promise<void> =>
        reverts(
          publish(world, worker!, 1, world.asked.context, verdict),
          world.query,
          "QuerySmartContractNotSealedAnswer",
          [world.asked.context.requestId, state, releaseClass],
        );
      await refused(open, STATE.REQUESTED, SEALED);
      const unknown = { ...context, requestId: id("x") };
      await reverts(publish(open, worker!, 1, unknown), open.query, "QuerySmartContractUnknownRequest", [id("x")]);
      await answer(open, [1, 2, 3], { ...VERDICT, outcome: Outcome.REFUSED_DISCLOSURE, outputs: [] });
      await refused(open, STATE.REFUSED, SEALED);
      const shown = await load(openRequest);
      await answer(shown);
      await refused(shown, STATE.ANSWERED, 0n, VERDICT);
      const done = await load(answerSealed);
      const { querier } = done.asked;
      const hash = outputsHash(ANSWERED.outputs);
      const expected = requestCommitment(done.asked.context, querier, hash);
      const other = { ...done.asked.context, committeeEpoch: 2n };
      const given = requestCommitment(other, querier, hash);
      const act = publish(done, worker!, 1, other, ANSWERED);
      await reverts(act, done.query, "QuerySmartContractCommitmentMismatch", [given, expected]);
    });
  });
});
