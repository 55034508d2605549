/** Who has signed which version of a study's agreement. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbiCoder, ZeroHash, id, keccak256 } from "ethers";
import type { HDNodeWallet } from "ethers";
import { STUDY_SIGNATURE } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { chainId, load, now } from "./support/chain.ts";
import {
  CONSORTIUM,
  DOCUMENT_HASH,
  OUTSIDER,
  OWNERS,
  PARTIES,
  NO_RULES,
  POLICY,
  RELAYER,
  SCHEMA,
  activate,
  admitMembers,
  registerStudy,
  signAgreement,
  studyIdOf,
  studySignatureOf,
} from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";
import { shouldCancelNonce, shouldCheckSignature, shouldKeepDeadline } from "./support/signedAct.behavior.ts";

const OWNER = OWNERS[0] as HDNodeWallet;

/** A study whose agreement nobody has signed. */
async function publishedAgreement() {
  const contracts = await admitMembers();
  await contracts.studies.register("Trial", SCHEMA, POLICY, 14, ZeroHash, NO_RULES);
  const studyId = studyIdOf(await contracts.studies.getAddress(), "Trial");
  await contracts.agreements.publish(studyId, DOCUMENT_HASH, "EU", PARTIES);
  return { ...contracts, studyId };
}

async function submitting(change: Record<string, unknown> = {}) {
  const world = await load(publishedAgreement);
  const { agreements } = world;
  const given = { ...(await studySignatureOf(world, OWNER)), ...change };
  const domain = opalineDomain(chainId, await agreements.getAddress());
  const signature = await OWNER.signTypedData(domain, STUDY_SIGNATURE, given);
  return { world, agreements, act: agreements.connect(RELAYER).sign(given, signature) };
}

