/** What an onlooker learns from traffic alone, without keys: nothing that depends on the rows. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TrafficEntry } from "./observer.ts";
import { Simulation } from "./simulation.ts";
import { verify } from "./verify.ts";

interface Onlooker {
  readonly traffic: readonly TrafficEntry[];
  readonly outputs: readonly string[];
}

/** Not of the order of values: which intervals are tried follows from the bits that open, so from the rows. */
const PARAMETERS = [[18n, 90n], [0n, 18n, 90n], [], [60n], [18n, 90n]];

/** These queries, with nobody at fault. */
function watch(opposite: boolean): Promise<Onlooker> {
  return Simulation.with({ n: 4, t: 1, seed: "traffic", opposite, blind: true }, async (simulation) => {
    await simulation.begin();
    PARAMETERS.forEach((parameters, query) => simulation.ask(query, parameters));
    assert.ok(await simulation.settle());
    verify(simulation);
    assert.deepEqual(simulation.observer.violations, []);
    const { traffic, signed } = simulation.observer;
    const outputs = signed.map(({ resultHash }) => resultHash);
    return { traffic, outputs };
  });
}

describe("frames between workers", () => {
  it("are the same in number, order, size and time for opposite rows", async () => {
    const [one, opposite] = [await watch(false), await watch(true)];
    assert.notDeepEqual(opposite.outputs, one.outputs, "the rows make no difference at all");
    assert.ok(one.traffic.length > 200);
    assert.deepEqual(opposite.traffic, one.traffic);
  });
});
