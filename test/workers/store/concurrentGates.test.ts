/** Two gates of one study at once: which of them may open, whatever the order of records and whoever is corrupt. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isCoded } from "../../../workers/errors.ts";
import { partiesOf, subsets } from "../../../workers/sharing/parties.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import type { Store } from "../../../workers/store/openStore.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { sizeName, supportedSizes } from "../sharing/committees.ts";
import { bytes32, storeFolder } from "./storeFixture.ts";

describe("participants of two gates", () => {
  for (const size of supportedSizes) {
    const { n, t } = size;
    const meets = n <= 3 * t + 1;
    it(`${meets ? "share an honest worker" : "may share none but corrupt ones"}, ${sizeName(size)}`, () => {
      const chosen = subsets(partiesOf(n), 2 * t + 1);
      const shared = chosen.flatMap((left) => chosen.map((right) => left.filter((party) => right.includes(party))));
      assert.equal(
        shared.every((both) => both.length > t),
        meets,
      );
    });
  }
});

describe("two gates at once", () => {
  const size = { n: 4, t: 1 };
  const parties = partiesOf(size.n);
  const chosen = subsets(parties, 2 * size.t + 1);
  const scenario = fc.record({
    gates: fc.tuple(fc.constantFrom(...chosen), fc.constantFrom(...chosen)),
    corrupt: fc.constantFrom(...parties),
    /** In which order the participants of both come to their records. */
    order: fc.shuffledSubarray(
      parties.flatMap((party) => [0, 1].map((gate) => ({ party, gate }))),
      { minLength: 2 * size.n },
    ),
    /** Whether the second gate was planned when it knew of the first. */
    informed: fc.boolean(),
  });

  it(`never both open and miss each other, ${sizeName(size)}`, (test) => {
    const stores = new Map<PartyIndex, Store>(parties.map((party) => [party, storeFolder(test).open()]));
    let run = 0;
    let [both, conflicts] = [0, 0];
    fc.assert(
      fc.property(scenario, ({ gates, corrupt, order, informed }) => {
        run += 1;
        const studyId = bytes32(`study ${run}`);
        const requests = [0, 1].map((gate) => bytes32(`request ${run} ${gate}`)) as [string, string];
        const histories = [[], informed ? [requests[0]] : []];
        const refused = [false, false];
        for (const { party, gate } of order) {
          if (!gates[gate]!.includes(party) || party === corrupt) continue;
          const recorded = records(stores.get(party)!, studyId, requests[gate]!, histories[gate]!);
          if (!recorded) refused[gate] = true;
        }
        const bothOpen = !refused[0] && !refused[1];
        if (bothOpen) both += 1;
        else conflicts += 1;
        assert.equal(bothOpen && !informed, false);
      }),
      { numRuns: budget.protocolRuns },
    );
    assert.ok(both > 0 && conflicts > 0, `${both} with both open, ${conflicts} with a conflict`);
  });

  /** Whether this honest worker lets the gate open. */
  function records(store: Store, studyId: string, requestId: string, history: readonly string[]): boolean {
    store.requests.insert({ requestId, queryContract: `0x${"ab".repeat(20)}`, block: 1, event: "{}" });
    store.requests.takeAttempt(requestId, 1n);
    try {
      const of = { requestId, studyId, attempt: 1n, overlaps: true, knownWhenPlanned: new Set<string>() };
      const planned = { requestIds: history, block: 1 };
      store.disclosures.recordAboutToOpen({ ...of, stage: "tests", history: planned });
      return true;
    } catch (error) {
      if (isCoded(error, "STORE_HISTORY_MOVED")) return false;
      throw error;
    }
  }
});
