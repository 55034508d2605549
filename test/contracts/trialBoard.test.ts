/** Who signed a verdict, and whether that is enough. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroHash, id } from "ethers";
import type { HDNodeWallet } from "ethers";
import { BOARD_SIGNATURE, trialVerdictHash } from "../../workers/messages/trialVerdict.ts";
import { load, networkHelpers } from "./support/chain.ts";
import { CONSORTIUM, OUTSIDER, RELAYER, YEAR, admissionOf } from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";
import { shouldCheckSignature, shouldKeepDeadline } from "./support/signedAct.behavior.ts";
import {
  BOARD,
  BOARD_ORGANISATIONS,
  NOTHING_CITED,
  SIGNATURE,
  STOPPED,
  answerLook,
  boardDomain,
  citeNext,
  record,
  sendable,
  signBoard,
  verdictOf,
} from "./support/trial.ts";

const GAS = { gasLimit: 10_000_000n };

/** Everything is right but the first signature, which is the act's. */
async function prepare(deadline?: bigint) {
  const world = await load(answerLook);
  const { adaptiveTrial } = world;
  const verdict = await verdictOf(world, deadline === undefined ? {} : { deadline });
  const [signer] = BOARD as [HDNodeWallet];
  const [, other] = await signBoard(world, verdict);
  return {
    contract: adaptiveTrial,
    domain: await boardDomain(world),
    types: BOARD_SIGNATURE,
    message: { verdict: sendable(verdict), member: signer.address, ...SIGNATURE },
    signer,
    submit: (signature: string) =>
      adaptiveTrial
        .connect(RELAYER)
        .recordVerdict(sendable(verdict), world.evidence, [{ member: 0, ...SIGNATURE, signature }, other!], GAS),
    invalid: (recovered: string) => ["AdaptiveTrialInvalidSignature", [recovered, signer.address]] as const,
    expired: "AdaptiveTrialVerdictExpired",
  };
}

shouldCheckSignature("AdaptiveTrial recordVerdict", () => prepare());
shouldKeepDeadline("AdaptiveTrial recordVerdict", (deadline) => prepare(deadline === 0n ? undefined : deadline));

