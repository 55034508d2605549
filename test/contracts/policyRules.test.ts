/** What a study's policy rules on: k of each release class, fields and cuts of queries, the site, requests by organisation. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroHash, concat, id, toBeHex } from "ethers";
import type { HDNodeWallet } from "ethers";
import { policyHash } from "../../workers/chain/studyRegistry.ts";
import { encodeBounds, encodeDescriptor } from "../../workers/messages/descriptor.ts";
import { type FieldRules, fieldRulesHash } from "../../workers/messages/fieldRules.ts";
import { load } from "./support/chain.ts";
import {
  BOUNDS,
  CONSORTIUM,
  DESCRIPTOR,
  NO_RULES,
  OTHER_QUERIER,
  OWNERS,
  POLICY,
  PRICE,
  QUERIER,
  RECIPIENTS,
  RELAYER,
  SCHEMA,
  type StudyWorld,
  accept,
  acceptAgreement,
  admissionOf,
  ask,
  publication,
  registerStudy,
  studyIdOf,
} from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";

const NONE = { k: 0, openingsBudget: 0, closed: false, purposes: [] };
const SEALED_POLICY = { ...POLICY, sealedK: 4 };

/** As calldata has them. */
type GivenRules = { uses: string; cuts: { field: number; edges: bigint[] }[] };

const rulesOf = (uses: readonly number[], cuts: GivenRules["cuts"] = []): GivenRules => ({
  uses: concat(uses.map((use) => toBeHex(use, 1))),
  cuts,
});

async function registerRuled(world: StudyWorld, name: string, rules: GivenRules, more: object = {}): Promise<string> {
  const policy = { ...POLICY, fieldRulesHash: fieldRulesHash(rules as FieldRules), ...more };
  await world.studies.connect(CONSORTIUM).register(name, SCHEMA, policy, 14, ZeroHash, rules);
  return studyIdOf(await world.studies.getAddress(), name);
}

