/** Deployment, provider and decoded errors, against the real contracts on every client. */
import { NO_FIELD_RULES } from "../../../workers/messages/fieldRules.ts";
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { artifacts } from "hardhat";
import { ZeroHash, id } from "ethers";
import { deployContracts, writeDeployment } from "../../../scripts/admin/deployContracts.ts";
import { auditTrail, verifyRecords } from "../../../workers/chain/auditTrail.ts";
import { type Deployment, readDeployment } from "../../../workers/chain/deployment.ts";
import { sendCall } from "../../../workers/chain/governedCall.ts";
import { memberRegistry } from "../../../workers/chain/memberRegistries.ts";
import { connectProvider, openProvider } from "../../../workers/chain/provider.ts";
import { queryCatalogue } from "../../../workers/chain/queryCatalogue.ts";
import { policyHash, studyRegistry } from "../../../workers/chain/studyRegistry.ts";
import { eventOf, receiptOf } from "../../../workers/chain/transactions.ts";
import type { CodedError } from "../../../workers/errors.ts";
import { CHAINS } from "./chainsUnderTest.ts";
import type { LocalChain } from "./localChain.ts";

const SCHEMA = '{"name":"trial"}';
const ACCOUNT = "0x00000000000000000000000000000000000000A1";

for (const { name, absent, start } of CHAINS) {
  describe(`chain of ${name}`, { skip: absent }, () => {
    let chain: LocalChain;
    let folder: string;
    let deployment: Deployment;

    before(async () => {
      chain = await start();
      folder = mkdtempSync(join(tmpdir(), "opaline-chain-"));
      const deployed = await deployContracts({
        signer: chain.wallet,
        artifact: (name) => artifacts.readArtifact(name),
      });
      await writeDeployment(folder, { network: "test", chainId: chain.chainId, ...deployed });
      deployment = readDeployment(folder);
    });
    after(async () => {
      await chain.close();
      rmSync(folder, { recursive: true });
    });

    it("reads what the deployment wrote", () => {
      assert.equal(deployment.chainId, chain.chainId);
      assert.ok(deployment.block > 0);
      assert.throws(() => deployment.address("Nothing"), { code: "CHAIN_DEPLOYMENT" });
      assert.throws(() => readDeployment(join(folder, "absent")), {
        code: "CHAIN_DEPLOYMENT",
        message: /absent\/contracts\.json: there is no such file\. --deployment .* get it from the consortium/,
      });
      const path = join(folder, "contracts.json");
      const text = readFileSync(path, "utf8");
      writeFileSync(path, text.replace(/"0x[0-9a-fA-F]{40}"/, '"0x12"'));
      assert.throws(() => readDeployment(folder), { code: "CHAIN_DEPLOYMENT" });
      writeFileSync(path, text);
    });

    it("refuses a node of another chain, naming both, and a node that is not there", async () => {
      (await connectProvider(chain.url, chain.chainId)).destroy();
      await assert.rejects(connectProvider(chain.url, 7n), {
        detail: { code: "CHAIN_WRONG_ID", expected: "7", actual: String(chain.chainId) },
      });
      await assert.rejects(connectProvider("http://127.0.0.1:1", chain.chainId), { code: "CHAIN_UNREACHABLE" });
    });

    it("writes and reads members, and decodes a revert with its arguments", async () => {
      const registry = memberRegistry(deployment, "worker", chain.wallet);
      const admission = {
        organisationName: "University Alder",
        expiry: 10_000_000_000n,
        tlsFingerprint: id("certificate"),
        endpoint: "https://worker.example:7443",
        encryptionKey: chain.wallet.signingKey.compressedPublicKey,
        purposes: [],
      };
      const mined = await sendCall(deployment, chain.wallet, registry.admit(ACCOUNT, admission));
      assert.equal(eventOf(mined, "MemberAdmitted").args["account"], ACCOUNT);
      assert.throws(() => eventOf(mined, "QueryAnswered"), { code: "CHAIN_EVENT_MISSING" });
      assert.equal(await registry.isActive(ACCOUNT), true);
      assert.equal((await registry.member(ACCOUNT)).organisationName, "University Alder");
      assert.equal(await registry.accountOf(id("certificate")), ACCOUNT);
      assert.equal(await registry.accountOf(id("another")), undefined);
      assert.deepEqual([await registry.count(), await registry.accounts(0, 10)], [1, [ACCOUNT]]);
      await assert.rejects(
        sendCall(deployment, chain.wallet, registry.admit(ACCOUNT, admission)),
        (error: CodedError) => {
          const expected = {
            code: "CHAIN_REVERTED",
            error: "MemberRegistryAlreadyAdmitted",
            args: { account: ACCOUNT },
          };
          assert.deepEqual(error.detail, expected);
          return true;
        },
      );
      await assert.rejects(registry.member(deployment.address("Credits")), { code: "CHAIN_REVERTED" });
    });

    it("says so when the account cannot pay, or the node is away", async () => {
      const wallet = chain.wallet.deriveChild(99).connect(chain.provider);
      // A member: nothing but the money is missing.
      const admitting = memberRegistry(deployment, "worker", chain.wallet).admit(wallet.address, {
        organisationName: "University Birch",
        expiry: 10_000_000_000n,
        tlsFingerprint: id("certificate of the poor"),
        endpoint: "https://poor.example:7443",
        encryptionKey: wallet.signingKey.compressedPublicKey,
        purposes: [],
      });
      await sendCall(deployment, chain.wallet, admitting);
      const poor = memberRegistry(deployment, "worker", wallet);
      await receiptOf(await chain.wallet.sendTransaction({ to: wallet.address, value: 1n }));
      await assert.rejects(poor.setEndpoint("https://a.example:1", id("x")), (error: CodedError) => {
        assert.equal(error.code, "CHAIN_INSUFFICIENT_FUNDS");
        return true;
      });
      const away = openProvider("http://127.0.0.1:1", chain.chainId);
      await assert.rejects(memberRegistry(deployment, "worker", away).count(), { code: "CHAIN_UNREACHABLE" });
      away.destroy();
    });

    it("finds a study's schema in its registration, and nothing for an unknown one", async () => {
      const studies = studyRegistry(deployment, chain.wallet);
      const policy = {
        k: 11,
        vettings: 2,
        vettingOrganisations: 2,
        minimumThreshold: 2,
        demonstration: true,
        openingsBudget: 100,
        deadlineBlocks: 100n,
        ownersShare: 5_000,
        workersShare: 4_000,
        authorShare: 1_000,
        price: 5n,
        storageFeePerRow: 7n,
        leastDeposit: 9n,
        sealedK: 3,
        closedSite: 4,
        organisationQuota: 5,
        historyCap: 6,
        fieldRulesHash: ZeroHash,
        purposes: [id("DUO:0000007")],
      };
      const mined = await sendCall(
        deployment,
        chain.wallet,
        studies.register("Trial", SCHEMA, policy, 10, ZeroHash, NO_FIELD_RULES),
      );
      const studyId = String(eventOf(mined, "StudyRegistered").args["studyId"]);
      assert.equal(await studies.schemaText(chain.provider, studyId), SCHEMA);
      assert.deepEqual(await studies.policy(studyId), policy);
      assert.equal((await studies.study(studyId)).policyHash, policyHash(policy));
      assert.notEqual(policyHash({ ...policy, k: 12 }), policyHash(policy));
      assert.equal((await studies.study(studyId)).schemaHash, id(SCHEMA));
      assert.deepEqual(await studies.studies(0, 10), [studyId]);
      await assert.rejects(studies.schemaText(chain.provider, id("unknown")), { code: "CHAIN_REVERTED" });
      await assert.rejects(
        queryCatalogue(deployment, chain.provider).publication(chain.provider, id("none")),
        (error: CodedError) => ["CHAIN_REVERTED", "CHAIN_EVENT_MISSING"].includes(error.code),
      );
    });

    it("recomputes the audit trail, and notices a record altered, moved or missing", async () => {
      const trail = auditTrail(deployment, chain.provider);
      const records = await trail.records(chain.provider);
      const head = await trail.head();
      assert.ok(records.length >= 2);
      assert.equal(BigInt(records.length), await trail.length());
      assert.equal(verifyRecords(records, head), true);
      assert.equal(verifyRecords(records.slice(1), head), false);
      assert.equal(verifyRecords(records.slice(0, -1), head), false);
      assert.equal(verifyRecords([...records].reverse(), head), false);
      const altered = records.map((record, i) => (i === 1 ? { ...record, reason: "another" } : record));
      assert.equal(verifyRecords(altered, head), false);
    });
  });
}
