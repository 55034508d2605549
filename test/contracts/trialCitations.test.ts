/** Which answers a verdict may cite, and on how many subjects it stands. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroHash, id, keccak256, ZeroAddress } from "ethers";
import type { HDNodeWallet } from "ethers";
import { outputsHash, requestCommitment } from "../../workers/messages/statement.ts";
import { ethers, load, networkHelpers } from "./support/chain.ts";
import {
  OWNERS,
  PARAMETERS,
  PRICE,
  QUERIER,
  VERDICT,
  accept,
  activate,
  answer,
  askedIn,
} from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";
import {
  type Evidence,
  type LookWorld,
  NOTHING_CITED,
  type Rules,
  STOPPED,
  answerLook,
  answerSealedLook,
  askForLook,
  cite,
  citeNext,
  evidenceOf,
  prepareTrial,
  record,
  registerTrial,
  replaced,
  sendable,
  verdictOf,
} from "./support/trial.ts";

const STATE = { NONE: 0n, REQUESTED: 1n, REFUSED: 3n };

/** The first look's world under other rules. */
async function withRules(change: Partial<Rules>, sources: Partial<Rules["sources"][number]> = {}): Promise<LookWorld> {
  const world = await load(prepareTrial);
  const rules = { ...world.rules, ...change };
  rules.sources = rules.sources.map((source) => ({ ...source, ...sources }));
  await world.adaptiveTrial.register(rules);
  const datasetIds: string[] = [];
  for (const owner of OWNERS) datasetIds.push(await activate(world, owner));
  datasetIds.sort();
  await accept(world, QUERIER);
  return cite({ ...world, rules, datasetIds });
}

