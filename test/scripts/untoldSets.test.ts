/** Queries whose sets the gate cannot tell: what an author, a vetter and a querier are told, and when. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { doneAtOnce } from "../../scripts/admin/governed.ts";
import { command as registerStudy } from "../../scripts/admin/registerStudy.ts";
import { command as accept } from "../../scripts/querier/accept.ts";
import { command as publish } from "../../scripts/querier/publish.ts";
import { command as request } from "../../scripts/querier/request.ts";
import { command as review } from "../../scripts/vetter/review.ts";
import { command as sign } from "../../scripts/vetter/sign.ts";
import { queryCatalogue } from "../../workers/chain/queryCatalogue.ts";
import { authoredAgreement } from "../../workers/query/authoredAgreement.ts";
import { compileQuery } from "../../workers/query/compileQuery.ts";
import { parseSchema } from "../../workers/schema/parseSchema.ts";
import { type Consortium, startConsortium } from "./consortium.ts";

const SCHEMA = JSON.stringify({
  name: "few values",
  table: "t",
  subject: "id",
  fields: [
    { name: "score", type: "integer", minimum: 0, maximum: 2, cutPoints: [1] },
    { name: "visits", type: "integer", minimum: 0, maximum: 2 },
  ],
});
const UNTOLD = "SELECT COUNT(*),\n  VAR_SAMP(visits) FROM t";
const WITH_PARAMETER = "SELECT AVG(score) FROM t WHERE score >= :lo";
const AGREEMENT = "Only for the study.";

describe("a query whose sets cannot be told", () => {
  let consortium: Consortium;
  let study: string;
  before(async () => {
    consortium = await startConsortium();
    await consortium.admit("querier", "searcher", "Research Institute");
    await consortium.admit("vetter", "north", "Board North");
    await consortium.admit("vetter", "south", "Board South");
    const schema = join(consortium.folder, "few.json");
    writeFileSync(schema, SCHEMA);
    const policy = { k: "11", vettings: "2", vettingOrganisations: "2", minimumThreshold: "2", demonstration: true };
    const limits = {
      siteAxis: "yes",
      log2N: "10",
      openingsBudget: "1000",
      deadlineBlocks: "600",
      priceEther: "0.01",
      purpose: [],
    };
    const shares = { ownersShare: "5000", workersShare: "4000", authorShare: "1000" };
    const fees = { ...shares, storageFeeWei: "0", leastDepositEther: "0" };
    const options = { ...consortium.as("admin"), name: "Trial 8", schema, ...policy, ...limits, ...fees };
    study = doneAtOnce(await registerStudy.handler(options, consortium.context)).studyId;
  });
  after(() => consortium.close());

  const publishQuery = async (sql: string): Promise<string> => {
    const options = { ...consortium.as("searcher"), study, sql, agreement: AGREEMENT };
    return (await publish.handler(options, consortium.context)).queryHash;
  };
  /** Straight to the catalogue, as no script of ours would. */
  const publishAnyway = async (sql: string): Promise<string> => {
    const { descriptorBytes, boundsBytes, manifest } = await compileQuery(sql, parseSchema(SCHEMA));
    const { deployment, chain } = consortium;
    const catalogue = queryCatalogue(deployment, consortium.wallet("searcher").connect(chain.provider));
    const agreement = authoredAgreement(AGREEMENT, consortium.wallet("searcher").address);
    await catalogue.publish(study, descriptorBytes, sql, boundsBytes, manifest, agreement);
    return (await catalogue.queries((await catalogue.count()) - 1, 1))[0]!;
  };
  const signAs = (name: string, query: string, reject = false) =>
    sign.handler(
      {
        ...consortium.as(name),
        query,
        name: "Dr A. Expert",
        reject,
        ...(reject ? { comment: "Its sets are not told." } : {}),
      },
      consortium.context,
    );

  it("is not published, with its column, line and why", async () => {
    const { deployment, chain } = consortium;
    const count = () => queryCatalogue(deployment, chain.provider).count();
    const published = await count();
    await assert.rejects(publishQuery(UNTOLD), {
      code: "DISCLOSURE_UNSUPPORTED",
      message:
        "line 2, column 12: the gate cannot tell which sets this query discloses: `visits`: a sum over so few values " +
        "counts them; the schema needs a cut-point at each",
    });
    assert.equal(await count(), published);
    await publishQuery("SELECT COUNT(*),\n  AVG(visits) FROM t");
    assert.equal(await count(), published + 1);
  });

  it("is not signable where it was published all the same, though it recompiles; it can be rejected", async () => {
    const query = await publishAnyway(UNTOLD);
    const seen = await review.handler({ ...consortium.network, query }, consortium.context);
    assert.deepEqual([seen.recompiled, seen.signable, seen.problems.length], [true, false, 1]);
    assert.match(review.print!(seen), /^DO NOT SIGN: line 2, column 12: the gate cannot tell .*`visits`/m);
    await assert.rejects(signAs("north", query), { detail: { code: "VETTER_NOT_SIGNABLE", queryHash: query } });
    assert.equal((await signAs("north", query, true)).approved, false);
  });

  it("with some parameters is refused when asked with these, before anything is paid, and only with these", async () => {
    const query = await publishQuery(WITH_PARAMETER);
    const seen = await review.handler({ ...consortium.network, query }, consortium.context);
    assert.deepEqual([seen.signable, seen.problems], [true, []]);
    for (const vetter of ["north", "south"]) await signAs(vetter, query);
    const acceptance = { ...consortium.as("searcher"), query, name: "Dr R. Searcher", meaning: "I accept" };
    await accept.handler(acceptance, consortium.context);
    const { provider } = consortium.chain;
    const balance = () => provider.getBalance(consortium.wallet("searcher").address);
    const before = await balance();
    const ask = (lo: number) => {
      const options = {
        ...consortium.as("searcher"),
        query,
        parameter: [`lo=${lo}`],
        dataset: [],
        sealTo: [],
        wait: false,
      };
      return request.handler(options, consortium.context);
    };
    await assert.rejects(ask(1), {
      detail: { code: "REQUEST_UNTOLD_SETS", queryHash: query },
      message: /`score`: a sum over so few values .*with these parameters no answer can open, and nothing was sent$/,
    });
    assert.equal(await balance(), before);
    await assert.rejects(ask(0), { detail: { code: "QUERY_NO_DATASETS", studyId: study } }, "the next thing it needs");
  });
});
