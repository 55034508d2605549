import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { GroupRisk } from "../../../workers/statistics/logRank.ts";
import { logRank } from "../../../workers/statistics/logRank.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { assertAllClose, assertClose, assertPlain } from "./numbers.ts";
import { decimalsOf, groupRows, referenceQueries, scaled } from "./referenceAnswers.ts";
import type { FollowUp } from "./survivalRows.ts";
import { groupRisks } from "./survivalRows.ts";

const property = { numRuns: budget.propertyRuns };
const subjects = fc.array(fc.record({ time: fc.bigInt({ min: 0n, max: 10n }), event: fc.boolean() }), {
  maxLength: 15,
});

interface LogRankQuery {
  readonly time: string;
  readonly status: string;
  readonly event: number;
  readonly group_by: string;
  readonly strata?: string;
}
interface ExpectedLogRank {
  readonly logrank?: {
    readonly groups: readonly string[];
    readonly observed: readonly number[];
    readonly expected: readonly number[];
    readonly chisq: number;
    readonly df: number;
    readonly p: number;
  };
}

/** O − E and its variance in the first of two groups, by the textbook's table per time. */
function twoGroups(times: readonly GroupRisk[]): { excess: number; variance: number } {
  let [excess, variance] = [0, 0];
  for (const { atRisk, events } of times) {
    const [[n1, n2], [d1, d2]] = [atRisk.map(Number), events.map(Number)] as [[number, number], [number, number]];
    const [n, d] = [n1 + n2, d1 + d2];
    if (d === 0) continue;
    excess += d1 - (d * n1) / n;
    if (n > 1) variance += (d * (n1 / n) * (n2 / n) * (n - d)) / (n - 1);
  }
  return { excess, variance };
}

