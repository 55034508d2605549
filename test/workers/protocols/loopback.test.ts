import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { isCoded } from "../../../workers/errors.ts";
import { loopbackNetworks } from "../../../workers/protocols/loopback.ts";
import { partiesOf } from "../../../workers/sharing/parties.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { networkCompliance } from "./networkCompliance.ts";

networkCompliance("loopback", (parties, options) => {
  const networks = loopbackNetworks(parties, options);
  return Promise.resolve({ networks, close: () => networks.forEach((network) => network.close()) });
});

describe("loopback", () => {
  const [one, two] = partiesOf(2) as [PartyIndex, PartyIndex];

  it("shows every frame to the interceptor and delivers what it returns", async () => {
    const seen: string[] = [];
    const networks = loopbackNetworks([one, two], {
      intercept: ({ step, from, to, payload }) => {
        seen.push(`${step} ${from}->${to} ${payload.join(".")}`);
        return Uint8Array.of(42);
      },
    });
    const [first, second] = networks;
    assert(first !== undefined && second !== undefined);
    const [, received] = await Promise.all([
      first.exchange("s", new Map([[two, Uint8Array.of(1)]]), new Map()),
      second.exchange("s", new Map(), new Map([[one, 1]])),
    ]);
    assert.deepEqual([...(received.get(one) ?? [])], [42]);
    assert.deepEqual(seen, ["s 1->2 1"]);
  });

  it("loses a frame for which the interceptor returns null", async () => {
    const networks = loopbackNetworks([one, two], { timeoutMs: 20, intercept: () => null });
    const [first, second] = networks;
    assert(first !== undefined && second !== undefined);
    await first.exchange("s", new Map([[two, Uint8Array.of(1)]]), new Map());
    await assert.rejects(second.exchange("s", new Map(), new Map([[one, 1]])), (error) =>
      isCoded(error, "NETWORK_TIMEOUT"),
    );
  });
});
