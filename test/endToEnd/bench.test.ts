/** The MPC benchmark at small sizes: it measures every workload, compares every result, and leaves no process behind. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { runProgram } from "../support/runProgram.ts";

const FIGURES = ["w1PerSecond", "w2Seconds", "w3Seconds", "w3ColdSeconds", "w3EncodeSeconds", "w4Seconds", "w5Seconds"];
const SWEEP_FIGURES = ["rows", "seconds", "coldSeconds", "rounds", "sentBytes", "peakMemoryBytes"];

describe("npm run bench", () => {
  it("mpc --quick --json prints one object with every figure", async () => {
    const { code, stdout, stderr } = await runProgram("test/bench/main.ts", ["mpc", "--quick", "--json"]);
    assert.equal(code, 0, stderr);
    const { sweep, ...figures } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual(Object.keys(figures), FIGURES);
    for (const figure of Object.values(figures)) assert((figure as number) > 0);
    const rows = sweep as Record<string, number>[];
    assert.deepEqual(
      rows.map((row) => row["rows"]),
      [100, 200],
    );
    for (const row of rows) {
      assert.deepEqual(Object.keys(row), SWEEP_FIGURES);
      for (const figure of Object.values(row)) assert(figure > 0);
    }
    assert(rows[0]!["sentBytes"]! < rows[1]!["sentBytes"]!);
  });

  it("refuses a name it does not know", async () => {
    const { code, stderr } = await runProgram("test/bench/main.ts", ["nothing"]);
    assert.equal(code, 1);
    assert.match(stderr, /no benchmark "nothing"; known: kernel, mpc/);
  });
});
