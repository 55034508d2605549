/** How a query's text stands in a list. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlLine } from "../../scripts/listQueries.ts";
import { command as listForQuerier } from "../../scripts/querier/list.ts";
import { command as listForVetter } from "../../scripts/vetter/list.ts";

describe("a query's text in a list", () => {
  it("is one line, without what escapes would make of its breaks", () => {
    assert.equal(sqlLine("SELECT arm,\n       COUNT(*)\r\nFROM trial\n"), "SELECT arm, COUNT(*) FROM trial");
    for (const { print } of [listForQuerier, listForVetter]) {
      const row = { queryHash: "0x1", sql: "SELECT COUNT(*)\nFROM trial" };
      assert.match(print!([row] as never), /^0x1 +SELECT COUNT\(\*\) FROM trial$/m);
      assert.equal(print!([]), "(none)");
    }
  });

  it("stays as it is with a comment that a line's end closes", () => {
    const commented = "SELECT COUNT(*) -- all\nFROM trial";
    assert.equal(sqlLine(commented), commented);
  });
});
