import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { artifacts } from "hardhat";
import { deployContracts as deployAll, writeDeployment } from "../../scripts/admin/deployContracts.ts";
import { account, chainId, ethers, load } from "./support/chain.ts";
import { CONSORTIUM, type Contracts, contractsOf, deployContracts } from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";

const WALLET = account(19);
const GUARDIAN = account(18);
const DELAY = 172_800n;

function governed(governance: {
  consortium?: string;
  guardian?: string;
  delaySeconds?: number;
}): () => Promise<Contracts> {
  const artifact = (name: string) => artifacts.readArtifact(name);
  return async () => contractsOf(await deployAll({ signer: CONSORTIUM, artifact, governance }));
}
const handedOver = governed({
  consortium: WALLET.address,
  guardian: GUARDIAN.address,
  delaySeconds: Number(DELAY),
});
const slowConsortium = governed({ delaySeconds: Number(DELAY) });

/** holders[i] holds role i, and nobody else of everybody does. */
async function holds(access: Contracts["access"], holders: string[], everybody: string[]): Promise<void> {
  for (const [role, holder] of holders.entries()) {
    for (const each of everybody) {
      const [isMember] = await access.hasRole(role, each);
      assert.equal(isMember, each === holder, `role ${role}, ${each}`);
    }
  }
}

describe("deployContracts", () => {
  it("puts code at every address and says what it cost", async () => {
    const { deployment } = await load(deployContracts);
    for (const [name, { address }] of Object.entries(deployment.contracts)) {
      const bytes = ((await ethers.provider.getCode(address)).length - 2) / 2;
      assert.ok(bytes > 0 && bytes <= 24_576, `${name}: ${bytes} bytes`);
      assert.ok((deployment.gasUsed[name] ?? 0n) > 0n);
    }
    assert.equal(Object.keys(deployment.contracts).length, 22);
    const trail = deployment.contracts["AuditTrail"]!.address;
    assert.equal(await ethers.provider.getCode(trail, deployment.block - 1), "0x");
  });
  it("makes the signer the consortium and guardian, and gives three roles to one contract each", async () => {
    const { access, catalogue, datasets, changes } = await load(deployContracts);
    const consortium = CONSORTIUM.address;
    const [one, two] = [await catalogue.getAddress(), await datasets.getAddress()];
    const six = await changes.getAddress();
    const everybody = [consortium, one, two, six];
    await holds(access, [consortium, one, two, consortium, consortium, consortium, six], everybody);
    assert.equal(await access.CHANGES_ROLE(), 6n);
    const ids = [access.CATALOGUE_ROLE(), access.DATASETS_ROLE()];
    const personal = [access.REGISTRAR_ROLE(), access.STEWARD_ROLE(), access.GUARDIAN_ROLE()];
    assert.deepEqual(await Promise.all([...ids, ...personal]), [1n, 2n, 3n, 4n, 5n]);
  });
  it("hands everything over to another consortium and guardian, and leaves the signer nothing", async () => {
    const { access, catalogue, datasets, changes } = await load(handedOver);
    const [one, two] = [await catalogue.getAddress(), await datasets.getAddress()];
    const six = await changes.getAddress();
    const [consortium, guardian] = [WALLET.address, GUARDIAN.address];
    const everybody = [CONSORTIUM.address, consortium, guardian, one, two, six];
    await holds(access, [consortium, one, two, consortium, consortium, guardian, six], everybody);
    const delays = await Promise.all([0, 3, 4].map((role) => access.hasRole(role, consortium)));
    assert.deepEqual(
      delays.map(([, delay]) => delay),
      [DELAY, DELAY, DELAY],
    );
    const [, guardianDelay] = await access.hasRole(5, guardian);
    assert.equal(guardianDelay, 0n);
  });
  it("gives the signer a delay when it stays the consortium", async () => {
    const { access } = await load(slowConsortium);
    for (const [role, expected] of [
      [0, DELAY],
      [3, DELAY],
      [4, DELAY],
      [5, 0n],
    ] as const) {
      const [isMember, delay] = await access.hasRole(role, CONSORTIUM.address);
      assert.deepEqual([isMember, delay], [true, expected], `role ${role}`);
    }
  });
  it("follows an earlier deployment: its registry is used and nothing announced", async () => {
    const world = await load(deployContracts);
    const registry = await world.registry.getAddress();
    const artifact = (name: string) => artifacts.readArtifact(name);
    const next = await deployAll({ signer: WALLET, artifact, registry });
    assert.equal(next.contracts["DeploymentRegistry"]?.address, registry);
    assert.equal(next.gasUsed["DeploymentRegistry"], undefined);
    assert.equal(await world.registry.count(), 1n);
  });
  it("cannot be done with an address that is no contract", async () => {
    const { implementation } = await load(deployContracts);
    const factory = await ethers.getContractFactory("StudyRegistry");
    const nobody = "0x000000000000000000000000000000000000dEaD";
    const { access } = await load(deployContracts);
    await reverts(factory.deploy(nobody, nobody), implementation, "DeployedNotContract", [nobody]);
    const act = factory.deploy(await access.getAddress(), nobody);
    await reverts(act, implementation, "DeployedNotContract", [nobody]);
  });
});

describe("writeDeployment", () => {
  it("writes addresses and one ABI per contract", async () => {
    const { deployment } = await load(deployContracts);
    const directory = await mkdtemp(join(tmpdir(), "opaline-deployment-"));
    try {
      await writeDeployment(join(directory, "local"), { network: "local", chainId, ...deployment });
      const written = JSON.parse(await readFile(join(directory, "local", "contracts.json"), "utf8")) as unknown;
      const addresses = Object.entries(deployment.contracts).map(([name, { address }]) => [name, { address }]);
      const contracts: unknown = Object.fromEntries(addresses);
      assert.deepEqual(written, { network: "local", chainId: 31337, block: deployment.block, contracts });
      const files = await readdir(join(directory, "local", "abi"));
      assert.deepEqual(
        files.sort(),
        Object.keys(deployment.contracts)
          .map((name) => `${name}.json`)
          .sort(),
      );
      const abi = JSON.parse(
        await readFile(join(directory, "local", "abi", "QuerySmartContract.json"), "utf8"),
      ) as unknown;
      assert.deepEqual(abi, deployment.contracts["QuerySmartContract"]?.abi);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
