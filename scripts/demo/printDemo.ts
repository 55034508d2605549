/** The demonstration's result as a person reads it. */
import { isHidden } from "#statistics";
import { tableOf } from "../printValue.ts";
import type { Cell } from "../querier/answerReport.ts";
import { hiddenLines } from "../querier/disclosureTexts.ts";
import type { DemoAnswer, DemoRefusal } from "./comparedRequests.ts";
import type { DemoReport } from "./steps.ts";

const SHOWN_DIGITS = 8;

export function printDemo({ answers, refusals, committee, security, audit, gas, seconds }: DemoReport): string {
  const requests = new Set([...answers, ...refusals].map(({ requestId }) => requestId));
  const events = audit.events.filter(({ subject }) => requests.has(subject));
  return [
    ...answers.flatMap(answerLines),
    ...refusals.flatMap(refusalLines),
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
    verdictLine(answers, refusals),
  ].join("\n");
}

function verdictLine(answers: readonly DemoAnswer[], refusals: readonly DemoRefusal[]): string {
  if (!answers.every(({ equal }) => equal)) return "ANSWERS DIFFER.";
  if (!refusals.every(({ refused }) => refused)) return "A REQUEST WAS ANSWERED THAT MUST BE REFUSED.";
  const hidden = answers.some(({ rows }) => rows.flat().some(isHidden));
  return hidden
    ? "Every number shown equals the clear-text answer; hidden is what must be."
    : "Every answer equals the clear-text answer.";
}

/** The network's answer beside the clear-text answer. */
function answerLines(answer: DemoAnswer): string[] {
  const { sql, parameters, requestId, assurance, columns, rows, suppression, k, clear, equal } = answer;
  const isNumber = (value: unknown): boolean => typeof value === "number" || isHidden(value);
  const numeric = columns.flatMap((_, column) => (rows.some((row) => isNumber(row[column])) ? [column] : []));
  const sideBySide = Array.from({ length: Math.max(rows.length, clear.length) }, (_, row) => [
    ...columns.map((_name, column) => shorten(rows[row]?.[column])),
    ...numeric.map((column) => shorten(clear[row]?.[column])),
  ]);
  return [
    "",
    sql,
    `with ${givenText(parameters)}: request ${requestId}, assurance ${assurance}`,
    tableOf([...columns, ...numeric.map((column) => `clear ${columns[column]}`)], sideBySide),
    ...(suppression === undefined ? [] : hiddenLines(suppression, k)),
    equal ? "equal to the clear-text answer wherever it is shown" : "NOT equal to the clear-text answer",
  ];
}

function refusalLines({ sql, parameters, requestId, state, reason, refused }: DemoRefusal): string[] {
  return [
    "",
    sql,
    `with ${givenText(parameters)}: request ${requestId}, ${state}`,
    refused ? `refused, as it must be: ${reason}` : "NOT refused",
  ];
}

function givenText(parameters: DemoAnswer["parameters"]): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name} = ${value}`)
    .join(", ");
}

/** For reading; the comparison was made with all digits. */
function shorten(cell: Cell | undefined): Cell | undefined {
  return typeof cell === "number" ? Number(cell.toPrecision(SHOWN_DIGITS)) : cell;
}
