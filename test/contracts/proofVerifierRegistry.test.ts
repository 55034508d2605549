/** Which verifiers can be taken into service: in this version none, by construction. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { ZeroAddress, ZeroHash, id, keccak256, zeroPadValue } from "ethers";
import { readArtifact } from "../../scripts/admin/artifacts.ts";
import { deployMock, ethers, load } from "./support/chain.ts";
import {
  CONSORTIUM,
  OUTSIDER,
  NO_RULES,
  POLICY,
  SCHEMA,
  deployContracts,
  registerStudy,
  studyIdOf,
} from "./support/consortium.ts";
import { ASSURANCE, deployVerifier, withProofSystems } from "./support/proofs.ts";
import { reverts, revertsBare } from "./support/reverts.ts";

const { QUORUM, LINEAR_PROOF, FULL_PROOF, NONE } = ASSURANCE;
const MOCKS = readdirSync(new URL("../../contracts/mocks/", import.meta.url))
  .filter((name) => name.endsWith(".sol"))
  .map((name) => name.replace(".sol", ""));

describe("ProofVerifierRegistry as deployed", () => {
  const codeHash = async (address: string): Promise<string> => keccak256(await ethers.provider.getCode(address));

  it("takes no mock and no hostile verifier into service, at any level", async () => {
    const { verifiers, studyId } = await load(registerStudy);
    const hostile = await Promise.all(
      [0, 9].map((conduct) => deployMock<{ getAddress(): Promise<string> }>("HostileVerifier", conduct)),
    );
    for (const verifier of [await deployVerifier(1n), ...hostile]) {
      const address = await verifier.getAddress();
      for (const level of [NONE, QUORUM, LINEAR_PROOF, FULL_PROOF]) {
        const expected = [address, await codeHash(address)];
        const act = verifiers.register(studyId, address, level);
        await reverts(act, verifiers, "ProofVerifierRegistryUnknownProofSystem", expected);
      }
      assert.equal(await verifiers.assuranceOf(studyId, address), NONE);
    }
    assert.equal(await verifiers.count(studyId), 0n);
  });
  it("takes no contract of the deployment, no account and no empty address either", async () => {
    const { verifiers, studyId, deployment } = await load(registerStudy);
    const contracts = Object.values(deployment.contracts).map(({ address }) => address);
    for (const address of [...contracts, OUTSIDER.address]) {
      const expected = [address, await codeHash(address)];
      const act = verifiers.register(studyId, address, FULL_PROOF);
      await reverts(act, verifiers, "ProofVerifierRegistryUnknownProofSystem", expected);
    }
    const never = "0x00000000000000000000000000000000DeaDBeef";
    const act = verifiers.register(studyId, never, FULL_PROOF);
    await reverts(act, verifiers, "ProofVerifierRegistryUnknownProofSystem", [never, ZeroHash]);
    const hash = (await ethers.provider.getBalance(ZeroAddress)) === 0n ? ZeroHash : keccak256("0x");
    const zero = verifiers.register(studyId, ZeroAddress, FULL_PROOF);
    await reverts(zero, verifiers, "ProofVerifierRegistryUnknownProofSystem", [ZeroAddress, hash]);
  });
  it("has the code of the registry, not of its test double", async () => {
    const { deployment, verifiers } = await load(deployContracts);
    const code = await ethers.provider.getCode(await verifiers.getAddress());
    const double = await ethers.getContractFactory("ProofVerifierRegistryHarness");
    assert.equal(verifiers.interface.hasFunction("ship"), false);
    const selector = double.interface.getFunction("ship")?.selector.slice(2) ?? assert.fail();
    assert.ok(!code.includes(selector));
    assert.ok(deployment.contracts["ProofVerifierRegistry"]);
  });
  it("is deployed with no contract of contracts/mocks, and the deployment finds none by name", async () => {
    const { deployment } = await load(deployContracts);
    assert.ok(MOCKS.includes("ResultVerifierMock") && MOCKS.includes("ProofVerifierRegistryHarness"));
    for (const name of MOCKS) {
      assert.equal(name in deployment.contracts, false, name);
      assert.throws(() => readArtifact(name), { detail: { code: "CONFIGURATION_NOT_BUILT", contract: name } });
    }
    assert.ok(readArtifact("ProofVerifierRegistry").bytecode.length > 2);
  });
});

/** As of a version that ships two proof systems. */
async function shipped() {
  const world = await withProofSystems(await registerStudy());
  const linear = await deployVerifier(1n);
  const full = await deployVerifier(2n);
  const [linearAddress, fullAddress] = [await linear.getAddress(), await full.getAddress()];
  await world.registry.ship(linearAddress, LINEAR_PROOF);
  await world.registry.ship(fullAddress, FULL_PROOF);
  return { ...world, linear: linearAddress, full: fullAddress };
}

