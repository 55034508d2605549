/** A query's life after its publication, as the commands show and change it: remarks, expiry, renewal, supersession. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { command as supersedeByAdmin } from "../../scripts/admin/supersedeQuery.ts";
import { command as accept } from "../../scripts/querier/accept.ts";
import { command as commentAsAuthor } from "../../scripts/querier/comment.ts";
import { command as listForQuerier } from "../../scripts/querier/list.ts";
import { command as publish } from "../../scripts/querier/publish.ts";
import { command as request } from "../../scripts/querier/request.ts";
import { command as show } from "../../scripts/querier/show.ts";
import { command as supersede } from "../../scripts/querier/supersede.ts";
import { newestSuccessor, standingOf } from "../../scripts/query.ts";
import { command as comment } from "../../scripts/vetter/comment.ts";
import { command as listForVetter } from "../../scripts/vetter/list.ts";
import { command as review } from "../../scripts/vetter/review.ts";
import { command as sign } from "../../scripts/vetter/sign.ts";
import { chainTime } from "../../workers/chain/provider.ts";
import { QueryState, queryCatalogue } from "../../workers/chain/queryCatalogue.ts";
import { openContract } from "../../workers/chain/deployment.ts";
import { type Consortium, startConsortium } from "./consortium.ts";
import { doneAtOnce } from "../../scripts/admin/governed.ts";

const DAY = 86_400n;
type Signing = { comment?: string; validUntil?: string; reject?: boolean };

describe("a published query", () => {
  let consortium: Consortium;
  let published = 0;
  let query: string;

  before(async () => {
    consortium = await startConsortium();
    await consortium.admit("querier", "searcher", "Research Institute");
    await consortium.admit("vetter", "north", "Board North");
    await consortium.admit("vetter", "south", "Board South");
  });
  after(() => consortium.close());
  beforeEach(async () => {
    query = await publishQuery();
  });

  async function publishQuery(): Promise<string> {
    const sql = `SELECT COUNT(*) AS n${++published} FROM trial`;
    const options = { ...consortium.as("searcher"), study: consortium.studyId, sql, agreement: "Only for the study." };
    return (await publish.handler(options, consortium.context)).queryHash;
  }
  const signAs = (name: string, hash: string, more: Signing = {}) => {
    const options = { ...consortium.as(name), query: hash, name: `Dr ${name}`, reject: false, ...more };
    return sign.handler(options, consortium.context);
  };
  const dayIn = async (days: bigint): Promise<string> =>
    new Date(Number((await chainTime(consortium.chain.provider)) + days * DAY) * 1_000).toISOString().slice(0, 10);
  const activate = async (hash: string, more: Signing = {}): Promise<void> => {
    for (const vetter of ["north", "south"]) await signAs(vetter, hash, more);
  };
  const pass = async (days: bigint): Promise<void> => {
    await consortium.chain.provider.send("evm_increaseTime", [Number(days * DAY)]);
    await consortium.chain.provider.send("evm_mine", []);
  };
  const shown = (hash: string) => show.handler({ ...consortium.network, query: hash }, consortium.context);
  const reviewed = (hash: string) => review.handler({ ...consortium.network, query: hash }, consortium.context);
  const asked = (hash: string) => {
    const options = { ...consortium.as("searcher"), query: hash, parameter: [], dataset: [], sealTo: [], wait: false };
    return request.handler(options, consortium.context);
  };
  const replace = (hash: string, successor: string) =>
    supersede.handler({ ...consortium.as("searcher"), query: hash, successor }, consortium.context);
  const listed = async (hash: string, all: boolean) => {
    const rows = await listForQuerier.handler({ ...consortium.network, all }, consortium.context);
    return rows.find(({ queryHash }) => queryHash === hash);
  };
  const pending = async (hash: string) => {
    const rows = await listForVetter.handler({ ...consortium.network, pending: true }, consortium.context);
    return rows.find(({ queryHash }) => queryHash === hash);
  };

  const error = (name: string) => (thrown: { detail?: { error?: string } }) => thrown.detail?.error === name;

  it("is rejected with the reason only, which its author reads", async () => {
    const refused = { detail: { code: "OPTION_INVALID", option: "comment" }, message: /--comment: .*the reason/ };
    assert.throws(() => signAs("north", query, { reject: true }), refused);
    const signed = await signAs("north", query, { reject: true, comment: "Why by single years?" });
    assert.deepEqual([signed.approved, signed.validUntil, signed.state], [false, null, "PUBLISHED"]);
    const options = { ...consortium.as("searcher"), query, text: "The outcome depends on it." };
    await commentAsAuthor.handler(options, consortium.context);
    await comment.handler({ ...consortium.as("south"), query, text: "I see." }, consortium.context);
    const { remarks } = await shown(query);
    assert.deepEqual(
      remarks.map(({ kind, account, name, text }) => [kind, account, name, text]),
      [
        ["rejection", consortium.wallet("north").address, "Dr north", "Why by single years?"],
        ["comment", consortium.wallet("searcher").address, "", "The outcome depends on it."],
        ["comment", consortium.wallet("south").address, "", "I see."],
      ],
    );
    assert.deepEqual((await reviewed(query)).remarks, remarks);
    const row = await pending(query);
    assert.deepEqual([row?.rejections, row?.comments, row?.approvals], [1, 2, 0]);
  });

  it("is not commented on with nothing, too much, or what cannot be seen", async () => {
    const say = (text: string) => comment.handler({ ...consortium.as("north"), query, text }, consortium.context);
    for (const text of ["", "é".repeat(1_001)]) {
      assert.throws(() => say(text), { detail: { code: "OPTION_INVALID", option: "text" } });
    }
    assert.throws(() => say("good \u202edab"), { code: "TEXT_NOT_LEGIBLE" });
    const long = { reject: true, comment: "x".repeat(2_001) };
    assert.throws(() => signAs("north", query, long), { detail: { code: "OPTION_INVALID", option: "comment" } });
  });

  it("with a comment that is not UTF-8 shows all others", async () => {
    const { deployment, chain } = consortium;
    const signer = consortium.wallet("north").connect(chain.provider);
    const marker = "a".repeat(32);
    const abi = deployment.abi("QueryCatalogue");
    const data = abi
      .encodeFunctionData("comment", [query, marker])
      .replace(Buffer.from(marker).toString("hex"), "ff".repeat(32));
    const catalogue = openContract(deployment, "QueryCatalogue", signer);
    await (await signer.sendTransaction({ to: await catalogue.getAddress(), data })).wait();
    await comment.handler({ ...consortium.as("south"), query, text: "What?" }, consortium.context);
    assert.deepEqual(
      (await shown(query)).remarks.map(({ text }) => text),
      ["(unreadable)", "What?"],
    );
  });

  it("is approved for a year, or until a day, at most three years ahead", async () => {
    const time = await chainTime(consortium.chain.provider);
    const { validUntil } = await signAs("north", query);
    const seconds = BigInt(Date.parse(validUntil!) / 1_000);
    assert.ok(seconds >= time + 365n * DAY && seconds <= time + 365n * DAY + 60n, validUntil!);
    const day = await dayIn(100n);
    const signed = await signAs("south", query, { validUntil: day });
    assert.deepEqual(
      [signed.validUntil, signed.activeUntil, signed.state],
      [`${day}T23:59:59.000Z`, `${day}T23:59:59.000Z`, "ACTIVE"],
    );
    assert.equal((await shown(query)).activeUntil, `${day}T23:59:59.000Z`);
    const far = signAs("south", query, { validUntil: await dayIn(1_097n) });
    await assert.rejects(far, error("QueryCatalogueInvalidValidity"));
    const invalid = { detail: { code: "OPTION_INVALID", option: "valid-until" } };
    assert.throws(() => signAs("north", query, { validUntil: "soon" }), invalid);
    assert.throws(() => signAs("north", query, { validUntil: day, reject: true, comment: "no" }), invalid);
  });

  it("lapses, says so before anything is paid, and is prolonged", async () => {
    await activate(query, { validUntil: await dayIn(1n) });
    assert.equal((await listed(query, false))?.state, "ACTIVE");
    assert.equal(await pending(query), undefined);
    await pass(3n);
    const { activeUntil, state } = await shown(query);
    assert.equal(state, "LAPSED");
    assert.equal(await listed(query, false), undefined);
    assert.equal((await listed(query, true))?.state, "LAPSED");
    assert.equal((await pending(query))?.state, "LAPSED");
    const refused = {
      detail: { code: "QUERY_NOT_ACTIVE", queryHash: query, state: "LAPSED" },
      message: new RegExp(`lapsed at ${activeUntil}; 2 vetters of 2 organisations .*vetter sign`),
    };
    await assert.rejects(asked(query), refused);
    const options = { ...consortium.as("searcher"), query, name: "Dr R. Searcher", meaning: "I accept" };
    await assert.rejects(accept.handler(options, consortium.context), refused);
    await activate(query);
    assert.deepEqual([(await shown(query)).state, await pending(query)], ["ACTIVE", undefined]);
  });

  it("superseded by another names the newest of a chain, wherever it is shown or asked", async () => {
    const [second, third] = [await publishQuery(), await publishQuery()];
    for (const hash of [query, second, third]) await activate(hash);
    assert.throws(() => replace(query, query), { detail: { code: "OPTION_INVALID", option: "successor" } });
    await replace(query, second);
    assert.deepEqual([(await shown(query)).state, (await shown(query)).successor], ["SUPERSEDED", second]);
    const options = { ...consortium.as("admin"), query: second, successor: third };
    assert.equal(doneAtOnce(await supersedeByAdmin.handler(options, consortium.context)).successor, third);
    for (const found of [await shown(query), await reviewed(query), await listed(query, true)]) {
      assert.deepEqual([found?.state, found?.successor], ["SUPERSEDED", third]);
    }
    assert.equal(await listed(query, false), undefined);
    await assert.rejects(asked(query), {
      detail: { code: "QUERY_NOT_ACTIVE", queryHash: query, state: "SUPERSEDED" },
      message: new RegExp(`superseded by ${third}`),
    });
    const catalogue = queryCatalogue(consortium.deployment, consortium.chain.provider);
    assert.equal(await newestSuccessor(consortiumConnection(), await catalogue.query(third)), undefined);
  });

  it("is superseded neither by one that is not vetted, nor by a stranger", async () => {
    await activate(query);
    const next = await publishQuery();
    await assert.rejects(replace(query, next), error("QueryCatalogueNotActive"));
    const options = { query, successor: next };
    const asVetter = supersede.handler({ ...consortium.as("north"), ...options }, consortium.context);
    await assert.rejects(asVetter, error("QueryCatalogueNotAuthorOf"));
    const asAuthor = supersedeByAdmin.handler({ ...consortium.as("searcher"), ...options }, consortium.context);
    await assert.rejects(asAuthor, { code: "GOVERNANCE_UNAUTHORISED" });
  });

  it("stands by the chain's clock: active in the last second, lapsed in the next", () => {
    const active = { state: QueryState.ACTIVE, activeUntil: 100n };
    assert.deepEqual([standingOf(active, 100n), standingOf(active, 101n)], ["ACTIVE", "LAPSED"]);
    for (const [state, name] of [
      [QueryState.PUBLISHED, "PUBLISHED"],
      [QueryState.REVOKED, "REVOKED"],
      [QueryState.SUPERSEDED, "SUPERSEDED"],
    ] as const) {
      assert.equal(standingOf({ state, activeUntil: 0n }, 101n), name);
    }
  });

  function consortiumConnection() {
    return { deployment: consortium.deployment, provider: consortium.chain.provider };
  }
});
