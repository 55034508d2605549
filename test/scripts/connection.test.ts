/** What every command does first: it finds the chain, and the contracts on it, or says what is wrong. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { join } from "node:path";
import { command as listRoles } from "../../scripts/admin/listRoles.ts";
import { command as listScheduled } from "../../scripts/admin/listScheduled.ts";
import { exitCodeOf } from "../../scripts/exitCode.ts";
import { command as listQueries } from "../../scripts/querier/list.ts";
import type { CodedError } from "../../workers/errors.ts";
import { type LocalChain, startLocalChain } from "../workers/chain/localChain.ts";
import { type Consortium, startConsortium } from "./consortium.ts";

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
    const rpc = anew.url.replace("://", "://user:SECRET@") + "/v3/SECRET";
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
        assert.ok(error.message.startsWith(`there is no contract AuditTrail at ${where}. Is ${file} of this chain`));
        assert.match(error.message, /started anew\? Then deploy again with --replace$/);
        assert.doesNotMatch(error.message, /SECRET/);
        return true;
      });
    }
  });
});
