/** What a data owner signs, allows and forbids, through its commands; on a chain of its own. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { id, keccak256, toUtf8Bytes } from "ethers";
import { doneAtOnce } from "../../scripts/admin/governed.ts";
import { command as publishAgreement } from "../../scripts/admin/publishAgreement.ts";
import { command as liftVeto } from "../../scripts/dataOwner/liftVeto.ts";
import { command as setTerms } from "../../scripts/dataOwner/setTerms.ts";
import { command as signAgreement } from "../../scripts/dataOwner/signAgreement.ts";
import { command as veto } from "../../scripts/dataOwner/veto.ts";
import { command as publish } from "../../scripts/querier/publish.ts";
import { purposeCode } from "../../scripts/purposes.ts";
import { datasetRegistry } from "../../workers/chain/datasetRegistry.ts";
import { studyAgreements } from "../../workers/chain/studyAgreements.ts";
import { TRIAL_SQL } from "../support/trialStudy.ts";
import { type Consortium, startConsortium } from "./consortium.ts";

const TEXT = "We contribute.\n";

describe("a data owner's commands", () => {
  let consortium: Consortium;
  let owner: string;
  let document: string;
  before(async () => {
    consortium = await startConsortium();
    owner = await consortium.admit("dataOwner", "hospital", "Hospital");
    await consortium.admit("querier", "searcher", "Institute");
    document = join(consortium.folder, "agreement.txt");
    writeFileSync(document, TEXT);
  });
  after(() => consortium.close());

  const study = () => consortium.studyId;
  const publishFile = (file: string, change: { jurisdiction?: string; party?: string[] } = {}) => {
    const options = { study: study(), document: file, jurisdiction: "EU", party: ["Hospital"], ...change };
    return publishAgreement.handler({ ...consortium.as("admin"), ...options }, consortium.context);
  };
  const sign = (file = document) => {
    const options = { study: study(), document: file, name: "Dr A. Director", meaning: "I sign." };
    return signAgreement.handler({ ...consortium.as("hospital"), ...options }, consortium.context);
  };
  const termsNow = async () => {
    const registry = datasetRegistry(consortium.deployment, consortium.chain.provider);
    return registry.termsOf(await registry.datasetIdOf(study(), owner));
  };

  describe("sign-agreement", () => {
    it("says that there is none before the consortium has published one", async () => {
      await assert.rejects(sign(), { detail: { code: "AGREEMENT_NONE", studyId: study() } });
    });
    it("signs the very document that was published, and no other", async () => {
      const documentHash = keccak256(toUtf8Bytes(TEXT));
      const published = doneAtOnce(await publishFile(document));
      assert.deepEqual([published.version, published.documentHash], [1n, documentHash]);
      const other = join(consortium.folder, "other.txt");
      writeFileSync(other, `${TEXT} `);
      const detail = { code: "AGREEMENT_OTHER_DOCUMENT", documentHash: keccak256(toUtf8Bytes(`${TEXT} `)) };
      await assert.rejects(sign(other), { detail: { ...detail, published: documentHash } });
      const agreements = studyAgreements(consortium.deployment, consortium.chain.provider);
      assert.equal(await agreements.isSigned(study(), owner), false);
      const { version, relayedByAnother } = await sign();
      assert.deepEqual([version, relayedByAnother], [1n, false]);
      assert.equal(await agreements.isSigned(study(), owner), true);
    });
    it("refuses to sign twice, naming the reason", async () => {
      await assert.rejects(sign(), { code: "CHAIN_REVERTED", message: /StudyAgreementsAlreadySigned/ });
    });
    it("names a document that cannot be read", async () => {
      const missing = join(consortium.folder, "missing.pdf");
      assert.throws(() => sign(missing), { detail: { code: "FILE_UNREADABLE", option: "document", path: missing } });
    });
  });

  describe("admin publish-agreement", () => {
    it("refuses no party and no jurisdiction before it opens a key", () => {
      assert.throws(() => publishFile(document, { party: [] }), {
        detail: { code: "OPTION_INVALID", option: "party" },
      });
      const detail = { code: "OPTION_INVALID", option: "jurisdiction" };
      assert.throws(() => publishFile(document, { jurisdiction: "" }), { detail });
    });
  });

  describe("set-terms", () => {
    const set = (given: { k?: string; openingsBudget?: string; purpose?: string[]; closed?: boolean }) => {
      const options = { ...consortium.as("hospital"), study: study(), purpose: [], closed: false, ...given };
      return setTerms.handler(options, consortium.context);
    };
    it("sets all terms at once; what is left out is the study's again", async () => {
      await set({ k: "20", openingsBudget: "7", purpose: ["DUO:0000042"] });
      const purposes = [purposeCode("DUO:0000042")];
      assert.deepEqual(await termsNow(), { k: 20, openingsBudget: 7, closed: false, purposes });
      assert.match(
        setTerms.print!(await set({ k: "20" })),
        /^k +20\nopeningsBudget +the study's\npurposes +the study's$/m,
      );
      await set({ closed: true });
      assert.deepEqual(await termsNow(), { k: 0, openingsBudget: 0, closed: true, purposes: [] });
      await set({});
      assert.equal((await termsNow()).closed, false);
    });
    it("refuses what has no meaning before it opens a key", () => {
      for (const k of ["0", "4", "1001"]) {
        assert.throws(() => set({ k }), { detail: { code: "OPTION_INVALID", option: "k" } });
      }
      const detail = { code: "OPTION_INVALID", option: "openings-budget" };
      assert.throws(() => set({ openingsBudget: "0" }), { detail });
    });
    it("names a study that is not there", async () => {
      const options = { ...consortium.as("hospital"), study: id("x"), purpose: [], closed: false };
      await assert.rejects(async () => setTerms.handler(options, consortium.context), { code: "STUDY_UNKNOWN" });
    });
  });

  describe("veto and lift-veto", () => {
    it("set and lift a veto of one query, and say so when there is nothing to lift", async () => {
      const publication = { ...consortium.as("searcher"), study: study(), sql: TRIAL_SQL, agreement: "I agree." };
      const { queryHash } = await publish.handler(publication, consortium.context);
      const registry = datasetRegistry(consortium.deployment, consortium.chain.provider);
      const datasetId = await registry.datasetIdOf(study(), owner);
      const as = { ...consortium.as("hospital"), query: queryHash };
      const vetoed = await veto.handler({ ...as, reason: "ethics" }, consortium.context);
      assert.deepEqual([vetoed.vetoed, vetoed.studyId], [true, study()]);
      assert.equal(await registry.isVetoed(queryHash, datasetId), true);
      await liftVeto.handler(as, consortium.context);
      assert.equal(await registry.isVetoed(queryHash, datasetId), false);
      await assert.rejects(async () => liftVeto.handler(as, consortium.context), {
        code: "CHAIN_REVERTED",
        message: /DatasetRegistryNotVetoed/,
      });
    });
    it("name a query that is not there", async () => {
      const as = { ...consortium.as("hospital"), query: id("no query") };
      await assert.rejects(async () => veto.handler({ ...as, reason: "x" }, consortium.context), {
        code: "CHAIN_REVERTED",
        message: /QueryCatalogueUnknown/,
      });
    });
  });
});
