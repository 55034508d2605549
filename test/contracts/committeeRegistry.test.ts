import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroAddress, ZeroHash, id } from "ethers";
import type { HDNodeWallet } from "ethers";
import type { CommitteeRegistry } from "../../types/study/CommitteeRegistry.ts";
import { load, networkHelpers } from "./support/chain.ts";
import {
  CONSORTIUM,
  OUTSIDER,
  OWNERS,
  NO_RULES,
  POLICY,
  SCHEMA,
  WORKERS,
  YEAR,
  activate,
  activateDatasets,
  admissionOf,
  admitMembers,
  registerStudy,
  studyIdOf,
} from "./support/consortium.ts";
import { NEW_KEY, rotate } from "./support/keyRotation.ts";
import { reverts } from "./support/reverts.ts";

const FIRST = (n: number): string[] => WORKERS.slice(0, n).map(({ address }) => address);

/** `signer` is a name that the generated types reserve. */
async function signerOf(committees: CommitteeRegistry, studyId: string, epoch: number, index: number) {
  const [worker, key, active] = await committees.getFunction("signer")(studyId, epoch, index);
  return [worker, key, active] as const;
}

describe("CommitteeRegistry", () => {
  async function demonstrationStudy() {
    const contracts = await admitMembers();
    await contracts.studies.register("Trial", SCHEMA, POLICY, 14, ZeroHash, NO_RULES);
    return { ...contracts, studyId: studyIdOf(await contracts.studies.getAddress(), "Trial") };
  }
  async function productionStudy() {
    const contracts = await admitMembers();
    await contracts.studies.register("Real", SCHEMA, { ...POLICY, demonstration: false }, 14, ZeroHash, NO_RULES);
    return { ...contracts, studyId: studyIdOf(await contracts.studies.getAddress(), "Real") };
  }

  describe("appoint", () => {
    for (let n = 0; n <= 8; n++) {
      for (let t = 0; t <= 4; t++) {
        const fits = t >= 1 && n >= 3 && n <= 7 && n >= 2 * t + 1;
        it(`${fits ? "takes" : "refuses"} n = ${n}, t = ${t}`, async () => {
          const { committees, workers, studyId } = await load(demonstrationStudy);
          await workers.admit(OUTSIDER.address, await admissionOf(OUTSIDER, "Operator 8"));
          const members = [...FIRST(7), OUTSIDER.address].slice(0, n);
          const act = committees.appoint(studyId, members, t);
          if (!fits) return reverts(act, committees, "CommitteeRegistryInvalidSize", [n, t]);
          await act;
          const quorum = Math.min(n - t, 2 * t + 1);
          assert.equal(await committees.quorum(studyId, 1), BigInt(quorum));
          assert.equal((await committees.committee(studyId, 1)).demonstration, t < 2);
          return undefined;
        });
      }
    }
    it("keeps the workers in the order of their points", async () => {
      const { committees, studyId } = await load(demonstrationStudy);
      const members = FIRST(5).reverse();
      await committees.appoint(studyId, members, 2);
      const { epoch, threshold, demonstration, workers } = await committees.committee(studyId, 1);
      assert.deepEqual([epoch, threshold, demonstration, [...workers]], [1n, 2n, false, members]);
      const [event] = await committees.queryFilter(committees.filters.CommitteeAppointed(studyId));
      assert.deepEqual([...(event?.args.workers ?? [])], members);
    });
    it("starts a new epoch and keeps the old one readable", async () => {
      const { committees, studyId, trail } = await load(registerStudy);
      await committees.appoint(studyId, FIRST(7), 3);
      assert.equal(await committees.currentEpoch(studyId), 2n);
      assert.equal((await committees.committee(studyId, 1)).workers.length, 4);
      assert.equal((await committees.committee(studyId, 2)).workers.length, 7);
      const events = (await trail.queryFilter(trail.filters.Recorded(undefined, studyId))).filter(
        ({ args }) => args.act === id("CommitteeAppointed"),
      );
      assert.equal(events.length, 2);
      assert.equal(events[1]?.args.oldHash, events[0]?.args.newHash);
    });
    it("refuses t = 1 and t below the policy's minimum in production", async () => {
      const { committees, studyId } = await load(productionStudy);
      const act = committees.appoint(studyId, FIRST(4), 1);
      await reverts(act, committees, "CommitteeRegistryThresholdTooLow", [1, 2]);
      await committees.appoint(studyId, FIRST(5), 2);
      assert.equal((await committees.committee(studyId, 1)).demonstration, false);
    });
    it("calls t = 1 a demonstration even where the policy's minimum is 1", async () => {
      const { committees, studies } = await load(productionStudy);
      const policy = { ...POLICY, minimumThreshold: 1, demonstration: false };
      await studies.register("Low", SCHEMA, policy, 14, ZeroHash, NO_RULES);
      const studyId = studyIdOf(await studies.getAddress(), "Low");
      const act = committees.appoint(studyId, FIRST(3), 1);
      await reverts(act, committees, "CommitteeRegistryThresholdTooLow", [1, 2]);
    });
    it("refuses an account that is no worker", async () => {
      const { committees, studyId } = await load(demonstrationStudy);
      const act = committees.appoint(studyId, [...FIRST(3), OUTSIDER.address], 1);
      await reverts(act, committees, "CommitteeRegistryInactiveWorker", [OUTSIDER.address]);
    });
    it("refuses a revoked worker", async () => {
      const { committees, workers, studyId } = await load(demonstrationStudy);
      await workers.revoke(FIRST(1)[0] ?? "", "");
      const act = committees.appoint(studyId, FIRST(4), 1);
      await reverts(act, committees, "CommitteeRegistryInactiveWorker", [FIRST(1)[0]]);
    });
    it("refuses two workers of one organisation, and one worker twice", async () => {
      const { committees, workers, studyId } = await load(demonstrationStudy);
      await workers.admit(OUTSIDER.address, await admissionOf(OUTSIDER, "Operator 2"));
      const two = committees.appoint(studyId, [...FIRST(3), OUTSIDER.address], 1);
      await reverts(two, committees, "CommitteeRegistrySameOrganisation", [id("Operator 2")]);
      const twice = committees.appoint(studyId, [...FIRST(3), ...FIRST(1)], 1);
      await reverts(twice, committees, "CommitteeRegistrySameOrganisation", [id("Operator 1")]);
    });
    it("refuses an unknown study", async () => {
      const { committees } = await load(demonstrationStudy);
      await reverts(committees.appoint(ZeroHash, FIRST(4), 1), committees, "StudyRegistryUnknown", [ZeroHash]);
    });
    it("refuses a study whose datasets are active", async () => {
      const { committees, studyId } = await load(activateDatasets);
      const act = committees.appoint(studyId, FIRST(5), 2);
      await reverts(act, committees, "CommitteeRegistryDatasetsExist", [studyId]);
    });
    it("is for the consortium only", async () => {
      const { committees, studyId } = await load(demonstrationStudy);
      const act = committees.connect(OUTSIDER).appoint(studyId, FIRST(4), 1);
      await reverts(act, committees, "AccessManagedUnauthorized", [OUTSIDER.address]);
    });
  });

  describe("freeze", () => {
    it("happens at the first activation, once", async () => {
      const world = await load(registerStudy);
      assert.equal(await world.committees.isFrozen(world.studyId), false);
      for (const owner of OWNERS) await activate(world, owner);
      assert.equal(await world.committees.isFrozen(world.studyId), true);
      const { committees, studyId } = world;
      assert.equal((await committees.queryFilter(committees.filters.CommitteeFrozen(studyId))).length, 1);
    });
    it("is for the dataset registry only, not even the consortium", async () => {
      const { committees, studyId } = await load(registerStudy);
      await reverts(committees.freeze(studyId), committees, "AccessManagedUnauthorized", [CONSORTIUM.address]);
    });
    it("refuses a study without a committee", async () => {
      const { committees, access, studyId } = await load(demonstrationStudy);
      await access.grantRole(await access.DATASETS_ROLE(), CONSORTIUM.address, 0);
      await reverts(committees.freeze(studyId), committees, "CommitteeRegistryUnknown", [studyId, 0]);
    });
  });

  it("appoints members, not the keys that sign for them", async () => {
    const { committees, workers, studyId } = await load(registerStudy);
    await rotate(workers, WORKERS[0] as HDNodeWallet, NEW_KEY);
    const act = committees.appoint(studyId, [NEW_KEY.address, ...FIRST(4).slice(1)], 1);
    await reverts(act, committees, "CommitteeRegistryInactiveWorker", [NEW_KEY.address]);
    await committees.appoint(studyId, FIRST(4), 1);
  });

  describe("signer", () => {
    it("gives the worker of a point, its key, and whether it may sign now", async () => {
      const { committees, workers, studyId } = await load(registerStudy);
      const [first = ""] = FIRST(1);
      assert.deepEqual(await signerOf(committees, studyId, 1, 1), [first, first, true]);
      await rotate(workers, WORKERS[0] as HDNodeWallet, NEW_KEY);
      assert.deepEqual(await signerOf(committees, studyId, 1, 1), [first, NEW_KEY.address, true]);
      await workers.revoke(first, "");
      assert.deepEqual(await signerOf(committees, studyId, 1, 1), [first, NEW_KEY.address, false]);
      await networkHelpers.time.increase(YEAR * 2n);
      assert.equal((await signerOf(committees, studyId, 1, 4))[2], false);
    });
    it("gives nobody at point 0, past n, in another epoch or study", async () => {
      const { committees, studyId } = await load(registerStudy);
      for (const [study, epoch, index] of [
        [studyId, 1, 0],
        [studyId, 1, 5],
        [studyId, 1, 255],
        [studyId, 0, 1],
        [studyId, 2, 1],
        [ZeroHash, 1, 1],
      ] as const) {
        assert.deepEqual(await signerOf(committees, study, epoch, index), [ZeroAddress, ZeroAddress, false]);
      }
    });
  });

  describe("keys", () => {
    it("gives the key of each point now, revoked ones included, and the committee its names", async () => {
      const { committees, workers, studyId } = await load(registerStudy);
      assert.deepEqual([...(await committees.getFunction("keys")(studyId, 1))], FIRST(4));
      await rotate(workers, WORKERS[1] as HDNodeWallet, NEW_KEY);
      await workers.revoke(FIRST(1)[0] ?? "", "");
      const [first, , third, fourth] = FIRST(4);
      const now = [...(await committees.getFunction("keys")(studyId, 1))];
      assert.deepEqual(now, [first, NEW_KEY.address, third, fourth]);
      assert.deepEqual([...(await committees.committee(studyId, 1)).workers], FIRST(4));
    });
    it("refuses an unknown epoch", async () => {
      const { committees, studyId } = await load(registerStudy);
      const act = committees.getFunction("keys")(studyId, 2);
      await reverts(act, committees, "CommitteeRegistryUnknown", [studyId, 2]);
    });
  });

  describe("committee and quorum", () => {
    it("refuse an unknown epoch", async () => {
      const { committees, studyId } = await load(registerStudy);
      assert.equal(await committees.currentEpoch(ZeroHash), 0n);
      await reverts(committees.committee(studyId, 2), committees, "CommitteeRegistryUnknown", [studyId, 2]);
      await reverts(committees.quorum(studyId, 0), committees, "CommitteeRegistryUnknown", [studyId, 0]);
    });
  });
});
