import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { id } from "ethers";
import { WHOLE_BLOCK } from "../../../workers/chain/follower.ts";
import { handledBlock } from "../../../workers/node/following.ts";
import { storeFolder } from "../store/storeFixture.ts";

describe("handledBlock", () => {
  it("is the last block of which nothing is left", (test) => {
    const store = storeFolder(test).open();
    assert.equal(handledBlock(store), undefined);
    store.cursors.write("chain", { block: 9, blockHash: id("9"), logIndex: 4 });
    assert.equal(handledBlock(store), 8);
    store.cursors.write("chain", { block: 9, blockHash: id("9"), logIndex: WHOLE_BLOCK });
    assert.equal(handledBlock(store), 9);
  });
});