describe("AdaptiveTrial citations", () => {
  describe("an answer", () => {
    it("of a query that the rules do not name is refused", async () => {
      const world = await load(answerLook);
      const act = record(world, { queryHash: id("other") });
      const { parametersHash } = world.evidence.context;
      await reverts(act, world.adaptiveTrial, "AdaptiveTrialQueryNotRegistered", [id("other"), parametersHash]);
    });
    it("to other parameters than the rules name is refused", async () => {
      const world = await withRules({}, { parametersHash: id("other") });
      const args = [world.queryHash, keccak256(PARAMETERS)];
      await reverts(record(world), world.adaptiveTrial, "AdaptiveTrialQueryNotRegistered", args);
    });
    it("to any parameters is taken where the rules name none", async () => {
      await record(await withRules({}, { parametersHash: ZeroHash }));
    });
    it("that there is not, or not yet, is refused", async () => {
      const world = await load(answerLook);
      const unknown = record(world, { requestId: id("none") });
      await reverts(unknown, world.adaptiveTrial, "AdaptiveTrialNotAnswered", [id("none"), STATE.NONE]);
      const cited = await askForLook(world);
      const { requestId } = cited.asked.context;
      const open = record({ ...world, cited }, {}, [0, 2], evidenceOf(cited));
      await reverts(open, world.adaptiveTrial, "AdaptiveTrialNotAnswered", [requestId, STATE.REQUESTED]);
      await answer({ ...world, asked: cited.asked }, [1, 2, 3], { ...VERDICT, outcome: 3, outputs: [] });
      const refused = record({ ...world, cited }, {}, [0, 2], evidenceOf(cited));
      await reverts(refused, world.adaptiveTrial, "AdaptiveTrialNotAnswered", [requestId, STATE.REFUSED]);
    });
    it("is taken with the context and the querier that its request fixed, and no other", async () => {
      const world = await load(answerLook);
      const { context, querier } = world.evidence;
      const hash = outputsHash(VERDICT.outputs);
      const byOther = record(world, {}, [0, 2], { ...world.evidence, querier: ZeroAddress });
      await reverts(byOther, world.adaptiveTrial, "AdaptiveTrialAnswerMismatch", [
        requestCommitment(context, ZeroAddress, hash),
        requestCommitment(context, querier, hash),
      ]);
      for (const change of [
        { requestBlock: context.requestBlock + 1n },
        { releaseClass: 1 as const },
        { datasetRoots: context.datasetRoots.slice(1) },
        { studyId: id("other") },
      ]) {
        const other = { ...context, ...change };
        const act = record(world, {}, [0, 2], { ...world.evidence, context: other });
        await reverts(act, world.adaptiveTrial, "AdaptiveTrialAnswerMismatch", [
          requestCommitment(other, querier, hash),
          requestCommitment(context, querier, hash),
        ]);
      }
    });
    it("is taken with the outputs it has, in the verdict and in the evidence", async () => {
      const world = await load(answerLook);
      const hash = outputsHash(VERDICT.outputs);
      const signed = record(world, { outputsHash: id("other") });
      const { context, querier } = world.evidence;
      await reverts(signed, world.adaptiveTrial, "AdaptiveTrialAnswerMismatch", [
        requestCommitment(context, querier, id("other")),
        requestCommitment(context, querier, hash),
      ]);
      const outputs = replaced(VERDICT.outputs, 0, 32n);
      const shown = record(world, {}, [0, 2], { ...world.evidence, outputs });
      await reverts(shown, world.adaptiveTrial, "AdaptiveTrialOutputsMismatch", [outputsHash(outputs), hash]);
    });
    it("is cited once", async () => {
      const first = await load(answerLook);
      await record(first);
      for (const owner of OWNERS) await activate(first, owner, 2n);
      const { decidedBlock } = await first.adaptiveTrial.trial(first.trialId);
      const { requestId, requestBlock } = first.evidence.context;
      const args = [requestId, requestBlock, decidedBlock];
      await reverts(record(first, { look: 2 }), first.adaptiveTrial, "AdaptiveTrialAnswerNotNewer", args);
    });
    it("that was asked for before the verdict before is refused, though it was never cited", async () => {
      const first = await load(answerLook);
      const early = await citeNext(first);
      await record(first);
      const { decidedBlock } = await first.adaptiveTrial.trial(first.trialId);
      const { requestId, requestBlock } = early.evidence.context;
      const args = [requestId, requestBlock, decidedBlock];
      await reverts(record(early, { look: 2 }), first.adaptiveTrial, "AdaptiveTrialAnswerNotNewer", args);
      await record(await cite(first), { look: 2 }, [0, 2]);
    });
    it("that was asked for in the block of the verdict before is refused", async () => {
      const first = await load(answerLook);
      const fees = { maxFeePerGas: 10n ** 12n, gasLimit: 5_000_000n };
      await ethers.provider.send("evm_setAutomine", [false]);
      const sent = await first.query.request(0, PARAMETERS, first.datasetIds, 0, [], { value: PRICE, ...fees });
      await record(first);
      await networkHelpers.mine(1);
      await ethers.provider.send("evm_setAutomine", [true]);
      const asked = { ...askedIn(first, await sent.wait()), nonce: 0n };
      await answer({ ...first, asked });
      const cited = { asked, datasets: first.cited.datasets };
      const { decidedBlock } = await first.adaptiveTrial.trial(first.trialId);
      const { requestId, requestBlock } = asked.context;
      assert.equal(requestBlock, decidedBlock);
      const act = record({ ...first, cited, evidence: evidenceOf(cited) }, { look: 2 });
      await reverts(act, first.adaptiveTrial, "AdaptiveTrialAnswerNotNewer", [requestId, requestBlock, decidedBlock]);
    });
    it("may be cited though its query was revoked since", async () => {
      const world = await load(answerLook);
      await world.catalogue.revoke(world.queryHash, "found wrong");
      await record(world);
    });
    it("is as genuine in a STOP that cites one, though no number of subjects is needed", async () => {
      const world = await withRules({
        looks: [{ minimumEnrolled: 10_000, minimumResponded: 10_000, futility: 0, graduation: 0 }],
      });
      const forged = record(world, { ...STOPPED, outputsHash: id("x") });
      const { context, querier } = world.evidence;
      await reverts(forged, world.adaptiveTrial, "AdaptiveTrialAnswerMismatch", [
        requestCommitment(context, querier, id("x")),
        requestCommitment(context, querier, outputsHash(VERDICT.outputs)),
      ]);
      await record(world, STOPPED);
    });
  });

  describe("enrolment", () => {
    it("is what the request's datasets had when it was made, to the row", async () => {
      const at = (minimumEnrolled: number) => ({
        looks: [{ minimumEnrolled, minimumResponded: 1, futility: 0, graduation: 0 }],
      });
      const enough = await withRules(at(300));
      for (const owner of OWNERS) await activate(enough, owner, 2n);
      await record(enough);
      const fewer = await withRules(at(301));
      for (const owner of OWNERS) await activate(fewer, owner, 2n);
      await reverts(record(fewer), fewer.adaptiveTrial, "AdaptiveTrialTooFewEnrolled", [300, 301]);
    });
    it("counts all segments of later versions", async () => {
      const first = await load(answerLook);
      await record(first);
      await activate(first, OWNERS[0] as HDNodeWallet, 2n);
      const world = await cite(first);
      const act = record(world, { look: 2 });
      await reverts(act, world.adaptiveTrial, "AdaptiveTrialTooFewEnrolled", [400, 500]);
    });
    it("is shown by the very datasets, versions and segments", async () => {
      const world = await load(answerLook);
      const { datasets } = world.evidence;
      const [first, second, third] = datasets as [Evidence["datasets"][number], ...Evidence["datasets"]];
      const segment = first.segments[0]!;
      for (const [index, changed] of [
        [0, [{ ...first, version: 2n }, second!, third!]],
        [0, [{ ...first, segments: [{ ...segment, rowCount: 1_000n }] }, second!, third!]],
        [0, [{ ...first, segments: [segment, segment] }, second!, third!]],
        [1, [first, { ...second!, datasetId: first.datasetId }, third!]],
        [1, [first, third!, second!]],
      ] satisfies [number, Evidence["datasets"]][]) {
        const act = record(world, {}, [0, 2], { ...world.evidence, datasets: changed });
        await reverts(act, world.adaptiveTrial, "AdaptiveTrialDatasetMismatch", [index]);
      }
      for (const changed of [datasets.slice(1), [...datasets, first], []]) {
        const act = record(world, {}, [0, 2], { ...world.evidence, datasets: changed });
        await reverts(act, world.adaptiveTrial, "AdaptiveTrialDatasetCount", [changed.length, 3]);
      }
    });
  });

  describe("the number of subjects that responded", () => {
    it("is the sum of the registered outputs of a PUBLIC answer", async () => {
      const world = await load(answerLook);
      for (const responded of [59, 61, 0]) {
        const act = record(world, { responded });
        await reverts(act, world.adaptiveTrial, "AdaptiveTrialRespondedMismatch", [responded, 60]);
      }
    });
    it("is at least what the look needs", async () => {
      const looks = [{ minimumEnrolled: 1, minimumResponded: 61, futility: 0, graduation: 0 }];
      const world = await withRules({ looks });
      await reverts(record(world), world.adaptiveTrial, "AdaptiveTrialTooFewResponded", [60, 61]);
      await record(await withRules({ looks: [{ ...looks[0]!, minimumResponded: 60 }] }));
    });
    it("counts a hidden output as 0", async () => {
      const world = await load(registerTrial);
      const cited = await askForLook(world);
      const outputs = replaced(VERDICT.outputs, 3, 0n);
      await answer({ ...world, asked: cited.asked }, [1, 2, 3], { ...VERDICT, outputs, suppressedBitmap: "0x08" });
      const hidden = { ...world, cited, evidence: evidenceOf(cited, outputs) };
      const hash = outputsHash(outputs);
      const stated = record(hidden, { outputsHash: hash });
      await reverts(stated, world.adaptiveTrial, "AdaptiveTrialRespondedMismatch", [60, 31]);
      const fewer = record(hidden, { outputsHash: hash, responded: 31 });
      await reverts(fewer, world.adaptiveTrial, "AdaptiveTrialTooFewResponded", [31, 50]);
    });
    it("is of outputs that exist and are counts", async () => {
      const missing = await withRules({}, { respondedOutputs: [0, 6] });
      await reverts(record(missing), missing.adaptiveTrial, "AdaptiveTrialNotACount", [6]);
      const world = await load(registerTrial);
      const cited = await askForLook(world);
      const outputs = replaced(VERDICT.outputs, 0, 2n ** 32n);
      await answer({ ...world, asked: cited.asked }, [1, 2, 3], { ...VERDICT, outputs });
      const act = record(
        { ...world, cited, evidence: evidenceOf(cited, outputs) },
        { outputsHash: outputsHash(outputs) },
      );
      await reverts(act, world.adaptiveTrial, "AdaptiveTrialNotACount", [0]);
    });
    it("is the board's word for a SEALED answer, of which no outputs are given", async () => {
      const world = await load(answerSealedLook);
      await reverts(record(world, { responded: 49 }), world.adaptiveTrial, "AdaptiveTrialTooFewResponded", [49, 50]);
      const shown = { ...world.evidence, outputs: [...VERDICT.outputs] };
      await reverts(record(world, {}, [0, 2], shown), world.adaptiveTrial, "AdaptiveTrialOutputsSealed");
      await record(world, { responded: 777 });
    });
  });

  describe("checkVerdict", () => {
    it("says what the chain would, without signatures", async () => {
      const world = await load(answerLook);
      const check = async (change = {}) =>
        world.adaptiveTrial.checkVerdict(sendable(await verdictOf(world, change)), world.evidence);
      assert.equal(await check(), 300n);
      assert.equal(await check({ ...STOPPED, ...NOTHING_CITED }), 0n);
      await reverts(check({ responded: 1 }), world.adaptiveTrial, "AdaptiveTrialRespondedMismatch", [1, 60]);
      await reverts(check({ look: 2 }), world.adaptiveTrial, "AdaptiveTrialWrongLook", [2, 1]);
      await reverts(check({ deadline: 1n }), world.adaptiveTrial, "AdaptiveTrialVerdictExpired", [1]);
      await reverts(check({ trialId: id("x") }), world.adaptiveTrial, "AdaptiveTrialUnknown", [id("x")]);
    });
  });
});
