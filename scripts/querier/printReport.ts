/** An answer as a person reads it: the table, and what it rests on. */
import { legibleLine, legibleText } from "../legibleText.ts";
import { type AnswerReport, readCommand } from "./answerReport.ts";
import { answerText } from "./answerText.ts";
import { hiddenLines } from "./disclosureTexts.ts";
import type { Dispute } from "./requestEvents.ts";

export function printReport(report: AnswerReport): string {
  const { n, t, demonstration } = report.committee;
  const parameters = Object.entries(report.parameters).map(([name, value]) => `${name} = ${value}`);
  const lines = [
    // Indented: its lines cannot be taken for what the report says itself.
    legibleText(report.sql).replace(/^/gm, "  "),
    ...(parameters.length === 0 ? [] : [`with ${legibleLine(parameters.join(", "))}`]),
    "",
    ...(report.state === "ANSWERED" ? answerLines(report) : [noAnswer(report)]),
    ...(report.dispute === undefined ? [] : ["", disputeLine(report.dispute)]),
    "",
    `request    ${report.requestId}`,
    `state      ${report.state}, assurance ${report.assurance}`,
    `committee  n = ${n}, t = ${t}${demonstration ? " (a demonstration, not for production)" : ""}`,
    `datasets   ${report.datasets}`,
    ...(report.recipients.length === 0 ? [] : [`sealed to  ${legibleLine(report.recipients.join(", "))}`]),
  ];
  return lines.join("\n");
}

function answerLines({ requestId, columns, rows, suppression, k, isReadable }: AnswerReport): string[] {
  const hidden = suppression === undefined ? [] : hiddenLines(suppression, k);
  const answer = isReadable
    ? answerText(columns, rows)
    : `sealed; a recipient reads it with \`${readCommand(requestId)}\``;
  return [answer, ...(hidden.length === 0 ? [] : ["", ...hidden])];
}

function disputeLine({ outcome, attempt, outputs, transaction }: Dispute): string {
  const what = outputs.length === 0 ? outcome : `${outcome} with the outputs ${outputs.join(", ")}`;
  return `DISPUTED: a quorum of workers also signed ${what} (attempt ${attempt}, transaction ${transaction}); do not rely on this`;
}

function noAnswer({ requestId, state, outcome, reason }: AnswerReport): string {
  if (state === "REQUESTED")
    return `not answered yet; read it later: \`opaline querier answer --request ${requestId}\``;
  if (state === "EXPIRED")
    return "no answer: EXPIRED (nobody answered by its deadline; the price is the querier's again: `opaline querier withdraw`)";
  return `no answer: ${outcome ?? state}${reason === undefined ? "" : ` (${reason})`}`;
}
