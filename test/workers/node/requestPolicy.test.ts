/** What the study's policy says of a request: every reason for which it is not computed, and its k. */
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { type Policy, policyHash } from "../../../workers/chain/studyRegistry.ts";
import { AtomOp } from "../../../workers/messages/descriptor.ts";
import { fieldRulesHash } from "../../../workers/messages/fieldRules.ts";
import { recipientsHash } from "../../../workers/messages/sealedAnswer.ts";
import { ReleaseClass } from "../../../workers/messages/statement.ts";
import { parseFieldRules } from "../../../workers/schema/parseFieldRules.ts";
import { trialSchema } from "../query/trialSchema.ts";
import { POLICY, PlanWorld, RECIPIENTS, type RequestChange, VETTED } from "./planWorld.ts";

describe("planQuery, of the study's policy", () => {
  let world: PlanWorld;
  beforeEach(() => (world = new PlanWorld()));

  it("gives the study's k, and never less than 5", async () => {
    for (const [policyK, expected] of [
      [11, 11],
      [5, 5],
      [1, 5],
    ] as const) {
      world.policy = { ...POLICY, k: policyK };
      const plan = await world.plan({ context: { policyHash: policyHash(world.policy) } });
      assert.ok(!plan.empty);
      assert.equal(plan.k, expected);
    }
  });

  it("serves a SEALED request with usable recipients, and refuses any other", async () => {
    const sealedTo = (recipients: readonly string[], hashOf = recipients): RequestChange => ({
      recipients,
      context: { releaseClass: ReleaseClass.SEALED, recipientsHash: recipientsHash(hashOf) },
    });
    assert.equal((await world.plan(sealedTo(RECIPIENTS))).empty, false);
    await world.refused("the recipients are not the context's", sealedTo(RECIPIENTS, RECIPIENTS.slice(1)));
    for (const [fault, recipients] of [
      ["none", []],
      ["not ascending", RECIPIENTS.toReversed()],
      ["no point of the curve", [`0x02${"00".repeat(31)}05`]],
    ] as const)
      await world.refused(`the recipients of the sealed answer are not usable: ${fault}`, sealedTo(recipients));
  });

  describe("of a SEALED request", () => {
    const SEALED_POLICY = { ...POLICY, sealedK: 4, historyCap: 9 };
    /** As the contract raises the policy, or so it is said. */
    const sealedWith = (k: number, raised: Partial<Policy>): RequestChange => ({
      k,
      recipients: RECIPIENTS,
      context: {
        releaseClass: ReleaseClass.SEALED,
        recipientsHash: recipientsHash(RECIPIENTS),
        policyHash: policyHash({ ...SEALED_POLICY, ...raised }),
      },
    });
    const limitsOf = async (change: RequestChange) => {
      const plan = await world.plan(change);
      assert.ok(!plan.empty);
      const { k, jointK, studyK, historyCap } = plan;
      return { k, jointK, studyK, historyCap };
    };
    beforeEach(() => (world.policy = SEALED_POLICY));

    it("gives the k of its class, and beside it that of PUBLIC answers", async () => {
      const limits = { studyK: 11, historyCap: 9 };
      assert.deepEqual(await limitsOf(sealedWith(4, {})), { k: 4, jointK: 11, ...limits });
      const publicHash = { context: { policyHash: policyHash(SEALED_POLICY) } };
      assert.deepEqual(await limitsOf(publicHash), { k: 11, jointK: undefined, ...limits });
    });
    it("gives the owners' k where it is stricter, for the class alone or for both", async () => {
      assert.equal((await limitsOf(sealedWith(7, { sealedK: 7 }))).k, 7);
      const { k, jointK } = await limitsOf(sealedWith(20, { sealedK: 20, k: 20 }));
      assert.deepEqual([k, jointK], [20, 20]);
    });
    it("refuses a lower k than the policy's, and one that the hash does not bind", async () => {
      for (const change of [
        sealedWith(3, { sealedK: 3 }),
        sealedWith(7, {}),
        sealedWith(20, { sealedK: 20 }),
        sealedWith(4, { k: 4 }),
      ])
        await world.refused("the policy is not the study's", change);
      await world.refused("the policy is not the study's", {
        k: 4,
        context: { policyHash: policyHash({ ...SEALED_POLICY, k: 4 }) },
      });
    });
    it("never computes for fewer than three, whatever the policy says", async () => {
      world.policy = { ...SEALED_POLICY, sealedK: 1, k: 2 };
      const { k, jointK } = await limitsOf(sealedWith(1, { sealedK: 1, k: 2 }));
      assert.deepEqual([k, jointK], [3, 5]);
    });
  });

  describe("of what the policy permits", () => {
    const permitting = (fields: readonly Record<string, unknown>[]): RequestChange => {
      world.fieldRules = parseFieldRules(JSON.stringify({ fields }), trialSchema);
      world.policy = { ...POLICY, fieldRulesHash: fieldRulesHash(world.fieldRules) };
      return { context: { policyHash: policyHash(world.policy) } };
    };
    const used = [
      { name: "arm", use: ["split"] },
      { name: "biomarker", use: ["split"] },
      { name: "response", use: ["sum"] },
    ];

    it("computes what the catalogue had to take", async () => {
      const change = permitting([...used, { name: "age", use: ["split", "sum"] }]);
      assert.equal((await world.plan(change)).empty, false);
      assert.ok(world.asked.includes("fieldRules"));
      const unruled = { ...POLICY, closedSite: 7 };
      world.policy = unruled;
      const open = { context: { policyHash: policyHash(unruled) } };
      assert.equal((await world.plan(open)).empty, false);
    });
    it("refuses what it should not have taken", async () => {
      const fine = permitting([...used, { name: "age", use: ["split", "sum"], cutPoints: [50] }]);
      await world.refused("the policy does not let a query cut so finely age", fine);
      await world.refused(
        "the policy does not let a query use so age",
        permitting([...used, { name: "age", use: ["split"] }]),
      );
      world.policy = { ...POLICY, closedSite: 1 };
      const closed = { context: { policyHash: policyHash(world.policy) } };
      await world.refused("the policy does not let a query use, as the site, arm", closed);
    });
    it("names a field that the schema does not have by its number", async () => {
      const { descriptor } = VETTED;
      const atoms = [...descriptor.atoms, { op: AtomOp.VALUE, field: 99, lo: 0n, hi: 0n, bind: 0 }];
      world.vet({ ...descriptor, atoms });
      const change = permitting([...used, { name: "age", use: ["split", "sum"] }]);
      await assert.rejects(world.plan(change), {
        message: /so field 99/,
      });
    });
  });

  it("refuses another policy than the study's", async () => {
    world.policy = { ...POLICY, k: 10 };
    for (const k of [world.policy.k - 1, 1_001]) {
      const context = { policyHash: policyHash({ ...world.policy, k }) };
      await world.refused("the policy is not the study's", { k, context });
    }
    await world.refused("the policy is not the study's");
  });
});
