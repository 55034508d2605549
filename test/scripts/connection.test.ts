/** What every command does first: it finds the chain, and the contracts on it, or says what is wrong. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { command as deploy } from "../../scripts/admin/deploy.ts";
import { command as listRoles } from "../../scripts/admin/listRoles.ts";
import { command as listScheduled } from "../../scripts/admin/listScheduled.ts";
import { exitCodeOf } from "../../scripts/exitCode.ts";
import { command as listQueries } from "../../scripts/querier/list.ts";
import { initWorker } from "../../scripts/worker/init.ts";
import type { CodedError } from "../../workers/errors.ts";
import { type LocalChain, startLocalChain } from "../workers/chain/localChain.ts";
import { type Consortium, startConsortium } from "./consortium.ts";

const SECRET = "SECRETAPIKEY";

function withSecrets(url: string): string {
  return `${url.replace("://", `://user:${SECRET}@`)}/v3/${SECRET}`;
}

describe("a command's connection", () => {
  let consortium: Consortium;
  /** Of the same number, without contracts: as after a restart. */
  let anew: LocalChain;
  before(async () => {
    [consortium, anew] = await Promise.all([startConsortium(), startLocalChain()]);
  });
  after(async () => {
    await anew.close();
    await consortium.close();
  });

  it("does not take a chain without the contracts for one without roles, schedules or queries", async () => {
    const { context, network, deployment } = consortium;
    const rpc = withSecrets(anew.url);
    const file = join(network.deployment, "contracts.json");
    const asks = [
      () => listRoles.handler({ ...network, rpc }, context),
      () => listScheduled.handler({ ...network, rpc }, context),
      () => listQueries.handler({ ...network, rpc, all: false }, context),
    ];
    for (const ask of asks) {
      await assert.rejects(ask(), (error: CodedError) => {
        assert.deepEqual(error.detail, { code: "CHAIN_DEPLOYMENT", path: file });
        assert.equal(exitCodeOf(error), 78);
        const where = `${deployment.address("AuditTrail")} on chain 31337 (${new URL(anew.url).host})`;
        const ask = `Has the node caught up, and is ${file} of this chain?`;
        const advice = "If the chain was started anew, deploy again with --replace";
        assert.equal(error.message, `there is no contract AuditTrail at ${where}. ${ask} ${advice}`);
        assert.ok(!error.message.includes(SECRET));
        return true;
      });
    }
  });

  /** Every command that asks the chain, and the one that comes before there is a deployment. */
  const asking = (rpc: string): (() => Promise<unknown>)[] => {
    const { as, network, context, folder } = consortium;
    const deploying = { chainId: "31337", delay: "0", replace: false };
    return [
      () => listRoles.handler({ ...network, rpc }, context),
      () => deploy.handler({ ...as("admin"), rpc, ...deploying, deployment: join(folder, "another") }, context),
    ];
  };

  it("names the node that is away by host and port, how to name another, and no more of its URL", async () => {
    for (const ask of asking(withSecrets("http://127.0.0.1:9"))) {
      await assert.rejects(ask(), (error: CodedError) => {
        assert.deepEqual(error.detail, { code: "CHAIN_UNREACHABLE", method: "eth_chainId", node: "127.0.0.1:9" });
        assert.match(error.message, /; the node is 127\.0\.0\.1:9 \(--rpc; `npm run chain` starts a local one/);
        assert.ok(!error.message.includes(SECRET));
        assert.equal(exitCodeOf(error), 75);
        return true;
      });
    }
  });

  it("names the folder whose chain is not the node's", async () => {
    const { network, folder, context } = consortium;
    const elsewhere = join(folder, "elsewhere");
    cpSync(network.deployment, elsewhere, { recursive: true });
    const file = join(elsewhere, "contracts.json");
    writeFileSync(file, readFileSync(file, "utf8").replace('"chainId": 31337', '"chainId": 7'));
    const rpc = withSecrets(anew.url);
    await assert.rejects(async () => listRoles.handler({ deployment: elsewhere, rpc }, context), {
      detail: { code: "CHAIN_WRONG_ID", expected: "7", actual: "31337" },
      message:
        `The node ${new URL(anew.url).host} (--rpc) answers for chain 31337, ` +
        `but --deployment ${elsewhere} says chain 7. Nothing was sent.`,
    });
  });

  it("refuses a URL that is not http(s), without quoting it", async () => {
    const init = { directory: "worker", name: "University", listen: "127.0.0.1:7443" };
    for (const rpc of [`ws://127.0.0.1:8545/${SECRET}`, `${SECRET}:x@127.0.0.1`, ""]) {
      const asks = [...asking(rpc), () => initWorker({ ...consortium.network, rpc, ...init }, consortium.context)];
      for (const ask of asks) {
        await assert.rejects(ask, (error: CodedError) => {
          assert.deepEqual(error.detail, { code: "CONFIGURATION_RPC_URL", option: "rpc" });
          assert.match(
            error.message,
            /^--rpc (is no URL of HTTP|is a WebSocket's URL); use the node's http:\/\/ or https:/,
          );
          assert.ok(!error.message.includes(SECRET));
          assert.equal(exitCodeOf(error), 78);
          return true;
        });
      }
    }
  });
});
