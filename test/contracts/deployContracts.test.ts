import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { writeDeployment } from "../../scripts/admin/deployContracts.ts";
import { chainId, ethers, load } from "./support/chain.ts";
import { CONSORTIUM, deployContracts } from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";

describe("deployContracts", () => {
  it("puts code at every address and says what it cost", async () => {
    const { deployment } = await load(deployContracts);
    for (const [name, { address }] of Object.entries(deployment.contracts)) {
      const bytes = ((await ethers.provider.getCode(address)).length - 2) / 2;
      assert.ok(bytes > 0 && bytes <= 24_576, `${name}: ${bytes} bytes`);
      assert.ok((deployment.gasUsed[name] ?? 0n) > 0n);
    }
    assert.equal(Object.keys(deployment.contracts).length, 16);
    assert.equal(deployment.block, 1);
  });
  it("makes the signer the consortium, and gives each role to one contract", async () => {
    const { access, catalogue, datasets } = await load(deployContracts);
    const holders = { 0: CONSORTIUM.address, 1: await catalogue.getAddress(), 2: await datasets.getAddress() };
    for (const [role, holder] of Object.entries(holders)) {
      for (const account of Object.values(holders)) {
        const [isMember] = await access.hasRole(role, account);
        assert.equal(isMember, account === holder, `role ${role}, ${account}`);
      }
    }
    assert.deepEqual([await access.CATALOGUE_ROLE(), await access.DATASETS_ROLE()], [1n, 2n]);
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
      assert.deepEqual(written, { network: "local", chainId: 31337, block: 1, contracts });
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