describe("AdaptiveTrial board", () => {
  describe("signatures", () => {
    it("of any members of two organisations are enough, and of all", async () => {
      for (const members of [
        [0, 2],
        [1, 2],
        [0, 1, 2],
      ]) {
        const world = await load(answerLook);
        await record(world, {}, members);
      }
    });
    it("of members of one organisation are not", async () => {
      const world = await load(answerLook);
      const args = [id(BOARD_ORGANISATIONS[0]!)];
      await reverts(record(world, {}, [0, 1]), world.adaptiveTrial, "AdaptiveTrialSameOrganisation", args);
    });
    it("are fewer than the rules need", async () => {
      const world = await load(answerLook);
      for (const members of [[], [2]])
        await reverts(record(world, {}, members), world.adaptiveTrial, "AdaptiveTrialQuorum", [members.length, 2]);
    });
    it("of one member twice, or out of order, are refused", async () => {
      const world = await load(answerLook);
      for (const [members, position] of [
        [[0, 0], 1],
        [[2, 0], 1],
        [[0, 2, 2], 2],
      ] as const) {
        const act = record(world, {}, members);
        await reverts(act, world.adaptiveTrial, "AdaptiveTrialSignaturesNotAscending", [position]);
      }
    });
    it("of one member for another are refused", async () => {
      const world = await load(answerLook);
      const verdict = await verdictOf(world);
      const [first, second] = await signBoard(world, verdict);
      const moved = [first!, { ...first!, member: 1 }, second!];
      const act = world.adaptiveTrial.recordVerdict(sendable(verdict), world.evidence, moved);
      await assert.rejects(act, /AdaptiveTrialInvalidSignature/);
    });
    it("of members that the board does not have are refused", async () => {
      const world = await load(answerLook);
      const verdict = await verdictOf(world);
      const [first, second] = await signBoard(world, verdict);
      for (const member of [3, 255]) {
        const act = world.adaptiveTrial.recordVerdict(sendable(verdict), world.evidence, [
          first!,
          { ...second!, member },
        ]);
        await reverts(act, world.adaptiveTrial, "AdaptiveTrialNoSuchMember", [member]);
      }
    });
    it("that say something else about themselves than was signed are refused", async () => {
      const world = await load(answerLook);
      const verdict = await verdictOf(world);
      const [first, second] = await signBoard(world, verdict);
      for (const change of [{ name: "Somebody Else" }, { meaning: "I was there." }, { signedAt: 1n }]) {
        const act = world.adaptiveTrial.recordVerdict(sendable(verdict), world.evidence, [
          first!,
          { ...second!, ...change },
        ]);
        await assert.rejects(act, /AdaptiveTrialInvalidSignature/);
      }
    });
    it("that say nothing about themselves are refused", async () => {
      const world = await load(answerLook);
      const verdict = await verdictOf(world);
      const domain = await boardDomain(world);
      const [first] = await signBoard(world, verdict, [0]);
      const { address } = BOARD[2]!;
      for (const change of [{ name: "" }, { meaning: "" }]) {
        const said = { ...SIGNATURE, ...change };
        const message = { verdict: sendable(verdict), member: address, ...said };
        const signature = await BOARD[2]!.signTypedData(domain, BOARD_SIGNATURE, message);
        const signed = [first!, { member: 2, ...said, signature }];
        const act = world.adaptiveTrial.recordVerdict(sendable(verdict), world.evidence, signed);
        await reverts(act, world.adaptiveTrial, "AdaptiveTrialUnnamedSignature", [address]);
      }
    });
    it("do not outlive their look: none can be used for another verdict", async () => {
      const first = await load(answerLook);
      const verdict = await verdictOf(first);
      const signatures = await signBoard(first, verdict);
      await record(first);
      const world = await citeNext(first);
      const next = await verdictOf(world, { look: 2 });
      const act = world.adaptiveTrial.recordVerdict(sendable(next), world.evidence, signatures);
      await assert.rejects(act, /AdaptiveTrialInvalidSignature/);
    });
  });

  describe("members", () => {
    it("that were revoked do not count, those that are left do", async () => {
      const world = await load(answerLook);
      await world.boards.revoke(BOARD[0]!.address, "");
      const args = [BOARD[0]!.address];
      for (const members of [
        [0, 2],
        [0, 1, 2],
      ])
        await reverts(record(world, {}, members), world.adaptiveTrial, "AdaptiveTrialInactiveMember", args);
      await record(world, {}, [1, 2]);
    });
    it("that have expired do not count until they are admitted again", async () => {
      const world = await load(answerLook);
      await networkHelpers.time.increase(YEAR + 60n);
      const args = [BOARD[0]!.address];
      await reverts(record(world), world.adaptiveTrial, "AdaptiveTrialInactiveMember", args);
      for (const i of [0, 2]) {
        const wallet = BOARD[i] as HDNodeWallet;
        await world.boards.admit(wallet.address, await admissionOf(wallet, BOARD_ORGANISATIONS[i]!));
      }
      await record(world);
    });
    it("count for the organisation that they are of when the verdict is recorded", async () => {
      const world = await load(answerLook);
      await networkHelpers.time.increase(YEAR + 60n);
      for (const i of [0, 1, 2]) {
        const wallet = BOARD[i] as HDNodeWallet;
        await world.boards.admit(wallet.address, await admissionOf(wallet, i === 0 ? "Board Two" : "Board One"));
      }
      const args = [id("Board One")];
      await reverts(record(world, {}, [1, 2]), world.adaptiveTrial, "AdaptiveTrialSameOrganisation", args);
      await record(world, {}, [0, 1]);
    });
    it("admitted after the registration are not of the board", async () => {
      const world = await load(answerLook);
      await world.boards.admit(OUTSIDER.address, await admissionOf(OUTSIDER, "Board Three"));
      const verdict = await verdictOf(world);
      const [first] = await signBoard(world, verdict, [0]);
      const message = { verdict: sendable(verdict), member: OUTSIDER.address, ...SIGNATURE };
      const signature = await OUTSIDER.signTypedData(await boardDomain(world), BOARD_SIGNATURE, message);
      const signed = [first!, { member: 2, ...SIGNATURE, signature }];
      const act = world.adaptiveTrial.recordVerdict(sendable(verdict), world.evidence, signed);
      await assert.rejects(act, /AdaptiveTrialInvalidSignature/);
    });
  });

  describe("withdrawSignature", () => {
    it("takes back one member's signature of one verdict, and is recorded", async () => {
      const world = await load(answerLook);
      const { adaptiveTrial, trail } = world;
      const verdict = await verdictOf(world);
      const hash = trialVerdictHash(verdict);
      const signatures = await signBoard(world, verdict);
      const length = await trail.length();
      const [member, , other] = BOARD as [HDNodeWallet, HDNodeWallet, HDNodeWallet];
      await adaptiveTrial.connect(member).withdrawSignature(sendable(verdict), 0);
      assert.equal(await adaptiveTrial.hasWithdrawn(hash, member.address), true);
      assert.equal(await adaptiveTrial.hasWithdrawn(hash, other.address), false);
      const [event] = await adaptiveTrial.queryFilter(adaptiveTrial.filters.VerdictSignatureWithdrawn(hash));
      assert.equal(event?.args.member, member.address);
      const [recorded] = await trail.queryFilter(trail.filters.Recorded(length));
      assert.deepEqual(
        [recorded?.args.act, recorded?.args.subject, recorded?.args.actor, recorded?.args.organisation],
        [id("VerdictSignatureWithdrawn"), hash, member.address, id(BOARD_ORGANISATIONS[0]!)],
      );
      const act = adaptiveTrial.recordVerdict(sendable(verdict), world.evidence, signatures);
      await reverts(act, adaptiveTrial, "AdaptiveTrialSignatureWithdrawn", [member.address]);
      await adaptiveTrial.recordVerdict(sendable(verdict), world.evidence, await signBoard(world, verdict, [1, 2]));
    });
    it("leaves the member free to sign another verdict of the same look", async () => {
      const world = await load(answerLook);
      await world.adaptiveTrial
        .connect(BOARD[0] as HDNodeWallet)
        .withdrawSignature(sendable(await verdictOf(world)), 0);
      await record(world, { ...STOPPED, ...NOTHING_CITED });
    });
    it("is each member's own, also a revoked one's", async () => {
      const world = await load(answerLook);
      const { adaptiveTrial } = world;
      const verdict = sendable(await verdictOf(world));
      const [first, second] = BOARD as [HDNodeWallet, HDNodeWallet];
      for (const sender of [OUTSIDER, CONSORTIUM, second]) {
        const act = adaptiveTrial.connect(sender).withdrawSignature(verdict, 0);
        await reverts(act, adaptiveTrial, "AdaptiveTrialNotMember", [sender.address, first.address]);
      }
      await reverts(adaptiveTrial.withdrawSignature(verdict, 3), adaptiveTrial, "AdaptiveTrialNoSuchMember", [3]);
      await world.boards.revoke(first.address, "");
      await adaptiveTrial.connect(first).withdrawSignature(verdict, 0);
    });
    it("is possible once, and not of what is recorded, nor of no trial", async () => {
      const world = await load(answerLook);
      const { adaptiveTrial } = world;
      const [first] = BOARD as [HDNodeWallet];
      const withdraw = async (change = {}) =>
        adaptiveTrial.connect(first).withdrawSignature(sendable(await verdictOf(world, change)), 0);
      const verdict = await verdictOf(world);
      const again = () => adaptiveTrial.connect(first).withdrawSignature(sendable(verdict), 0);
      await again();
      await reverts(again(), adaptiveTrial, "AdaptiveTrialSignatureWithdrawn", [first.address]);
      const recorded = await verdictOf(world);
      await adaptiveTrial.recordVerdict(sendable(recorded), world.evidence, await signBoard(world, recorded, [1, 2]));
      const late = adaptiveTrial.connect(first).withdrawSignature(sendable(recorded), 0);
      await reverts(late, adaptiveTrial, "AdaptiveTrialAlreadyRecorded", [trialVerdictHash(recorded)]);
      await reverts(withdraw({ trialId: ZeroHash }), adaptiveTrial, "AdaptiveTrialUnknown", [ZeroHash]);
    });
  });
});
