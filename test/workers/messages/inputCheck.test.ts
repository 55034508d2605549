import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { id } from "ethers";
import {
  CheckOutcome,
  decodeCheckReport,
  encodeCheckReport,
  inputCheckId,
} from "../../../workers/messages/inputCheck.ts";

describe("inputCheckId", () => {
  it("is another for every dataset, version and sharing of it", () => {
    const roots = [id("first"), id("anew")];
    const ids = [id("a"), id("b")].flatMap((dataset) =>
      [1n, 2n].flatMap((version) => roots.map((root) => inputCheckId(dataset, version, root))),
    );
    assert.equal(new Set(ids).size, 8);
    assert.match(ids[0]!, /^0x[0-9a-f]{64}$/);
  });
});

describe("a report", () => {
  it("is one byte, and read back", () => {
    for (const outcome of Object.values(CheckOutcome)) {
      const payload = encodeCheckReport(outcome);
      assert.deepEqual([payload.length, decodeCheckReport(payload)], [1, outcome]);
    }
  });

  it("is refused when it is anything else", () => {
    for (const bytes of [[], [0], [4], [255], [1, 1]]) {
      const detail = { code: "CHECK_REPORT_INVALID", bytes: bytes.length };
      assert.throws(() => decodeCheckReport(Uint8Array.from(bytes)), { detail });
    }
  });
});
