/** Consent and retirement on a real network: rows that were withdrawn are in no answer, a retired dataset is erased everywhere. */
import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { command as erasures } from "../../scripts/auditor/erasures.ts";
import { command as mask } from "../../scripts/auditor/mask.ts";
import { command as datasets } from "../../scripts/dataOwner/datasets.ts";
import { command as recordConsent } from "../../scripts/dataOwner/recordConsent.ts";
import { command as retire } from "../../scripts/dataOwner/retire.ts";
import { askQuery, openVettedQuery } from "../../scripts/demo/vettedQuery.ts";
import type { AnswerReport } from "../../scripts/querier/answerReport.ts";
import { type TestNetwork, type TestSite, startTestNetwork, until } from "../support/network.ts";
import { TRIAL_SQL, TrialAnswers, assertShownRight, trialStudy } from "../support/trialStudy.ts";

const trial = trialStudy();
const FULL = { lo: 20, hi: 89 };
/** The policy's k is 11: fewer changed rows are refused, and so is an arm that changed by fewer. */
const PATIENTS = 12;
const ARM = "erlotinib";

/** A site's lines without some patients, whose ids stand first. */
function without({ name, csv }: TestSite, patients: readonly string[]): TestSite {
  const kept = csv.split("\n").filter((line) => !patients.includes(line.split(",")[0]!));
  return { name, csv: kept.join("\n") };
}

describe("consent and retirement", () => {
  const [first, ...others] = trial.sites as [TestSite, ...TestSite[]];
  const header = first.csv.split("\n")[0]!.split(",");
  const ofArm = first.csv.split("\n").filter((line) => line.split(",")[header.indexOf("arm")] === ARM);
  const patients = ofArm.slice(0, PATIENTS).map((line) => line.split(",")[0]!);
  let test: TestNetwork;
  let query: string;

  before(async () => {
    assert.equal(patients.length, PATIENTS);
    test = await startTestNetwork({ schemaText: trial.schemaText, sites: trial.sites, workers: 3 });
    query = await openVettedQuery(test.network, TRIAL_SQL);
  });
  after(() => test.close());

  const ask = (): Promise<AnswerReport> => askQuery(test.network, query, { parameters: FULL });

  async function withdraw(chosen: readonly string[]): Promise<void> {
    const { network } = test;
    const directory = network.hospitals[0]!.folder;
    const participants = join(directory, "withdrawn.csv");
    writeFileSync(participants, ["subject_id", ...chosen].join("\n"));
    const scope = { give: false, withdraw: true, purpose: [], futureUse: false, expires: undefined, form: undefined };
    const place = { ...network.optionsOf(network.hospitals[0]!), study: network.studyId, version: "1" };
    await recordConsent.handler({ ...place, ...scope, directory, participants }, network.context);
  }

  async function excludedFrom(request: string): Promise<number> {
    const options = { ...test.network.network, dataset: [], study: undefined, request };
    const report = await mask.handler(options, test.network.context);
    assert.equal(report.verified, true);
    return report.versions.reduce((sum, { excluded }) => sum + excluded, 0);
  }

  it("refuses the same question while a single patient has withdrawn, and answers it without those who did", async () => {
    const before = await ask();
    new TrialAnswers().assertRight(before, trial.sites, FULL);
    assert.equal(await excludedFrom(before.requestId), 0);
    await withdraw(patients.slice(0, 1));
    const near = await ask();
    assert.deepEqual([near.state, near.outcome], ["REFUSED", "REFUSED_DISCLOSURE"]);
    assert.equal(await excludedFrom(near.requestId), 1);
    await withdraw(patients);
    const later = await ask();
    assertShownRight(later, [without(first, patients), ...others], FULL);
    const armOf = ({ rows }: AnswerReport): unknown => rows.find(([arm]) => arm === ARM)![1];
    assert.equal(armOf(later), (armOf(before) as number) - PATIENTS);
    assert.equal(await excludedFrom(later.requestId), PATIENTS);
    assert.notDeepEqual(later.rows, before.rows);
  });

  it("has every worker erase a retired dataset and say so; questions go on over the others", async () => {
    const { network } = test;
    const keysOf = (datasetId: string): string[] =>
      network.workers.flatMap(({ folder }) =>
        readdirSync(join(folder, "keys")).filter((name) => name.includes(datasetId.slice(2))),
      );
    const list = () => datasets.handler({ ...network.network, study: network.studyId }, network.context);
    const [hospital] = network.hospitals;
    const own = (await list()).find(({ organisation }) => organisation === first.name)!.datasetId;
    assert.equal(keysOf(own).length, 3);
    const place = { ...network.optionsOf(hospital!), study: network.studyId };
    await retire.handler({ ...place, reason: "the study has ended here" }, network.context);
    const receipts = await until("every receipt", 60_000, async () => {
      const found = await erasures.handler({ ...network.network, study: network.studyId }, network.context);
      return found[0]?.erased === true ? found : undefined;
    });
    assert.deepEqual([receipts.length, receipts[0]!.datasetId, receipts[0]!.confirmed.length], [1, own, 3]);
    assert.deepEqual(keysOf(own), []);
    const retired = (await list()).filter((each) => each.retired).map(({ datasetId }) => datasetId);
    assert.deepEqual(retired, [own]);
    const report = await askQuery(network, query, { parameters: { lo: 45, hi: 89 } });
    assertShownRight(report, others, { lo: 45, hi: 89 });
  });
});
