/** Queries as anyone admitted may publish them, and how lists, reviews and signatures deal with them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Provider, type TypedDataDomain, type TypedDataField, Wallet } from "ethers";
import { doneAtOnce } from "../../scripts/admin/governed.ts";
import { command as registerStudy } from "../../scripts/admin/registerStudy.ts";
import { command as datasets } from "../../scripts/dataOwner/datasets.ts";
import { command as accept } from "../../scripts/querier/accept.ts";
import { command as listForQuerier } from "../../scripts/querier/list.ts";
import { command as publish } from "../../scripts/querier/publish.ts";
import { command as schema } from "../../scripts/querier/schema.ts";
import { command as show } from "../../scripts/querier/show.ts";
import { command as listForVetter } from "../../scripts/vetter/list.ts";
import { command as review } from "../../scripts/vetter/review.ts";
import { command as sign } from "../../scripts/vetter/sign.ts";
import { openContract } from "../../workers/chain/deployment.ts";
import { QueryState, queryCatalogue } from "../../workers/chain/queryCatalogue.ts";
import { querySmartContract } from "../../workers/chain/querySmartContract.ts";
import type { Acceptance, Vetting } from "../../workers/messages/signedStructs.ts";
import { authoredAgreement } from "../../workers/query/authoredAgreement.ts";
import { compileQuery } from "../../workers/query/compileQuery.ts";
import { parseSchema } from "../../workers/schema/parseSchema.ts";
import { trialStudy } from "../support/trialStudy.ts";
import { type Consortium, STUDY_LIMITS, startConsortium } from "./consortium.ts";

const SQL = "SELECT COUNT(*) FROM trial";
const AGREEMENT = "Only for the study.";

/** Whose every signature is on chain by someone else's transaction before its own can be sent. */
class RelayedWallet extends Wallet {
  readonly #relay: (message: Record<string, unknown>, signature: string) => Promise<unknown>;

  constructor(
    key: string,
    relay: (message: Record<string, unknown>, signature: string) => Promise<unknown>,
    provider?: Provider | null,
  ) {
    super(key, provider);
    this.#relay = relay;
  }

