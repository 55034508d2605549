import assert from "node:assert/strict";
import { type TestContext, describe, it } from "node:test";
import { getAddress } from "ethers";
import { storeFolder } from "./storeFixture.ts";

const [FIRST, SECOND] = ["a1", "b2"].map((byte) => getAddress(`0x${byte.repeat(20)}`)) as [string, string];

describe("OwnerStore", () => {
  it("is nobody's at first, then its first owner's for good", (test) => {
    const folder = storeFolder(test as TestContext);
    const store = folder.open();
    assert.equal(store.owner.read(), undefined);
    assert.throws(() => store.owner.claim("0x12"), { code: "STORE_INVALID" });
    store.owner.claim(FIRST);
    store.owner.claim(SECOND);
    assert.equal(store.owner.read(), FIRST.toLowerCase());
    store.close();
    assert.equal(folder.open().owner.read(), FIRST.toLowerCase());
  });
});
