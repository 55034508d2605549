/** Whom a worker works with: read again until it can be, and not complained of once the worker stops. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ChainLog } from "../../../workers/chain/logs.ts";
import { CodedError } from "../../../workers/errors.ts";
import { Roster } from "../../../workers/node/roster.ts";

const REGISTRY = "0x00000000000000000000000000000000000000c1";

describe("Roster", () => {
  function stale() {
    const logged: string[] = [];
    const stopping = new AbortController();
    const state = { isAway: true, checks: 0 };
    const roster = new Roster({
      deployment: { address: () => REGISTRY },
      registration: {
        check: () => {
          state.checks += 1;
          const away = new CodedError({ code: "CHAIN_UNREACHABLE" }, "the node is away");
          return state.isAway ? Promise.reject(away) : Promise.resolve();
        },
      },
      committees: { seats: () => Promise.resolve([]) },
      mesh: { setPeers: () => undefined },
      log: (level, event) => logged.push(`${level} ${event}`),
      stopping: stopping.signal,
    });
    roster.onCommitted([{ address: REGISTRY } as ChainLog]);
    return { roster, logged, stopping, state };
  }

  it("says that it is delayed, and tries again", async () => {
    const { roster, logged, state } = stale();
    await roster.refresh();
    assert.deepEqual(logged, ["warn roster-delayed"]);
    state.isAway = false;
    await roster.refresh();
    await roster.refresh();
    assert.deepEqual([logged.length, state.checks], [1, 2]);
  });

  it("says nothing of a failure while the worker stops", async () => {
    const { roster, logged, stopping } = stale();
    stopping.abort();
    await roster.refresh();
    assert.deepEqual(logged, []);
  });
});
