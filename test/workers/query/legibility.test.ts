import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findUnseen, requireLegible } from "../../../workers/query/legibility.ts";

describe("requireLegible", () => {
  it("takes every script, signs, tabs and line ends", () => {
    for (const text of ["", "Ärzte & 東京 — „ok“ 𝔘 😀 é e\u0301", "a\n\tb\r\nc", "a\u00a0b"]) {
      assert.equal(findUnseen(text), undefined, text);
    }
  });

  it("names the first unseen character, its line and column in characters", () => {
    assert.throws(() => requireLegible("the agreement", "line 1\n𝔘é\u200dx\u202e"), {
      detail: { code: "TEXT_NOT_LEGIBLE", character: "U+200D", line: 2, column: 3 },
      message: "the agreement, line 2, column 3: the invisible character U+200D is not allowed",
    });
    assert.deepEqual(findUnseen("a\rb"), { character: "U+000D", line: 1, column: 2 });
  });

  it("refuses every format, private-use, surrogate and default-ignorable code point", () => {
    const wanted = /[\p{Cf}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}]/u;
    for (let point = 0; point <= 0x10ffff; point++) {
      const text = String.fromCodePoint(point);
      if (wanted.test(text)) assert.notEqual(findUnseen(text), undefined, point.toString(16));
    }
  });
});
