/** Roles, delays, guardians; and that every act of governance is in the trail. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbiCoder, ZeroHash, id, keccak256, zeroPadValue } from "ethers";
import { account, ethers, load, networkHelpers, now } from "./support/chain.ts";
import {
  CONSORTIUM,
  OUTSIDER,
  NO_RULES,
  POLICY,
  SCHEMA,
  VETTERS,
  WORKERS,
  YEAR,
  admissionOf,
  admitMembers,
  deployContracts,
} from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";

const REGISTRAR = account(19);
const STEWARD = OUTSIDER;
const GUARDIAN = account(18);
const ROLE = { ADMIN: 0n, REGISTRAR: 3n, STEWARD: 4n, GUARDIAN: 5n };
const DELAY = 172_800; // two days
/** A scheduled act can be done this long after it has become ready: AccessManager.expiration(). */
const EXPIRATION = 604_800;

function hashOf(types: string[], values: unknown[]): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode(types, values));
}

describe("ConsortiumAccess", () => {
  /** A registrar and a steward who must wait, and a guardian. */
  async function slowGovernance() {
    const world = await admitMembers();
    await world.access.grantRole(ROLE.REGISTRAR, REGISTRAR.address, DELAY);
    await world.access.grantRole(ROLE.STEWARD, STEWARD.address, DELAY);
    await world.access.grantRole(ROLE.GUARDIAN, GUARDIAN.address, 0);
    return { ...world, study: await admittingCall(world) };
  }

  async function admittingCall({ vetters }: Awaited<ReturnType<typeof admitMembers>>) {
    const admission = { ...(await admissionOf(OUTSIDER, "Ethics C")), expiry: (await now()) + YEAR };
    const data = vetters.interface.encodeFunctionData("admit", [OUTSIDER.address, admission]);
    return { target: await vetters.getAddress(), data };
  }

  /** What the trail says last. */
  async function lastRecord({ trail }: { trail: Awaited<ReturnType<typeof deployContracts>>["trail"] }) {
    const events = await trail.queryFilter(trail.filters.Recorded());
    const { act, subject, actor, newHash } = events[events.length - 1]!.args;
    return { act, subject, actor, newHash };
  }

  describe("a role with a delay", () => {
    it("lets its holder do nothing at once", async () => {
      const world = await load(slowGovernance);
      const { target, data } = world.study;
      const operation = await world.access.hashOperation(REGISTRAR.address, target, data);
      const sent = REGISTRAR.sendTransaction({ to: target, data, gasLimit: 1_000_000 });
      await reverts(sent, world.access, "AccessManagerNotScheduled", [operation]);
    });
    it("lets a scheduled act be done after the delay, by that holder, once", async () => {
      const world = await load(slowGovernance);
      const { target, data } = world.study;
      const scheduled = await (await world.access.connect(REGISTRAR).schedule(target, data, 0)).wait();
      const operation = await world.access.hashOperation(REGISTRAR.address, target, data);
      const ready = BigInt((await scheduled!.getBlock()).timestamp + DELAY);
      assert.equal(await world.access.getSchedule(operation), ready);
      await networkHelpers.time.setNextBlockTimestamp(ready - 1n);
      const early = REGISTRAR.sendTransaction({ to: target, data, gasLimit: 1_000_000 });
      await reverts(early, world.access, "AccessManagerNotReady", [operation]);
      await networkHelpers.time.setNextBlockTimestamp(ready);
      await REGISTRAR.sendTransaction({ to: target, data });
      assert.equal(await world.vetters.isActive(OUTSIDER.address), true);
      assert.equal((await lastRecord(world)).actor, REGISTRAR.address);
      const again = REGISTRAR.sendTransaction({ to: target, data, gasLimit: 1_000_000 });
      await reverts(again, world.access, "AccessManagerNotScheduled", [operation]);
    });
    it("forgets a scheduled act that nobody did within a week", async () => {
      const world = await load(slowGovernance);
      const { target, data } = world.study;
      await world.access.connect(REGISTRAR).schedule(target, data, 0);
      const operation = await world.access.hashOperation(REGISTRAR.address, target, data);
      await networkHelpers.time.increase(DELAY + EXPIRATION + 1);
      const late = REGISTRAR.sendTransaction({ to: target, data, gasLimit: 1_000_000 });
      await reverts(late, world.access, "AccessManagerExpired", [operation]);
    });
    it("is not another role: a steward cannot schedule a registrar's act", async () => {
      const world = await load(slowGovernance);
      const { target, data } = world.study;
      const args = [STEWARD.address, target, data.slice(0, 10)];
      const act = world.access.connect(STEWARD).schedule(target, data, 0);
      await reverts(act, world.access, "AccessManagerUnauthorizedCall", args);
    });
    it("keeps an act from being done sooner than asked", async () => {
      const world = await load(slowGovernance);
      const { target, data } = world.study;
      const when = (await now()) + 60n;
      const act = world.access.connect(REGISTRAR).schedule(target, data, when);
      const args = [REGISTRAR.address, target, data.slice(0, 10)];
      await reverts(act, world.access, "AccessManagerUnauthorizedCall", args);
    });
  });

  describe("a guardian", () => {
    it("cancels what a registrar and a steward have scheduled, and it cannot be done any more", async () => {
      const world = await load(slowGovernance);
      const register = world.studies.interface.encodeFunctionData("register", [
        ...(["Trial", SCHEMA, POLICY, 14, ZeroHash, NO_RULES] as const),
      ]);
      const acts = [
        [REGISTRAR, world.study.target, world.study.data],
        [STEWARD, await world.studies.getAddress(), register],
      ] as const;
      for (const [holder, target, data] of acts) {
        await world.access.connect(holder).schedule(target, data, 0);
        await world.access.connect(GUARDIAN).cancel(holder.address, target, data);
        await networkHelpers.time.increase(DELAY);
        const operation = await world.access.hashOperation(holder.address, target, data);
        const act = holder.sendTransaction({ to: target, data, gasLimit: 1_000_000 });
        await reverts(act, world.access, "AccessManagerNotScheduled", [operation]);
      }
    });
    it("is needed for that: nobody else's act can be cancelled", async () => {
      const world = await load(slowGovernance);
      const { target, data } = world.study;
      await world.access.connect(REGISTRAR).schedule(target, data, 0);
      for (const other of [STEWARD, WORKERS[0]!]) {
        const act = world.access.connect(other).cancel(REGISTRAR.address, target, data);
        const args = [other.address, REGISTRAR.address, target, data.slice(0, 10)];
        await reverts(act, world.access, "AccessManagerUnauthorizedCancel", args);
      }
    });
    it("revokes at once, and admits nobody", async () => {
      const world = await load(slowGovernance);
      await world.vetters.connect(GUARDIAN).revoke(VETTERS[0]!.address, "key stolen");
      assert.equal(await world.vetters.isActive(VETTERS[0]!.address), false);
      const act = world.vetters.connect(GUARDIAN).admit(OUTSIDER.address, await admissionOf(OUTSIDER, "Ethics C"));
      await reverts(act, world.vetters, "AccessManagedUnauthorized", [GUARDIAN.address]);
    });
  });

  describe("an admin with a delay", () => {
    it("cannot grant a role at once, not even to itself, and can after it has waited", async () => {
      const world = await load(deployContracts);
      const { access } = world;
      await access.grantRole(ROLE.ADMIN, CONSORTIUM.address, DELAY);
      const data = access.interface.encodeFunctionData("grantRole", [ROLE.REGISTRAR, OUTSIDER.address, 0]);
      const target = await access.getAddress();
      const operation = await access.hashOperation(CONSORTIUM.address, target, data);
      const at = access.grantRole(ROLE.REGISTRAR, OUTSIDER.address, 0, { gasLimit: 1_000_000 });
      await reverts(at, access, "AccessManagerNotScheduled", [operation]);
      await access.schedule(target, data, 0);
      await networkHelpers.time.increase(DELAY);
      await access.grantRole(ROLE.REGISTRAR, OUTSIDER.address, 0);
      const [isMember, delay] = await access.hasRole(ROLE.REGISTRAR, OUTSIDER.address);
      assert.deepEqual([isMember, delay], [true, 0n]);
    });
  });

  describe("setAuditTrail", () => {
    it("was done by the deployment, and cannot be done twice", async () => {
      const { access, trail } = await load(deployContracts);
      const address = await trail.getAddress();
      assert.equal(await access.auditTrail(), address);
      await reverts(access.setAuditTrail(address), access, "ConsortiumAccessTrailAlreadySet", [address]);
    });
    it("is for the admin, and takes a contract only", async () => {
      const { trail } = await load(deployContracts);
      const factory = await ethers.getContractFactory("ConsortiumAccess", CONSORTIUM);
      const access = (await factory.deploy(CONSORTIUM.address)) as unknown as Awaited<
        ReturnType<typeof deployContracts>
      >["access"];
      const act = access.connect(OUTSIDER).setAuditTrail(await trail.getAddress());
      await reverts(act, access, "AccessManagerUnauthorizedAccount", [OUTSIDER.address, 0]);
      await reverts(access.setAuditTrail(OUTSIDER.address), access, "DeployedNotContract", [OUTSIDER.address]);
      const foreign = await trail.getAddress();
      const recorder = await access.getAddress();
      await reverts(access.setAuditTrail(foreign), access, "AuditTrailNotRecorder", [recorder]);
      assert.equal(await access.auditTrail(), "0x0000000000000000000000000000000000000000");
    });
  });

  describe("the trail", () => {
    it("has every change of roles, rules and schedules: act, subject and content", async () => {
      const world = await load(slowGovernance);
      const { access } = world;
      const target = await world.studies.getAddress();
      const selector = world.studies.interface.getFunction("register").selector;
      const subject = zeroPadValue(OUTSIDER.address, 32).toLowerCase();
      const place = zeroPadValue(target, 32).toLowerCase();
      const role = (of: bigint): string => zeroPadValue(`0x0${of}`, 32);
      const grantHash = hashOf(["uint64", "uint32", "uint32"], [ROLE.REGISTRAR, 0, 7]);
      const acts: [string, () => Promise<unknown>, string, string][] = [
        ["RoleGranted", () => access.grantRole(ROLE.REGISTRAR, OUTSIDER.address, 7), subject, grantHash],
        [
          "RoleRevoked",
          () => access.revokeRole(ROLE.REGISTRAR, OUTSIDER.address),
          subject,
          hashOf(["uint64"], [ROLE.REGISTRAR]),
        ],
        ["RoleAdminChanged", () => access.setRoleAdmin(ROLE.STEWARD, 3), role(ROLE.STEWARD), hashOf(["uint64"], [3])],
        [
          "RoleGuardianChanged",
          () => access.setRoleGuardian(ROLE.STEWARD, 3),
          role(ROLE.STEWARD),
          hashOf(["uint64"], [3]),
        ],
        [
          "RoleGrantDelayChanged",
          () => access.setGrantDelay(ROLE.STEWARD, 60),
          role(ROLE.STEWARD),
          hashOf(["uint32"], [60]),
        ],
        [
          "TargetFunctionRoleUpdated",
          () => access.setTargetFunctionRole(target, [selector], 0),
          place,
          hashOf(["bytes4", "uint64"], [selector, 0]),
        ],
        ["TargetAdminDelayUpdated", () => access.setTargetAdminDelay(target, 60), place, hashOf(["uint32"], [60])],
        ["TargetClosed", () => access.setTargetClosed(target, true), place, hashOf(["bool"], [true])],
      ];
      for (const [name, act, of, newHash] of acts) {
        await act();
        assert.deepEqual(await lastRecord(world), { act: id(name), subject: of, actor: CONSORTIUM.address, newHash });
      }
    });
    it("has what was scheduled, with when, and what was cancelled, with by whom", async () => {
      const world = await load(slowGovernance);
      const { target, data } = world.study;
      const operation = await world.access.hashOperation(REGISTRAR.address, target, data);
      await world.access.connect(REGISTRAR).schedule(target, data, 0);
      const newHash = hashOf(["uint32", "uint48"], [1, (await now()) + BigInt(DELAY)]);
      const scheduled = { act: id("OperationScheduled"), subject: operation, actor: REGISTRAR.address, newHash };
      assert.deepEqual(await lastRecord(world), scheduled);
      await world.access.connect(GUARDIAN).cancel(REGISTRAR.address, target, data);
      const cancelled = {
        act: id("OperationCanceled"),
        subject: operation,
        actor: GUARDIAN.address,
        newHash: ZeroHash,
      };
      assert.deepEqual(await lastRecord(world), cancelled);
    });
    it("has who did an act through the manager, for whom the target sees the manager", async () => {
      const world = await load(slowGovernance);
      const target = await world.emergencyStop.getAddress();
      const data = world.emergencyStop.interface.encodeFunctionData("stop", ["why"]);
      await world.access.connect(GUARDIAN).execute(target, data);
      const events = (await world.trail.queryFilter(world.trail.filters.Recorded())).slice(-2);
      const operation = await world.access.hashOperation(GUARDIAN.address, target, data);
      const found = events.map(({ args }) => [args.act, args.subject, args.actor]);
      const place = zeroPadValue(target, 32).toLowerCase();
      assert.deepEqual(found, [
        [id("OperationExecuted"), operation, GUARDIAN.address],
        [id("Stopped"), place, await world.access.getAddress()],
      ]);
    });
    it("has a contract that was handed to another authority", async () => {
      const world = await load(slowGovernance);
      const target = await world.emergencyStop.getAddress();
      const successor = await world.registry.getAddress(); // any contract
      await world.access.updateAuthority(target, successor);
      const place = zeroPadValue(target, 32).toLowerCase();
      const newHash = zeroPadValue(successor, 32).toLowerCase();
      const expected = { act: id("AuthorityUpdated"), subject: place, actor: CONSORTIUM.address, newHash };
      assert.deepEqual(await lastRecord(world), expected);
    });
    it("says nothing about a role that was not held", async () => {
      const world = await load(slowGovernance);
      const length = await world.trail.length();
      await world.access.revokeRole(ROLE.REGISTRAR, WORKERS[0]!.address);
      assert.equal(await world.trail.length(), length);
    });
  });
});
