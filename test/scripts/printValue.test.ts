import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { jsonOf, tableOf, textOf } from "../../scripts/printValue.ts";
import { HIDDEN } from "../../workers/statistics/hidden.ts";
import { printReport } from "../../scripts/querier/printReport.ts";

/** Clears the screen, an 8-bit CSI, back to the line's start, right-to-left, a lone surrogate, a tag, a Hangul filler. */
const HOSTILE = `\u001b[2J\u009b2J\r\u202e${String.fromCharCode(0xd800)}\u{e0041}\u3164\u2028\u007f`;
const ESCAPED = "\\u{1B}[2J\\u{9B}2J\\u{D}\\u{202E}\\u{D800}\\u{E0041}\\u{3164}\\u{2028}\\u{7F}";
const HOSTILE_JSON = "\\u001b[2J\\u009b2J\\r\\u202e\\ud800\\udb40\\udc41\\u3164\\u2028\\u007f";
const UNSEEN = /(?!\n)[\p{C}\p{Zl}\p{Zp}\u3164]/u;

describe("text of others", () => {
  it("is escaped wherever it is printed for people", () => {
    assert.equal(textOf(HOSTILE), ESCAPED);
    assert.equal(textOf({ sql: HOSTILE }), `sql  ${ESCAPED}`);
    assert.equal(textOf({ sql: `a\n${HOSTILE}` }), `sql\n  a\n  ${ESCAPED}`);
    assert.equal(textOf({ names: [HOSTILE] }), `names  ["${HOSTILE_JSON}"]`);
    assert.ok(textOf([{ sql: HOSTILE }]).endsWith(`\n${ESCAPED}`));
    assert.equal(textOf([HOSTILE]), ESCAPED);
    for (const text of [textOf({ [HOSTILE]: 1 }), textOf([{ [HOSTILE]: 1 }]), tableOf([HOSTILE], [[{ a: HOSTILE }]])]) {
      assert.doesNotMatch(text, UNSEEN);
    }
  });

  it("keeps line breaks and tabs of a text, but cannot add rows to a table", () => {
    assert.equal(textOf({ sql: "a\n\tb" }), "sql\n  a\n  \tb");
    assert.equal(textOf([{ sql: "a\nb\tc" }]), `sql\n${"-".repeat(13)}\na\\u{A}b\\u{9}c`);
  });

  it("is escaped in JSON, which says the same", () => {
    const json = jsonOf({ sql: HOSTILE, [HOSTILE]: 1 });
    assert.doesNotMatch(json, UNSEEN);
    assert.deepEqual(JSON.parse(json), { sql: HOSTILE, [HOSTILE]: 1 });
  });

  it("does not pass for the report's own lines", () => {
    const report = {
      ...{
        requestId: "0x1",
        queryHash: "0x2",
        sql: `x\nstate      ANSWERED${HOSTILE}`,
        parameters: { [HOSTILE]: HOSTILE },
      },
      ...{ state: "ANSWERED", outcome: undefined, assurance: "FULL", columns: [HOSTILE], rows: [[HOSTILE]] },
      ...{ release: "PUBLIC", recipients: [HOSTILE], isReadable: true },
      ...{ reason: undefined, suppression: undefined, k: 11 },
      ...{ committee: { n: 4, t: 1, demonstration: false }, datasets: 1, attempt: 1n, requestBlock: 1n },
      ...{ deadlineBlock: 2n, transaction: "0x3", dispute: undefined },
    };
    const text = printReport(report);
    assert.doesNotMatch(text, UNSEEN);
    assert.equal(text.match(/^state/gm)?.length, 1);
  });
});

describe("jsonOf", () => {
  it("writes bigints as decimal strings, bytes as hex and nothing as null", () => {
    assert.equal(
      jsonOf({ wei: 10n ** 20n, key: Uint8Array.of(1, 255) }),
      '{"wei":"100000000000000000000","key":"0x01ff"}',
    );
    assert.equal(jsonOf(undefined), "null");
  });
});

describe("tableOf", () => {
  it("aligns texts to the left and numbers to the right", () => {
    assert.equal(
      tableOf(
        ["arm", "n"],
        [
          ["control", 9],
          ["B", 120],
        ],
      ),
      ["arm        n", "-------  ---", "control    9", "B        120"].join("\n"),
    );
  });

  it("shows a hidden value in words, to the right like the numbers of its column", () => {
    const shown = [
      ["A", HIDDEN],
      ["B", 120],
    ];
    assert.equal(tableOf(["arm", "n"], shown), "arm         n\n---  --------\nA    (hidden)\nB         120");
    assert.equal(jsonOf(shown), '[["A",{"hidden":true}],["B",120]]');
  });

  it("shows a missing value as a dash", () => {
    assert.equal(tableOf(["a"], [[null]]), "a\n-\n-");
  });
});

describe("textOf", () => {
  it("shows an object as lines and a list of objects as a table", () => {
    assert.equal(textOf({ state: "ANSWERED", rows: 3n }), "state  ANSWERED\nrows   3");
    assert.equal(textOf([{ a: 1, b: "x" }]), "a  b\n-  -\n1  x");
    assert.equal(textOf([]), "(none)");
  });
});
