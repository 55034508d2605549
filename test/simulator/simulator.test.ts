/**
 * The whole network on one seed, again and again. A seed that fails prints how to run it alone:
 *
 *   OPALINE_SIMULATION=17 OPALINE_COMMITTEE=4,1 node --test test/simulator/simulator.test.ts
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { budget } from "../budget.ts";
import { committees, sizeName } from "../workers/sharing/committees.ts";
import type { CommitteeSize } from "./foundedChain.ts";
import { type SeedReport, runSeed } from "./runSeed.ts";

/** The large ones are slow. */
const SMALL = committees.slice(0, 2);

/** The seeds by size, unless one of them is asked for. */
function seedsBySize(): { size: CommitteeSize; seeds: number[] }[] {
  const [one, given] = [process.env["OPALINE_SIMULATION"], process.env["OPALINE_COMMITTEE"]?.split(",").map(Number)];
  const sizes = given !== undefined ? [{ n: given[0]!, t: given[1]! }] : budget.deep ? committees : SMALL;
  const all = one === undefined ? Array.from({ length: budget.simulatedSeeds }, (_, i) => i + 1) : [Number(one)];
  return sizes.map((size, i) => ({ size, seeds: all.filter((seed) => seed % sizes.length === i) }));
}

/** What to read, and how to see it again. */
function story({ seed, operations, violations }: SeedReport, { n, t }: CommitteeSize): string {
  const again = `OPALINE_SIMULATION=${seed} OPALINE_COMMITTEE=${n},${t} node --test test/simulator/simulator.test.ts`;
  return [`seed ${seed}, n ${n}, t ${t}:`, ...violations, "after", ...operations, `again: ${again}`].join("\n");
}

describe("a network of workers, its chain and an adversary", () => {
  for (const { size, seeds } of seedsBySize().filter(({ seeds }) => seeds.length > 0)) {
    it(`keeps its promises on ${seeds.length} seeds of ${budget.simulatedOperations} operations, ${sizeName(size)}`, async () => {
      const ends: Record<string, number> = {};
      let lies = 0;
      for (const seed of seeds) {
        const report = await runSeed({ ...size, seed, operations: budget.simulatedOperations });
        assert.ok(report.violations.length === 0, story(report, size));
        for (const [name, count] of Object.entries(report.ends)) ends[name] = (ends[name] ?? 0) + count;
        lies += report.lies;
      }
      // A simulation in which nothing is answered, or nobody lies, would say little.
      const isTelling =
        (ends["outputs shown"] ?? 0) > seeds.length && (ends["sealed answers read"] ?? 0) > 0 && lies > 0;
      if (seeds.length > 1) assert.ok(isTelling, JSON.stringify(ends));
    });
  }

  it("does the same again on the same seed", async () => {
    const [first, second] = [
      await runSeed({ n: 4, t: 1, seed: 1_000, operations: 15 }),
      await runSeed({ n: 4, t: 1, seed: 1_000, operations: 15 }),
    ];
    assert.deepEqual(second, first);
    const other = await runSeed({ n: 4, t: 1, seed: 1_001, operations: 15 });
    assert.notEqual(other.traceHash, first.traceHash);
  });
});
