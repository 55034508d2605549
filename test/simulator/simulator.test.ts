/**
 * The whole network on one seed, again and again. A seed that fails prints how to run it alone:
 *
 *   OPALINE_SIMULATION=17 OPALINE_COMMITTEE=4,1 node --test test/simulator/simulator.test.ts
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { budget } from "../budget.ts";
import type { CommitteeSize } from "./foundedChain.ts";
import { type SeedReport, runSeed } from "./runSeed.ts";

const SMALL: readonly CommitteeSize[] = [
  { n: 3, t: 1 },
  { n: 4, t: 1 },
];
/** Every size that the registry appoints; the large ones are slow. */
const ALL: readonly CommitteeSize[] = [
  ...SMALL,
  { n: 5, t: 1 },
  { n: 5, t: 2 },
  { n: 6, t: 2 },
  { n: 7, t: 2 },
  { n: 7, t: 3 },
];

function sizeOf(seed: number): CommitteeSize {
  const given = process.env["OPALINE_COMMITTEE"]?.split(",").map(Number);
  if (given !== undefined) return { n: given[0]!, t: given[1]! };
  const sizes = budget.deep ? ALL : SMALL;
  return sizes[seed % sizes.length]!;
}

function seeds(): number[] {
  const given = process.env["OPALINE_SIMULATION"];
  return given === undefined ? Array.from({ length: budget.simulatedSeeds }, (_, i) => i + 1) : [Number(given)];
}

/** What to read, and how to see it again. */
function story({ seed, operations, violations }: SeedReport, { n, t }: CommitteeSize): string {
  const again = `OPALINE_SIMULATION=${seed} OPALINE_COMMITTEE=${n},${t} node --test test/simulator/simulator.test.ts`;
  return [`seed ${seed}, n ${n}, t ${t}:`, ...violations, "after", ...operations, `again: ${again}`].join("\n");
}

describe("a network of workers, its chain and an adversary", () => {
  it(`keeps its promises on ${seeds().length} seeds of ${budget.simulatedOperations} operations`, async () => {
    const ends: Record<string, number> = {};
    let lies = 0;
    for (const seed of seeds()) {
      const size = sizeOf(seed);
      const report = await runSeed({ ...size, seed, operations: budget.simulatedOperations });
      assert.ok(report.violations.length === 0, story(report, size));
      for (const [name, count] of Object.entries(report.ends)) ends[name] = (ends[name] ?? 0) + count;
      lies += report.lies;
    }
    // A simulation in which nothing is answered, or nobody lies, would say little.
    const isTelling =
      (ends["outputs shown"] ?? 0) > seeds().length && (ends["sealed answers read"] ?? 0) > 0 && lies > 0;
    if (seeds().length > 1) assert.ok(isTelling, JSON.stringify(ends));
  });

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
