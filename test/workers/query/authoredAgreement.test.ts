/** How an agreement comes to name the query's author. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { authoredAgreement } from "../../../workers/query/authoredAgreement.ts";

const AUTHOR = "0x37AfE975D397D07A40f72Ff98A5f8207d66405a2";

describe("authoredAgreement", () => {
  it("adds the account at the end, in small letters", () => {
    assert.equal(
      authoredAgreement("Only for the study.", AUTHOR),
      "Only for the study. The query's author: 0x37afe975d397d07a40f72ff98a5f8207d66405a2",
    );
  });
  it("leaves a text that ends with it", () => {
    const text = authoredAgreement("Only for the study.", AUTHOR);
    assert.equal(authoredAgreement(text, AUTHOR), text);
  });
  it("does not take another account, nor capital letters, nor a name before the end, for it", () => {
    const other = authoredAgreement("Mine.", "0x6AB45B5c7708493Da549662D229891C94127255B");
    for (const text of [other, `Mine. ${AUTHOR}`, `${AUTHOR.toLowerCase()}.`]) {
      assert.equal(authoredAgreement(text, AUTHOR), `${text} The query's author: ${AUTHOR.toLowerCase()}`);
    }
  });
});
