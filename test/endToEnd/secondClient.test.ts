/**
 * The network on a second, independent Ethereum client: EthereumJS, which shares neither EVM nor JSON-RPC server nor database
 * with Hardhat. Deployment, the demonstration's query, a client that is killed in between; and what is asked of a node at all.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { command as listDeployments } from "../../scripts/admin/listDeployments.ts";
import { command as trail } from "../../scripts/auditor/trail.ts";
import { ComparedRequests } from "../../scripts/demo/comparedRequests.ts";
import { LocalNetwork } from "../../scripts/demo/localNetwork.ts";
import { DEMO_SQL, REQUESTS, runSteps } from "../../scripts/demo/steps.ts";
import { syntheticTrial } from "../../scripts/demo/syntheticTrial.ts";
import { askQuery, openVettedQuery } from "../../scripts/demo/vettedQuery.ts";
import { budget } from "../budget.ts";
import { testContext } from "../support/commandContext.ts";
import { type EthereumjsChain, startEthereumjsChain } from "../support/ethereumjs/chain.ts";
import { ETHEREUMJS_CHAIN_ID } from "../support/ethereumjs/node.ts";
import { type TestNetwork, allLogs, logLines, startTestNetwork, until, untilReport } from "../support/network.ts";
import { type RecordedChain, recordChain } from "../support/recordedChain.ts";
import { temporaryFolder } from "../support/temporaryFolder.ts";

const trial = syntheticTrial("second client");
const DEPLOYMENT_GUIDE = new URL("../../docs/deployment.md", import.meta.url);

/** The methods that the guide tells operators to allow. */
function documentedMethods(): string[] {
  const [, list] = /```\n((?:eth_[A-Za-z]+\s+)+)```/.exec(readFileSync(DEPLOYMENT_GUIDE, "utf8")) ?? [];
  return list?.trim().split(/\s+/).sort() ?? [];
}

describe("a second, independent client", () => {
  const folder = temporaryFolder();
  let chain: EthereumjsChain;
  let recorded: RecordedChain;
  let test: TestNetwork;

  before(async () => {
    test = await startTestNetwork({
      schemaText: trial.schemaText,
      sites: trial.sites,
      pollMs: 500, // what operators get without asking; a node in JavaScript has enough to do
      startChain: async () => {
        chain = await startEthereumjsChain(folder.path);
        recorded = await recordChain(chain);
        return recorded;
      },
    });
  });
  after(async () => {
    await test.close();
    folder.remove();
  });

  it("answers the demonstration's query rightly, though it was killed before the request was confirmed", async () => {
    const { network } = test;
    const query = await openVettedQuery(network, DEMO_SQL);
    const [parameters] = REQUESTS as [(typeof REQUESTS)[number]];
    const { requestId } = await askQuery(network, query, { parameters, wait: false });
    await chain.node.kill();
    await Promise.all(
      network.services.map((service) =>
        until(`an outage seen by ${service.folder}`, 60_000, () => logLines(service, "chain-outage", "retryMs")[0]),
      ),
    );
    await chain.node.restart();

    const report = await untilReport(network, requestId, ({ state }) => state !== "REQUESTED").catch((error: Error) => {
      throw new Error(`${error.message}\n${allLogs(network)}`);
    });
    const requests = new ComparedRequests(network, trial, query, DEMO_SQL);
    const answer = await requests.compare(parameters, report);
    assert.equal(answer.equal, true, JSON.stringify(answer));
    assert.equal(answer.assurance, "QUORUM");
    assert.ok(answer.rows.flat().some((value) => typeof value === "number"));
  });

  it("passes the checks that follow a deployment", async () => {
    const { context, network } = test.network;
    const audit = await trail.handler({ ...network, subject: undefined }, context);
    assert.equal(audit.verified, true);
    assert.ok(audit.events.length > 0);
    const listed = await listDeployments.handler(network, context);
    assert.deepEqual(
      listed.map(({ version }) => version),
      ["1"],
    );
  });

  it("is asked for the documented methods, all of them and no others", () => {
    assert.deepEqual([...recorded.called].sort(), documentedMethods());
  });

  // The whole demonstration takes two minutes here.
  if (budget.deep)
    it("carries the whole demonstration: two answers, a refusal, the audit trail", async () => {
      const own = temporaryFolder();
      const data = temporaryFolder();
      const network = new LocalNetwork(
        {
          folder: own.path,
          deployment: join(own.path, "deployments", "test"),
          hospitals: trial.sites.map(({ name }) => name),
          vetters: ["Vetters North", "Vetters South"],
          querier: "Querier",
          workers: ["Operator 1", "Operator 2", "Operator 3", "Operator 4"],
          threshold: 1,
          scryptN: 1_024,
          workerScryptN: 1_024,
          workerEnvironment: { OPALINE_POLL_MS: "500" },
        },
        testContext(own.path),
        () => startEthereumjsChain(data.path),
      );
      try {
        const { answers, refusals, audit } = await runSteps(network, trial);
        assert.equal(network.chainId, ETHEREUMJS_CHAIN_ID);
        assert.deepEqual(
          [answers.map(({ equal }) => equal), refusals.map(({ refused }) => refused)],
          [[true, true], [true]],
        );
        assert.equal(audit.verified, true);
      } finally {
        await network.stop();
        own.remove();
        data.remove();
      }
    });
});
