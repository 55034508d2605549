import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, describe, it } from "node:test";
import { HoldingKeys, type KeyOwner, keyName } from "../../../workers/store/holdingKeys.ts";
import { WRAPPING_KEY, bytes32, hasCode, storeFolder } from "./storeFixture.ts";

const DATASET = bytes32("dataset");

function ownerOf(epoch: bigint): KeyOwner {
  return { datasetId: DATASET, epoch, keyName: keyName(DATASET, epoch) };
}

function keysOf(test: TestContext): { readonly keys: HoldingKeys; readonly pathOf: (epoch: bigint) => string } {
  const folder = join(storeFolder(test).keyDir, "of one worker");
  const pathOf = (epoch: bigint): string => join(folder, `${keyName(DATASET, epoch)}.key`);
  return { keys: new HoldingKeys(folder, WRAPPING_KEY, randomBytes), pathOf };
}

describe("HoldingKeys", () => {
  it("erases the key of one holding, and another's stays", (test) => {
    const { keys } = keysOf(test);
    for (const epoch of [1n, 2n]) keys.readOrCreate(ownerOf(epoch));
    keys.erase(ownerOf(1n));
    assert.throws(() => keys.read(ownerOf(1n)), hasCode("STORE_KEY_MISSING", { datasetId: DATASET, epoch: 1n }));
    assert.equal(keys.read(ownerOf(2n)).length, 32);
  });

  it("names the holding whose key cannot be deleted", (test) => {
    const { keys, pathOf } = keysOf(test);
    // A folder in the key's place: no permission lets it be deleted as a file.
    mkdirSync(pathOf(7n));
    assert.throws(() => keys.erase(ownerOf(7n)), {
      detail: { code: "STORE_KEY_NOT_ERASED", datasetId: DATASET, epoch: 7n },
      message: /epoch 7/,
    });
  });

  it("names the dataset alone where all of its keys were to go, and can be asked again", (test) => {
    const { keys, pathOf } = keysOf(test);
    keys.readOrCreate(ownerOf(1n));
    mkdirSync(pathOf(7n));
    assert.throws(() => keys.eraseAll(DATASET), { detail: { code: "STORE_KEY_NOT_ERASED", datasetId: DATASET } });
    rmdirSync(pathOf(7n));
    keys.eraseAll(DATASET);
    assert.equal(keys.hasAny(DATASET), false);
  });
});
