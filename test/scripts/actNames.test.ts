import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { ACT_NAMES } from "../../scripts/auditor/actNames.ts";

describe("ACT_NAMES", () => {
  it("are the acts of contracts/audit/Acts.sol", () => {
    const source = readFileSync(new URL("../../contracts/audit/Acts.sol", import.meta.url), "utf8");
    const names = [...source.matchAll(/keccak256\("([A-Za-z]+)"\)/g)].map(([, name]) => name);
    assert.ok(names.length > 0);
    assert.deepEqual([...ACT_NAMES].sort(), names.sort());
  });
});