describe("a policy's rules", () => {
  describe("k of a request", () => {
    async function sealedStudy() {
      return acceptAgreement(4, 1, SEALED_POLICY);
    }
    const askedK = async (world: Awaited<ReturnType<typeof sealedStudy>>, recipients: readonly string[] = []) => {
      const { context } = await ask(world, QUERIER, recipients);
      const [event] = await world.query.queryFilter(world.query.filters.QueryRequested(context.requestId));
      return { k: event!.args.k, policyHash: context.policyHash };
    };

    it("is that of its release class", async () => {
      const world = await load(sealedStudy);
      const hash = policyHash(SEALED_POLICY);
      assert.deepEqual(await askedK(world, RECIPIENTS), { k: 4n, policyHash: hash });
      assert.deepEqual(await askedK(world), { k: 11n, policyHash: hash });
    });
    it("is the study's for both classes where the policy has none for SEALED", async () => {
      const world = await load(acceptAgreement);
      const expected = { k: 11n, policyHash: policyHash(POLICY) };
      assert.deepEqual(await askedK(world, RECIPIENTS), expected);
      assert.deepEqual(await askedK(world), expected);
      await world.datasets.connect(OWNERS[0] as HDNodeWallet).setTerms(world.studyId, { ...NONE, k: 20 });
      assert.deepEqual(await askedK(world, RECIPIENTS), { k: 20n, policyHash: policyHash({ ...POLICY, k: 20 }) });
    });
    it("is the owners' where they are stricter, for each class by itself", async () => {
      const world = await load(sealedStudy);
      const owner = world.datasets.connect(OWNERS[1] as HDNodeWallet);
      await owner.setTerms(world.studyId, { ...NONE, k: 7 });
      const sealed = { k: 7n, policyHash: policyHash({ ...SEALED_POLICY, sealedK: 7 }) };
      assert.deepEqual(await askedK(world, RECIPIENTS), sealed);
      assert.deepEqual(await askedK(world), { k: 11n, policyHash: policyHash(SEALED_POLICY) });
      await owner.setTerms(world.studyId, { ...NONE, k: 30 });
      const both = policyHash({ ...SEALED_POLICY, k: 30, sealedK: 30 });
      assert.deepEqual(await askedK(world, RECIPIENTS), { k: 30n, policyHash: both });
      assert.deepEqual(await askedK(world), { k: 30n, policyHash: policyHash({ ...SEALED_POLICY, k: 30 }) });
    });
  });

  describe("requests of one organisation", () => {
    async function quotaStudy() {
      return acceptAgreement(4, 1, { ...POLICY, organisationQuota: 3 });
    }

    it("are as many as the quota, whoever of it asks", async () => {
      const world = await load(quotaStudy);
      await accept(world, OTHER_QUERIER);
      for (const querier of [QUERIER, OTHER_QUERIER, QUERIER]) await ask(world, querier);
      const university = await world.queriers.organisationOf(QUERIER.address);
      const spent = [world.studyId, university, 3];
      for (const querier of [QUERIER, OTHER_QUERIER]) {
        await reverts(ask(world, querier), world.query, "DatasetRegistryQuotaSpent", spent);
      }
      assert.equal(await world.datasets.requestsOf(world.studyId, university), 3n);
    });
    it("are counted by organisation, and by study", async () => {
      const world = await load(quotaStudy);
      for (let i = 0; i < 3; i++) await ask(world);
      await world.queriers.admit(RELAYER.address, await admissionOf(RELAYER, "Institute"));
      await accept(world, RELAYER);
      await ask(world, RELAYER);
      const institute = await world.queriers.organisationOf(RELAYER.address);
      assert.equal(await world.datasets.requestsOf(world.studyId, institute), 1n);
      assert.equal(await world.datasets.requestsOf(id("another study"), institute), 0n);
    });
    it("are not counted when they revert", async () => {
      const world = await load(quotaStudy);
      const short = world.query.request(0, "0x", world.datasetIds, 0, [], { value: PRICE });
      await assert.rejects(short);
      await reverts(ask({ ...world, datasetIds: [] }), world.query, "QuerySmartContractNoDatasets", []);
      assert.equal(
        await world.datasets.requestsOf(world.studyId, await world.queriers.organisationOf(QUERIER.address)),
        0n,
      );
    });
    it("have no limit and no count without a quota", async () => {
      const world = await load(acceptAgreement);
      for (let i = 0; i < 4; i++) await ask(world);
      assert.equal(
        await world.datasets.requestsOf(world.studyId, await world.queriers.organisationOf(QUERIER.address)),
        0n,
      );
    });
  });

  describe("fields", () => {
    const RULES = rulesOf([1, 3, 0], [{ field: 1, edges: [18n, 40n, 91n] }]);

    it("are given in the registration's event, and read back", async () => {
      const world = await load(registerStudy);
      const studyId = await registerRuled(world, "Ruled", RULES);
      const { uses, cuts } = await world.studies.fieldRules(studyId);
      const found = { uses, cuts: cuts.map(({ field, edges }) => ({ field: Number(field), edges: [...edges] })) };
      assert.deepEqual(found, RULES);
      const [event] = await world.studies.queryFilter(world.studies.filters.StudyRegistered(studyId));
      assert.equal(event?.args.fieldRules.uses, RULES.uses);
      assert.deepEqual([...event!.args.fieldRules.cuts[0]!.edges], RULES.cuts[0]!.edges);
      const none = await world.studies.fieldRules(world.studyId);
      assert.deepEqual([none.uses, none.cuts.length], ["0x", 0]);
      await reverts(world.studies.fieldRules(ZeroHash), world.studies, "StudyRegistryUnknown", [ZeroHash]);
    });
    it("are bound by the policy's hash of them", async () => {
      const { studies } = await load(registerStudy);
      for (const [fieldRulesHash_, rules] of [
        [ZeroHash, RULES],
        [id("others"), RULES],
        [id("none"), NO_RULES],
      ] as const) {
        const policy = { ...POLICY, fieldRulesHash: fieldRulesHash_ };
        const given = { uses: rules.uses, cuts: [...rules.cuts] };
        const act = studies.register("Other", SCHEMA, policy, 14, ZeroHash, given);
        await reverts(act, studies, "StudyRegistryInvalidPolicy", ["fieldRulesHash"]);
      }
    });
    for (const [what, rules, field] of [
      ["an unknown use", rulesOf([1, 8]), 1],
      ["cuts that fall", rulesOf([1, 1], [{ field: 1, edges: [3n, 2n] }]), 1],
      ["a cut twice", rulesOf([1, 1], [{ field: 1, edges: [3n, 3n] }]), 1],
      ["cuts of a field that may not be split", rulesOf([2], [{ field: 0, edges: [1n] }]), 0],
      ["cuts of a field that may be cut anywhere", rulesOf([5], [{ field: 0, edges: [1n] }]), 0],
      ["cuts of a field beyond the uses", rulesOf([1], [{ field: 1, edges: [1n] }]), 1],
      ["cuts without any uses", rulesOf([], [{ field: 0, edges: [1n] }]), 0],
      [
        "fields out of order",
        rulesOf(
          [1, 1],
          [
            { field: 1, edges: [1n] },
            { field: 0, edges: [1n] },
          ],
        ),
        0,
      ],
      [
        "a field twice",
        rulesOf(
          [1, 1],
          [
            { field: 1, edges: [1n] },
            { field: 1, edges: [1n] },
          ],
        ),
        1,
      ],
    ] as const)
      it(`are refused with ${what}`, async () => {
        const world = await load(registerStudy);
        const act = registerRuled(world, "Other", { uses: rules.uses, cuts: [...rules.cuts] });
        await reverts(act, world.studies, "StudyRegistryInvalidFieldRule", [field]);
      });
    it("take every use, negative edges, and no edges at all", async () => {
      const world = await load(registerStudy);
      const cuts = [
        { field: 0, edges: [-5n, 0n] },
        { field: 2, edges: [] },
      ];
      await registerRuled(world, "Other", rulesOf([1, 7, 3, 0, 2], cuts));
    });
  });

  describe("publish", () => {
    /** ACTIVE, RANGE on field 1 by two parameters, EQ on field 2; an axis of field 3. */
    const publishIn = async (
      rules: GivenRules,
      change: { policy?: object; descriptor?: object; bounds?: readonly object[] } = {},
    ) => {
      const world = await load(registerStudy);
      const studyId = await registerRuled(world, "Ruled", rules, change.policy);
      const given = publication();
      const descriptor = encodeDescriptor({ ...DESCRIPTOR, ...change.descriptor } as never);
      const bounds = encodeBounds((change.bounds ?? BOUNDS) as never);
      const { catalogue } = world;
      const { sql, manifest, agreement } = given;
      return {
        catalogue,
        act: catalogue.connect(QUERIER).publish(studyId, descriptor, sql, bounds, manifest, agreement),
      };
    };
    const none = rulesOf([]);
    const anywhere = rulesOf([0, 5, 1, 1]);
    const coarse = rulesOf([0, 1, 1, 1], [{ field: 1, edges: [18n, 40n, 70n, 91n] }]);
    const listed = (allowed: bigint[], ...others: bigint[][]) =>
      BOUNDS.map((bound, i) => (i > 1 ? bound : { ...bound, allowed: i === 0 ? allowed : (others[0] ?? [69n, 90n]) }));
    const atomsWith = (atom: object) => ({ atoms: [...DESCRIPTOR.atoms, { lo: 0n, hi: 0n, bind: 0, ...atom }] });
    const axesWith = (axis: object) => ({
      steps: [{ ...DESCRIPTOR.steps[0], axes: [{ field: 3, missing: false, cuts: [], lines: [], ...axis }] }],
    });
    const taken = async (...given: Parameters<typeof publishIn>): Promise<void> =>
      void (await (
        await publishIn(...given)
      ).act);
    const refused = async (error: string, args: unknown[], ...given: Parameters<typeof publishIn>): Promise<void> => {
      const { catalogue, act } = await publishIn(...given);
      await reverts(act, catalogue, error, args);
    };

    it("takes a query of permitted fields, cut where it may be, and any without rules", async () => {
      await taken(none);
      await taken(anywhere);
      await taken(coarse, { bounds: listed([18n, 40n, 70n]) });
    });
    it("refuses a parameter that could cut elsewhere", async () => {
      await refused("QueryCatalogueCutNotPermitted", [1, 19n], coarse);
      await refused("QueryCatalogueCutNotPermitted", [1, 20n], coarse, { bounds: listed([20n, 40n]) });
      await refused("QueryCatalogueCutNotPermitted", [1, 50n], coarse, { bounds: listed([18n, 50n]) });
      await refused("QueryCatalogueCutNotPermitted", [1, 91n + 1n], coarse, { bounds: listed([18n], [69n, 91n]) });
    });
    it("takes a parameter between adjacent edges, and refuses one beyond", async () => {
      const dense = rulesOf([0, 1, 1, 1], [{ field: 1, edges: [18n, 19n, 20n, 21n] }]);
      const between = (maximum: bigint) =>
        BOUNDS.map((bound, i) => (i > 1 ? bound : { ...bound, minimum: 18n, maximum: i === 0 ? maximum : 20n }));
      await taken(dense, { bounds: between(21n) });
      await refused("QueryCatalogueCutNotPermitted", [1, 22n], dense, { bounds: between(22n) });
    });
    it("refuses a constant that cuts elsewhere, at either end", async () => {
      const bounds = listed([18n, 40n]);
      const range = (lo: bigint, hi: bigint) => ({ descriptor: atomsWith({ op: 4, field: 1, lo, hi }), bounds });
      await taken(coarse, range(40n, 69n));
      await refused("QueryCatalogueCutNotPermitted", [1, 41n], coarse, range(41n, 69n));
      await refused("QueryCatalogueCutNotPermitted", [1, 71n], coarse, range(40n, 70n));
      const most = 2n ** 255n - 1n;
      await refused("QueryCatalogueCutNotPermitted", [1, most], coarse, range(40n, most));
      await taken(anywhere, range(41n, 70n));
    });
    it("refuses a range by a parameter that there is not", async () => {
      for (const lo of [3n, -1n]) {
        const descriptor = atomsWith({ op: 4, field: 1, lo, hi: 69n, bind: 1 });
        await refused("QueryCatalogueNonCanonical", ["bind"], coarse, { descriptor, bounds: listed([18n]) });
      }
    });
    it("refuses comparisons by digits but where any cut is permitted", async () => {
      const digit = { descriptor: atomsWith({ op: 5, field: 1, lo: 33n, hi: 1n }) };
      await taken(anywhere, digit);
      await refused("QueryCatalogueCutNotPermitted", [1, 33n], coarse, { ...digit, bounds: listed([18n]) });
    });
    it("refuses a field's use that is not permitted", async () => {
      await refused("QueryCatalogueFieldNotPermitted", [1], rulesOf([0, 2, 1, 1]));
      await refused("QueryCatalogueFieldNotPermitted", [2], rulesOf([0, 5, 2, 1]));
      await refused("QueryCatalogueFieldNotPermitted", [3], rulesOf([0, 5, 1, 2]));
      await refused("QueryCatalogueFieldNotPermitted", [3], rulesOf([0, 5, 1]));
      const sum = { descriptor: atomsWith({ op: 1, field: 1 }) };
      await taken(rulesOf([0, 7, 1, 1]), sum);
      await refused("QueryCatalogueFieldNotPermitted", [1], anywhere, sum);
      const valid = { descriptor: atomsWith({ op: 2, field: 4 }) };
      for (const use of [1, 2]) await taken(rulesOf([0, 5, 1, 1, use]), valid);
      await refused("QueryCatalogueFieldNotPermitted", [4], rulesOf([0, 5, 1, 1, 4]), valid);
    });
    it("refuses an axis that is cut elsewhere", async () => {
      const cuts = (...given: bigint[]) => ({ descriptor: axesWith({ field: 1, cuts: given }), bounds: listed([18n]) });
      await taken(coarse, cuts(40n, 70n));
      await refused("QueryCatalogueCutNotPermitted", [1, 50n], coarse, cuts(40n, 50n));
      await taken(anywhere, { descriptor: axesWith({ field: 1, cuts: [50n] }) });
      const uncut = rulesOf([0, 5, 1, 1]);
      await taken(uncut);
      await refused("QueryCatalogueCutNotPermitted", [3, 9n], uncut, { descriptor: axesWith({ cuts: [9n] }) });
    });
    it("refuses any use of a closed site, as an axis or not, and takes the fields beside it", async () => {
      for (const field of [1, 2, 3]) {
        for (const rules of [none, rulesOf([7, 7, 7, 7])]) {
          await refused("QueryCatalogueSiteClosed", [field], rules, { policy: { closedSite: field + 1 } });
        }
      }
      for (const closedSite of [0, 1, 5]) await taken(none, { policy: { closedSite } });
    });
  });
});
