import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbiCoder, ZeroHash, id, keccak256 } from "ethers";
import { load } from "./support/chain.ts";
import {
  CONSORTIUM,
  OUTSIDER,
  NO_RULES,
  POLICY,
  SCHEMA,
  SCHEMA_HASH,
  deployContracts,
  registerStudy,
  studyIdOf,
} from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";

const POLICY_TUPLE =
  "tuple(uint16 k, uint8 vettings, uint8 vettingOrganisations, uint8 minimumThreshold, bool demonstration," +
  " uint32 openingsBudget, uint16 ownersShare, uint16 workersShare, uint16 authorShare, uint64 storageFeePerRow," +
  " uint64 deadlineBlocks, uint88 price, uint96 leastDeposit, uint16 sealedK, uint16 closedSite," +
  " uint24 organisationQuota, uint16 historyCap, bytes32 fieldRulesHash, bytes32[] purposes)";

describe("StudyRegistry", () => {
  describe("register", () => {
    it("keeps the study and its policy, and gives both in the event", async () => {
      const { studies, studyId } = await load(registerStudy);
      const study = await studies.study(studyId);
      assert.equal(study.schemaHash, SCHEMA_HASH);
      const words = AbiCoder.defaultAbiCoder().encode([POLICY_TUPLE], [POLICY]);
      assert.equal(study.policyHash, keccak256(words));
      assert.equal(study.srsHash, id("reference string"));
      assert.equal(study.log2N, 14n);
      assert.equal(study.name, "Trial");
      const found = AbiCoder.defaultAbiCoder().encode([POLICY_TUPLE], [[...(await studies.policy(studyId))]]);
      assert.equal(found, words);
      const [event] = await studies.queryFilter(studies.filters.StudyRegistered(studyId));
      assert.equal(event?.args.schema, SCHEMA);
      assert.equal(event?.args.schemaHash, id(event?.args.schema ?? ""));
    });
    it("records the act", async () => {
      const { studies, trail, studyId } = await load(registerStudy);
      const events = await trail.queryFilter(trail.filters.Recorded(undefined, studyId));
      assert.equal(events[0]?.args.act, id("StudyRegistered"));
      assert.equal(events[0]?.args.newHash, (await studies.study(studyId)).policyHash);
    });
    it("is for the consortium only", async () => {
      const { studies } = await load(deployContracts);
      const act = studies.connect(OUTSIDER).register("Trial", SCHEMA, POLICY, 14, ZeroHash, NO_RULES);
      await reverts(act, studies, "AccessManagedUnauthorized", [OUTSIDER.address]);
    });
    it("refuses the same name and schema again, and takes another name", async () => {
      const { studies, studyId } = await load(registerStudy);
      const again = studies.register("Trial", SCHEMA, { ...POLICY, k: 5 }, 14, ZeroHash, NO_RULES);
      await reverts(again, studies, "StudyRegistryAlreadyRegistered", [studyId]);
      await studies.register("Trial 2", SCHEMA, POLICY, 14, ZeroHash, NO_RULES);
      assert.equal(await studies.count(), 2n);
    });
    for (const [field, name, schema] of [
      ["name", "", SCHEMA],
      ["schema", "Trial", ""],
    ] as const) {
      it(`refuses an empty ${field}`, async () => {
        const { studies } = await load(deployContracts);
        const act = studies.register(name, schema, POLICY, 14, ZeroHash, NO_RULES);
        await reverts(act, studies, "StudyRegistryMissingField", [field]);
      });
    }
    for (const log2N of [0, 29, 255]) {
      it(`refuses log2N = ${log2N}`, async () => {
        const { studies } = await load(deployContracts);
        const act = studies.register("Trial", SCHEMA, POLICY, log2N, ZeroHash, NO_RULES);
        await reverts(act, studies, "StudyRegistryInvalidLog2N", [log2N]);
      });
    }
    for (const [field, change] of [
      ["k", { k: 4 }],
      ["k", { k: 1_001 }],
      ["sealedK", { sealedK: 2 }],
      ["sealedK", { sealedK: 1 }],
      ["sealedK", { sealedK: 12 }],
      ["fieldRulesHash", { fieldRulesHash: `0x${"00".repeat(31)}01` }],
      ["vettingOrganisations", { vettingOrganisations: 1 }],
      ["vettings", { vettings: 2, vettingOrganisations: 3 }],
      ["vettings", { vettings: 65 }],
      ["minimumThreshold", { minimumThreshold: 0 }],
      ["minimumThreshold", { minimumThreshold: 4 }],
      ["openingsBudget", { openingsBudget: 0 }],
      ["deadlineBlocks", { deadlineBlocks: 0n }],
      ["deadlineBlocks", { deadlineBlocks: 1_000_001n }],
      ["deadlineBlocks", { deadlineBlocks: 2n ** 64n - 1n }],
      ["shares", { ownersShare: 4_999 }],
      ["shares", { authorShare: 1_001 }],
      ["shares", { ownersShare: 65_535, workersShare: 10_001, authorShare: 0 }],
      ["shares", { ownersShare: 0, workersShare: 0, authorShare: 0 }],
      ["purposes", { purposes: Array<string>(17).fill(ZeroHash) }],
    ] as const) {
      it(`refuses a policy with ${field} = ${Object.values(change)[0]?.toString().slice(0, 24)}`, async () => {
        const { studies } = await load(deployContracts);
        const policy = { ...POLICY, ...change, purposes: [...("purposes" in change ? change.purposes : [])] };
        const act = studies.register("Trial", SCHEMA, policy, 14, ZeroHash, NO_RULES);
        await reverts(act, studies, "StudyRegistryInvalidPolicy", [field]);
      });
    }
    it("takes a policy at every limit", async () => {
      const { studies } = await load(deployContracts);
      const purposes = Array<string>(16).fill(ZeroHash);
      const limits = {
        ...POLICY,
        k: 5,
        minimumThreshold: 3,
        deadlineBlocks: 1_000_000n,
        ownersShare: 0,
        workersShare: 10_000,
        authorShare: 0,
        price: 2n ** 88n - 1n,
        storageFeePerRow: 2n ** 64n - 1n,
        leastDeposit: 2n ** 96n - 1n,
        sealedK: 3,
        closedSite: 65_535,
        organisationQuota: 2 ** 24 - 1,
        historyCap: 65_535,
        purposes,
      };
      await studies.register("Trial", SCHEMA, limits, 28, ZeroHash, NO_RULES);
      await studies.register(
        "Trial 2",
        SCHEMA,
        {
          ...limits,
          k: 1_000,
          sealedK: 1_000,
          vettings: 64,
          vettingOrganisations: 64,
          deadlineBlocks: 1n,
          price: 0n,
          purposes: [],
        },
        1,
        ZeroHash,
        NO_RULES,
      );
    });
  });

  describe("study and policy", () => {
    it("refuse an unknown study", async () => {
      const { studies } = await load(registerStudy);
      await reverts(studies.study(ZeroHash), studies, "StudyRegistryUnknown", [ZeroHash]);
      await reverts(studies.policy(ZeroHash), studies, "StudyRegistryUnknown", [ZeroHash]);
    });
  });

  describe("studies", () => {
    it("gives pages of at most 100", async () => {
      const { studies } = await load(deployContracts);
      for (let i = 0; i < 101; i++)
        await studies.connect(CONSORTIUM).register(`T${i}`, SCHEMA, POLICY, 14, ZeroHash, NO_RULES);
      const address = await studies.getAddress();
      const first = await studies.studies(0, 1000);
      assert.equal(first.length, 100);
      assert.equal(first[99], studyIdOf(address, "T99"));
      assert.deepEqual([...(await studies.studies(100, 100))], [studyIdOf(address, "T100")]);
      assert.equal((await studies.studies(101, 100)).length, 0);
    });
  });
});
