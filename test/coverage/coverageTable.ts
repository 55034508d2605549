/** Reads what `hardhat test --coverage` prints: its table, and which tests failed. */

export interface FileCoverage {
  readonly name: string;
  readonly linePercent: number;
  readonly statementPercent: number;
}

const ROW = /^║ (\S+) +│ +([\d.]+) +│ +([\d.]+) +│/gm;

export interface Coverage {
  /** Without the test doubles. */
  readonly deployed: readonly FileCoverage[];
  /** As the table has it, doubles included. */
  readonly total: FileCoverage;
}

/** @throws Error where the output has no such table */
export function readCoverage(output: string): Coverage {
  const rows = [...output.matchAll(ROW)].map(([, name, lines, statements]) => ({
    name: name ?? "",
    linePercent: Number(lines),
    statementPercent: Number(statements),
  }));
  const total = rows.find(({ name }) => name === "Total");
  const deployed = rows.filter(({ name }) => name.startsWith("contracts/") && !name.startsWith("contracts/mocks/"));
  if (!total || deployed.length === 0) throw new Error("Hardhat printed no coverage");
  return { deployed, total };
}

export function tooLow(files: readonly FileCoverage[], leastPercent: number): FileCoverage[] {
  return files.filter((file) => Math.min(file.linePercent, file.statementPercent) < leastPercent);
}

/** By name, of Node's tests and Solidity's. */
export function failedTests(output: string): string[] {
  const [told = "", ...rest] = output.split(/^ *\d+ failing\b/m);
  if (rest.length === 0) return [];
  return [...told.matchAll(/^ {4,}\d+\) (.+?)(?: \(\d+ms\))?$/gm)].map(([, name]) => name ?? "");
}