describe("ProofVerifierRegistry", () => {
  describe("register", () => {
    it("takes a proof system's verifier into service for one study, at its level", async () => {
      const { registry, studyId, studies, linear, full, trail } = await load(shipped);
      await registry.register(studyId, linear, LINEAR_PROOF);
      await registry.register(studyId, full, FULL_PROOF);
      assert.deepEqual(
        [await registry.assuranceOf(studyId, linear), await registry.assuranceOf(studyId, full)],
        [LINEAR_PROOF, FULL_PROOF],
      );
      assert.deepEqual([...(await registry.verifiers(studyId, 0, 100))], [linear, full]);
      assert.deepEqual([...(await registry.verifiers(studyId, 1, 100))], [full]);
      assert.equal(await registry.count(studyId), 2n);
      const codeHash = keccak256(await ethers.provider.getCode(linear));
      const [event] = await registry.queryFilter(registry.filters.VerifierRegistered(studyId, linear));
      assert.deepEqual([event?.args.assurance, event?.args.codeHash], [LINEAR_PROOF, codeHash]);
      const subject = zeroPadValue(linear, 32);
      const [recorded] = await trail.queryFilter(trail.filters.Recorded(undefined, subject));
      assert.deepEqual(
        [recorded?.args.act, recorded?.args.actor, recorded?.args.oldHash, recorded?.args.newHash],
        [id("VerifierRegistered"), CONSORTIUM.address, studyId, codeHash],
      );
      await studies.register("Other", SCHEMA, POLICY, 14, id("reference string"), NO_RULES);
      const other = studyIdOf(await studies.getAddress(), "Other");
      assert.equal(await registry.assuranceOf(other, linear), NONE);
      assert.equal(await registry.count(other), 0n);
    });
    it("refuses another level than the proof system gives, whichever", async () => {
      const { registry, studyId, linear, full } = await load(shipped);
      for (const [verifier, level, given] of [
        [linear, FULL_PROOF, LINEAR_PROOF],
        [linear, QUORUM, LINEAR_PROOF],
        [full, LINEAR_PROOF, FULL_PROOF],
        [full, NONE, FULL_PROOF],
      ] as const) {
        const act = registry.register(studyId, verifier, level);
        await reverts(act, registry, "ProofVerifierRegistryWrongAssurance", [verifier, level, given]);
      }
      await revertsBare(registry.register(studyId, full, 4n));
    });
    it("refuses a study without proofs, and one that does not exist", async () => {
      const { registry, studies, linear } = await load(shipped);
      await studies.register("Plain", SCHEMA, POLICY, 14, ZeroHash, NO_RULES);
      const plain = studyIdOf(await studies.getAddress(), "Plain");
      const act = registry.register(plain, linear, LINEAR_PROOF);
      await reverts(act, registry, "ProofVerifierRegistryStudyWithoutProofs", [plain]);
      await reverts(registry.register(id("none"), linear, LINEAR_PROOF), registry, "StudyRegistryUnknown", [
        id("none"),
      ]);
    });
    it("refuses a verifier twice, also one that was retired", async () => {
      const { registry, studyId, linear } = await load(shipped);
      await registry.register(studyId, linear, LINEAR_PROOF);
      const again = () => registry.register(studyId, linear, LINEAR_PROOF);
      await reverts(again(), registry, "ProofVerifierRegistryAlreadyRegistered", [studyId, linear]);
      await registry.retire(studyId, linear, "");
      await reverts(again(), registry, "ProofVerifierRegistryAlreadyRegistered", [studyId, linear]);
    });
    it("knows code, not addresses: the same code elsewhere is the same proof system", async () => {
      const { registry, studyId } = await load(shipped);
      const twin = await (await deployVerifier(1n)).getAddress();
      await registry.register(studyId, twin, LINEAR_PROOF);
      const other = await (await deployVerifier(3n)).getAddress();
      const codeHash = keccak256(await ethers.provider.getCode(other));
      const act = registry.register(studyId, other, LINEAR_PROOF);
      await reverts(act, registry, "ProofVerifierRegistryUnknownProofSystem", [other, codeHash]);
    });
  });

  describe("retire", () => {
    it("takes it out of service, with its reason", async () => {
      const { registry, studyId, linear, full, trail } = await load(shipped);
      await registry.register(studyId, linear, LINEAR_PROOF);
      await registry.register(studyId, full, FULL_PROOF);
      await registry.retire(studyId, linear, "a gap in the transcript");
      assert.equal(await registry.assuranceOf(studyId, linear), NONE);
      assert.equal(await registry.assuranceOf(studyId, full), FULL_PROOF);
      assert.deepEqual([...(await registry.verifiers(studyId, 0, 100))], [linear, full]);
      const [event] = await registry.queryFilter(registry.filters.VerifierRetired(studyId, linear));
      assert.equal(event?.args.reason, "a gap in the transcript");
      const records = await trail.queryFilter(trail.filters.Recorded(undefined, zeroPadValue(linear, 32)));
      const { args } = records.at(-1) ?? assert.fail();
      assert.deepEqual(
        [args.act, args.oldHash, args.reason],
        [id("VerifierRetired"), studyId, "a gap in the transcript"],
      );
    });
    it("refuses one that is not in service for this study", async () => {
      const { registry, studyId, linear } = await load(shipped);
      const retire = () => registry.retire(studyId, linear, "");
      await reverts(retire(), registry, "ProofVerifierRegistryNotRegistered", [studyId, linear]);
      await registry.register(studyId, linear, LINEAR_PROOF);
      await reverts(registry.retire(id("other"), linear, ""), registry, "ProofVerifierRegistryNotRegistered", [
        id("other"),
        linear,
      ]);
      await retire();
      await reverts(retire(), registry, "ProofVerifierRegistryNotRegistered", [studyId, linear]);
    });
  });
});
