/** That what Hardhat prints is read as it is meant. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { failedTests, readCoverage, tooLow } from "./coverageTable.ts";

const TABLE = `
╔═══════════════════════════════════╗
║ File Coverage                     ║
╟──────────────────────┬────────┬─────────────┬───────────────────────────╢
║ File Path            │ Line % │ Statement % │ Uncovered Lines           ║
╟──────────────────────┼────────┼─────────────┼───────────────────────────╢
║ contracts/a/A.sol    │ 94.99  │ 100.00      │ 20-22, 24-32              ║
║ contracts/mocks/M.sol │ 0.00   │ 0.00        │ 10, 20                   ║
║ contracts/b/B.sol    │ 95.00  │ 95.00       │ -                         ║
╟──────────────────────┼────────┼─────────────┼───────────────────────────╢
║ Total                │ 97.50  │ 96.25       │                           ║
╚══════════════════════╧════════╧═════════════╧═══════════════════════════╝
`;

describe("readCoverage", () => {
  const a = { name: "contracts/a/A.sol", linePercent: 94.99, statementPercent: 100 };
  const b = { name: "contracts/b/B.sol", linePercent: 95, statementPercent: 95 };
  const total = { name: "Total", linePercent: 97.5, statementPercent: 96.25 };

  it("gives every file but the test doubles, and the total", () => {
    assert.deepEqual(readCoverage(TABLE), { deployed: [a, b], total });
  });
  it("says so where there is no table", () => {
    assert.throws(() => readCoverage("8 passing"), /Hardhat printed no coverage/);
  });
  it("finds what is below the least, in lines or statements", () => {
    assert.deepEqual(tooLow([a, b, { ...b, statementPercent: 94 }], 95), [a, { ...b, statementPercent: 94 }]);
  });
});

describe("failedTests", () => {
  it("gives the names, without how long they took", () => {
    const told =
      "  Escrow\n    hold\n      ✔ keeps it (3ms)\n      1) refuses (all) of it (12ms)\n    2) testFuzz_x(uint8)\n";
    const summary = "\n  1 passing (20ms)\n  2 failing\n\n  1) Escrow\n       hold\n         refuses (all) of it:\n";
    assert.deepEqual(failedTests(told + summary), ["refuses (all) of it", "testFuzz_x(uint8)"]);
  });
  it("gives none where none failed", () => {
    assert.deepEqual(failedTests("    ✔ keeps it\n\n  1 passing (20ms)\n"), []);
  });
});