  override connect(provider: Provider | null): Wallet {
    return new RelayedWallet(this.privateKey, this.#relay, provider);
  }

  override async signTypedData(
    domain: TypedDataDomain,
    types: Record<string, TypedDataField[]>,
    value: Record<string, unknown>,
  ): Promise<string> {
    const signature = await super.signTypedData(domain, types, value);
    await this.#relay(value, signature);
    return signature;
  }
}

describe("published queries", () => {
  let consortium: Consortium;
  before(async () => {
    consortium = await startConsortium();
    await consortium.admit("querier", "searcher", "Research Institute");
    await consortium.admit("vetter", "north", "Board North");
    await consortium.admit("vetter", "south", "Board South");
    await consortium.admit("vetter", "inside", "Research Institute");
  });
  after(() => consortium.close());

  it("of a study that does not exist are an error, not an empty list", async () => {
    const unknown = { ...consortium.network, study: `0x${"ab".repeat(32)}` };
    const refused = { code: "STUDY_UNKNOWN", message: /^no such study/ };
    await assert.rejects(listForVetter.handler({ ...unknown, pending: false }, consortium.context), refused);
    await assert.rejects(listForQuerier.handler({ ...unknown, all: true }, consortium.context), refused);
    await assert.rejects(datasets.handler(unknown, consortium.context), refused);
    await assert.rejects(schema.handler(unknown, consortium.context), refused);
  });

  it("can be written from what `querier schema` says of the study's table", async () => {
    const seen = await schema.handler({ ...consortium.network, study: consortium.studyId }, consortium.context);
    const { fields, table } = parseSchema(trialStudy().schemaText);
    assert.equal(seen.table, table);
    assert.deepEqual(
      seen.fields.map(({ name }) => name),
      fields.map(({ name }) => name),
    );
    const cuts = "at 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90";
    assert.deepEqual(seen.fields.slice(2, 4), [
      { name: "age", type: "integer", values: "18 to 90 years", missing: "may be missing", compare: cuts },
      { name: "response", type: "category", values: "0, 1", missing: "may be missing", compare: "any value" },
    ]);
  });

  const publishQuery = async (sql: string, agreement = AGREEMENT): Promise<string> => {
    const options = { ...consortium.as("searcher"), study: consortium.studyId, sql, agreement };
    return (await publish.handler(options, consortium.context)).queryHash;
  };
  /** Straight to the contract, as no script of ours would. */
  const publishRaw = async (sql: string | Uint8Array, agreed = AGREEMENT): Promise<string> => {
    const schema = parseSchema(trialStudy().schemaText);
    const { descriptorBytes, boundsBytes, manifest } = await compileQuery(SQL, schema);
    const { deployment, chain, studyId } = consortium;
    const searcher = consortium.wallet("searcher").connect(chain.provider);
    const catalogue = openContract(deployment, "QueryCatalogue", searcher);
    const abi = deployment.abi("QueryCatalogue");
    const agreement = authoredAgreement(agreed, searcher.address);
    const marker = "\u0001".repeat(32);
    const text = typeof sql === "string" ? sql : marker;
    let data = abi.encodeFunctionData("publish", [studyId, descriptorBytes, text, boundsBytes, manifest, agreement]);
    if (typeof sql !== "string") data = data.replace("01".repeat(32), Buffer.from(sql).toString("hex"));
    await (await searcher.sendTransaction({ to: await catalogue.getAddress(), data })).wait();
    const reader = queryCatalogue(deployment, chain.provider);
    return (await reader.queries((await reader.count()) - 1, 1))[0]!;
  };
  const signAs = (name: string, query: string, more: { meaning?: string; validUntil?: string } = {}) =>
    sign.handler({ ...consortium.as(name), query, name: "Dr A. Expert", reject: false, ...more }, consortium.context);

  it("are not published again, in their study or another of the same schema, unless a text or a name differs", async () => {
    const again = "SELECT COUNT(*) AS again FROM trial";
    const queryHash = await publishQuery(again);
    const schema = join(consortium.folder, "schema.json");
    const registered = await registerStudy.handler(
      { ...consortium.as("admin"), ...STUDY_LIMITS, name: "Trial 8", schema },
      consortium.context,
    );
    const { studyId: other } = doneAtOnce(registered);
    const count = (): Promise<number> => queryCatalogue(consortium.deployment, consortium.chain.provider).count();
    const before = await count();
    const publishIn = (study: string, sql: string, agreement = AGREEMENT) =>
      publish.handler({ ...consortium.as("searcher"), study, sql, agreement }, consortium.context);
    const detail = { code: "QUERY_ALREADY_PUBLISHED", queryHash, studyId: consortium.studyId };
    await assert.rejects(publishIn(consortium.studyId, again), { detail, message: /in this study already/ });
    await assert.rejects(publishIn(other, again), (error: Error & { detail?: unknown }) => {
      assert.deepEqual(error.detail, detail);
      assert.match(error.message, /another study .*"Trial 7" \(0x.*another --agreement.* AS name; nothing was sent/);
      assert.ok(error.message.includes(consortium.studyId));
      return true;
    });
    assert.equal(await count(), before);
    const renamed = await publishIn(other, "SELECT COUNT(*) AS renamed FROM trial");
    const agreed = await publishIn(other, again, "Only for Trial 8.");
    assert.deepEqual([renamed.studyId, agreed.studyId, agreed.agrees], [other, other, true]);
    assert.equal(await count(), before + 2);
  });

  it("that cannot be decoded are rows that say so, and hide no other query", async () => {
    const good = await publishQuery(SQL);
    const bad = await publishRaw(new Uint8Array(32).fill(0xff));
    await assert.rejects(
      queryCatalogue(consortium.deployment, consortium.chain.provider).publication(consortium.chain.provider, bad),
      { detail: { code: "CHAIN_EVENT_UNREADABLE", event: "QueryPublished", id: bad } },
    );
    for (const rows of [
      await listForVetter.handler({ ...consortium.network, pending: false }, consortium.context),
      await listForQuerier.handler({ ...consortium.network, all: true }, consortium.context),
    ]) {
      const of = (hash: string) => rows.find(({ queryHash }) => queryHash === hash)!;
      assert.deepEqual([of(good).readable, of(good).sql], [true, SQL]);
      assert.deepEqual([of(bad).readable, of(bad).sql], [false, "(unreadable: CHAIN_EVENT_UNREADABLE)"]);
    }
  });

  it("with unseen characters in the agreement are neither published by us, nor signable", async () => {
    await assert.rejects(publishQuery("SELECT COUNT(*) AS n FROM trial", "may \u202enot be used"), {
      detail: { code: "TEXT_NOT_LEGIBLE", character: "U+202E", line: 1, column: 5 },
    });
    const query = await publishRaw(SQL, "may not\rmay be used");
    const seen = await review.handler({ ...consortium.network, query }, consortium.context);
    assert.deepEqual([seen.recompiled, seen.signable], [true, false]);
    assert.match(seen.problems.join(), /the agreement, line 1, column 8: the invisible character U\+000D/);
    assert.equal(review.succeeded!(seen), false);
    assert.match(review.print!(seen), /^DO NOT SIGN: the agreement/m);
    await assert.rejects(signAs("north", query), { detail: { code: "VETTER_NOT_SIGNABLE", queryHash: query } });
  });

  it("with unseen characters in the SQL are reported, not only refused", async () => {
    const query = await publishRaw(`${SQL} -- \u{e0041}`);
    const seen = await review.handler({ ...consortium.network, query }, consortium.context);
    assert.deepEqual([seen.recompiled, seen.signable], [false, false]);
    assert.match(seen.problems.join(), /the SQL text, line 1, column 31: the invisible character U\+E0041/);
    await assert.rejects(signAs("north", query), { detail: { code: "VETTER_QUERY_DIFFERS", queryHash: query } });
  });

  it("are shown with study, author and organisation, and what a signature covers", async () => {
    const query = await publishQuery("SELECT COUNT(*) AS reviewed FROM trial");
    const seen = await review.handler({ ...consortium.network, query }, consortium.context);
    assert.deepEqual([seen.study, seen.studyId, seen.signable], ["Trial 7", consortium.studyId, true]);
    const author = consortium.wallet("searcher").address;
    assert.deepEqual([seen.author, seen.authorOrganisation], [author, "Research Institute"]);
    // The number of all patients, whole table and cell: each by itself, and against all rows.
    assert.deepEqual([seen.k, seen.earlierAnswers, seen.gateTests, seen.gateProducts], [11, 0, 4, 28]);
    // A count of all patients multiplies nothing, and opens one number.
    assert.deepEqual([seen.multiplications, seen.openedNumbers, seen.datasets], ["0", 1, []]);
    const shown = await show.handler({ ...consortium.network, query }, consortium.context);
    assert.deepEqual([shown.rows, shown.answerGasAbout], [seen.rows, seen.answerGasAbout]);
    assert.deepEqual([shown.k, shown.earlierAnswers, shown.gateRounds], [11, 0, seen.gateRounds]);
    const text = review.print!(seen);
    assert.ok(text.startsWith(`STUDY   Trial 7  (${consortium.studyId})\nAUTHOR  Research Institute  (${author})\n`));
    assert.match(text, /query hash only/);
  });

  it("of the vetter's own organisation are marked, in the review and in the list", async () => {
    const query = await publishQuery("SELECT COUNT(*) AS ours FROM trial");
    const own = async (name: string) => {
      const vetter = consortium.wallet(name).address;
      const seen = await review.handler({ ...consortium.network, query, vetter }, consortium.context);
      const rows = await listForVetter.handler({ ...consortium.network, pending: true, vetter }, consortium.context);
      return [seen.ownOrganisation, seen.signable, rows.find(({ queryHash }) => queryHash === query)!.ownOrganisation];
    };
    assert.deepEqual(await own("inside"), [true, false, true]);
    assert.deepEqual(await own("north"), [false, true, false]);
  });

  it("count as vetted and accepted when someone else relays the signature first", async () => {
    const { deployment, chain, wallet } = consortium;
    const query = await publishQuery("SELECT COUNT(*) AS relayed FROM trial");
    const catalogue = queryCatalogue(deployment, chain.wallet);
    const north = wallet("north");
    consortium.replace(
      "north",
      new RelayedWallet(north.privateKey, (vetting, signature) =>
        catalogue.vet(vetting as unknown as Vetting, signature),
      ),
    );
    const vetted = await signAs("north", query);
    assert.deepEqual([vetted.relayedByAnother, vetted.approvals], [true, 1]);
    const { validUntil } = await catalogue.vettingOf(query, north.address);
    const day = new Date((Number(validUntil) - 86_400) * 1_000).toISOString().slice(0, 10);
    const again = signAs("north", query, { validUntil: day });
    await assert.rejects(again, { code: "CHAIN_REVERTED" }, "a vetting for no longer is still refused");
    consortium.replace("north", north);
    assert.equal((await signAs("south", query)).relayedByAnother, false);
    const { state, queryContract } = await catalogue.query(query);
    assert.equal(state, QueryState.ACTIVE);

    const contract = querySmartContract(deployment, queryContract, chain.wallet);
    const searcher = wallet("searcher");
    consortium.replace(
      "searcher",
      new RelayedWallet(searcher.privateKey, (acceptance, signature) =>
        contract.acceptAgreement(acceptance as unknown as Acceptance, signature),
      ),
    );
    const options = { ...consortium.as("searcher"), query, name: "Dr R. Searcher", meaning: "I accept" };
    const accepted = await accept.handler(options, consortium.context);
    consortium.replace("searcher", searcher);
    assert.ok("relayedByAnother" in accepted && accepted.relayedByAnother);
    assert.equal(await contract.hasAccepted(searcher.address), true);
  });
});
