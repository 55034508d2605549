/** A report as people read it: what needs attention first, then totals. */
import type { ConformanceReport } from "./conformanceRun.ts";

export function reportText({ queries, pass, refused, unsupported, fail }: ConformanceReport): string {
  const failures = queries.filter(({ verdict }) => verdict === "FAIL");
  const lines = failures.map(({ id, reason }) => `FAIL ${id}: ${reason}`);
  const kinds = new Set(queries.flatMap(({ kind, verdict }) => (verdict === "unsupported" ? [kind] : [])));
  const named = kinds.size === 0 ? "" : ` (${[...kinds].sort().join(", ")})`;
  return [...lines, `pass ${pass}, refused ${refused}, unsupported ${unsupported}${named}, FAIL ${fail}`].join("\n");
}
