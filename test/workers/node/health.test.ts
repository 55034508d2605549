/** The three paths over real HTTP, and every reason for which a worker is not ready. */
import assert from "node:assert/strict";
import { type TestContext, describe, it } from "node:test";
import { AttemptCounts } from "../../../workers/node/attemptCounts.ts";
import { CodedError } from "../../../workers/errors.ts";
import { HealthServer, MOST_LAG_BLOCKS, unreadiness } from "../../../workers/node/health.ts";
import type { WorkerStatus } from "../../../workers/node/status.ts";

const DATASET = `0x${"da".repeat(32)}`;
const REQUEST = `0x${"5e".repeat(32)}`;
const CHAIN = { id: "31337", network: "test", block: 90, lag: 1, reachable: true, confirmations: 2 };
const SEAT = {
  studyId: DATASET,
  epoch: "1",
  standing: "serving" as const,
  index: 1,
  n: 4,
  t: 1,
  demonstration: true,
  connected: 2,
};
const ERASURE = {
  datasetId: REQUEST,
  epoch: "1",
  afterBlock: 7,
  erased: true,
  index: 1,
  version: "1",
  signature: "0x",
};
const READY: WorkerStatus = {
  version: "0.1.0",
  security: "",
  state: "ready",
  stoppedBy: undefined,
  key: "0x",
  address: `0x${"a1".repeat(20)}`,
  organisation: "Operator",
  registration: "active",
  port: 7443,
  arithmetic: { kernel: "fused", threads: 2, bytesInUse: 4_096 },
  chain: CHAIN,
  cursor: undefined,
  peers: [
    { address: `0x${"a2".repeat(20)}`, connected: true, lastError: undefined },
    { address: `0x${"a3".repeat(20)}`, connected: true, lastError: undefined },
    { address: `0x${"a4".repeat(20)}`, connected: false, lastError: "TRANSPORT_CONNECT_FAILED" },
  ],
  committees: [SEAT],
  datasets: [
    {
      datasetId: DATASET,
      epoch: "1",
      version: "1",
      rows: 1_234_567,
      state: "active",
      check: "rejected: malformed-columns",
    },
    { datasetId: DATASET, epoch: "1", version: "2", rows: 7_654_321, state: "pending", check: undefined },
  ],
  requests: { pending: 1, answered: 5, refused: 2, expired: 0, failed: 0 },
  open: [{ requestId: REQUEST, attempt: "1" }],
  keysDue: 2,
  erasures: [
    { ...ERASURE, receipt: "due" },
    { ...ERASURE, datasetId: DATASET, receipt: "confirmed" },
    { ...ERASURE, epoch: "2", erased: false, receipt: "later", version: undefined, signature: undefined },
  ],
};

async function serverOf(
  test: TestContext,
  status: () => WorkerStatus,
  counts = new AttemptCounts(),
): Promise<(path: string, method?: string) => Promise<[number, string]>> {
  const server = new HealthServer({ host: "127.0.0.1", port: 0 }, { status, attempts: () => counts.totals() });
  await server.start();
  test.after(() => server.stop());
  return async (path, method = "GET") => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
    return [response.status, await response.text()];
  };
}

describe("unreadiness", () => {
  const cases: readonly (readonly [string | undefined, Partial<WorkerStatus>])[] = [
    [undefined, {}],
    ["following-stopped", { stoppedBy: "CHAIN_REORG" }],
    ["chain-unreachable", { chain: { ...CHAIN, reachable: false } }],
    ["chain-unreachable", { port: undefined, chain: { ...CHAIN, reachable: false, block: undefined, lag: undefined } }],
    ["starting", { chain: { ...CHAIN, reachable: false, block: undefined, lag: undefined } }],
    ["starting", { port: undefined }],
    [undefined, { chain: { ...CHAIN, lag: MOST_LAG_BLOCKS } }],
    ["chain-lag", { chain: { ...CHAIN, lag: MOST_LAG_BLOCKS + 1 } }],
    ["not-registered", { registration: "wrong certificate" }],
    ["no-committee", { committees: [] }],
    ["too-few-peers", { committees: [{ ...SEAT, connected: 1 }] }],
    [undefined, { committees: [{ ...SEAT, connected: 1 }, SEAT] }],
  ];
  for (const [reason, change] of cases) {
    it(`is ${reason} with ${JSON.stringify(change)}`, () => {
      assert.equal(unreadiness({ ...READY, ...change }), reason);
    });
  }
});

