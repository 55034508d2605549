/** The registry that outlives deployments. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Interface } from "ethers";
import { AbiCoder, ZeroAddress, id, keccak256 } from "ethers";
import type { DeploymentRegistry } from "../../types/governance/DeploymentRegistry.ts";
import { announcedContracts } from "../../scripts/admin/configureContracts.ts";
import { deployContracts as deployAll } from "../../scripts/admin/deployContracts.ts";
import { account, deployMock, ethers, load, now } from "./support/chain.ts";
import { CONSORTIUM, OUTSIDER, deployContracts } from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";
import { artifacts } from "hardhat";

const SUCCESSOR = account(19);

describe("DeploymentRegistry", () => {
  /** A second deployment by another key, not announced yet. */
  async function succession() {
    const world = await deployContracts();
    const registry = await world.registry.getAddress();
    const artifact = (name: string) => artifacts.readArtifact(name);
    const next = await deployAll({ signer: SUCCESSOR, artifact, registry });
    return { ...world, next, nextContracts: announcedContracts(next.contracts) };
  }

  function hashOf(contracts: ReturnType<typeof announcedContracts>): string {
    const type = "tuple(string name,address account)[]";
    return keccak256(AbiCoder.defaultAbiCoder().encode([type], [contracts]));
  }

  it("has the first deployment, announced by the one who deployed", async () => {
    const { registry, deployment, access, trail } = await load(deployContracts);
    const contracts = announcedContracts(deployment.contracts);
    const current = await registry.current();
    const expected = [1n, await access.getAddress(), await trail.getAddress(), hashOf(contracts), "1"];
    const { number, access: by, trail: to, contractsHash, version } = current;
    assert.deepEqual([number, by, to, contractsHash, version], expected);
    assert.deepEqual([...(await registry.deployment(1n))], [...current]);
    assert.equal(await registry.count(), 1n);
    const [event] = await registry.queryFilter(registry.filters.DeploymentAnnounced());
    assert.deepEqual(
      event!.args.contracts.map(({ name, account: at }) => ({ name, account: at })),
      contracts,
    );
  });
  it("announces a successor, hands itself over to it, and tells both trails", async () => {
    const { registry, access, trail, next, nextContracts, deployment } = await load(succession);
    await registry.announce("2", nextContracts);
    const current = await registry.current();
    assert.deepEqual([current.number, current.version, current.announcedAt], [2n, "2", await now()]);
    assert.equal(current.contractsHash, hashOf(nextContracts));
    assert.equal(await registry.authority(), next.contracts["ConsortiumAccess"]!.address);
    assert.equal((await registry.deployment(1n)).access, await access.getAddress());
    const oldHash = hashOf(announcedContracts(deployment.contracts));
    const nextTrail = new ethers.Contract(next.contracts["AuditTrail"]!.address, trail.interface, CONSORTIUM);
    for (const [of, name] of [
      [trail, "DeploymentSuperseded"],
      [nextTrail as unknown as typeof trail, "DeploymentAnnounced"],
    ] as const) {
      const { act, actor, oldHash: from, newHash: to } = (await of.queryFilter(of.filters.Recorded())).at(-1)!.args;
      assert.deepEqual([act, actor, from, to], [id(name), CONSORTIUM.address, oldHash, hashOf(nextContracts)]);
    }
  });
  it("obeys the successor's consortium afterwards, and no longer its own", async () => {
    const { registry, deployment, nextContracts } = await load(succession);
    await registry.announce("2", nextContracts);
    const back = announcedContracts(deployment.contracts);
    await reverts(registry.announce("3", back), registry, "AccessManagedUnauthorized", [CONSORTIUM.address]);
    await registry.connect(SUCCESSOR).announce("3", back);
    assert.equal((await registry.current()).number, 3n);
    await reverts(registry.connect(SUCCESSOR).announce("4", nextContracts), registry, "AccessManagedUnauthorized", [
      SUCCESSOR.address,
    ]);
  });
  it("is for the admin of the current deployment, who needs no other role", async () => {
    const { registry, access, nextContracts } = await load(succession);
    for (const role of [3n, 4n, 5n]) await access.grantRole(role, OUTSIDER.address, 0);
    for (const other of [OUTSIDER, SUCCESSOR]) {
      const act = registry.connect(other).announce("2", nextContracts);
      await reverts(act, registry, "AccessManagedUnauthorized", [other.address]);
    }
  });
  it("refuses a version that is empty or the current one's", async () => {
    const { registry, nextContracts } = await load(succession);
    for (const version of ["", "1"]) {
      await reverts(registry.announce(version, nextContracts), registry, "DeploymentRegistryInvalidVersion", [version]);
    }
  });
  it("refuses the contracts that are current", async () => {
    const { registry, deployment } = await load(deployContracts);
    const contracts = announcedContracts(deployment.contracts);
    const act = registry.announce("2", contracts);
    await reverts(act, registry, "DeploymentRegistryAlreadyCurrent", [hashOf(contracts)]);
  });
  it("refuses lists that are not ascending, name nothing, or point where no contract is", async () => {
    const { registry, nextContracts: given } = await load(succession);
    const cases: [number, typeof given][] = [
      [1, given.with(0, given[1]!).with(1, given[0]!)],
      [1, given.with(1, given[0]!)],
      [0, given.with(0, { ...given[0]!, name: "" })],
      [3, given.with(3, { ...given[3]!, account: OUTSIDER.address })],
      [2, given.with(2, { ...given[2]!, account: ZeroAddress })],
      [1, given.with(0, { ...given[0]!, name: `${given[1]!.name}s` })],
    ];
    for (const [index, contracts] of cases) {
      const act = registry.announce("2", contracts);
      await reverts(act, registry, "DeploymentRegistryInvalidContract", [index]);
    }
  });
  it("needs the access manager and the trail, and a trail that obeys that manager", async () => {
    const { registry, trail, nextContracts: given } = await load(succession);
    for (const name of ["ConsortiumAccess", "AuditTrail"]) {
      const without = given.filter((each) => each.name !== name);
      await reverts(registry.announce("2", without), registry, "DeploymentRegistryMissingContract", [name]);
    }
    const own = await trail.getAddress();
    const mixed = given.map((each) => (each.name === "AuditTrail" ? { ...each, account: own } : each));
    const authorities = [own, await trail.authority()];
    await reverts(registry.announce("2", mixed), registry, "DeploymentRegistryForeignTrail", authorities);
  });
  it("refuses a deployment whose trail it may not write to", async () => {
    const { registry, access } = await load(deployContracts);
    const successor = await deployMock<{ getAddress(): Promise<string> }>("ConsortiumAccess", CONSORTIUM.address);
    const account_ = await successor.getAddress();
    const silent = await deployMock<{ getAddress(): Promise<string>; interface: Interface }>("AuditTrail", account_);
    const contracts = [
      { name: "AuditTrail", account: await silent.getAddress() },
      { name: "ConsortiumAccess", account: account_ },
    ];
    const recorder = await registry.getAddress();
    await reverts(registry.announce("2", contracts), silent, "AuditTrailNotRecorder", [recorder]);
    assert.equal(await registry.authority(), await access.getAddress());
  });
  it("knows numbers from 1 to the latest, and nothing before the first", async () => {
    const { registry, access } = await load(deployContracts);
    for (const number of [0n, 2n]) {
      await reverts(registry.deployment(number), registry, "DeploymentRegistryUnknown", [number]);
    }
    const empty = await deployMock<DeploymentRegistry>("DeploymentRegistry", await access.getAddress());
    await reverts(empty.current(), empty, "DeploymentRegistryUnknown", [0n]);
    assert.equal(await empty.count(), 0n);
  });
});
