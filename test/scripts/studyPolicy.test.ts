/** A study whose policy rules on fields, from its registration to the queries that are published in it. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ZeroHash } from "ethers";
import { doneAtOnce } from "../../scripts/admin/governed.ts";
import { command as registerStudy } from "../../scripts/admin/registerStudy.ts";
import { command as publish } from "../../scripts/querier/publish.ts";
import { command as schemaCommand } from "../../scripts/querier/schema.ts";
import { command as review } from "../../scripts/vetter/review.ts";
import { studyRegistry } from "../../workers/chain/studyRegistry.ts";
import { fieldRulesHash } from "../../workers/messages/fieldRules.ts";
import { type Consortium, STUDY_LIMITS, startConsortium } from "./consortium.ts";

const SCHEMA = JSON.stringify({
  name: "ruled",
  table: "trial",
  subject: "id",
  site: "hospital",
  fields: [
    { name: "arm", type: "category", categories: ["control", "agent"], required: true },
    { name: "age", type: "integer", minimum: 18, maximum: 90, cutPoints: [30, 40, 50, 60], required: true },
    { name: "dose", type: "integer", minimum: 0, maximum: 9, required: true },
    { name: "hospital", type: "category", categories: ["north", "south"], required: true },
    { name: "note", type: "integer", minimum: 0, maximum: 9, required: true },
  ],
});
const RULES = JSON.stringify({
  fields: [
    { name: "arm", use: ["split"] },
    { name: "age", use: ["split", "sum"], cutPoints: [40, 60] },
    { name: "dose", use: ["sum"] },
    { name: "hospital", use: ["split"] },
  ],
});

describe("a study's policy", () => {
  let consortium: Consortium;
  let study: string;
  before(async () => {
    consortium = await startConsortium();
    await consortium.admit("querier", "searcher", "Research Institute");
    await consortium.admit("vetter", "north", "Board North");
    const [schema, fieldRules] = ["ruled.json", "rules.json"].map((name) => join(consortium.folder, name));
    writeFileSync(schema!, SCHEMA);
    writeFileSync(fieldRules!, RULES);
    const policy = { sealedK: "4", organisationQuota: "20", historyCap: "64", siteAxis: "no", fieldRules: fieldRules! };
    const options = { ...consortium.as("admin"), ...STUDY_LIMITS, ...policy, name: "Ruled", schema: schema! };
    study = doneAtOnce(await registerStudy.handler(options, consortium.context)).studyId;
  });
  after(() => consortium.close());

  const registry = () => studyRegistry(consortium.deployment, consortium.chain.provider);
  const publishQuery = (sql: string) =>
    publish.handler({ ...consortium.as("searcher"), study, sql, agreement: "Only here." }, consortium.context);

  it("is on chain as it was given", async () => {
    const policy = await registry().policy(study);
    const { sealedK, closedSite, organisationQuota, historyCap } = policy;
    assert.deepEqual([sealedK, closedSite, organisationQuota, historyCap], [4, 4, 20, 64]);
    const rules = await registry().fieldRules(study, policy);
    assert.deepEqual(rules, { uses: "0x0103020100", cuts: [{ field: 1, edges: [18n, 40n, 60n, 91n] }] });
    assert.equal(policy.fieldRulesHash, fieldRulesHash(rules));
    const plain = await registry().policy(consortium.studyId);
    assert.deepEqual([plain.sealedK, plain.closedSite, plain.organisationQuota, plain.historyCap], [0, 0, 0, 0]);
    assert.equal(plain.fieldRulesHash, ZeroHash);
  });

  it("is checked against the rules that a node gives", async () => {
    const detail = { code: "CHAIN_RULES_MISMATCH", studyId: study };
    await assert.rejects(registry().fieldRules(study, { fieldRulesHash: ZeroHash }), {
      detail,
      message: /its policy names/,
    });
  });

  it("is told to who writes a query, field by field", async () => {
    const { fields } = await schemaCommand.handler({ ...consortium.network, study }, consortium.context);
    assert.deepEqual(
      fields.map(({ name, compare, permitted }) => [name, compare, permitted]),
      [
        ["arm", "any value", "conditions and groups"],
        ["age", "at 40, 60", "conditions and groups, sums"],
        ["dose", "nothing", "sums"],
        ["hospital", "any value", "nothing: it is the site"],
        ["note", "nothing", "nothing"],
      ],
    );
  });

  it("lets a query be published, and vetted, that uses what it permits", async () => {
    const sql = "SELECT arm, COUNT(*), AVG(dose) FROM trial WHERE age >= :from GROUP BY arm";
    const { queryHash, agrees, parameters } = await publishQuery(sql);
    assert.equal(agrees, true);
    assert.deepEqual(parameters[0]!.allowed, ["18", "40", "60"]);
    const seen = await review.handler({ ...consortium.network, query: queryHash }, consortium.context);
    assert.deepEqual([seen.recompiled, seen.signable, seen.problems], [true, true, []]);
    assert.deepEqual([seen.k, seen.sealedK], [11, 4]);
  });

  it("refuses another before anything is sent, with the place in its text", async () => {
    for (const [sql, code, message] of [
      ["SELECT COUNT(*) FROM trial WHERE dose = 1", "SQL_NOT_PERMITTED", /column 34: `dose`: .*permits sums of dose/],
      ["SELECT COUNT(*) FROM trial WHERE age >= 50", "SQL_NO_CUT_POINT", /policy permits; the nearest are 40 and 60/],
      ["SELECT COUNT(*) FROM trial GROUP BY hospital", "SQL_NOT_PERMITTED", /`hospital`: hospital is the site/],
    ] as const)
      await assert.rejects(publishQuery(sql), { code, message });
  });
});
