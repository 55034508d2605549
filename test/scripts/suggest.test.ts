import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { editDistance, suggest } from "../../scripts/suggest.ts";
import { budget } from "../budget.ts";
import { fc } from "../support/fastCheck.ts";

describe("editDistance", () => {
  it("counts insertions, deletions, substitutions and swaps of neighbours", () => {
    assert.equal(editDistance("", "abc"), 3);
    assert.equal(editDistance("querier", "querir"), 1);
    assert.equal(editDistance("reqeust", "request"), 1);
    assert.equal(editDistance("admin", "vetter"), 6);
  });

  it("is symmetric, and zero only for equal words", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        assert.equal(editDistance(a, b), editDistance(b, a));
        assert.equal(editDistance(a, b) === 0, a === b);
      }),
      { numRuns: budget.propertyRuns },
    );
  });
});

describe("suggest", () => {
  it("names the nearest known word", () => {
    assert.equal(suggest("querrier", ["admin", "querier", "vetter"]), "querier");
    assert.equal(suggest("reqest", ["answer", "request", "expire"]), "request");
  });

  it("completes a word whose beginning only one known word has", () => {
    assert.equal(suggest("params", ["parameter", "keystore", "query"]), "parameter");
    assert.equal(suggest("params", ["parameter-set", "parameter-file"]), undefined);
  });

  it("says nothing when no word is near", () => {
    assert.equal(suggest("hospital", ["admin", "querier", "vetter"]), undefined);
  });
});
