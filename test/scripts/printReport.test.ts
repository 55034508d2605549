import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { Outcome } from "../../workers/messages/statement.ts";
import { HIDDEN } from "../../workers/statistics/hidden.ts";
import type { AnswerReport } from "../../scripts/querier/answerReport.ts";
import { REASONS, TOO_SMALL_OR_CLOSE, hiddenLines } from "../../scripts/querier/disclosureTexts.ts";
import { printReport } from "../../scripts/querier/printReport.ts";

const REPORT: AnswerReport = {
  requestId: "0x1",
  queryHash: "0x2",
  sql: "SELECT arm, COUNT(*) FROM trial GROUP BY arm",
  parameters: {},
  state: "ANSWERED",
  outcome: undefined,
  reason: undefined,
  assurance: "QUORUM",
  release: "PUBLIC",
  recipients: [],
  isReadable: true,
  columns: ["arm", "COUNT(*)"],
  rows: [
    ["control", 40],
    ["drug A", HIDDEN],
  ],
  suppression: { cells: 2, hidden: 1, partlyHidden: 0 },
  k: 11,
  committee: { n: 4, t: 1, demonstration: false },
  datasets: 1,
  attempt: 1n,
  requestBlock: 1n,
  deadlineBlock: 2n,
  transaction: "0x3",
  dispute: undefined,
};

describe("printReport", () => {
  it("says of a sealed answer whom it is sealed to, how they read it, and what is hidden", () => {
    const recipients = [`0x02${"11".repeat(32)}`, `0x03${"22".repeat(32)}`];
    const sealed = { ...REPORT, release: "SEALED", recipients };
    const closed = printReport({ ...sealed, isReadable: false, columns: [], rows: [] });
    assert.match(closed, /^sealed; a recipient reads it with `opaline querier answer --request 0x1 --keystore/m);
    assert.match(closed, /^1 of 2 cells is hidden/m);
    assert.match(printReport(sealed), /^control {8}40$/m);
    for (const text of [closed, printReport(sealed)]) assert.ok(text.includes(`sealed to  ${recipients.join(", ")}`));
    assert.doesNotMatch(printReport(REPORT), /sealed/);
  });

  it("says of a request that expired where its price is", () => {
    const expired = printReport({ ...REPORT, state: "EXPIRED", columns: [], rows: [], suppression: undefined });
    assert.match(
      expired,
      /^no answer: EXPIRED \(nobody answered .* the price is the querier's again: `opaline querier withdraw`\)$/m,
    );
  });

  it("warns of an answer that another quorum contradicted, and of no other", () => {
    const signed = {
      requestId: "0x1",
      attempt: 2n,
      suppressedBitmap: "0x",
      statement: "0x5",
      transaction: "0x6",
      block: 9,
    };
    const refused = { ...signed, outcome: "REFUSED_DISCLOSURE", outputs: [] };
    const other = { ...signed, outcome: "ANSWERED", outputs: [41n, 12n] };
    const warned = (dispute: AnswerReport["dispute"]) => printReport({ ...REPORT, dispute });
    assert.match(
      warned(refused),
      /^DISPUTED: a quorum of workers also signed REFUSED_DISCLOSURE \(attempt 2, .* 0x6\)/m,
    );
    assert.match(warned(other), /^DISPUTED: .* also signed ANSWERED with the outputs 41, 12 \(attempt 2/m);
    assert.doesNotMatch(warned(undefined), /DISPUTED/);
  });

  it("says of a request that is not answered how to read it later", () => {
    const open = { ...REPORT, state: "REQUESTED", isReadable: false, columns: [], rows: [], suppression: undefined };
    assert.match(printReport(open), /^not answered yet; read it later: `opaline querier answer --request 0x1`$/m);
  });

  it("shows which cells are hidden, how many, and why", () => {
    const lines = printReport(REPORT).split("\n");
    assert.ok(lines.includes("control        40"), lines.join("\n"));
    assert.ok(lines.includes("drug A   (hidden)"));
    const why = lines.filter((line) =>
      line.startsWith("1 of 2 cells is hidden: a set of patients behind the number ("),
    );
    assert.equal(why.length, 1);
    assert.match(why[0]!, /\) has fewer than 11, or is too close to /);
    // The cell itself may have more.
    assert.doesNotMatch(why[0]!, /hidden: fewer/);
  });

  it("writes a test or a table below the rows it belongs to", () => {
    const test = {
      n: 80,
      rowTotals: [40, 40],
      columnTotals: [30, 50],
      chiSquare: 5.33,
      df: 1,
      p: 0.021,
      minExpected: 15,
    };
    const counts = [
      [20, 20],
      [10, HIDDEN],
    ];
    const crosstab = { rows: ["a", "b"], columns: ["0", "1"], counts, test: { ...test, twoByTwo: null } };
    const columns = ["arm", "CROSSTAB(x, y)"];
    const text = printReport({ ...REPORT, columns, rows: [["control", crosstab]] });
    assert.match(text, /^control$/m);
    assert.match(text, /^CROSSTAB\(x, y\), arm control$/m);
    assert.match(text, /chiSquare/);
    assert.match(text, /hidden/);
    assert.match(text, /^ {2}test\.p +0\.021$/m);
    const alone = printReport({ ...REPORT, columns: ["CROSSTAB(x, y)"], rows: [[HIDDEN]] });
    assert.match(alone, /^ *\(hidden\)$/m);
  });

  it("says nothing of hiding where nothing is hidden", () => {
    const report = { ...REPORT, rows: [["control", 40]], suppression: { cells: 2, hidden: 0, partlyHidden: 0 } };
    assert.doesNotMatch(printReport(report), /hidden/);
  });

  it("gives one reason for every disclosure refusal", () => {
    const reason = REASONS[Outcome.REFUSED_DISCLOSURE];
    assert.equal(reason, TOO_SMALL_OR_CLOSE);
    assert.equal(reason, "too small or too close to an earlier answer");
    const refused = {
      ...{ ...REPORT, state: "REFUSED", outcome: "REFUSED_DISCLOSURE", reason },
      ...{ columns: [], rows: [], suppression: undefined },
    };
    const line = "no answer: REFUSED_DISCLOSURE (too small or too close to an earlier answer)";
    assert.ok(printReport(refused).split("\n").includes(line));
    assert.ok(
      printReport({ ...refused, state: "EXPIRED", outcome: undefined, reason: undefined }).includes(
        "no answer: EXPIRED (nobody",
      ),
    );
  });
});

describe("hiddenLines", () => {
  it("counts cells that are hidden, and cells that are hidden in part", () => {
    assert.deepEqual(hiddenLines({ cells: 24, hidden: 0, partlyHidden: 0 }, 11), []);
    const [whole, part, ...more] = hiddenLines({ cells: 24, hidden: 3, partlyHidden: 2 }, 20);
    assert.match(
      whole!,
      /^3 of 24 cells are hidden: a set .* \(the cell, those who have the column, .* owner's\) has fewer than 20, or is too close/,
    );
    assert.match(part!, /^2 of 24 cells are hidden in part: a set .* has fewer than 20,/);
    assert.deepEqual(more, []);
    assert.match(hiddenLines({ cells: 1, hidden: 1, partlyHidden: 0 }, 5)[0]!, /^1 of 1 cell is hidden:/);
  });
});
