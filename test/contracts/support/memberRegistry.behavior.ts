/** What all registries promise, whatever the role. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroAddress, ZeroHash, id } from "ethers";
import type { MemberRegistry } from "../../../types/identity/MemberRegistry.ts";
import { load, networkHelpers, now } from "./chain.ts";
import {
  type Admission,
  CONSORTIUM,
  type Contracts,
  FINGERPRINT,
  OTHER_QUERIER,
  OUTSIDER,
  PURPOSE,
  QUERIER,
  YEAR,
  admissionOf,
  deployContracts,
} from "./consortium.ts";
import { shouldRotateKeys } from "./keyRotation.behavior.ts";
import { reverts } from "./reverts.ts";

/** The fields that this role refuses to do without, each with an admission's change that lacks it. */
export type Required = readonly (readonly [field: string, change: Partial<Admission>])[];

export function shouldBehaveLikeMemberRegistry(
  pick: (contracts: Contracts) => MemberRegistry,
  required: Required,
): void {
  const member = QUERIER.address;
  const second = OTHER_QUERIER.address;

  async function empty() {
    const contracts = await load(deployContracts);
    const registry = pick(contracts);
    return { ...contracts, registry, admission: await admissionOf(QUERIER, "Clinic") };
  }
  async function withMember() {
    const world = await empty();
    await world.registry.admit(member, world.admission);
    return world;
  }

  shouldRotateKeys(pick);

  describe("admit", () => {
    it("keeps everything the admission says, and who said it", async () => {
      const { registry, admission } = await withMember();
      const found = await registry.member(member);
      assert.equal(found.organisation, id("Clinic"));
      assert.equal(found.issuer, CONSORTIUM.address);
      assert.equal(found.expiry, admission.expiry);
      assert.equal(found.revoked, false);
      assert.equal(found.tlsFingerprint, admission.tlsFingerprint);
      assert.equal(found.organisationName, "Clinic");
      assert.equal(found.endpoint, admission.endpoint);
      assert.equal(found.encryptionKey, admission.encryptionKey);
      assert.deepEqual([...found.purposes], [PURPOSE]);
      assert.equal(found.admittedAt, await now());
      assert.equal(await registry.organisationOf(member), id("Clinic"));
      assert.equal(await registry.accountOf(admission.tlsFingerprint), member);
      assert.equal(await registry.isActive(member), true);
    });
    it("records the act", async () => {
      const { trail, registry, admission } = await empty();
      const length = await trail.length();
      await registry.admit(member, admission);
      const [event] = await trail.queryFilter(trail.filters.Recorded(length));
      assert.equal(event?.args.act, id("MemberAdmitted"));
      assert.equal(BigInt(event?.args.subject ?? 0), BigInt(member));
      assert.equal(event?.args.actor, CONSORTIUM.address);
    });
    it("is for the consortium only", async () => {
      const { registry, admission } = await empty();
      const act = registry.connect(OUTSIDER).admit(member, admission);
      await reverts(act, registry, "AccessManagedUnauthorized", [OUTSIDER.address]);
    });
    it("refuses an account whose credential is valid, unless it is for longer", async () => {
      const { registry, admission } = await withMember();
      for (const expiry of [admission.expiry, admission.expiry - 1n]) {
        const act = registry.admit(member, { ...admission, expiry });
        await reverts(act, registry, "MemberRegistryAlreadyAdmitted", [member]);
      }
    });
    it("refuses to move a member whose credential is valid to another organisation", async () => {
      const { registry, admission } = await withMember();
      const moved = { ...admission, organisationName: "Elsewhere", expiry: admission.expiry + YEAR };
      await reverts(registry.admit(member, moved), registry, "MemberRegistryAlreadyAdmitted", [member]);
      assert.equal(await registry.organisationOf(member), id("Clinic"));
    });
    it("renews a credential before it expires: told and recorded like the first time, without a second entry", async () => {
      const { registry, admission, trail } = await withMember();
      const length = await trail.length();
      const expiry = admission.expiry + 1n;
      await registry.admit(member, { ...admission, expiry, endpoint: "b.example:2", purposes: [] });
      const found = await registry.member(member);
      assert.deepEqual([found.expiry, found.endpoint, [...found.purposes]], [expiry, "b.example:2", []]);
      assert.deepEqual([await registry.count(), await registry.accountOf(admission.tlsFingerprint)], [1n, member]);
      const told = await registry.queryFilter(registry.filters.MemberAdmitted(member));
      assert.deepEqual(
        told.map(({ args }) => args.expiry),
        [admission.expiry, expiry],
      );
      const recorded = await trail.queryFilter(trail.filters.Recorded(length));
      assert.deepEqual(
        recorded.map(({ args }) => [args.act, args.oldHash]),
        [[id("MemberAdmitted"), id("Clinic")]],
      );
    });
    it("refuses the zero account", async () => {
      const { registry, admission } = await empty();
      await reverts(registry.admit(ZeroAddress, admission), registry, "MemberRegistryMissingField", ["account"]);
    });
    it("refuses an organisation without a name", async () => {
      const { registry, admission } = await empty();
      const act = registry.admit(member, { ...admission, organisationName: "" });
      await reverts(act, registry, "MemberRegistryMissingField", ["organisationName"]);
    });
    it("refuses a credential that expired a second ago, and takes one that expires this second", async () => {
      const { registry, admission } = await empty();
      const next = (await now()) + 10n;
      await networkHelpers.time.setNextBlockTimestamp(next);
      const act = registry.admit(member, { ...admission, expiry: next - 1n }, { gasLimit: 1_000_000 });
      await reverts(act, registry, "MemberRegistryInvalidExpiry", [next - 1n]);
      await networkHelpers.time.setNextBlockTimestamp(next + 1n);
      await registry.admit(member, { ...admission, expiry: next + 1n });
      assert.equal(await registry.isActive(member), true);
    });
    it("refuses 33 purposes and takes 32", async () => {
      const { registry, admission } = await empty();
      const purposes = Array.from({ length: 33 }, (_, i) => id(`purpose ${i}`));
      const act = registry.admit(member, { ...admission, purposes });
      await reverts(act, registry, "MemberRegistryTooManyPurposes", [33n, 32n]);
      await registry.admit(member, { ...admission, purposes: purposes.slice(1) });
      assert.equal(await registry.missingPurpose(member, purposes.slice(1)), ZeroHash);
    });
    it("refuses another member's certificate", async () => {
      const { registry, admission } = await withMember();
      const act = registry.admit(second, admission);
      await reverts(act, registry, "MemberRegistryFingerprintInUse", [admission.tlsFingerprint]);
    });
    it("takes a certificate back from a member that had declared it, and says so", async () => {
      const { registry, trail } = await withMember();
      const admission = await admissionOf(OTHER_QUERIER, "Other");
      await registry.connect(QUERIER).setEndpoint("squatter.example:1", admission.tlsFingerprint);
      const length = await trail.length();
      await registry.admit(second, admission);
      assert.equal(await registry.accountOf(admission.tlsFingerprint), second);
      assert.equal((await registry.member(member)).tlsFingerprint, ZeroHash);
      const told = await registry.queryFilter(registry.filters.MemberEndpointChanged(member));
      assert.deepEqual([...(told.at(-1)?.args ?? [])], [member, "squatter.example:1", ZeroHash]);
      const recorded = (await trail.queryFilter(trail.filters.Recorded())).slice(Number(length));
      assert.deepEqual(
        recorded.map(({ args }) => [args.act, BigInt(args.subject), args.actor]),
        [
          [id("MemberEndpointChanged"), BigInt(member), CONSORTIUM.address],
          [id("MemberAdmitted"), BigInt(second), CONSORTIUM.address],
        ],
      );
    });
    it("is not kept out by a member that declared the certificate and moved on", async () => {
      const { registry } = await withMember();
      const admission = await admissionOf(OTHER_QUERIER, "Other");
      await registry.connect(QUERIER).setEndpoint("squatter.example:1", admission.tlsFingerprint);
      await registry.connect(QUERIER).setEndpoint("squatter.example:1", id("another"));
      await registry.admit(second, admission);
      assert.equal(await registry.accountOf(admission.tlsFingerprint), second);
      assert.equal((await registry.member(member)).tlsFingerprint, id("another"));
    });
    it("gives a rotating member the certificate that another declared first", async () => {
      const { registry, admission } = await withMember();
      await registry.admit(second, await admissionOf(OTHER_QUERIER, "Other"));
      await registry.connect(OTHER_QUERIER).setEndpoint("squatter.example:1", id("next"));
      const expiry = admission.expiry + YEAR;
      await registry.admit(member, { ...admission, expiry, tlsFingerprint: id("next") });
      assert.equal(await registry.accountOf(id("next")), member);
      const act = registry.connect(OTHER_QUERIER).setEndpoint("squatter.example:1", id("next"));
      await reverts(act, registry, "MemberRegistryFingerprintInUse", [id("next")]);
    });
    it("of an expired member refuses its certificate when it has meanwhile been given to another", async () => {
      const { registry, admission } = await withMember();
      await networkHelpers.time.increaseTo(admission.expiry + 1n);
      const expiry = admission.expiry + YEAR;
      await registry.admit(second, { ...admission, expiry });
      assert.equal(await registry.accountOf(admission.tlsFingerprint), second);
      const act = registry.admit(member, { ...admission, expiry });
      await reverts(act, registry, "MemberRegistryFingerprintInUse", [admission.tlsFingerprint]);
    });
    if (!required.some(([field]) => field === "tlsFingerprint")) {
      it("takes any number of members without a certificate, who all stay so", async () => {
        const { registry, admission } = await empty();
        for (const account of [member, second])
          await registry.admit(account, { ...admission, tlsFingerprint: ZeroHash });
        assert.equal(await registry.accountOf(ZeroHash), ZeroAddress);
        for (const account of [member, second]) assert.equal(await registry.isActive(account), true);
      });
    }
    for (const [field, change] of required) {
      it(`refuses ${JSON.stringify(change)}: this role needs ${field}`, async () => {
        const { registry, admission } = await empty();
        const act = registry.admit(member, { ...admission, ...change });
        await reverts(act, registry, "MemberRegistryMissingField", [field]);
      });
    }
    it("renews a credential that has expired, without a second entry", async () => {
      const { registry, admission } = await withMember();
      await networkHelpers.time.increaseTo(admission.expiry + 1n);
      assert.equal(await registry.isActive(member), false);
      await registry.admit(member, { ...admission, expiry: admission.expiry + YEAR, purposes: [] });
      assert.equal(await registry.isActive(member), true);
      assert.equal(await registry.count(), 1n);
      assert.deepEqual([...(await registry.member(member)).purposes], []);
    });
  });

  describe("isActive", () => {
    it("is true in the last valid second and false in the next", async () => {
      const { registry, admission } = await withMember();
      await networkHelpers.time.increaseTo(admission.expiry);
      assert.equal(await registry.isActive(member), true);
      await networkHelpers.time.increaseTo(admission.expiry + 1n);
      assert.equal(await registry.isActive(member), false);
    });
    it("is false for an account that was never admitted", async () => {
      const { registry } = await withMember();
      assert.equal(await registry.isActive(second), false);
      assert.equal(await registry.isActive(ZeroAddress), false);
    });
  });

  describe("revoke", () => {
    it("ends a credential for good and keeps the reason in the trail", async () => {
      const { registry, admission, trail } = await withMember();
      const length = await trail.length();
      await registry.revoke(member, "left the consortium");
      assert.equal(await registry.isActive(member), false);
      assert.equal((await registry.member(member)).revoked, true);
      const [event] = await trail.queryFilter(trail.filters.Recorded(length));
      assert.equal(event?.args.act, id("MemberRevoked"));
      assert.equal(event?.args.reason, "left the consortium");
      assert.equal(event?.args.oldHash, id("Clinic"));
      await reverts(registry.admit(member, admission), registry, "MemberRegistryAlreadyRevoked", [member]);
    });
    it("is for the consortium only, not even the member itself", async () => {
      const { registry } = await withMember();
      for (const caller of [OUTSIDER, QUERIER]) {
        const act = registry.connect(caller).revoke(member, "");
        await reverts(act, registry, "AccessManagedUnauthorized", [caller.address]);
      }
    });
    it("refuses an account that was never admitted", async () => {
      const { registry } = await empty();
      await reverts(registry.revoke(member, ""), registry, "MemberRegistryNotMember", [member]);
    });
    it("refuses a second time", async () => {
      const { registry } = await withMember();
      await registry.revoke(member, "");
      await reverts(registry.revoke(member, ""), registry, "MemberRegistryAlreadyRevoked", [member]);
    });
    it("ends the claim to a certificate: it speaks for nobody, then for whom it is given to", async () => {
      const { registry, admission } = await withMember();
      await registry.revoke(member, "");
      assert.equal(await registry.accountOf(admission.tlsFingerprint), ZeroAddress);
      await registry.admit(second, admission);
      assert.equal(await registry.accountOf(admission.tlsFingerprint), second);
    });
  });

  describe("setEndpoint", () => {
    it("moves a member; the old certificate speaks for nobody, until another shows it", async () => {
      const { registry, admission } = await withMember();
      await registry.connect(QUERIER).setEndpoint("moved.example:7443", id("new certificate"));
      const found = await registry.member(member);
      assert.equal(found.endpoint, "moved.example:7443");
      assert.equal(found.tlsFingerprint, id("new certificate"));
      assert.equal(await registry.accountOf(id("new certificate")), member);
      assert.equal(await registry.accountOf(admission.tlsFingerprint), ZeroAddress);
      await registry.admit(second, await admissionOf(OTHER_QUERIER, "Other"));
      await registry.connect(OTHER_QUERIER).setEndpoint("a.example:1", admission.tlsFingerprint);
      assert.equal(await registry.accountOf(admission.tlsFingerprint), second);
    });
    it("changes nothing when the certificate stays: what an admission gave is still given", async () => {
      const { registry, admission } = await withMember();
      await registry.connect(QUERIER).setEndpoint("moved.example:7443", admission.tlsFingerprint);
      assert.equal(await registry.accountOf(admission.tlsFingerprint), member);
      const act = registry.admit(second, admission);
      await reverts(act, registry, "MemberRegistryFingerprintInUse", [admission.tlsFingerprint]);
    });
    it("lets a member return to its earlier certificate", async () => {
      const { registry, admission } = await withMember();
      await registry.connect(QUERIER).setEndpoint("a.example:1", id("new certificate"));
      await registry.connect(QUERIER).setEndpoint("a.example:1", admission.tlsFingerprint);
      assert.equal(await registry.accountOf(admission.tlsFingerprint), member);
      assert.equal(await registry.accountOf(id("new certificate")), ZeroAddress);
    });
    it("is for active members", async () => {
      const { registry, admission } = await withMember();
      const move = (): Promise<unknown> => registry.connect(QUERIER).setEndpoint("a.example:1", ZeroHash);
      await reverts(registry.setEndpoint("a.example:1", ZeroHash), registry, "MemberRegistryNotMember", [
        CONSORTIUM.address,
      ]);
      await networkHelpers.time.increaseTo(admission.expiry + 1n);
      await reverts(move(), registry, "MemberRegistryNotMember", [member]);
    });
    it("is not for revoked members", async () => {
      const { registry } = await withMember();
      await registry.revoke(member, "");
      const act = registry.connect(QUERIER).setEndpoint("a.example:1", id("x"));
      await reverts(act, registry, "MemberRegistryNotMember", [member]);
    });
    it("refuses another member's certificate, given at an admission or declared", async () => {
      const { registry } = await withMember();
      await registry.admit(second, await admissionOf(OTHER_QUERIER, "Other"));
      const given = registry.connect(QUERIER).setEndpoint("a.example:1", FINGERPRINT(second));
      await reverts(given, registry, "MemberRegistryFingerprintInUse", [FINGERPRINT(second)]);
      await registry.connect(OTHER_QUERIER).setEndpoint("b.example:1", id("declared"));
      const declared = registry.connect(QUERIER).setEndpoint("a.example:1", id("declared"));
      await reverts(declared, registry, "MemberRegistryFingerprintInUse", [id("declared")]);
    });
    for (const [field, change] of required.filter(([field]) => field !== "encryptionKey")) {
      it(`refuses ${JSON.stringify(change)}`, async () => {
        const { registry, admission } = await withMember();
        const moved = { ...admission, ...change };
        const act = registry.connect(QUERIER).setEndpoint(moved.endpoint, moved.tlsFingerprint);
        await reverts(act, registry, "MemberRegistryMissingField", [field]);
      });
    }
  });

  describe("missingPurpose", () => {
    it("names the first purpose that is not held", async () => {
      const { registry } = await withMember();
      assert.equal(await registry.missingPurpose(member, []), ZeroHash);
      assert.equal(await registry.missingPurpose(member, [PURPOSE]), ZeroHash);
      assert.equal(await registry.missingPurpose(member, [PURPOSE, id("b"), id("c")]), id("b"));
      assert.equal(await registry.missingPurpose(second, [PURPOSE]), PURPOSE);
    });
  });

  describe("member", () => {
    it("refuses an account that was never admitted", async () => {
      const { registry } = await empty();
      await reverts(registry.member(member), registry, "MemberRegistryNotMember", [member]);
      assert.equal(await registry.organisationOf(member), ZeroHash);
    });
  });

  describe("accounts", () => {
    it("gives pages in order of admission, revoked ones included", async () => {
      const { registry } = await withMember();
      await registry.admit(second, await admissionOf(OTHER_QUERIER, "Other"));
      await registry.revoke(member, "");
      assert.equal(await registry.count(), 2n);
      assert.deepEqual([...(await registry.accounts(0, 1000))], [member, second]);
      assert.deepEqual([...(await registry.accounts(1, 1))], [second]);
      assert.deepEqual([...(await registry.accounts(0, 0))], []);
      assert.deepEqual([...(await registry.accounts(2, 1))], []);
      assert.deepEqual([...(await registry.accounts(2n ** 256n - 1n, 2n ** 256n - 1n))], []);
    });
  });
}
