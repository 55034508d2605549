import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toBeHex } from "ethers";
import { chooseParticipants, proposerOf, rankOf } from "../../../workers/node/participants.ts";
import { type PartyIndex, partiesOf, subsets } from "../../../workers/sharing/parties.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";

/** Every size whose committees can spare a member. */
const SIZES = [4, 5, 6, 7].flatMap((n) => [1, 2, 3].map((t) => ({ n, t }))).filter(({ n, t }) => n > 2 * t + 1);

function choose(n: number, k: number): number {
  return Array.from({ length: k }, (_, i) => (n - i) / (i + 1)).reduce((product, factor) => product * factor, 1);
}

describe("chooseParticipants", () => {
  for (const { n, t } of SIZES) {
    it(`n = ${n}, t = ${t}: leaves out any members that make attempts fail, within n · C(n - 1, 2t) attempts`, () => {
      const bound = n * Math.round(choose(n - 1, 2 * t));
      const ids = fc.bigInt({ min: 0n, max: (1n << 256n) - 1n });
      fc.assert(
        fc.property(ids, fc.bigInt({ min: 1n, max: 1n << 31n }), (id, from) => {
          const requestId = toBeHex(id, 32);
          const runs = Array.from({ length: bound }, (_, i) => {
            const attempt = from + BigInt(i);
            const proposer = proposerOf(requestId, attempt, n);
            const others = partiesOf(n).filter((party) => party !== proposer);
            return { proposer, chosen: chooseParticipants(proposer, attempt, others, { n, t })! };
          });
          for (const bad of subsets(partiesOf(n), n - 2 * t - 1)) {
            for (const honest of partiesOf(n).filter((party) => !bad.includes(party))) {
              const good = runs.find(
                ({ proposer, chosen }) => proposer === honest && !chosen.some((party) => bad.includes(party)),
              );
              assert.ok(good !== undefined, `proposer ${honest} never leaves out ${bad.join(", ")}`);
            }
          }
        }),
        { numRuns: Math.ceil(budget.propertyRuns / 20) },
      );
    });
  }

  it("takes connected members only, the proposer among them, ascending, each once", () => {
    const size = { n: 7, t: 2 };
    const [self, connected] = [4 as PartyIndex, [1, 2, 5, 6, 7] as PartyIndex[]];
    const chosen = Array.from({ length: 35 }, (_, i) => chooseParticipants(self, BigInt(i), connected, size)!);
    for (const participants of chosen) {
      assert.equal(new Set(participants).size, 5);
      assert.ok(participants.includes(self) && !participants.includes(3 as PartyIndex));
      assert.deepEqual(
        participants,
        [...participants].sort((a, b) => a - b),
      );
    }
    assert.equal(new Set(chosen.map(String)).size, 5, "all C(5, 4) choices have their turn");
    assert.equal(chooseParticipants(self, 1n, connected.slice(2), size), undefined);
  });

  it("gives every member each rank once", () => {
    const requestId = toBeHex(5, 32);
    const ranks = partiesOf(5).map((party) => rankOf(requestId, 3n, party, 5));
    assert.deepEqual([...ranks].sort(), [0, 1, 2, 3, 4]);
    assert.equal(rankOf(requestId, 3n, proposerOf(requestId, 3n, 5), 5), 0);
  });
});
