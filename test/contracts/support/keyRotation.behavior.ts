/** What all registries promise of a member's key, whatever the role: which one it is, and how it gives way to another. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroAddress, ZeroHash, id } from "ethers";
import type { MemberRegistry } from "../../../types/identity/MemberRegistry.ts";
import { load, networkHelpers, now } from "./chain.ts";
import {
  CONSORTIUM,
  type Contracts,
  OTHER_QUERIER,
  OUTSIDER,
  PURPOSE,
  QUERIER,
  YEAR,
  admissionOf,
  deployContracts,
} from "./consortium.ts";
import { LATER_KEYS, NEW_KEY, replace, rotate, rotationOf, signRotation } from "./keyRotation.ts";
import { reverts } from "./reverts.ts";

const [SECOND_KEY, THIRD_KEY] = LATER_KEYS;
const MALFORMED = ["0x", `0x02${"11".repeat(31)}`, `0x02${"11".repeat(33)}`, `0x04${"11".repeat(32)}`];

export function shouldRotateKeys(pick: (contracts: Contracts) => MemberRegistry): void {
  const member = QUERIER.address;
  const second = OTHER_QUERIER.address;
  const fresh = NEW_KEY.address;

  async function withMembers() {
    const contracts = await load(deployContracts);
    const registry = pick(contracts);
    const admission = await admissionOf(QUERIER, "Clinic");
    await registry.admit(member, admission);
    await registry.admit(second, await admissionOf(OTHER_QUERIER, "Other"));
    return { ...contracts, registry, admission };
  }
  async function rotated() {
    const world = await withMembers();
    await rotate(world.registry, QUERIER, NEW_KEY);
    return world;
  }

  describe("a member's key", () => {
    it("is at first the account that was admitted", async () => {
      const { registry } = await withMembers();
      assert.equal(await registry.keyOf(member), member);
      assert.equal(await registry.memberOf(member), member);
      assert.deepEqual([...(await registry.signerOf(member))], [member, true]);
      assert.deepEqual([...(await registry.activeMemberOf(member))], [member, id("Clinic")]);
      assert.equal(await registry.everMemberOf(member), member);
      assert.equal((await registry.member(member)).key, member);
    });
    it("is nobody's for an account that was never admitted, zero included", async () => {
      const { registry } = await withMembers();
      for (const account of [OUTSIDER.address, ZeroAddress]) {
        assert.equal(await registry.keyOf(account), ZeroAddress);
        assert.equal(await registry.memberOf(account), ZeroAddress);
        assert.deepEqual([...(await registry.signerOf(account))], [ZeroAddress, false]);
        assert.deepEqual([...(await registry.activeMemberOf(account))], [ZeroAddress, ZeroHash]);
        assert.equal(await registry.everMemberOf(account), ZeroAddress);
      }
    });
    it("is given with those of others, in their order", async () => {
      const { registry } = await withMembers();
      await rotate(registry, QUERIER, NEW_KEY);
      const second = OTHER_QUERIER.address;
      const asked = [second, OUTSIDER.address, member, second, fresh];
      const keys = [...(await registry.activeKeysOf(asked))];
      assert.deepEqual(keys, [second, ZeroAddress, fresh, second, ZeroAddress]);
      assert.deepEqual([...(await registry.activeKeysOf([]))], []);
    });
    for (const end of ["revoked", "expired"] as const) {
      it(`stays that of a member that is ${end}, and acts for none`, async () => {
        const { registry, admission } = await rotated();
        if (end === "revoked") await registry.revoke(member, "");
        else await networkHelpers.time.increaseTo(admission.expiry + 1n);
        assert.deepEqual([await registry.keyOf(member), await registry.memberOf(fresh)], [fresh, member]);
        assert.deepEqual([...(await registry.signerOf(member))], [fresh, false]);
        assert.deepEqual([...(await registry.activeKeysOf([member]))], [ZeroAddress]);
        assert.deepEqual([...(await registry.activeMemberOf(fresh))], [ZeroAddress, ZeroHash]);
      });
    }
    it("acts in the last valid second and not in the next", async () => {
      const { registry, admission } = await rotated();
      await networkHelpers.time.increaseTo(admission.expiry);
      assert.deepEqual([...(await registry.activeMemberOf(fresh))], [member, id("Clinic")]);
      await networkHelpers.time.increaseTo(admission.expiry + 1n);
      assert.deepEqual([...(await registry.activeMemberOf(fresh))], [ZeroAddress, ZeroHash]);
    });
  });

  describe("rotateKey", () => {
    it("puts the new key in the old one's place, and leaves the member what it was", async () => {
      const { registry, admission } = await rotated();
      assert.deepEqual([await registry.keyOf(member), await registry.memberOf(fresh)], [fresh, member]);
      assert.deepEqual([...(await registry.signerOf(member))], [fresh, true]);
      assert.deepEqual([...(await registry.activeMemberOf(fresh))], [member, id("Clinic")]);
      assert.equal(await registry.isActive(member), true);
      assert.equal(await registry.accountOf(admission.tlsFingerprint), member);
      assert.equal(await registry.missingPurpose(member, [PURPOSE]), ZeroHash);
      assert.deepEqual([await registry.count(), [...(await registry.accounts(0, 9))]], [2n, [member, second]]);
      const found = await registry.member(member);
      assert.deepEqual([found.key, found.encryptionKey], [fresh, NEW_KEY.signingKey.compressedPublicKey]);
      assert.deepEqual(
        [found.organisationName, found.expiry, found.tlsFingerprint, found.endpoint],
        [admission.organisationName, admission.expiry, admission.tlsFingerprint, admission.endpoint],
      );
    });
    it("leaves the old key nobody's", async () => {
      const { registry } = await rotated();
      assert.equal(await registry.memberOf(member), ZeroAddress);
      assert.deepEqual([...(await registry.activeMemberOf(member))], [ZeroAddress, ZeroHash]);
      const act = registry.connect(QUERIER).setEndpoint("old.example:1", id("old"));
      await reverts(act, registry, "MemberRegistryNotMember", [member]);
    });
    it("does not make the new key a member's name", async () => {
      const { registry } = await rotated();
      assert.equal(await registry.isActive(fresh), false);
      assert.equal(await registry.organisationOf(fresh), ZeroHash);
      assert.deepEqual([...(await registry.signerOf(fresh))], [ZeroAddress, false]);
      await reverts(registry.member(fresh), registry, "MemberRegistryNotMember", [fresh]);
    });
    it("is told, and recorded under the member's name with both keys", async () => {
      const { registry, trail } = await withMembers();
      const length = await trail.length();
      await rotate(registry, QUERIER, NEW_KEY);
      const [told] = await registry.queryFilter(registry.filters.MemberKeyRotated(member));
      assert.deepEqual([...(told?.args ?? [])], [member, member, fresh]);
      const [recorded] = await trail.queryFilter(trail.filters.Recorded(length));
      const { args } = recorded ?? assert.fail("nothing recorded");
      assert.deepEqual(
        [args.act, BigInt(args.subject), args.actor, args.organisation, BigInt(args.oldHash), BigInt(args.newHash)],
        [id("MemberKeyRotated"), BigInt(member), member, id("Clinic"), BigInt(member), BigInt(fresh)],
      );
    });
    it("lets the new key move the endpoint, and hand over again", async () => {
      const { registry } = await rotated();
      await registry.connect(NEW_KEY).setEndpoint("new.example:1", id("new"));
      assert.equal((await registry.member(member)).endpoint, "new.example:1");
      assert.equal(await registry.accountOf(id("new")), member);
      await rotate(registry, NEW_KEY, SECOND_KEY, member);
      assert.deepEqual(
        [await registry.keyOf(member), await registry.memberOf(fresh)],
        [SECOND_KEY.address, ZeroAddress],
      );
      for (const key of [member, fresh, SECOND_KEY.address]) assert.equal(await registry.everMemberOf(key), member);
    });
    it("is for the member's current key: not for the key before, another member, the consortium or anyone", async () => {
      const { registry } = await rotated();
      const rotation = await rotationOf(registry, member, SECOND_KEY);
      const signature = await signRotation(registry, rotation, SECOND_KEY);
      for (const by of [QUERIER, OTHER_QUERIER, CONSORTIUM, OUTSIDER]) {
        const act = registry.connect(by).rotateKey(rotation, signature);
        await reverts(act, registry, "MemberRegistryNotCurrentKey", [by.address, fresh]);
      }
    });
    it("is for active members", async () => {
      const { registry, admission } = await withMembers();
      const stranger = rotate(registry, OUTSIDER, NEW_KEY);
      await reverts(stranger, registry, "MemberRegistryNotMember", [OUTSIDER.address]);
      await registry.revoke(second, "");
      await reverts(rotate(registry, OTHER_QUERIER, NEW_KEY), registry, "MemberRegistryNotMember", [second]);
      await networkHelpers.time.increaseTo(admission.expiry + 1n);
      await reverts(rotate(registry, QUERIER, NEW_KEY), registry, "MemberRegistryNotMember", [member]);
    });
    it("refuses what was signed for an earlier key: a rotation meanwhile makes it void", async () => {
      const { registry } = await withMembers();
      const rotation = await rotationOf(registry, member, SECOND_KEY);
      const signature = await signRotation(registry, rotation, SECOND_KEY);
      await rotate(registry, QUERIER, NEW_KEY);
      const act = registry.connect(NEW_KEY).rotateKey(rotation, signature);
      await reverts(act, registry, "MemberRegistryNotCurrentKey", [member, fresh]);
    });
    it("by a thief does not stop the consortium's replacement that was signed before", async () => {
      const { registry } = await withMembers();
      const rotation = await rotationOf(registry, member, SECOND_KEY);
      const signature = await signRotation(registry, rotation, SECOND_KEY);
      await rotate(registry, QUERIER, NEW_KEY);
      await registry.replaceKey(rotation, signature, "stolen");
      assert.equal(await registry.keyOf(member), SECOND_KEY.address);
      assert.equal(await registry.memberOf(fresh), "0x0000000000000000000000000000000000000000");
    });
    it("refuses the same signature again", async () => {
      const { registry } = await withMembers();
      const rotation = await rotationOf(registry, member, NEW_KEY);
      const signature = await signRotation(registry, rotation, NEW_KEY);
      await registry.connect(QUERIER).rotateKey(rotation, signature);
      const act = registry.connect(NEW_KEY).rotateKey(rotation, signature);
      await reverts(act, registry, "MemberRegistryNotCurrentKey", [member, fresh]);
    });
    it("takes no account that is or was a member's name or key, its own included", async () => {
      const { registry } = await rotated();
      await rotate(registry, OTHER_QUERIER, SECOND_KEY);
      for (const used of [QUERIER, NEW_KEY, OTHER_QUERIER, SECOND_KEY]) {
        const act = rotate(registry, NEW_KEY, used, member);
        await reverts(act, registry, "MemberRegistryAccountUsed", [used.address]);
      }
      await rotate(registry, NEW_KEY, THIRD_KEY, member);
      const act = replace(registry, second, NEW_KEY);
      await reverts(act, registry, "MemberRegistryAccountUsed", [fresh]);
    });
    it("takes no account whose member was revoked", async () => {
      const { registry } = await withMembers();
      await registry.revoke(second, "");
      const act = rotate(registry, QUERIER, OTHER_QUERIER);
      await reverts(act, registry, "MemberRegistryAccountUsed", [second]);
    });
    it("takes an encryption key of its form, and does not do without where there was one", async () => {
      const { registry } = await withMembers();
      for (const encryptionKey of MALFORMED) {
        const act = rotate(registry, QUERIER, NEW_KEY, member, { encryptionKey });
        await reverts(act, registry, "MemberRegistryMissingField", ["encryptionKey"]);
      }
      const encryptionKey = OUTSIDER.signingKey.compressedPublicKey;
      await rotate(registry, QUERIER, NEW_KEY, member, { encryptionKey });
      assert.equal((await registry.member(member)).encryptionKey, encryptionKey);
    });
  });

  describe("replaceKey", () => {
    it("does the same at the consortium's word, and keeps the reason in the trail", async () => {
      const { registry, trail } = await withMembers();
      const length = await trail.length();
      await replace(registry, member, NEW_KEY);
      assert.deepEqual([await registry.keyOf(member), await registry.memberOf(member)], [fresh, ZeroAddress]);
      assert.deepEqual([...(await registry.activeMemberOf(fresh))], [member, id("Clinic")]);
      assert.equal((await registry.member(member)).encryptionKey, NEW_KEY.signingKey.compressedPublicKey);
      const [told] = await registry.queryFilter(registry.filters.MemberKeyRotated(member));
      assert.deepEqual([...(told?.args ?? [])], [member, member, fresh]);
      const [recorded] = await trail.queryFilter(trail.filters.Recorded(length));
      const { args } = recorded ?? assert.fail("nothing recorded");
      assert.deepEqual(
        [args.act, BigInt(args.subject), args.actor, args.organisation, BigInt(args.oldHash), BigInt(args.newHash)],
        [id("MemberKeyReplaced"), BigInt(member), CONSORTIUM.address, ZeroHash, BigInt(member), BigInt(fresh)],
      );
      assert.equal(args.reason, "laptop stolen");
    });
    it("leaves a thief nothing: the stolen key neither rotates nor comes back", async () => {
      const { registry } = await withMembers();
      await replace(registry, member, NEW_KEY);
      const rotation = await rotationOf(registry, member, SECOND_KEY);
      const act = registry.connect(QUERIER).rotateKey(rotation, await signRotation(registry, rotation, SECOND_KEY));
      await reverts(act, registry, "MemberRegistryNotCurrentKey", [member, fresh]);
      await reverts(replace(registry, member, QUERIER), registry, "MemberRegistryAccountUsed", [member]);
    });
    it("is for the consortium only, not even the member itself", async () => {
      const { registry } = await withMembers();
      const rotation = await rotationOf(registry, member, NEW_KEY);
      const signature = await signRotation(registry, rotation, NEW_KEY);
      for (const by of [QUERIER, OUTSIDER, NEW_KEY]) {
        const act = registry.connect(by).replaceKey(rotation, signature, "");
        await reverts(act, registry, "AccessManagedUnauthorized", [by.address]);
      }
    });
    it("is for an expired member, too, which is renewed with the new key", async () => {
      const { registry, admission } = await withMembers();
      await networkHelpers.time.increaseTo(admission.expiry + 1n);
      await replace(registry, member, NEW_KEY);
      assert.deepEqual([...(await registry.signerOf(member))], [fresh, false]);
      await registry.admit(member, { ...admission, expiry: admission.expiry + YEAR });
      assert.deepEqual([...(await registry.activeMemberOf(fresh))], [member, id("Clinic")]);
      assert.equal(await registry.memberOf(member), ZeroAddress);
    });
    it("is not for a revoked member: that is for good", async () => {
      const { registry } = await withMembers();
      await registry.revoke(member, "");
      await reverts(replace(registry, member, NEW_KEY), registry, "MemberRegistryAlreadyRevoked", [member]);
    });
    it("refuses an account that was never admitted", async () => {
      const { registry } = await withMembers();
      const act = replace(registry, OUTSIDER.address, NEW_KEY);
      await reverts(act, registry, "MemberRegistryNotMember", [OUTSIDER.address]);
    });
    it("refuses a key that has not signed, though the old one did", async () => {
      const { registry } = await withMembers();
      const rotation = await rotationOf(registry, member, NEW_KEY);
      const act = registry.replaceKey(rotation, await signRotation(registry, rotation, QUERIER), "");
      await reverts(act, registry, "MemberRegistryInvalidRotation", [member, fresh]);
    });
    it("refuses what expired a second ago", async () => {
      const { registry } = await withMembers();
      const deadline = (await now()) + 10n;
      const rotation = await rotationOf(registry, member, NEW_KEY, { deadline });
      const signature = await signRotation(registry, rotation, NEW_KEY);
      await networkHelpers.time.increaseTo(deadline);
      const act = registry.replaceKey(rotation, signature, "", { gasLimit: 1_000_000 });
      await reverts(act, registry, "MemberRegistryRotationExpired", [deadline]);
    });
  });

  describe("admit, once keys were rotated,", () => {
    it("refuses an account that is, or was, another member's key", async () => {
      const { registry, admission } = await rotated();
      await rotate(registry, NEW_KEY, SECOND_KEY, member);
      for (const key of [fresh, SECOND_KEY.address]) {
        const act = registry.admit(key, { ...admission, tlsFingerprint: id("its own") });
        await reverts(act, registry, "MemberRegistryAccountUsed", [key]);
      }
    });
    it("renews a member under its name, and leaves it its key", async () => {
      const { registry, admission } = await rotated();
      await registry.admit(member, { ...admission, expiry: admission.expiry + 1n });
      assert.deepEqual([await registry.keyOf(member), await registry.memberOf(fresh)], [fresh, member]);
    });
  });
}

/** A role that needs no encryption key: a member without one may go on so, or take one. */
export function shouldRotateWithoutEncryptionKey(pick: (contracts: Contracts) => MemberRegistry): void {
  describe("rotateKey of a member without an encryption key", () => {
    for (const encryptionKey of ["0x", NEW_KEY.signingKey.compressedPublicKey]) {
      it(`takes ${encryptionKey}`, async () => {
        const registry = pick(await load(deployContracts));
        const admission = await admissionOf(QUERIER, "Clinic");
        await registry.admit(QUERIER.address, { ...admission, encryptionKey: "0x" });
        await rotate(registry, QUERIER, NEW_KEY, QUERIER.address, { encryptionKey });
        assert.equal((await registry.member(QUERIER.address)).encryptionKey, encryptionKey);
      });
    }
    it("refuses one that is not of its form", async () => {
      const registry = pick(await load(deployContracts));
      await registry.admit(QUERIER.address, { ...(await admissionOf(QUERIER, "Clinic")), encryptionKey: "0x" });
      const act = rotate(registry, QUERIER, NEW_KEY, QUERIER.address, { encryptionKey: "0x02" });
      await reverts(act, registry, "MemberRegistryMissingField", ["encryptionKey"]);
    });
  });
}
