/** The demonstration's result as a person reads it. */
import { tableOf } from "../printValue.ts";
import type { Cell } from "../querier/answerReport.ts";
import type { DemoAnswer, DemoReport } from "./steps.ts";

const SHOWN_DIGITS = 8;

export function printDemo({ answers, committee, security, audit, gas, seconds }: DemoReport): string {
  const requests = new Set(answers.map(({ requestId }) => requestId));
  const events = audit.events.filter(({ subject }) => requests.has(subject));
  const verdict = answers.every(({ equal }) => equal)
    ? "Every answer equals the clear-text answer."
    : "ANSWERS DIFFER.";
  return [
    ...answers.flatMap(answerLines),
    "",
    `Audit trail of the requests (${audit.events.length} records in all, ${audit.verified ? "verified" : "NOT VERIFIED"})`,
    tableOf(
      ["#", "block", "act", "request", "actor"],
      events.map(({ sequence, block, act, subject, actor }) => [
        sequence,
        block,
        act,
        `${subject.slice(0, 10)}…`,
        actor,
      ]),
    ),
    "",
    tableOf(
      ["stage", "seconds", "gas"],
      Object.keys(seconds).map((stage) => [stage, seconds[stage], gas[stage] ?? null]),
    ),
    "",
    `Committee: n = ${committee.n}, t = ${committee.t} (a demonstration). ${security}`,
    verdict,
  ].join("\n");
}

/** The network's answer beside the clear-text answer. */
function answerLines({ sql, parameters, requestId, assurance, columns, rows, clear, equal }: DemoAnswer): string[] {
  const given = Object.entries(parameters).map(([name, value]) => `${name} = ${value}`);
  const numeric = columns.flatMap((_, column) => (rows.some((row) => typeof row[column] === "number") ? [column] : []));
  const sideBySide = Array.from({ length: Math.max(rows.length, clear.length) }, (_, row) => [
    ...columns.map((_name, column) => shorten(rows[row]?.[column])),
    ...numeric.map((column) => shorten(clear[row]?.[column])),
  ]);
  return [
    "",
    sql,
    `with ${given.join(", ")}: request ${requestId}, assurance ${assurance}`,
    tableOf([...columns, ...numeric.map((column) => `clear ${columns[column]}`)], sideBySide),
    equal ? "equal to the clear-text answer" : "NOT equal to the clear-text answer",
  ];
}

/** For reading; the comparison was made with all digits. */
function shorten(cell: Cell | undefined): Cell | undefined {
  return typeof cell === "number" ? Number(cell.toPrecision(SHOWN_DIGITS)) : cell;
}
