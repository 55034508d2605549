/** A trail that a node shows incomplete, altered or in another order is reported, and the place is named. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AbiCoder, id, dataSlice } from "ethers";
import { command as trail } from "../../scripts/auditor/trail.ts";
import { findTrailFault } from "../../scripts/auditor/trailFault.ts";
import { type AuditRecord, FIRST_HEAD, auditTrail, nextHead, verifyRecords } from "../../workers/chain/auditTrail.ts";
import { type Consortium, startConsortium } from "./consortium.ts";
import { type Alter, type RpcProxy, startRpcProxy } from "./rpcProxy.ts";

interface Log {
  readonly topics: readonly string[];
  readonly data: string;
}
type Change = (logs: readonly Log[]) => readonly Log[];

describe("auditor trail on a node that does not show what was recorded", () => {
  let consortium: Consortium;
  let proxy: RpcProxy;
  let alter: Alter = (_method, result) => result;
  let records: AuditRecord[];
  let head: string;

  before(async () => {
    consortium = await startConsortium();
    for (const name of ["A", "B", "C", "D"]) await consortium.admit("vetter", name, `Board ${name}`);
    proxy = await startRpcProxy(consortium.chain.url, () => alter);
    const { deployment, chain } = consortium;
    const contract = auditTrail(deployment, chain.provider);
    records = await contract.records(chain.provider);
    head = await contract.head();
  });
  after(async () => {
    await proxy.close();
    await consortium.close();
  });

  const read = (change: Change) => {
    alter = (method, result) => (method === "eth_getLogs" ? change(result as Log[]) : result);
    return trail.handler({ ...consortium.network, rpc: proxy.url }, consortium.context);
  };
  const swap = <Item>(list: readonly Item[], a: number, b: number): Item[] =>
    list.map((item, i) => (i === a ? list[b]! : i === b ? list[a]! : item));

  it("is verified when nothing was altered", async () => {
    const report = await read((logs) => logs);
    assert.equal(report.verified, true);
    assert.equal(report.fault, undefined);
    assert.ok(report.length >= 5n);
    assert.match(trail.print!(report), /verified: no record is missing or altered/);
  });

  it("tells all that the running hash covers", async () => {
    const { events, head: recorded } = await read((logs) => logs);
    const running = events.reduce((before, event) => nextHead(before, { ...event, act: id(event.act) }), FIRST_HEAD);
    assert.equal(running, recorded);
  });

  it("says when nothing was recorded of a subject", async () => {
    const subject = id("nobody");
    const report = await trail.handler({ ...consortium.network, rpc: proxy.url, subject }, consortium.context);
    assert.match(trail.print!(report), new RegExp(`^no record is of ${subject}$`, "m"));
    assert.equal(report.verified, true);
  });

  it("names a missing record", async () => {
    const report = await read((logs) => logs.filter((_, i) => i !== 2));
    assert.equal(report.verified, false);
    assert.deepEqual([report.gaps, report.fault], [[2n], { sequence: 2n, problem: "missing" }]);
    assert.match(trail.print!(report), /NOT VERIFIED: record 2 is missing; missing: 2$/);
    assert.equal(trail.succeeded!(report), false);
  });

  it("names the records that a shorter trail lacks", async () => {
    const report = await read((logs) => logs.slice(0, -2));
    const [first, second] = [report.length - 2n, report.length - 1n];
    assert.deepEqual([report.verified, report.gaps], [false, [first, second]]);
    assert.deepEqual(report.fault, { sequence: first, problem: "missing" });
  });

  it("names an altered record", async () => {
    // The first word is the act; every byte is covered by the running hash.
    const spoil = (log: Log): Log => ({ ...log, data: `${id("another act")}${log.data.slice(66)}` });
    const report = await read((logs) => logs.map((log, i) => (i === 3 ? spoil(log) : log)));
    assert.deepEqual([report.verified, report.gaps], [false, []]);
    assert.deepEqual(report.fault, { sequence: 3n, problem: "altered" });
    assert.match(trail.print!(report), /NOT VERIFIED: record 3 is altered$/);
  });

  it("names the first record that is out of order", async () => {
    // Logs are sorted by block: the content of two of them changes places.
    const report = await read((logs) => swap(logs, 1, 3).map(({ topics, data }, i) => ({ ...logs[i]!, topics, data })));
    assert.deepEqual([report.verified, report.gaps], [false, []]);
    assert.deepEqual(report.fault, { sequence: 1n, problem: "out of order" });
    assert.equal(verifyRecords(swap(records, 1, 3), head), false);
  });

  it("sees a head that is not the contract's", async () => {
    const wordOf = (value: string): string => AbiCoder.defaultAbiCoder().encode(["bytes27"], [dataSlice(value, 0, 27)]);
    const [word, other] = [wordOf(head), wordOf(id("another head"))];
    alter = (method, result) => (method === "eth_call" && result === word ? other : result);
    const report = await trail.handler({ ...consortium.network, rpc: proxy.url }, consortium.context);
    assert.equal(report.verified, false);
    assert.deepEqual(report.fault, { sequence: report.length, problem: "not the recorded head" });
  });

  it("sees a trail that was rewritten with new hashes throughout", () => {
    let running = FIRST_HEAD;
    const rewritten = records.map((record, i) => {
      const changed = i === 2 ? { ...record, reason: "another" } : record;
      running = nextHead(running, changed);
      return { ...changed, head: running };
    });
    assert.equal(verifyRecords(rewritten, head), false);
    const end = BigInt(records.length);
    assert.deepEqual(findTrailFault(rewritten, end, head), { sequence: end, problem: "not the recorded head" });
  });
});