describe("StudyAgreements", () => {
  describe("publish", () => {
    it("gives versions 1, 2, ..., each readable, told and recorded", async () => {
      const { agreements, studyId, trail } = await load(publishedAgreement);
      await agreements.publish(studyId, id("two"), "EU and UK", ["Hospital 1"]);
      assert.equal(await agreements.newestVersion(studyId), 2n);
      const { version, publishedAt, documentHash, jurisdiction, partiesHash } = await agreements.agreement(studyId, 2n);
      assert.deepEqual([version, publishedAt, documentHash], [2n, await now(), id("two")]);
      assert.equal(jurisdiction, "EU and UK");
      assert.equal(partiesHash, keccak256(AbiCoder.defaultAbiCoder().encode(["string[]"], [["Hospital 1"]])));
      assert.equal((await agreements.agreement(studyId, 1n)).documentHash, DOCUMENT_HASH);
      const [, event] = await agreements.queryFilter(agreements.filters.StudyAgreementPublished());
      assert.deepEqual([...event!.args.parties], ["Hospital 1"]);
      const { act, subject, actor, oldHash, newHash } = (await trail.queryFilter(trail.filters.Recorded())).at(
        -1,
      )!.args;
      const expected = [id("StudyAgreementPublished"), studyId, CONSORTIUM.address, DOCUMENT_HASH, id("two")];
      assert.deepEqual([act, subject, actor, oldHash, newHash], expected);
    });
    it("refuses an unknown study, empty fields, and the newest document again", async () => {
      const { agreements, studyId } = await load(publishedAgreement);
      await reverts(agreements.publish(ZeroHash, id("x"), "EU", PARTIES), agreements, "StudyRegistryUnknown", [
        ZeroHash,
      ]);
      for (const [field, args] of [
        ["documentHash", [ZeroHash, "EU", PARTIES]],
        ["jurisdiction", [id("x"), "", PARTIES]],
        ["parties", [id("x"), "EU", []]],
      ] as [string, [string, string, string[]]][]) {
        await reverts(agreements.publish(studyId, ...args), agreements, "StudyAgreementsMissingField", [field]);
      }
      const again = agreements.publish(studyId, DOCUMENT_HASH, "US", PARTIES);
      await reverts(again, agreements, "StudyAgreementsSameDocument", [DOCUMENT_HASH]);
    });
    it("shows no version that is not there", async () => {
      const { agreements, studyId } = await load(publishedAgreement);
      for (const version of [0n, 2n]) {
        const act = agreements.agreement(studyId, version);
        await reverts(act, agreements, "StudyAgreementsUnknown", [studyId, version]);
      }
      assert.equal(await agreements.newestVersion(ZeroHash), 0n);
    });
  });

  describe("sign", () => {
    it("is relayed by anyone, told with name and meaning, and recorded under the owner's name", async () => {
      const world = await load(publishedAgreement);
      const { agreements, studyId, trail } = world;
      assert.equal(await agreements.isSigned(studyId, OWNER.address), false);
      const { name, meaning, signedAt } = await studySignatureOf(world, OWNER);
      await signAgreement(world, OWNER);
      assert.equal(await agreements.isSigned(studyId, OWNER.address), true);
      assert.equal(await agreements.signedVersion(studyId, OWNER.address), 1n);
      const [event] = await agreements.queryFilter(agreements.filters.StudyAgreementSigned());
      const said = [event!.args.owner, event!.args.name, event!.args.meaning];
      assert.deepEqual(said, [OWNER.address, name, meaning]);
      assert.ok(event!.args.signedAt >= signedAt);
      const { act, actor, organisation } = (await trail.queryFilter(trail.filters.Recorded())).at(-1)!.args;
      assert.deepEqual([act, actor, organisation], [id("StudyAgreementSigned"), OWNER.address, id("Hospital 1")]);
    });
    it("of one owner says nothing about another, nor about another study", async () => {
      const world = await load(publishedAgreement);
      await signAgreement(world, OWNER);
      assert.equal(await world.agreements.isSigned(world.studyId, OWNERS[1]!.address), false);
      assert.equal(await world.agreements.isSigned(ZeroHash, OWNER.address), false);
    });
    it("of version 1 is not one of version 2, and both can be given", async () => {
      const world = await load(publishedAgreement);
      await signAgreement(world, OWNER);
      await world.agreements.publish(world.studyId, id("two"), "EU", PARTIES);
      assert.equal(await world.agreements.isSigned(world.studyId, OWNER.address), false);
      await signAgreement(world, OWNER);
      assert.equal(await world.agreements.signedVersion(world.studyId, OWNER.address), 2n);
    });
    it("twice is refused", async () => {
      const world = await load(publishedAgreement);
      await signAgreement(world, OWNER);
      const args = [world.studyId, OWNER.address];
      await reverts(signAgreement(world, OWNER), world.agreements, "StudyAgreementsAlreadySigned", args);
    });
    it("of another version, another document or an unknown study is refused", async () => {
      const wrongVersion = await submitting({ version: 2n });
      await reverts(wrongVersion.act, wrongVersion.agreements, "StudyAgreementsWrongVersion", [2n, 1n]);
      const wrongDocument = await submitting({ documentHash: id("other") });
      const args = [id("other"), DOCUMENT_HASH];
      await reverts(wrongDocument.act, wrongDocument.agreements, "StudyAgreementsWrongDocument", args);
      const unknown = await submitting({ studyId: ZeroHash });
      await reverts(unknown.act, unknown.agreements, "StudyAgreementsUnknown", [ZeroHash, 1n]);
    });
    it("by or for somebody who is no active owner is refused", async () => {
      const stranger = await submitting({ owner: OUTSIDER.address });
      await reverts(stranger.act, stranger.agreements, "StudyAgreementsNotOwner", [OUTSIDER.address]);
      const world = await load(publishedAgreement);
      await world.owners.revoke(OWNER.address, "");
      await reverts(signAgreement(world, OWNER), world.agreements, "StudyAgreementsNotOwner", [OWNER.address]);
    });
  });

  it("is what data need: an owner adds none under a version it has not signed", async () => {
    const world = await load(registerStudy);
    await activate(world, OWNER);
    await world.agreements.publish(world.studyId, id("two"), "EU", PARTIES);
    const args = [world.studyId, OWNER.address];
    await reverts(activate(world, OWNER, 2n), world.datasets, "DatasetRegistryAgreementNotSigned", args);
    await signAgreement(world, OWNER);
    await activate(world, OWNER, 2n);
  });

  async function studySignature(deadline?: bigint) {
    const world = await load(publishedAgreement);
    const { agreements } = world;
    const given = await studySignatureOf(world, OWNER);
    const message = deadline === undefined ? given : { ...given, deadline };
    return {
      contract: agreements,
      domain: opalineDomain(chainId, await agreements.getAddress()),
      types: STUDY_SIGNATURE,
      message,
      signer: OWNER,
      submit: (signature: string) => agreements.connect(RELAYER).sign(message, signature),
      invalid: (recovered: string) =>
        ["StudyAgreementsInvalidSignature", [recovered, OWNER.address]] as readonly [string, readonly unknown[]],
      expired: "StudyAgreementsSignatureExpired",
    };
  }
  shouldCheckSignature("StudySignature", studySignature);
  shouldKeepDeadline("StudySignature", studySignature);
  shouldCancelNonce("StudySignature", async () => {
    const world = await load(publishedAgreement);
    const { agreements } = world;
    return {
      ...(await studySignature()),
      trail: world.trail,
      nonceOf: (account) => agreements.nonces(account),
      cancelNonce: (by) => agreements.connect(by).cancelNonce(),
      cancelled: async (account) => {
        const events = await agreements.queryFilter(agreements.filters.NonceCancelled(account));
        return events.map(({ args }) => args.nonce);
      },
      subject: `0x${OWNER.address.slice(2).toLowerCase().padStart(64, "0")}`,
      organisation: "Hospital 1",
      stranger: ["StudyAgreementsNotOwner", world.owners],
    };
  });
});
