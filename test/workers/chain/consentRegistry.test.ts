/** The reader of consents against the real contracts: what it tells is what the contract keeps. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ZeroHash, id } from "ethers";
import { writeDeployment } from "../../../scripts/admin/deployContracts.ts";
import { type ConsentRegistry, consentRegistry } from "../../../workers/chain/consentRegistry.ts";
import { type Deployment, readDeployment } from "../../../workers/chain/deployment.ts";
import { sendCall } from "../../../workers/chain/governedCall.ts";
import { consentMaskRoot, standingAfter } from "../../../workers/messages/consentMask.ts";
import { CONSENT, ENROLMENT } from "../../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../../workers/messages/typedData.ts";
import { blockNumber, chainId, ethers, load, now } from "../../contracts/support/chain.ts";
import {
  FORM_HASH,
  NO_SCOPE,
  OWNER,
  PARTICIPANTS,
  WITHDRAWAL,
  consentOf,
  enrolmentOf,
  publishForm,
  record,
  slotOf,
} from "../../contracts/support/consent.ts";
import { CONSORTIUM, OWNERS, RELAYER } from "../../contracts/support/consortium.ts";

describe("consentRegistry", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "opaline-consent-"))));
  after(() => rmSync(folder, { recursive: true }));

  async function opened() {
    const world = await load(publishForm);
    await writeDeployment(folder, { network: "test", chainId, ...world.deployment });
    const deployment = readDeployment(folder);
    return { world, deployment, consents: consentRegistry(deployment, RELAYER) };
  }

  async function govern(deployment: Deployment, call: ReturnType<ConsentRegistry["publishForm"]>): Promise<void> {
    await sendCall(deployment, CONSORTIUM, call);
  }

  it("publishes forms and sets rules as governed acts, and reads them", async () => {
    const { world, deployment, consents } = await opened();
    const { studyId } = world;
    assert.deepEqual(await consents.rules(studyId), { explicitOnly: false, leastForm: 0 });
    for (let i = 2; i <= 101; i++) await govern(deployment, consents.publishForm(studyId, id(`form ${i}`)));
    await govern(deployment, consents.setRules(studyId, { explicitOnly: true, leastForm: 2 }));
    const forms = await consents.forms(studyId);
    assert.deepEqual([forms.length, forms[0]!.formHash, forms[0]!.form], [101, FORM_HASH, 1]);
    assert.deepEqual([forms[100]!.formHash, forms[100]!.form], [id("form 101"), 101]);
    assert.deepEqual(await consents.rules(studyId), { explicitOnly: true, leastForm: 2 });
    assert.deepEqual(await consents.forms(ZeroHash), []);
    assert.equal(consents.setRules(studyId, { explicitOnly: true, leastForm: 2 }).what, "ConsentRegistry.setRules");
  });

  it("relays enrolments and consents, and reads who speaks for a row", async () => {
    const { world, consents } = await opened();
    const enrolment = enrolmentOf(world);
    assert.equal(await consents.participant(world.datasetId, 1n, slotOf(0)), undefined);
    const domain = opalineDomain(chainId, consents.address);
    await consents.enrol(enrolment, await OWNER.signTypedData(domain, ENROLMENT, enrolment));
    const { key, generation, spoke, handle } = (await consents.participant(world.datasetId, 1n, slotOf(0)))!;
    assert.deepEqual([key, generation, spoke, handle], [PARTICIPANTS[0].address, 1n, false, enrolment.handle]);
    const given = await consentOf(world, 0, NO_SCOPE);
    await consents.consent(given, await PARTICIPANTS[0].signTypedData(domain, CONSENT, given));
    assert.equal((await consents.participant(world.datasetId, 1n, slotOf(0)))!.spoke, true);
    assert.equal(await consents.nonces(PARTICIPANTS[0].address), 1n);
  });

  it("tells every change in the chain's order, from which head and root follow", async () => {
    const { world, deployment, consents } = await opened();
    const { studyId, datasetId, datasetIds } = world;
    const from = Number(await blockNumber()) + 1;
    await record(world, WITHDRAWAL);
    await govern(deployment, consents.setRules(studyId, { explicitOnly: false, leastForm: 1 }));
    const other = await world.datasets.datasetIdOf(studyId, OWNERS[1]!.address);
    await consentRegistry(deployment, OWNERS[1]!).record(other, { ...WITHDRAWAL, slots: [7] });
    const given = { given: true, form: 1, purposes: [id("purpose")], futureUse: true, expiry: 2n ** 40n };
    await record(world, { ...WITHDRAWAL, ...given });
    const changes = await consents.changes(studyId, datasetIds, deployment.block, from + 3);
    assert.deepEqual(changes, [
      { kind: "record", block: from, datasetId, own: false, record: WITHDRAWAL },
      { kind: "rules", block: from + 1, rules: { explicitOnly: false, leastForm: 1 } },
      { kind: "record", block: from + 2, datasetId: other, own: false, record: { ...WITHDRAWAL, slots: [7] } },
      { kind: "record", block: from + 3, datasetId, own: false, record: { ...WITHDRAWAL, ...given } },
    ]);
    const { rules, heads } = standingAfter(changes, datasetIds);
    for (const { datasetId: each, head } of heads) assert.equal(head, await consents.head(each));
    const root = await consents.maskRoot(studyId, datasetIds);
    assert.equal(root, consentMaskRoot(studyId, rules, heads, await now()));
  });

  it("leaves out other datasets, other studies and other blocks", async () => {
    const { world, deployment, consents } = await opened();
    const { studyId, datasetId } = world;
    await record(world, WITHDRAWAL);
    const last = Number(await blockNumber());
    const count = async (...asked: Parameters<ConsentRegistry["changes"]>): Promise<number> =>
      (await consents.changes(...asked)).length;
    assert.equal(await count(studyId, [datasetId], deployment.block, last), 1);
    assert.equal(await count(studyId, [], deployment.block, last), 0);
    assert.equal(await count(id("other"), [id("none")], deployment.block, last), 0);
    assert.equal(await count(studyId, [datasetId], deployment.block, last - 1), 0);
    assert.equal(await count(studyId, [datasetId], last + 1, last), 0);
  });

  it("asks for a node that it can read logs from", async () => {
    const { world, deployment } = await opened();
    const unconnected = consentRegistry(deployment, new ethers.Wallet(PARTICIPANTS[0].privateKey));
    await assert.rejects(async () => unconnected.changes(world.studyId, [], 1, 1), /JSON-RPC provider/);
  });
});
