import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { id } from "ethers";
import { unsupported } from "../../../workers/disclosure/errors.ts";
import { refuseUntold } from "../../../workers/node/untoldSets.ts";
import { circuitError } from "../../../workers/query/circuitError.ts";

const REQUEST = id("request");

describe("refuseUntold", () => {
  it("counts as untold what is too large to be told, and nothing else", () => {
    const refused = { detail: { code: "PLAN_UNTOLD_SETS", requestId: REQUEST } };
    const tooLarge = circuitError({ code: "CIRCUIT_TOO_LARGE", openedValues: 2_000, limit: 1_024 }, "too large");
    const noColumn = circuitError({ code: "CIRCUIT_NO_COLUMN", field: 9 }, "no column");
    const decide = (error: Error) => () =>
      refuseUntold(REQUEST, () => {
        throw error;
      });
    assert.throws(decide(tooLarge), refused);
    assert.throws(decide(unsupported("a problem")), refused);
    assert.throws(decide(noColumn), noColumn);
  });
});
