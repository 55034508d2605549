/** What a board may decide under the registered rules, and what is in force then. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroHash, id } from "ethers";
import { ArmState, Decision, type TrialVerdict, trialVerdictHash } from "../../workers/messages/trialVerdict.ts";
import { blockNumber, load } from "./support/chain.ts";
import { RELAYER } from "./support/consortium.ts";
import { reverts, revertsBare } from "./support/reverts.ts";
import {
  A,
  ALL_ACTIVE,
  B,
  BOARD,
  BOARD_ORGANISATIONS,
  CONTROL,
  INITIAL,
  type LookWorld,
  NOTHING_CITED,
  SIGNATURE,
  STOPPED,
  UNSTATED,
  answerLook,
  cell,
  citeNext,
  record,
  replaced,
  sendable,
  signBoard,
  verdictOf,
} from "./support/trial.ts";

const STATE = { RUNNING: 1n, CONCLUDED: 2n, STOPPED: 3n };
const { ACTIVE, DROPPED, GRADUATED, HALTED } = ArmState;
const { CONTINUE, CHANGE_ALLOCATION, CHANGE_ARMS, STOP, NONE } = Decision;
const ZEROS = INITIAL.map(() => 0);

/** An arm leaves a stratum; the control gets what it had. */
function leaving(stratum: number, arm: number, state: ArmState, posterior: number): Partial<TrialVerdict> {
  const at = cell(stratum, arm);
  const allocation = replaced(INITIAL, at, 0);
  allocation[cell(stratum, CONTROL)]! += INITIAL[at]!;
  return {
    decision: CHANGE_ARMS,
    posteriors: replaced(UNSTATED, at, posterior),
    states: replaced(ALL_ACTIVE, at, state),
    allocation,
  };
}

/** In each stratum these arms are left, all others graduated. */
function onlyLeft(...arms: readonly (readonly number[])[]): Partial<TrialVerdict> {
  const states = arms.flatMap((left) =>
    [CONTROL, A, B].map((arm) => (arm === CONTROL || left.includes(arm) ? ACTIVE : GRADUATED)),
  );
  const allocation = arms.flatMap((left) => {
    if (left.length === 0) return [0, 0, 0];
    return [4_000, ...[A, B].map((arm) => (left.includes(arm) ? 6_000 / left.length : 0))];
  });
  return { decision: CHANGE_ARMS, posteriors: states.map(() => 9_500), states, allocation };
}

async function inForce({ adaptiveTrial, trialId }: LookWorld) {
  const { bps, states } = await adaptiveTrial.allocation(trialId);
  return { allocation: bps.map(Number), states: states.map(Number) };
}

