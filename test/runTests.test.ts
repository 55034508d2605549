/** The totals of a run count the tests of both runners. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { total } from "./runTests.ts";

describe("total", () => {
  it("adds what Node's processes and Hardhat say at the start of a line, and nothing that a test prints", () => {
    const node = (pass: number, fail: number) =>
      `ℹ tests ${pass + fail}\nℹ suites 1\nℹ pass ${pass}\nℹ fail ${fail}\nℹ cancelled 1\nℹ skipped 2\n`;
    const solidity = "  test/contracts/Some.t.sol:SomeTest\n\n  37 passing\n  3 failing\n  1 skipped\n";
    const printed = "ℹ pass 9 of 10\n    5 passing\n5 passing\n";
    const output = [solidity, node(4, 1), printed, node(20, 0)].join("");
    const totals = (["tests", "pass", "fail", "skipped"] as const).map((name) => total({ output }, name));
    assert.deepEqual(totals, [66, 61, 6, 5]);
    assert.equal(total({ output: printed }, "pass"), 0);
  });
});
