import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { command } from "../../scripts/admin/registerStudy.ts";

describe("admin register-study", () => {
  it("says of the openings budget that it is not enforced", () => {
    assert.match(command.options.openingsBudget.describe, /recorded; not enforced in this version/);
  });
});