describe("AdaptiveTrial", () => {
  describe("recordVerdict", () => {
    it("records what was decided, by whom, on which answer", async () => {
      const world = await load(answerLook);
      const { adaptiveTrial, trail, trialId } = world;
      const { latestHash: rulesHash } = await adaptiveTrial.trial(trialId);
      const length = await trail.length();
      const verdict = await verdictOf(world, { ...leaving(1, B, DROPPED, 499), reason: "as planned" });
      const signatures = await signBoard(world, verdict);
      await adaptiveTrial.connect(RELAYER).recordVerdict(sendable(verdict), world.evidence, signatures);
      const hash = trialVerdictHash(verdict);
      const found = await adaptiveTrial.trial(trialId);
      assert.deepEqual(
        [found.state, found.looksTaken, found.decidedBlock, found.latestHash],
        [STATE.RUNNING, 1n, await blockNumber(), hash],
      );
      assert.equal(await adaptiveTrial.verdictHashOf(trialId, 1), hash);
      assert.equal(await adaptiveTrial.verdictHashOf(trialId, 2), ZeroHash);
      assert.deepEqual(await inForce(world), {
        allocation: [4_000, 3_000, 3_000, 7_000, 3_000, 0],
        states: verdict.states,
      });
      const [event] = await adaptiveTrial.queryFilter(adaptiveTrial.filters.VerdictRecorded(trialId));
      const { args } = event ?? assert.fail("no event");
      assert.deepEqual(
        [args.look, args.decision, args.verdictHash, args.enrolled],
        [1n, BigInt(CHANGE_ARMS), hash, 300n],
      );
      assert.deepEqual(
        [args.verdict.requestId, args.verdict.reason, args.verdict.posteriors.map(Number)],
        [verdict.requestId, "as planned", verdict.posteriors],
      );
      const signed = await adaptiveTrial.queryFilter(adaptiveTrial.filters.VerdictSigned(hash));
      assert.deepEqual(
        signed.map(({ args: { member, name, meaning, signedAt } }) => [member, name, meaning, signedAt]),
        [0, 2].map((i) => [BOARD[i]!.address, SIGNATURE.name, SIGNATURE.meaning, SIGNATURE.signedAt]),
      );
      const recorded = await trail.queryFilter(trail.filters.Recorded(length));
      assert.equal(recorded.length, 1);
      const acts = await trail.queryFilter(trail.filters.Recorded(), Number(await blockNumber()));
      assert.deepEqual(
        acts.map(({ args: { act, subject, actor, organisation } }) => [act, subject, actor, organisation]),
        [
          [id("VerdictRecorded"), trialId, RELAYER.address, ZeroHash],
          [id("VerdictSigned"), hash, BOARD[0]!.address, id(BOARD_ORGANISATIONS[0]!)],
          [id("VerdictSigned"), hash, BOARD[2]!.address, id(BOARD_ORGANISATIONS[2]!)],
        ],
      );
      assert.deepEqual([recorded[0]?.args.oldHash, recorded[0]?.args.newHash], [rulesHash, hash]);
    });

    it("continues as it was", async () => {
      const world = await load(answerLook);
      await record(world);
      assert.deepEqual(await inForce(world), { allocation: INITIAL, states: ALL_ACTIVE });
    });
    it("changes the allocation within floors and caps, in one stratum or in all", async () => {
      const world = await load(answerLook);
      const allocation = [2_000, 7_000, 1_000, 8_000, 2_000, 0];
      await record(world, { decision: CHANGE_ALLOCATION, allocation });
      assert.deepEqual(await inForce(world), { allocation, states: ALL_ACTIVE });
    });
    it("lets an arm graduate in one stratum, and stay in the other", async () => {
      const world = await load(answerLook);
      const change = leaving(0, A, GRADUATED, 9_000);
      await record(world, change);
      assert.deepEqual(await inForce(world), {
        allocation: [7_000, 0, 3_000, 4_000, 3_000, 3_000],
        states: change.states,
      });
    });
    it("halts an arm for safety without any posterior, if it says why", async () => {
      const world = await load(answerLook);
      const change = leaving(0, A, HALTED, 65_535);
      await reverts(record(world, change), world.adaptiveTrial, "AdaptiveTrialReasonMissing");
      await record(world, { ...change, reason: "liver toxicity" });
    });
    it("closes a stratum in which only the control is left", async () => {
      const world = await load(answerLook);
      const change = onlyLeft([], [A]);
      await record(world, change);
      assert.deepEqual(await inForce(world), { allocation: [0, 0, 0, 4_000, 6_000, 0], states: change.states });
      assert.equal((await world.adaptiveTrial.trial(world.trialId)).state, STATE.RUNNING);
    });
    it("concludes the trial when no experimental arm is left, and nothing follows", async () => {
      const world = await load(answerLook);
      await record(world, onlyLeft([], []));
      const { adaptiveTrial, trail, trialId } = world;
      assert.equal((await adaptiveTrial.trial(trialId)).state, STATE.CONCLUDED);
      assert.deepEqual((await inForce(world)).allocation, ZEROS);
      const [ended] = await adaptiveTrial.queryFilter(adaptiveTrial.filters.TrialEnded(trialId));
      assert.equal(ended?.args.state, STATE.CONCLUDED);
      const acts = await trail.queryFilter(trail.filters.Recorded(), Number(await blockNumber()));
      assert.equal(acts.at(-1)?.args.act, id("TrialEnded"));
      const next = record(await citeNext(world), { look: 2, ...STOPPED });
      await reverts(next, adaptiveTrial, "AdaptiveTrialNotRunning", [trialId, STATE.CONCLUDED]);
    });
    it("takes a second look by the second look's rules", async () => {
      const first = await load(answerLook);
      await record(first);
      const world = await citeNext(first);
      const futile = leaving(0, B, DROPPED, 999);
      await record(world, { look: 2, ...futile });
      assert.equal((await world.adaptiveTrial.trial(world.trialId)).looksTaken, 2n);
    });
  });

  describe("a STOP", () => {
    it("ends the trial on an answer, or on none", async () => {
      for (const cited of [{}, NOTHING_CITED]) {
        const world = await load(answerLook);
        await record(world, { ...STOPPED, ...cited });
        assert.equal((await world.adaptiveTrial.trial(world.trialId)).state, STATE.STOPPED);
        assert.deepEqual(await inForce(world), { allocation: ZEROS, states: ALL_ACTIVE });
        const next = record(world, { look: 2 });
        await reverts(next, world.adaptiveTrial, "AdaptiveTrialNotRunning", [world.trialId, STATE.STOPPED]);
      }
    });
    it("may come after the last look, when nothing else may", async () => {
      const first = await load(answerLook);
      await record(first);
      const second = await citeNext(first);
      await record(second, { look: 2 });
      const third = await citeNext(second, 3n);
      await reverts(record(third, { look: 3 }), third.adaptiveTrial, "AdaptiveTrialNoMoreLooks", [2n]);
      await record(third, { ...STOPPED, ...NOTHING_CITED, look: 3 });
    });
    it("needs a reason, allocates nobody and moves no arm", async () => {
      const world = await load(answerLook);
      await reverts(record(world, { ...STOPPED, reason: "" }), world.adaptiveTrial, "AdaptiveTrialReasonMissing");
      for (const change of [
        { allocation: replaced(ZEROS, 3, 1) },
        { states: replaced(ALL_ACTIVE, cell(0, A), HALTED) },
      ])
        await reverts(record(world, { ...STOPPED, ...change }), world.adaptiveTrial, "AdaptiveTrialDecisionMismatch", [
          STOP,
        ]);
    });
    it("that cites nothing names nothing", async () => {
      const world = await load(answerLook);
      for (const change of [{ queryHash: world.queryHash }, { outputsHash: id("x") }, { responded: 1 }]) {
        const act = record(world, { ...STOPPED, ...NOTHING_CITED, ...change });
        await reverts(act, world.adaptiveTrial, "AdaptiveTrialNothingCited");
      }
    });
    it("is the only verdict that may cite nothing", async () => {
      const world = await load(answerLook);
      const act = record(world, NOTHING_CITED);
      const { parametersHash } = world.evidence.context;
      await reverts(act, world.adaptiveTrial, "AdaptiveTrialQueryNotRegistered", [ZeroHash, parametersHash]);
    });
  });

  describe("outside the rules", () => {
    const graduated = (posterior: number) => leaving(0, A, GRADUATED, posterior);
    const dropped = (posterior: number) => leaving(0, A, DROPPED, posterior);
    const allocate = (...allocation: number[]) => ({ decision: CHANGE_ALLOCATION, allocation });
    for (const [what, change, name, args] of [
      ["a look is left out", { look: 2 }, "WrongLook", [2, 1]],
      ["a look is 0", { look: 0 }, "WrongLook", [0, 1]],
      ["posteriors are missing", { posteriors: UNSTATED.slice(1) }, "CellCount", ["posteriors", 5, 6]],
      ["there are too many states", { states: [...ALL_ACTIVE, ACTIVE] }, "CellCount", ["states", 7, 6]],
      ["an allocation is missing", { allocation: INITIAL.slice(1) }, "CellCount", ["allocation", 5, 6]],
      ["a posterior is above 1", { posteriors: replaced(UNSTATED, 4, 10_001) }, "InvalidPosterior", [1, 1, 10_001]],
      [
        "a posterior is nearly not stated",
        { posteriors: replaced(UNSTATED, 2, 65_534) },
        "InvalidPosterior",
        [0, 2, 65_534],
      ],
      ["nothing is decided", { decision: NONE }, "DecisionMismatch", [NONE]],
      [
        "CONTINUE changes an allocation",
        { ...allocate(5_000, 2_500, 2_500, 4_000, 3_000, 3_000), decision: CONTINUE },
        "DecisionMismatch",
        [CONTINUE],
      ],
      ["CONTINUE drops an arm", { ...dropped(499), decision: CONTINUE }, "DecisionMismatch", [CONTINUE]],
      ["CHANGE_ALLOCATION changes nothing", { decision: CHANGE_ALLOCATION }, "DecisionMismatch", [CHANGE_ALLOCATION]],
      [
        "CHANGE_ALLOCATION drops an arm",
        { ...dropped(499), decision: CHANGE_ALLOCATION },
        "DecisionMismatch",
        [CHANGE_ALLOCATION],
      ],
      [
        "CHANGE_ARMS changes an allocation only",
        { ...allocate(5_000, 2_500, 2_500, 4_000, 3_000, 3_000), decision: CHANGE_ARMS },
        "DecisionMismatch",
        [CHANGE_ARMS],
      ],
      ["an arm is dropped at the futility threshold", dropped(500), "NotFutile", [0, A, 500, 500]],
      ["an arm is dropped on no posterior", dropped(65_535), "NotFutile", [0, A, 65_535, 500]],
      ["an arm graduates below the threshold", graduated(8_999), "NotGraduated", [0, A, 8_999, 9_000]],
      ["an arm graduates on no posterior", graduated(65_535), "NotGraduated", [0, A, 65_535, 9_000]],
      ["the control is dropped", leaving(1, CONTROL, DROPPED, 0), "ControlMustStay", [1]],
      ["the control graduates", leaving(1, CONTROL, GRADUATED, 10_000), "ControlMustStay", [1]],
      ["the control is halted", { ...leaving(1, CONTROL, HALTED, 0), reason: "x" }, "ControlMustStay", [1]],
      [
        "the control is below its floor",
        allocate(1_999, 5_001, 3_000, 4_000, 3_000, 3_000),
        "AllocationOutOfBounds",
        [0, 0, 1_999, 2_000, 8_000],
      ],
      [
        "an arm is above its cap",
        allocate(4_000, 3_000, 3_000, 2_000, 7_001, 999),
        "AllocationOutOfBounds",
        [1, A, 7_001, 500, 7_000],
      ],
      [
        "an arm is below its floor",
        allocate(6_501, 499, 3_000, 4_000, 3_000, 3_000),
        "AllocationOutOfBounds",
        [0, A, 499, 500, 7_000],
      ],
      [
        "a stratum's allocation is too little",
        allocate(4_000, 3_000, 2_999, 4_000, 3_000, 3_000),
        "AllocationSum",
        [0, 9_999],
      ],
      [
        "a stratum's allocation is too much",
        allocate(4_000, 3_000, 3_000, 4_000, 3_000, 3_001),
        "AllocationSum",
        [1, 10_001],
      ],
      [
        "an arm is dropped and still allocated to",
        { ...dropped(499), allocation: INITIAL },
        "AllocationOutOfBounds",
        [0, A, 3_000, 0, 0],
      ],
      [
        "an open stratum is allocated to nobody",
        { ...dropped(499), allocation: [0, 0, 0, 4_000, 3_000, 3_000] },
        "AllocationOutOfBounds",
        [0, 0, 0, 2_000, 8_000],
      ],
      [
        "a stratum without experimental arm goes on",
        { ...onlyLeft([], [A]), allocation: [8_000, 0, 0, 4_000, 6_000, 0] },
        "AllocationOutOfBounds",
        [0, 0, 8_000, 0, 0],
      ],
    ] satisfies [string, Partial<TrialVerdict>, string, unknown[]][]) {
      it(`is refused: ${what}`, async () => {
        const world = await load(answerLook);
        await reverts(record(world, change), world.adaptiveTrial, `AdaptiveTrial${name}`, args);
      });
    }
    it("is refused: a state or a decision that there is not", async () => {
      const world = await load(answerLook);
      await revertsBare(record(world, { decision: 5 as never }));
      await revertsBare(record(world, { states: replaced(ALL_ACTIVE, 1, 4 as never) }));
    });
    it("is refused: an arm that left comes back, or leaves otherwise", async () => {
      const first = await load(answerLook);
      const left = leaving(0, A, DROPPED, 100);
      await record(first, left);
      const world = await citeNext(first);
      for (const state of [ACTIVE, GRADUATED, HALTED]) {
        const states = replaced(ALL_ACTIVE, cell(0, A), state);
        const act = record(world, {
          look: 2,
          decision: CHANGE_ARMS,
          posteriors: UNSTATED,
          states,
          allocation: INITIAL,
        });
        await reverts(act, world.adaptiveTrial, "AdaptiveTrialArmClosed", [0, A, DROPPED]);
      }
      const allocation = INITIAL;
      const act = record(world, { look: 2, decision: CHANGE_ALLOCATION, states: left.states!, allocation });
      await reverts(act, world.adaptiveTrial, "AdaptiveTrialAllocationOutOfBounds", [0, A, 3_000, 0, 0]);
    });
    it("is refused: the same look a second time", async () => {
      const world = await load(answerLook);
      await record(world);
      await reverts(record(world), world.adaptiveTrial, "AdaptiveTrialWrongLook", [1, 2]);
    });
    it("is refused: a trial that nobody registered", async () => {
      const world = await load(answerLook);
      await reverts(record(world, { trialId: id("x") }), world.adaptiveTrial, "AdaptiveTrialUnknown", [id("x")]);
    });
    it("is refused where the look has no threshold", async () => {
      const world = await load(answerLook);
      const rules = await world.adaptiveTrial.rules(world.trialId);
      const plain = { ...world.rules, looks: [{ ...world.rules.looks[0]!, futility: 0, graduation: 0 }] };
      assert.equal(rules.looks.length, 2);
      const { rulebook } = world;
      const check = async (change: Partial<TrialVerdict>) =>
        rulebook.checkVerdict(plain, sendable(await verdictOf(world, change)), 0, ALL_ACTIVE, INITIAL);
      await reverts(check(dropped(0)), world.adaptiveTrial, "AdaptiveTrialNotFutile", [0, A, 0, 0]);
      await reverts(check(graduated(10_000)), world.adaptiveTrial, "AdaptiveTrialNotGraduated", [0, A, 10_000, 0]);
      assert.equal(await check({}), STATE.RUNNING);
    });
  });
});