describe("logRank", () => {
  for (const { id, query, rows, expected } of referenceQueries<LogRankQuery, ExpectedLogRank>("km_logrank")) {
    const reference = expected.logrank;
    if (reference === undefined) continue;
    it(`gives R's survdiff: ${id}`, () => {
      const decimals = decimalsOf(rows, query.time);
      const used = rows.filter((row) => [query.time, query.status, query.group_by].every((name) => row[name] !== ""));
      const strata = [...groupRows(used, query.strata).values()].map((members) => {
        const groups = reference.groups.map((group) => members.filter((row) => row[query.group_by] === group));
        return groupRisks(
          groups.map((group) =>
            group.map((row): FollowUp => ({
              time: scaled(row[query.time]!, decimals),
              event: Number(row[query.status]) === query.event,
            })),
          ),
        );
      });
      const found = logRank(reference.groups.length, strata);
      assertPlain(found);
      assert.deepEqual([found.observed, found.df], [reference.observed, reference.df]);
      assertAllClose(found.expected, reference.expected, "expected");
      assertClose(found.chiSquare, reference.chisq, "χ²");
      assertClose(found.p, reference.p, "p");
    });
  }

  it("is the textbook's sum for two groups, alike from either side", () => {
    fc.assert(
      fc.property(subjects, subjects, (a, b) => {
        const times = groupRisks([a, b]);
        const found = logRank(2, [times]);
        assertPlain(found);
        const { excess, variance } = twoGroups(times);
        const swapped = logRank(2, [groupRisks([b, a])]);
        assert.deepEqual(
          [swapped.chiSquare, swapped.p, swapped.df, [...swapped.observed].reverse(), [...swapped.expected].reverse()],
          [found.chiSquare, found.p, found.df, found.observed, found.expected],
        );
        assertClose(found.observed[0]! - found.expected[0]!, excess, "O − E", 1e-9, 1e-12);
        const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
        assertClose(total(found.expected), total(found.observed), "Σ E = Σ O", 1e-12, 1e-12);
        if (found.df === 0) assertClose(variance, 0, "variance", 0, 1e-15);
        else assertClose(found.chiSquare, excess ** 2 / variance, "χ²", 1e-9, 1e-12);
      }),
      property,
    );
  });

  it("does not depend on the groups' order, empty groups, the strata's order or the unit of time", () => {
    const groups = fc.array(subjects, { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(groups, groups, (first, second) => {
        const found = logRank(3, [groupRisks(first), groupRisks(second)]);
        assertPlain(found);
        const { chiSquare, df, p } = found;
        const same = [
          logRank(3, [groupRisks(second), groupRisks(first), []]),
          logRank(
            3,
            [first, second].map((stratum) => groupRisks([...stratum].reverse())),
          ),
          logRank(
            4,
            [first, second].map((stratum) => groupRisks([stratum[0]!, [], ...stratum.slice(1)])),
          ),
          logRank(
            3,
            [first, second].map((stratum) =>
              groupRisks(stratum.map((group) => group.map(({ time, event }) => ({ time: 7n * time, event })))),
            ),
          ),
        ];
        for (const other of same) assert.deepEqual([other.chiSquare, other.df, other.p], [chiSquare, df, p]);
      }),
      property,
    );
  });

  it("finds nothing between a group and its copy", () => {
    fc.assert(
      fc.property(subjects, (sample) => {
        const { chiSquare, p, df } = logRank(2, [groupRisks([sample, sample])]);
        if (df === 1) assert.deepEqual([chiSquare, p], [0, 1]);
        else assert.deepEqual([chiSquare, p], [null, null]);
      }),
      property,
    );
  });

  const sample = (...times: number[]): FollowUp[] =>
    times.map((time) => ({ time: BigInt(Math.abs(time)), event: time > 0 }));

  it("is null without events, without subjects, or where no two groups are ever at risk together", () => {
    const untested = { chiSquare: null, df: 0, p: null };
    assert.deepEqual(logRank(2, []), { observed: [0, 0], expected: [0, 0], ...untested });
    assert.deepEqual(logRank(2, [groupRisks([sample(-3, -5), sample(-4)])]), {
      observed: [0, 0],
      expected: [0, 0],
      ...untested,
    });
    assert.deepEqual(logRank(2, [groupRisks([sample(3, 5, 5), []])]), {
      observed: [3, 0],
      expected: [3, 0],
      ...untested,
    });
    // Each group alone in its stratum.
    assert.deepEqual(logRank(2, [groupRisks([sample(3, 5), []]), groupRisks([[], sample(2)])]), {
      observed: [2, 1],
      expected: [2, 1],
      ...untested,
    });
    assert.deepEqual(logRank(1, [groupRisks([sample(3, 5, 5)])]), { observed: [3], expected: [3], ...untested });
    // Everyone at risk has the event: no variance.
    assert.deepEqual(logRank(2, [groupRisks([sample(1, 1), sample(1)])]), {
      observed: [2, 1],
      expected: [2, 1],
      ...untested,
    });
  });

  it("has one degree of freedom less for each set of groups that never meets the others", () => {
    // Groups 0 and 1 in one stratum, 2 and 3 in the other: the statistic is the sum of the two.
    const [a, b, c, d] = [sample(1, 3, -4, 6), sample(2, -2, 5), sample(1, 2, -9), sample(4, 7, 8)];
    const both = logRank(4, [groupRisks([a, b, [], []]), groupRisks([[], [], c, d])]);
    const [first, second] = [logRank(2, [groupRisks([a, b])]), logRank(2, [groupRisks([c, d])])];
    assert.equal(both.df, 2);
    assertClose(both.chiSquare, first.chiSquare! + second.chiSquare!, "χ²", 1e-14);
  });

  it("takes ties at time 0", () => {
    const { observed, expected, df } = logRank(2, [groupRisks([sample(-0, 1, 1), sample(1, 2)])]);
    assert.deepEqual([observed, df], [[2, 2], 1]);
    assertAllClose(expected, [1.5, 2.5], "expected", 1e-15);
    const zero = [
      { time: 0n, event: true },
      { time: 0n, event: true },
      { time: 2n, event: true },
    ];
    assert.equal(logRank(2, [groupRisks([zero, sample(1, 2)])]).df, 1);
  });

  it("refuses counts that no follow-up has", () => {
    const refused = { detail: { code: "ANSWER_INCONSISTENT", statistic: "log-rank" } };
    assert.throws(() => logRank(2, [[{ atRisk: [3n, 2n], events: [4n, 0n] }]]), refused);
    assert.throws(() => logRank(2, [[{ atRisk: [3n, 2n], events: [0n, -1n] }]]), refused);
  });
});
