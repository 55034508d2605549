/** Whether the query that a request names stood when it was made, as it was vetted: every reason for which it is not computed. */
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { ZeroAddress, id } from "ethers";
import type { JsonRpc } from "../../../workers/chain/provider.ts";
import { QueryState } from "../../../workers/chain/queryCatalogue.ts";
import { planQuery } from "../../../workers/node/queryPlan.ts";
import { ACTIVE_UNTIL, CONTRACT, PlanWorld, REQUEST_BLOCK, STUDY } from "./planWorld.ts";

describe("planQuery, of the query that is asked", () => {
  let world: PlanWorld;
  beforeEach(() => (world = new PlanWorld()));

  it("notices a query that was revoked since it was last planned", async () => {
    const same = world.modules();
    await planQuery(world.requestOf({}), same);
    same.catalogue.query = () =>
      Promise.resolve({
        queryContract: CONTRACT,
        studyId: STUDY,
        state: QueryState.REVOKED,
        activeUntil: ACTIVE_UNTIL,
      } as never);
    world.revokedAt = REQUEST_BLOCK - 1;
    await assert.rejects(planQuery(world.requestOf({}), same), { code: "PLAN_REFUSED", message: /had been revoked/ });
  });

  it("refuses a query that the catalogue has for another contract or study, or not as vetted", async () => {
    world.queryContract = ZeroAddress;
    await world.refused("the catalogue names another contract");
    world.queryContract = CONTRACT;
    world.queryStudy = id("another study");
    await world.refused("the query is another study's");
    world.queryStudy = STUDY;
    for (const state of [QueryState.NONE, QueryState.PUBLISHED]) {
      world.state = state;
      await world.refused("the query is not vetted");
    }
  });

  it("refuses a query revoked or superseded before the request, and serves one that was after it", async () => {
    for (const state of [QueryState.REVOKED, QueryState.SUPERSEDED]) {
      world.state = state;
      world.revokedAt = REQUEST_BLOCK - 1;
      await world.refused("the query had been revoked or superseded");
      for (const block of [REQUEST_BLOCK, REQUEST_BLOCK + 1]) {
        world.revokedAt = block;
        assert.equal((await world.plan()).empty, false);
      }
    }
  });

  it("looks for both ends of this very query", async () => {
    world.state = QueryState.SUPERSEDED;
    const given = world.modules();
    let topics: unknown;
    const rpc = {
      send: async (method: string, params: unknown[]): Promise<unknown> => {
        if (method === "eth_getLogs") ({ topics } = params[0] as { topics: unknown });
        return given.rpc.send(method, params);
      },
    } as unknown as JsonRpc;
    await planQuery(world.requestOf({}), { ...given, rpc });
    const ends = [id("QueryRevoked(bytes32,string)"), id("QuerySuperseded(bytes32,bytes32)")];
    assert.deepEqual(topics, [ends, world.requestOf({}).event.context.queryHash]);
  });

  it("refuses a query whose vettings had lapsed at the request, in whichever state, and serves it at the last second", async () => {
    world.requestTime = ACTIVE_UNTIL + 1n;
    for (const state of [QueryState.ACTIVE, QueryState.REVOKED, QueryState.SUPERSEDED]) {
      world.state = state;
      await world.refused("the query's vettings had lapsed");
    }
    world.state = QueryState.ACTIVE;
    world.requestTime = ACTIVE_UNTIL;
    assert.equal((await world.plan()).empty, false);
  });

  it("is tried again where the node has not seen the request's block", async () => {
    world.requestTime = undefined;
    await assert.rejects(world.plan(), { code: "CHAIN_UNREACHABLE" });
  });

  it("refuses parts that do not hash to what was vetted", async () => {
    world.manifest += " ";
    await world.refused("the query's parts do not hash to what was vetted");
  });
});