describe("HealthServer", () => {
  it("says alive, and ready or why not", async (test) => {
    let status = READY;
    const ask = await serverOf(test, () => status);
    assert.deepEqual(await ask("/readyz"), [200, "ready\n"]);
    status = { ...READY, registration: "not registered" };
    assert.deepEqual(await ask("/readyz"), [503, "not-registered\n"]);
    assert.deepEqual(await ask("/healthz"), [200, "alive\n"]);
  });

  it("answers nothing else", async (test) => {
    const ask = await serverOf(test, () => READY);
    assert.equal((await ask("/"))[0], 404);
    assert.equal((await ask("/healthz/../status"))[0], 404);
    assert.equal((await ask("/readyz", "POST"))[0], 405);
  });

  it("stays alive, not ready, when the store cannot be read", async (test) => {
    const ask = await serverOf(test, () => {
      throw new CodedError({ code: "STORE_IO" }, "disk");
    });
    assert.equal((await ask("/healthz"))[0], 200);
    assert.deepEqual(await ask("/readyz"), [503, "STORE_IO\n"]);
    assert.deepEqual(await ask("/metrics"), [503, "STORE_IO\n"]);
  });

  it("gives counts in Prometheus' format, and no id, name or row count", async (test) => {
    const counts = new AttemptCounts();
    for (let i = 0; i < 3; i++) counts.start();
    counts.fail(new CodedError({ code: "NETWORK_TIMEOUT" }, "late"));
    counts.fail(new Error(REQUEST));
    const [status, text] = await (await serverOf(test, () => READY, counts))("/metrics");
    assert.equal(status, 200);
    const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    for (const line of samples) assert.match(line, /^opaline_[a-z_]+(\{(state|code)="[A-Za-z_]+"\})? \d+$/);
    for (const expected of [
      'opaline_requests{state="answered"} 5',
      "opaline_peers_connected 2",
      "opaline_peers_expected 3",
      "opaline_chain_head_block 90",
      "opaline_chain_lag_blocks 1",
      "opaline_chain_reachable 1",
      "opaline_attempts_started_total 3",
      'opaline_attempts_failed_total{code="NETWORK_TIMEOUT"} 1',
      'opaline_attempts_failed_total{code="OTHER"} 1',
      "opaline_key_copies_due 2",
      "opaline_erasure_receipts_due 1",
      'opaline_dataset_versions{state="active"} 1',
      'opaline_dataset_versions{state="missing"} 0',
      'opaline_dataset_checks{state="rejected"} 1',
      'opaline_dataset_checks{state="checked"} 0',
    ]) {
      assert.ok(samples.includes(expected), expected);
    }
    assert.doesNotMatch(text, /0x|dada|5e5e|Operator|1234567|7654321/);
  });

  it("says which address is taken", async (test) => {
    const first = new HealthServer(
      { host: "127.0.0.1", port: 0 },
      { status: () => READY, attempts: () => ({ started: 0, failed: {} }) },
    );
    await first.start();
    test.after(() => first.stop());
    const listen = { host: "127.0.0.1", port: first.port };
    const second = new HealthServer(listen, { status: () => READY, attempts: () => ({ started: 0, failed: {} }) });
    await assert.rejects(second.start(), { detail: { code: "HEALTH_LISTEN_FAILED", ...listen } });
    await second.stop();
  });
});
