/** What a study asks consent with, and what it asks of it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbiCoder, ZeroHash, id, keccak256 } from "ethers";
import { load, now } from "./support/chain.ts";
import { FORM_HASH, publishForm } from "./support/consent.ts";
import { CONSORTIUM, registerStudy } from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";

const hashOf = (explicitOnly: boolean, leastForm: number): string =>
  keccak256(AbiCoder.defaultAbiCoder().encode(["bool", "uint32"], [explicitOnly, leastForm]));

async function threeForms() {
  const world = await publishForm();
  for (const name of ["two", "three"]) await world.consents.publishForm(world.studyId, id(name));
  return world;
}

describe("ConsentForms", () => {
  describe("publishForm", () => {
    it("gives versions 1, 2, ..., each readable, told and recorded", async () => {
      const { consents, studyId, trail } = await load(publishForm);
      await consents.publishForm(studyId, id("two"));
      assert.equal(await consents.formCount(studyId), 2n);
      const found = await consents.forms(studyId, 0, 100);
      assert.deepEqual(
        found.map(({ formHash }) => formHash),
        [FORM_HASH, id("two")],
      );
      assert.equal(found[1]!.publishedAt, await now());
      const events = await consents.queryFilter(consents.filters.ConsentFormPublished(studyId));
      assert.deepEqual(
        events.map(({ args }) => [args.form, args.formHash]),
        [
          [1n, FORM_HASH],
          [2n, id("two")],
        ],
      );
      const { act, subject, actor, organisation, oldHash, newHash } = (
        await trail.queryFilter(trail.filters.Recorded())
      ).at(-1)!.args;
      assert.deepEqual(
        [act, subject, actor, organisation, oldHash, newHash],
        [id("ConsentFormPublished"), studyId, CONSORTIUM.address, ZeroHash, FORM_HASH, id("two")],
      );
    });
    it("is read by pages of at most 100", async () => {
      const { consents, studyId } = await load(publishForm);
      for (let i = 2; i <= 102; i++) await consents.publishForm(studyId, id(`form ${i}`));
      const hashes = async (offset: number, limit: number): Promise<string[]> =>
        (await consents.forms(studyId, offset, limit)).map(({ formHash }) => formHash);
      assert.equal((await hashes(0, 1_000)).length, 100);
      assert.deepEqual(await hashes(100, 10), [id("form 101"), id("form 102")]);
      assert.deepEqual(await hashes(101, 1), [id("form 102")]);
      assert.deepEqual(await hashes(102, 1), []);
      assert.equal((await consents.forms(ZeroHash, 0, 1)).length, 0);
    });
    it("refuses an unknown study, no form, and the newest form again", async () => {
      const { consents, studyId } = await load(publishForm);
      await reverts(consents.publishForm(ZeroHash, id("x")), consents, "StudyRegistryUnknown", [ZeroHash]);
      await reverts(consents.publishForm(studyId, ZeroHash), consents, "ConsentRegistryEmptyForm");
      await reverts(consents.publishForm(studyId, FORM_HASH), consents, "ConsentRegistrySameForm", [FORM_HASH]);
    });
  });

  describe("setRules", () => {
    it("is told, readable and recorded with both hashes", async () => {
      const { consents, studyId, trail } = await load(threeForms);
      assert.deepEqual([...(await consents.rules(studyId))], [false, 0n]);
      await consents.setRules(studyId, false, 2);
      await consents.setRules(studyId, true, 2);
      assert.deepEqual([...(await consents.rules(studyId))], [true, 2n]);
      const events = await consents.queryFilter(consents.filters.ConsentRulesSet(studyId));
      assert.deepEqual(
        events.map(({ args }) => [args.explicitOnly, args.leastForm]),
        [
          [false, 2n],
          [true, 2n],
        ],
      );
      const recorded = (await trail.queryFilter(trail.filters.Recorded())).slice(-2);
      const by = [id("ConsentRulesSet"), studyId, CONSORTIUM.address, ZeroHash];
      assert.deepEqual(
        recorded.map(({ args }) => [
          ...[args.act, args.subject, args.actor, args.organisation],
          ...[args.oldHash, args.newHash],
        ]),
        [
          [...by, hashOf(false, 0), hashOf(false, 2)],
          [...by, hashOf(false, 2), hashOf(true, 2)],
        ],
      );
    });
    it("only becomes stricter: in one rule at least, and looser in none", async () => {
      const { consents, studyId } = await load(threeForms);
      await consents.setRules(studyId, true, 2);
      for (const rules of [
        [true, 2],
        [false, 2],
        [false, 3],
        [true, 1],
        [true, 0],
        [false, 0],
      ] as const) {
        await reverts(consents.setRules(studyId, ...rules), consents, "ConsentRegistryRulesNotStricter", [...rules]);
      }
      await consents.setRules(studyId, true, 3);
    });
    it("refuses the default again, a form that is not published, and an unknown study", async () => {
      const { consents, studyId } = await load(threeForms);
      const same = consents.setRules(studyId, false, 0);
      await reverts(same, consents, "ConsentRegistryRulesNotStricter", [false, 0]);
      await reverts(consents.setRules(studyId, true, 4), consents, "ConsentRegistryUnknownForm", [studyId, 4]);
      await reverts(consents.setRules(ZeroHash, true, 0), consents, "StudyRegistryUnknown", [ZeroHash]);
      await consents.setRules(studyId, false, 3);
    });
    it("needs no form to ask that consent is explicit", async () => {
      const { consents, studyId } = await load(registerStudy);
      await consents.setRules(studyId, true, 0);
      assert.deepEqual([...(await consents.rules(studyId))], [true, 0n]);
    });
  });
});
